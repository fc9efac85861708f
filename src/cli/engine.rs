//! `wharf engine`: the built-in engine's socket, what it looks after, and its end.

use std::path::Path;

use clap::{Args, Subcommand};
use wharf_engine::EnginePaths;

use super::{Context, Failure};
use crate::output;

/// Arguments of `engine`.
#[derive(Args, Debug)]
pub struct EngineArgs {
    #[command(subcommand)]
    action: Action,
}

/// What to do with it.
#[derive(Debug, Subcommand)]
enum Action {
    /// Print the path of the engine's socket
    Socket,
    /// Print whether it runs, and what it looks after
    Status,
    /// End it; refused while containers run, unless forced
    Stop {
        /// Kill the containers that run, and end it
        #[arg(short, long)]
        force: bool,
    },
}

/// Runs it.
///
/// # Errors
/// The engine cannot be asked, or does not end.
pub async fn run(context: &Context, args: EngineArgs) -> Result<(), Failure> {
    let paths = EnginePaths::new(context.variable("WHARF_ROOT").map(Path::new));
    match args.action {
        Action::Socket => output::lines([paths.socket().display().to_string()]),
        Action::Status => status(&paths).await?,
        Action::Stop { force } => stop(&paths, force).await?,
    }
    Ok(())
}

async fn status(paths: &EnginePaths) -> Result<(), Failure> {
    let status = wharf_engine::status(paths).await.map_err(|error| Failure::message(error.to_string()))?;
    let Some(status) = status else {
        output::lines(["not running".to_owned()]);
        return Ok(());
    };
    output::lines([format!("running: monitor {}, worker {}", status.monitor, status.worker)]);
    output::lines(status.running);
    Ok(())
}

async fn stop(paths: &EnginePaths, force: bool) -> Result<(), Failure> {
    let stopped =
        wharf_engine::stop(paths, force).await.map_err(|error| Failure::message(error.to_string()))?;
    output::lines([if stopped { "stopped" } else { "not running" }.to_owned()]);
    Ok(())
}
