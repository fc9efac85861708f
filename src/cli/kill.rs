//! `wharf kill`: sends a signal to containers that run.

use clap::Args;

use super::session::Session;
use super::{Context, Failure, selection};
use crate::plan::observed::ObservedContainer;
use crate::plan::planner::{Lifecycle, lifecycle};

/// Arguments of `kill`.
#[derive(Args, Debug)]
pub struct KillArgs {
    /// Only these services
    services: Vec<String>,
    /// The signal
    #[arg(short, long, default_value = "SIGKILL")]
    signal: String,
    /// Containers of services that the files do not have too
    #[arg(long)]
    remove_orphans: bool,
}

/// Runs `kill`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: KillArgs) -> Result<(), Failure> {
    let session = Session::open(context, &context.project_name()?, "kill").await?;
    let mut containers = selection::containers(context, session.engine(), &args.services).await?;
    let orphans = args.remove_orphans || context.is_on("COMPOSE_REMOVE_ORPHANS");
    let named = selection::named(context, &containers.iter().collect::<Vec<_>>(), &args.services);
    let is_orphan = |c: &ObservedContainer| {
        context.project().is_some_and(|project| project.any_service(&c.service).is_none())
    };
    containers
        .retain(|c| c.is_running() && !c.one_off && (named.contains(&c.service) || orphans && is_orphan(c)));
    if containers.is_empty() {
        eprintln!("no container to kill");
        return Ok(());
    }
    let chosen: Vec<&ObservedContainer> = containers.iter().collect();
    session.run(&lifecycle(&chosen, &Lifecycle::Kill(args.signal))).await
}
