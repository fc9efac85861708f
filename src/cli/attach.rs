//! `wharf attach`: the terminal or the streams of a running container's main process.

use bollard::query_parameters::InspectContainerOptions;
use clap::Args;

use super::attached::Conversation;
use super::detach_keys::DetachKeys;
use super::dry_run::announced;
use super::{Context, Failure, failure, selection};
use crate::engine::EngineError;
use crate::output::plan::Row;

/// Arguments of `attach`.
#[derive(Args, Debug)]
pub struct AttachArgs {
    /// The service
    service: String,
    /// Which replica
    #[arg(long)]
    index: Option<u32>,
    /// Keys that leave the container's terminal (default: ctrl-p,ctrl-q)
    #[arg(long, value_name = "KEYS", default_value = "", hide_default_value = true)]
    detach_keys: String,
    /// Send no standard input
    #[arg(long)]
    no_stdin: bool,
    /// Pass signals on to the container
    #[arg(long, default_value = "true")]
    sig_proxy: bool,
}

/// Attaches. Ends with the container, and with its exit code, or when the user leaves it.
///
/// # Errors
/// The service has no such running container, the engine fails, or the container ends with another code than 0.
pub async fn run(context: &Context, args: AttachArgs) -> Result<(), Failure> {
    DetachKeys::parse(&args.detach_keys)?;
    let engine = context.engine().await?;
    let container = selection::running_container(context, &engine, &args.service, args.index).await?;
    let text = format!("attach to container {}", container.name);
    let row = || vec![Row::asked("attach", "container", &container.name, text)];
    if announced(context, &context.project_name()?, row) {
        return Ok(());
    }
    let answer = engine.docker().inspect_container(&container.id, None::<InspectContainerOptions>).await;
    let config = answer.map_err(|e| EngineError::call(format!("inspect {}", container.name), &e))?.config;
    let config = config.unwrap_or_default();
    let conversation = Conversation {
        tty: config.tty == Some(true),
        stdin: config.open_stdin == Some(true) && !args.no_stdin,
        forward_signals: args.sig_proxy,
        second_kills: false,
        end: "not-running",
        detach_keys: args.detach_keys,
    };
    let attached = conversation.attach(&engine, &container.name).await?;
    tokio::select! {
        result = attached.converse() => result,
        // Without passing on, Ctrl-C ends this program and leaves the container alone.
        () = context.interrupt.raised(1), if !args.sig_proxy => Err(Failure::Exit(failure::INTERRUPTED)),
    }
}
