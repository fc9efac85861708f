//! This process's terminal and signals in the hands of a container's main process: what `run` and `attach` share.

use bollard::container::AttachContainerResults;
use bollard::errors::Error;
use bollard::models::ContainerWaitResponse;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, KillContainerOptionsBuilder, ResizeContainerTTYOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures::StreamExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::detach_keys::DetachKeys;
use super::terminal::{self, TerminalMode};
use super::{Failure, stdio, wait};
use crate::engine::{Engine, EngineError};

/// Signals that are passed on, as the docker client does; those of terminals and of this process stay here.
const FORWARDED: [(SignalKind, &str); 6] = [
    (SignalKind::interrupt(), "SIGINT"),
    (SignalKind::terminate(), "SIGTERM"),
    (SignalKind::hangup(), "SIGHUP"),
    (SignalKind::quit(), "SIGQUIT"),
    (SignalKind::user_defined1(), "SIGUSR1"),
    (SignalKind::user_defined2(), "SIGUSR2"),
];

/// How a container is talked with.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// It has a terminal, which this process's terminal becomes.
    pub tty: bool,
    /// It is sent standard input.
    pub stdin: bool,
    /// Signals of this process are its signals.
    pub forward_signals: bool,
    /// A second SIGINT kills it.
    pub second_kills: bool,
    /// The condition of the engine's wait that is its end.
    pub end: &'static str,
    /// Keys that leave it, where it has a terminal; empty: the usual ones.
    pub detach_keys: String,
}

/// A container whose streams are connected.
pub(super) struct Attached<'e> {
    conversation: Conversation,
    engine: &'e Engine,
    name: String,
    streams: AttachContainerResults,
    exit: JoinHandle<Option<Result<ContainerWaitResponse, Error>>>,
}

impl Conversation {
    /// Connects the streams and begins to wait for the end; the container may be started after this.
    pub async fn attach<'e>(self, engine: &'e Engine, name: &str) -> Result<Attached<'e>, Failure> {
        let options = AttachContainerOptionsBuilder::default()
            .stream(true)
            .stdout(true)
            .stderr(true)
            .stdin(self.stdin)
            .detach_keys(&self.detach_keys)
            .build();
        let attached = engine.docker().attach_container(name, Some(options)).await;
        let streams = attached.map_err(|error| call("attach to", name, &error))?;
        let wait = WaitContainerOptionsBuilder::default().condition(self.end).build();
        let mut exit = Box::pin(engine.docker().wait_container(name, Some(wait)));
        let exit = tokio::spawn(async move { exit.next().await });
        tokio::task::yield_now().await;
        Ok(Attached { conversation: self, engine, name: name.to_owned(), streams, exit })
    }
}

impl Attached<'_> {
    /// Talks until the container ends, whose exit code this ends with, or the user leaves it.
    pub async fn converse(self) -> Result<(), Failure> {
        let Conversation { tty, stdin, forward_signals, second_kills, ref detach_keys, .. } =
            self.conversation;
        let keys = if tty { DetachKeys::parse(detach_keys)? } else { DetachKeys::none() };
        let signals = forward_signals.then(Signals::listen).transpose()?;
        let raw = (tty && terminal::is_interactive()).then(TerminalMode::raw).transpose()?;
        let AttachContainerResults { output, input } = self.streams;
        let typed = stdin.then(|| stdio::forward_input(input, keys));
        let left = tokio::select! {
            result = stdio::print_output(output) => result.map(|()| false),
            () = left_by_user(typed) => Ok(true),
            () = pass_on(signals, self.engine, &self.name, (tty, second_kills)) => Ok(false),
        };
        drop(raw);
        if left.map_err(|error| call("read the output of", &self.name, &error))? {
            eprintln!("\nread escape sequence");
            return Ok(());
        }
        match wait::exit_code(self.exit.await.ok().flatten(), &self.name)? {
            0 => Ok(()),
            code => Err(Failure::Exit(u8::try_from(code).unwrap_or(1))),
        }
    }
}

/// Returns when the user typed the keys for it, and never otherwise.
async fn left_by_user(typed: Option<oneshot::Receiver<()>>) {
    let left = match typed {
        Some(typed) => typed.await.is_ok(),
        None => false,
    };
    if !left {
        std::future::pending::<()>().await;
    }
}

fn call(verb: &str, name: &str, error: &Error) -> EngineError {
    EngineError::call(format!("cannot {verb} container {name}"), error)
}

/// Signals of this process that are the container's.
struct Signals {
    words: mpsc::UnboundedReceiver<&'static str>,
    sizes: Signal,
}

impl Signals {
    /// From now on they no longer do to this process what they usually do.
    fn listen() -> std::io::Result<Signals> {
        let (sender, words) = mpsc::unbounded_channel();
        for (kind, word) in FORWARDED {
            let mut arrivals = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(
                async move { while arrivals.recv().await.is_some() && sender.send(word).is_ok() {} },
            );
        }
        Ok(Signals { words, sizes: signal(SignalKind::window_change())? })
    }
}

/// Passes signals and the terminal's size on; never returns.
async fn pass_on(signals: Option<Signals>, engine: &Engine, name: &str, (tty, second_kills): (bool, bool)) {
    let mut interrupts = 0;
    let Some(mut signals) = signals else { return std::future::pending().await };
    if tty {
        resize(engine, name).await;
    }
    loop {
        tokio::select! {
            Some(word) = signals.words.recv() => {
                interrupts += u32::from(word == "SIGINT");
                let word = if second_kills && interrupts > 1 { "SIGKILL" } else { word };
                let options = KillContainerOptionsBuilder::default().signal(word).build();
                // A container that ended meanwhile needs no signal.
                let _ = engine.docker().kill_container(name, Some(options)).await;
            }
            Some(()) = signals.sizes.recv(), if tty => resize(engine, name).await,
        }
    }
}

async fn resize(engine: &Engine, name: &str) {
    let (height, width) = terminal::size();
    let options =
        ResizeContainerTTYOptionsBuilder::default().h(i32::from(height)).w(i32::from(width)).build();
    // A container that ended meanwhile has no size.
    let _ = engine.docker().resize_container_tty(name, options).await;
}
