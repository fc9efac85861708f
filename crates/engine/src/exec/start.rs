//! Starting an exec and looking after it until its end.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::unix::pipe;
use tokio::sync::{oneshot, watch};
use wharf_container::process::ExitStatus;
use wharf_container::stdio::{self, ChildStdio, ParentStdio};

use super::output::{OutputSender, channel, forward};
use super::spec::exec_spec;
use super::table::Exec;
use crate::container::instance::Container;
use crate::container::start::start_error;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::io::{Attached, Input, StdStream};
use crate::process::Process;
use crate::stdio::{PipeInput, terminal_input, terminal_output};

/// Starts a prepared exec. `detach` connects it to nothing.
///
/// # Errors
/// The container does not run any more, or the command cannot be executed; the exec shows the exit code then.
pub async fn start(
    core: &Arc<Core>,
    container: &Arc<Container>,
    exec: &Arc<Exec>,
    detach: bool,
    size: Option<[u32; 2]>,
) -> Result<Option<Attached>> {
    let run = container.running()?;
    publish(core, container, exec, "exec_start", &[]);
    let spec = exec_spec(&run, &exec.config, size.or(exec.config.console_size));
    let (child, ends) = open_stdio(exec, detach).map_err(Error::io("make the streams of exec", &exec.id))?;
    let kept = ends.try_clone().map_err(Error::io("copy the streams of exec", &exec.id))?;
    let launched = core.processes.exec(&exec.id, &spec, child, kept).await;
    let process = launched.map_err(|error| {
        ended(exec, error.exit_code());
        match start_error(error) {
            Error::Start { message, exit_code } => {
                let message = message.replacen(
                    "failed to create task for container: ",
                    "OCI runtime exec failed: exec failed: ",
                    1,
                );
                Error::Start { message, exit_code }
            }
            other => other,
        }
    })?;
    let connection =
        Connection::open(core, exec, &process, ends, detach).map_err(Error::io("watch exec", &exec.id))?;
    let mut state = exec.state();
    (state.running, state.pid, state.terminal) = (true, process.identity.pid, process.terminal);
    drop(state);
    let conclusion = Conclusion { core: core.clone(), container: container.clone(), exec: exec.clone() };
    tokio::spawn(conclusion.wait(process.exited, connection.ended, connection.sender));
    Ok(connection.attached)
}

/// Without a client there is nothing to read or write.
fn open_stdio(exec: &Exec, detach: bool) -> std::io::Result<(ChildStdio, ParentStdio)> {
    if exec.config.tty || detach {
        return Ok((ChildStdio::default(), ParentStdio::default()));
    }
    stdio::pipes(exec.config.attach_stdin)
}

struct Connection {
    attached: Option<Attached>,
    ended: watch::Sender<bool>,
    /// Keeps the client's stream open until the exit code is known: it asks for it as soon as the stream ends.
    sender: Option<OutputSender>,
}

impl Connection {
    fn open(
        core: &Arc<Core>,
        exec: &Exec,
        process: &Process,
        ends: ParentStdio,
        detach: bool,
    ) -> std::io::Result<Connection> {
        let (ended, watcher) = watch::channel(false);
        let (sender, output) = channel();
        let forward = |source, stream| tokio::spawn(forward(source, stream, sender.clone(), watcher.clone()));
        for (stream, end) in [(StdStream::Stdout, ends.stdout), (StdStream::Stderr, ends.stderr)] {
            if let Some(end) = end {
                forward(pipe::Receiver::from_owned_fd(end)?, stream);
            }
        }
        let mut input = None;
        if let Some(terminal) = &process.terminal {
            // A terminal without a client is read too, or its process would wait.
            forward(terminal_output(terminal)?, StdStream::Stdout);
            input = exec.config.attach_stdin.then(|| terminal_writer(terminal)).transpose()?;
        }
        if let Some(stdin) = ends.stdin {
            let (processes, id) = (core.processes.clone(), exec.id.clone());
            // The monitor keeps a copy of the end; a monitor that is gone keeps none.
            input = Some(Box::new(PipeInput::new(stdin, move || _ = processes.close_stdin(&id))?));
        }
        let attached = (!detach).then(|| Attached { tty: exec.config.tty, input, output });
        Ok(Connection { attached, ended, sender: (!detach).then_some(sender) })
    }
}

fn terminal_writer(terminal: &OwnedFd) -> std::io::Result<Input> {
    Ok(Box::new(terminal_input(terminal)?))
}

struct Conclusion {
    core: Arc<Core>,
    container: Arc<Container>,
    exec: Arc<Exec>,
}

impl Conclusion {
    async fn wait(
        self,
        exited: oneshot::Receiver<ExitStatus>,
        streams: watch::Sender<bool>,
        sender: Option<OutputSender>,
    ) {
        // Without an answer the monitor is gone, and this worker ends with it.
        let Ok(status) = exited.await else { return };
        let exit_code = status.docker_code();
        ended(&self.exec, exit_code);
        if let Err(error) = self.core.processes.forget(&self.exec.id) {
            tracing::warn!(%error, "the monitor cannot be told that the end of an exec is known");
        }
        publish(&self.core, &self.container, &self.exec, "exec_die", &[("exitCode", &exit_code.to_string())]);
        streams.send_replace(true);
        drop(sender);
    }
}

fn ended(exec: &Exec, exit_code: i32) {
    let mut state = exec.state();
    (state.running, state.exit_code, state.ended) = (false, Some(exit_code), Some(Instant::now()));
    state.terminal = None;
}

/// Docker puts the command into the action, except at the end.
pub fn publish(core: &Core, container: &Container, exec: &Exec, action: &str, more: &[(&str, &str)]) {
    let action = match action {
        "exec_die" => action.to_owned(),
        _ => format!("{action}: {}", exec.command().join(" ")),
    };
    let attributes: Vec<_> = more.iter().copied().chain([("execID", exec.id.as_str())]).collect();
    container.publish(&core.events, &action, &attributes);
}
