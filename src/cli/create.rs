//! `wharf create`: makes containers and starts none.

use clap::Args;

use super::reconcile::{load, reconcile};
use super::session::Session;
use super::up::CreateFlags;
use super::{Context, Failure};
use crate::plan::desired::UpOptions;

/// Arguments of `create`.
#[derive(Args, Debug)]
pub struct CreateArgs {
    /// Only these services and what they depend on
    services: Vec<String>,
    #[command(flatten)]
    create: CreateFlags,
}

/// Runs `create`.
///
/// # Errors
/// The project is wrong, or the engine fails.
pub async fn run(context: &Context, args: CreateArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, true)?;
    let options = UpOptions { no_start: true, ..args.create.options(context, &project.selected)? };
    let mut session = Session::open(context, &project.name, "create").await?;
    session.runner.quiet_pull = args.create.quiet_pull;
    session.runner.build.quiet = args.create.quiet_build;
    reconcile(&session, &project, options).await?;
    Ok(())
}
