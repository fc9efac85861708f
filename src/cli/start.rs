//! `wharf start`: starts containers that exist, and what they depend on.

use std::collections::BTreeSet;

use clap::Args;

use super::session::Session;
use super::{Context, Failure, selection};
use crate::plan::observed::ObservedContainer;
use crate::plan::planner::{Lifecycle, lifecycle};
use crate::plan::step::{Action, ContainerTarget, Readiness, Reason};

/// Arguments of `start`.
#[derive(Args, Debug)]
pub struct StartArgs {
    /// Only these services and what they depend on
    services: Vec<String>,
    /// Wait until they are running or healthy
    #[arg(long)]
    wait: bool,
    /// Longest wait, in seconds
    #[arg(long, value_name = "SECONDS")]
    wait_timeout: Option<u64>,
}

/// Runs `start`.
///
/// # Errors
/// The service is unknown, has no container, or does not start.
pub async fn run(context: &Context, args: StartArgs) -> Result<(), Failure> {
    let mut session = Session::open(context, &context.project_name()?, "start").await?;
    session.wait_at_most(args.wait_timeout);
    selection::check(context, session.engine(), &args.services).await?;
    let all = selection::containers(context, session.engine(), &[]).await?;
    let replicas: Vec<&ObservedContainer> = all.iter().filter(|c| !c.one_off).collect();
    if replicas.is_empty() {
        let project = context.project_name()?;
        return Err(Failure::message(format!(
            "no container found for project {project:?}: `up` and `create` make containers"
        )));
    }
    let wanted = with_dependencies(context, &replicas, &args.services);
    let chosen: Vec<&ObservedContainer> =
        replicas.into_iter().filter(|c| wanted.contains(&c.service)).collect();
    let mut plan = selection::with_hooks(context, lifecycle(&chosen, &Lifecycle::Start), &chosen);
    if args.wait {
        let after = (0..plan.steps.len()).collect();
        let containers = chosen.into_iter().map(ContainerTarget::from).collect();
        let wait = Action::Wait { until: Readiness::Ready, containers, service: "the project".to_owned() };
        plan.push(wait, Reason::Policy("--wait".to_owned()), after);
    }
    session.run(&plan).await
}

/// The services named (all when none is) and, by the labels of their containers, what these depend on.
fn with_dependencies(
    context: &Context,
    containers: &[&ObservedContainer],
    services: &[String],
) -> BTreeSet<String> {
    selection::reached(containers, selection::named(context, containers, services), |container, reached| {
        let dependencies = container.dependencies().into_iter().map(|dependency| dependency.service);
        if reached.contains(&container.service) { dependencies.collect() } else { Vec::new() }
    })
}
