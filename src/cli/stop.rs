//! `wharf stop`: stops containers.

use clap::Args;

use super::{Context, Failure, selection};
use crate::plan::planner::Lifecycle;

/// Arguments of `stop`.
#[derive(Args, Debug)]
pub struct StopArgs {
    /// Only these services
    services: Vec<String>,
    /// Seconds between the stop signal and the kill
    #[arg(short, long, allow_negative_numbers = true)]
    timeout: Option<i32>,
}

/// Runs `stop`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: StopArgs) -> Result<(), Failure> {
    selection::apply(context, &args.services, "stop", &Lifecycle::Stop(args.timeout)).await
}
