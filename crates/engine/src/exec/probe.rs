//! A short command in a container whose output is kept in memory: health checks (contract 4.4, 4.6).

use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::sync::watch;
use wharf_container::stdio;

use super::output::read;
use super::spec::exec_spec;
use crate::container::instance::Container;
use crate::container::run::Run;
use crate::container::start::start_error;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::health::machine::OUTPUT_LIMIT;
use crate::model::exec::ExecConfig;
use crate::names;
use crate::process::Process;

const SIGKILL: i32 = 9;

/// Runs `command` for at most `timeout`; gives its exit code and the beginning of its output.
///
/// # Errors
/// It could not be executed.
pub async fn probe(
    core: &Arc<Core>,
    container: &Container,
    run: &Run,
    command: &[String],
    timeout: Duration,
) -> Result<(i32, Vec<u8>)> {
    let id = names::new_id()?;
    let spec = exec_spec(run, &ExecConfig { cmd: Some(command.to_vec()), ..ExecConfig::default() }, None);
    let failed = |error| Error::io("make the streams of a probe in", container.id())(error);
    let (child, end) = stdio::joint_output().map_err(failed)?;
    let process = core.processes.exec_transient(&id, &spec, child).await.map_err(start_error)?;
    let output = pipe::Receiver::from_owned_fd(end).map_err(failed)?;
    let (ended, watcher) = watch::channel(false);
    let exit = async {
        let exit = wait(process, timeout).await;
        ended.send_replace(true);
        exit
    };
    let (exit, output) = tokio::join!(exit, collect(&output, watcher));
    Ok(match exit {
        Some(exit_code) => (exit_code, output),
        None => (-1, timed_out(timeout, output)),
    })
}

/// The exit code; `None` when it took too long and was killed.
async fn wait(mut process: Process, timeout: Duration) -> Option<i32> {
    if let Ok(Ok(status)) = tokio::time::timeout(timeout, &mut process.exited).await {
        return Some(status.docker_code());
    }
    if let Some(pidfd) = &process.pidfd {
        // It may just have ended.
        let _ = pidfd.send_signal(SIGKILL);
    }
    // Killed: the answer comes; a monitor that is gone gives none.
    let _ = process.exited.await;
    None
}

/// A little more than is shown, so that it is known whether something was cut; the rest is read and dropped.
async fn collect(output: &pipe::Receiver, mut ended: watch::Receiver<bool>) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = read(output, &mut piece, &mut ended).await {
        let room = (OUTPUT_LIMIT + 1).saturating_sub(all.len());
        all.extend_from_slice(&piece[..count.min(room)]);
    }
    all
}

/// Docker's text for a probe that took too long, before what it wrote until then (contract 4.6).
pub fn timed_out(timeout: Duration, output: Vec<u8>) -> Vec<u8> {
    let mut text = format!("Health check exceeded timeout ({})", go_duration(timeout));
    if !output.is_empty() {
        text.push_str(": ");
    }
    [text.into_bytes(), output].concat()
}

/// Go's way to write a duration, for whole seconds and below.
fn go_duration(duration: Duration) -> String {
    let (seconds, milliseconds) = (duration.as_secs(), duration.subsec_millis());
    match (seconds / 60, seconds % 60, milliseconds) {
        (0, 0, milliseconds) => format!("{milliseconds}ms"),
        (0, seconds, 0) => format!("{seconds}s"),
        (0, seconds, milliseconds) => {
            format!("{seconds}.{}s", format!("{milliseconds:03}").trim_end_matches('0'))
        }
        (minutes, seconds, _) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_in_go() {
        let text = |milliseconds| go_duration(Duration::from_millis(milliseconds));
        assert_eq!([text(300), text(30_000), text(1_500), text(90_000)], ["300ms", "30s", "1.5s", "1m30s"]);
    }
}
