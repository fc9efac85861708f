//! `wharf pause`: freezes containers.

use clap::Args;

use super::{Context, Failure, selection};
use crate::plan::planner::Lifecycle;

/// Arguments of `pause`.
#[derive(Args, Debug)]
pub struct PauseArgs {
    /// Only these services
    services: Vec<String>,
}

/// Runs `pause`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: PauseArgs) -> Result<(), Failure> {
    selection::apply(context, &args.services, "pause", &Lifecycle::Pause).await
}
