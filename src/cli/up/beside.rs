//! What goes on beside the output of an attached `up`: the user's keys, and the watch that they switch.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;

use super::menu::{Key, Menu};
use crate::cli::session::Session;
use crate::cli::watch::{self, WatchOptions};
use crate::cli::{Context, Failure, report};
use crate::output::progress::Progress;
use crate::project::Project;

/// The keys and the watch.
pub(super) struct Beside<'a> {
    menu: Option<Menu>,
    watching: Watching<'a>,
    progress: Arc<dyn Progress>,
}

impl<'a> Beside<'a> {
    /// Keys of `menu`, where there is one, and a watch that does not run yet.
    pub fn new(menu: Option<Menu>, watching: Watching<'a>) -> Beside<'a> {
        let progress = Arc::clone(&watching.session.runner.progress);
        let mut beside = Beside { menu, watching, progress };
        beside.show();
        beside
    }

    /// Where output goes that is not in the way of the menu.
    pub fn progress(&self) -> Arc<dyn Progress> {
        Arc::clone(&self.progress)
    }

    /// Whether the command goes on though its containers have ended: those that are watched come back.
    pub fn is_watching(&self) -> bool {
        self.watching.is_on()
    }

    /// Begins to watch.
    ///
    /// # Errors
    /// No service has rules, a rule cannot be followed, or somebody else watches the project.
    pub fn watch(&mut self) -> Result<(), Failure> {
        self.watching.start()?;
        self.show();
        Ok(())
    }

    /// Ends well when the user leaves, and with an error when the watch has one. May be dropped at any point without loss.
    pub async fn next(&mut self) -> Result<(), Failure> {
        loop {
            tokio::select! {
                key = next_key(&mut self.menu) => match key {
                    Key::Detach => return Ok(()),
                    Key::Watch => self.switch(),
                    Key::Line => self.progress.aside(&mut || println!()),
                },
                result = self.watching.ended() => {
                    result?;
                    self.progress.aside(&mut || println!("Watch disabled"));
                    self.show();
                }
            }
        }
    }

    fn switch(&mut self) {
        if self.watching.is_on() {
            self.watching.stop();
        } else if let Err(failure) = self.watch() {
            let progress = Arc::clone(&self.progress);
            progress.aside(&mut || report::failure(self.watching.context, &failure.to_string()));
        }
    }

    fn show(&mut self) {
        let mut items = vec![('d', "Detach")];
        if self.watching.is_on() {
            items.push(('w', "Disable Watch"));
        } else if self.watching.has_rules() {
            items.push(('w', "Enable Watch"));
        }
        if let Some(menu) = &mut self.menu {
            menu.show(items);
        }
    }
}

async fn next_key(menu: &mut Option<Menu>) -> Key {
    match menu {
        Some(menu) => menu.key().await,
        None => std::future::pending().await,
    }
}

/// A watch that can be switched on and off.
pub(super) struct Watching<'a> {
    /// The command.
    pub context: &'a Context,
    /// By which rebuilt services come up.
    pub session: &'a Session,
    /// The project.
    pub project: &'a Arc<Project>,
    /// What is watched.
    pub options: WatchOptions,
    /// The watch that runs.
    pub running: Option<Running<'a>>,
}

/// A running watch.
pub(super) struct Running<'a> {
    work: Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>,
    stop: Arc<Notify>,
}

impl Watching<'_> {
    fn is_on(&self) -> bool {
        self.running.is_some()
    }

    fn has_rules(&self) -> bool {
        watch::has_rules(self.project, &self.options)
    }

    fn start(&mut self) -> Result<(), Failure> {
        let &mut Watching { context, session, project, ref options, .. } = self;
        let rules = watch::rules_of(project, options)?;
        let lock = watch::only_one(project)?;
        let (stop, options) = (Arc::new(Notify::new()), options.clone());
        let stopped = Arc::clone(&stop);
        let work = Box::pin(async move {
            let _lock = lock;
            watch::follow(context, session, project, rules, options, stopped.notified()).await
        });
        self.running = Some(Running { work, stop });
        Ok(())
    }

    /// Ends the watch when what it does now is done.
    fn stop(&self) {
        if let Some(running) = &self.running {
            running.stop.notify_one();
        }
    }

    /// Returns when the watch has ended.
    async fn ended(&mut self) -> Result<(), Failure> {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        let result = running.work.as_mut().await;
        self.running = None;
        result
    }
}
