//! `wharf build`: builds the images of services.

use std::collections::BTreeMap;

use clap::Args;

use super::push::push_images;
use super::reconcile::load;
use super::session::{Session, separator};
use super::{Context, Failure, support};
use crate::plan::desired::UpOptions;
use crate::plan::step::{Action, Plan};
use crate::plan::{Desired, Observed, planner};
use crate::project::attributes::Scope;

/// Arguments of `build`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct BuildArgs {
    /// Only these services
    services: Vec<String>,
    /// Ignore the cache
    #[arg(long)]
    no_cache: bool,
    /// Refresh base images
    #[arg(long)]
    pull: bool,
    /// Push the images afterwards
    #[arg(long)]
    push: bool,
    /// Build arguments, as NAME=VALUE, or NAME to take this process's value
    #[arg(long, value_name = "NAME=VALUE")]
    build_arg: Vec<String>,
    /// Build services that the named ones depend on too
    #[arg(long)]
    with_dependencies: bool,
    /// No output
    #[arg(short, long)]
    quiet: bool,
}

/// Runs `build`.
///
/// # Errors
/// The project is wrong, or a build fails.
pub async fn run(context: &Context, args: BuildArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, args.with_dependencies)?;
    let options = UpOptions {
        selected: project.selected.clone(),
        build: true,
        no_dependencies: !args.with_dependencies,
        separator: separator(context),
        ..UpOptions::default()
    };
    let desired = Desired::from_project(&project, options)?;
    let plan = only_builds(planner::up(&desired, &Observed::default())?);
    let mut session = Session::open(context, &project.name, "build").await?;
    support::check(&session, &project, Scope::Builds).await?;
    session.runner.build.no_cache = args.no_cache;
    session.runner.build.pull = args.pull;
    session.runner.build.quiet = args.quiet;
    session.runner.build.args = arguments(context, &args.build_arg);
    if plan.is_empty() {
        session.runner.progress.warning("no service has anything to build");
    }
    session.run(&plan).await?;
    if args.push {
        let images: Vec<String> = plan.steps.iter().filter_map(|step| image(&step.action)).collect();
        push_images(&session, &images).await?;
    }
    Ok(())
}

fn only_builds(plan: Plan) -> Plan {
    let steps =
        plan.images_only().steps.into_iter().filter(|step| matches!(step.action, Action::BuildImage(_)));
    Plan { steps: steps.collect(), ..Plan::default() }
}

fn image(action: &Action) -> Option<String> {
    match action {
        Action::BuildImage(request) => Some(request.image.clone()),
        _ => None,
    }
}

fn arguments(context: &Context, items: &[String]) -> BTreeMap<String, String> {
    let entry = |item: &String| match item.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => context.variable(item).map(|value| (item.clone(), value.to_owned())),
    };
    items.iter().filter_map(entry).collect()
}
