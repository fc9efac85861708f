//! Ctrl-C and termination, counted.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often the user asked to stop. Clones see the same count.
#[derive(Clone, Debug)]
pub struct Interrupt {
    count: watch::Receiver<u32>,
}

impl Interrupt {
    /// Starts to listen for SIGINT and SIGTERM; from now on they do not end the process by themselves.
    ///
    /// # Errors
    /// Signal handlers cannot be installed.
    pub fn listen() -> std::io::Result<Interrupt> {
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminations = signal(SignalKind::terminate())?;
        let (sender, count) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(()) = interrupts.recv() => {}
                    Some(()) = terminations.recv() => {}
                    else => return,
                }
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Interrupt { count })
    }

    /// One that nobody ever raises.
    pub fn never() -> Interrupt {
        Interrupt { count: watch::channel(0).1 }
    }

    /// Whether it was asked for at least once.
    pub fn is_raised(&self) -> bool {
        *self.count.borrow() > 0
    }

    /// Returns when it was asked for `times` times in all.
    pub async fn raised(&self, times: u32) {
        let mut count = self.count.clone();
        // Without a sender nobody will ask any more.
        if count.wait_for(|count| *count >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
