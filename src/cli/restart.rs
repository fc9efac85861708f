//! `wharf restart`: stops and starts containers, and those that restart with them.

use std::collections::BTreeSet;

use clap::Args;

use super::session::Session;
use super::{Context, Failure, selection};
use crate::plan::observed::ObservedContainer;
use crate::plan::planner::{Lifecycle, lifecycle};

/// Arguments of `restart`.
#[derive(Args, Debug)]
pub struct RestartArgs {
    /// Only these services
    services: Vec<String>,
    /// Leave out dependents with `restart: true`
    #[arg(long)]
    no_deps: bool,
    /// Seconds between the stop signal and the kill
    #[arg(short, long, allow_negative_numbers = true)]
    timeout: Option<i32>,
}

/// Runs `restart`.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: RestartArgs) -> Result<(), Failure> {
    let session = Session::open(context, &context.project_name()?, "restart").await?;
    selection::check(context, session.engine(), &args.services).await?;
    let all = selection::containers(context, session.engine(), &[]).await?;
    let replicas: Vec<&ObservedContainer> = all.iter().filter(|c| !c.one_off).collect();
    let wanted = chosen(context, &replicas, &args);
    let chosen: Vec<&ObservedContainer> =
        replicas.into_iter().filter(|c| wanted.contains(&c.service)).collect();
    let plan = lifecycle(&chosen, &Lifecycle::Restart(args.timeout));
    session.run(&selection::with_hooks(context, plan, &chosen)).await
}

/// The services named (all when none is) and those that depend on them with `restart: true`.
fn chosen(context: &Context, containers: &[&ObservedContainer], args: &RestartArgs) -> BTreeSet<String> {
    let named = selection::named(context, containers, &args.services);
    if args.no_deps {
        return named;
    }
    selection::reached(containers, named, |container, reached| {
        let follows = container.dependencies().iter().any(|d| d.restart && reached.contains(d.service));
        if follows { vec![&container.service] } else { Vec::new() }
    })
}
