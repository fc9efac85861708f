//! `wharf unpause`: thaws containers.

use clap::Args;

use super::{Context, Failure, selection};
use crate::plan::planner::Lifecycle;

/// Arguments of `unpause`.
#[derive(Args, Debug)]
pub struct UnpauseArgs {
    /// Only these services
    services: Vec<String>,
}

/// Runs `unpause`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: UnpauseArgs) -> Result<(), Failure> {
    selection::apply(context, &args.services, "unpause", &Lifecycle::Unpause).await
}
