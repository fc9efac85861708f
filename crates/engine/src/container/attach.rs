//! Connecting clients to a container's stdio (contract 1.12.6).

use futures::StreamExt;
use futures::stream;

use super::instance::Container;
use super::requests::{AttachOptions, LogOptions};
use super::state::Status;
use super::stop::restarting;
use crate::error::{Error, Result};
use crate::io::{Attached, OutputStream};

/// Connects a client; a container that does not run yet is connected to before it starts.
///
/// # Errors
/// It is paused or restarting (409), or its log cannot be read.
pub async fn attach(container: &Container, options: &AttachOptions) -> Result<Attached> {
    match container.status() {
        Status::Paused => {
            let text = format!("container {} is paused, unpause the container before attach", container.id());
            return Err(Error::Conflict(text));
        }
        Status::Restarting => return Err(restarting(container)),
        _ => {}
    }
    let record = container.record();
    // First the live output, then what was written before: nothing falls between the two.
    let live = options.stream.then(|| container.clients.subscribe(options.stdout, options.stderr));
    let past = if options.logs { past(container, options).await? } else { stream::empty().boxed() };
    let wants_input = options.stdin && options.stream && record.config.open_stdin;
    let once = record.config.stdin_once && !record.config.tty;
    Ok(Attached {
        tty: record.config.tty,
        input: wants_input.then(|| container.input.attach(once)),
        output: past.chain(live.unwrap_or_else(|| stream::empty().boxed())).boxed(),
    })
}

async fn past(container: &Container, options: &AttachOptions) -> Result<OutputStream> {
    let wanted = LogOptions { stdout: options.stdout, stderr: options.stderr, ..LogOptions::default() };
    container.log.read(wanted).await
}
