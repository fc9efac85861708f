//! `wharf kill`: sends a signal to containers that run.

use clap::Args;

use super::{Context, Failure, selection};
use crate::plan::planner::Lifecycle;

/// Arguments of `kill`.
#[derive(Args, Debug)]
pub struct KillArgs {
    /// Only these services
    services: Vec<String>,
    /// The signal
    #[arg(short, long, default_value = "SIGKILL")]
    signal: String,
}

/// Runs `kill`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: KillArgs) -> Result<(), Failure> {
    selection::apply(context, &args.services, "kill", &Lifecycle::Kill(args.signal)).await
}
