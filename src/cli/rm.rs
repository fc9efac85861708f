//! `wharf rm`: removes containers that do not run.

use clap::Args;

use super::confirm::confirm;
use super::session::Session;
use super::{Context, Failure, selection};
use crate::plan::observed::ObservedContainer;
use crate::plan::planner::remove_stopped;

/// Arguments of `rm`.
#[derive(Args, Debug)]
pub struct RmArgs {
    /// Only these services
    services: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
    /// Stop containers that run first
    #[arg(short, long)]
    stop: bool,
    /// For old scripts: containers made by `run` too
    #[arg(short, long, hide = true)]
    all: bool,
    /// Their anonymous volumes too
    #[arg(short, long)]
    volumes: bool,
}

/// Runs `rm`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: RmArgs) -> Result<(), Failure> {
    let session = Session::open(context, &context.project_name()?, "rm").await?;
    let containers = selection::containers(context, session.engine(), &args.services).await?;
    let named = selection::named(context, &containers.iter().collect::<Vec<_>>(), &args.services);
    let is_chosen = |c: &&ObservedContainer| {
        named.contains(&c.service) && (args.all || !c.one_off) && (args.stop || !c.is_running())
    };
    let chosen: Vec<&ObservedContainer> = containers.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        eprintln!("No stopped containers");
        return Ok(());
    }
    match (session.dry_run(), args.force) {
        (true, _) => {}
        (false, true) => println!("{}", going_to_remove(&chosen)),
        (false, false) if confirm(&format!("? {}", going_to_remove(&chosen)))? => {}
        (false, false) => return Ok(()),
    }
    session.run(&remove_stopped(&chosen, args.stop, args.volumes)).await
}

fn going_to_remove(containers: &[&ObservedContainer]) -> String {
    let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    format!("Going to remove {}", names.join(", "))
}
