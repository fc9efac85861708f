//! `wharf pull`: gets the images of services.

use clap::Args;

use super::reconcile::load;
use super::session::{Session, separator};
use super::{Context, Failure};
use crate::engine::observe;
use crate::plan::desired::UpOptions;
use crate::plan::step::{Action, ImagePull, Plan};
use crate::plan::{Desired, planner};

/// Arguments of `pull`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct PullArgs {
    /// Only these services
    services: Vec<String>,
    /// Services that the named ones depend on too
    #[arg(long)]
    include_deps: bool,
    /// Leave out images that can be built
    #[arg(long)]
    ignore_buildable: bool,
    /// Go on when an image cannot be had
    #[arg(long)]
    ignore_pull_failures: bool,
    /// When to pull: always or missing
    #[arg(long, default_value = "always", value_parser = ["always", "missing"])]
    policy: String,
    /// No progress
    #[arg(short, long)]
    quiet: bool,
    /// Pulls are always parallel; for old scripts
    #[arg(long, hide = true, default_value = "true")]
    parallel: bool,
    /// One pull after the other; for old scripts
    #[arg(long, hide = true)]
    no_parallel: bool,
}

/// Runs `pull`.
///
/// # Errors
/// The project is wrong, or an image cannot be had.
pub async fn run(context: &Context, args: PullArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, args.include_deps)?;
    let options = UpOptions {
        selected: project.selected.clone(),
        no_dependencies: !args.include_deps,
        pull: Some(args.policy.clone()),
        separator: separator(context),
        ..UpOptions::default()
    };
    let desired = Desired::from_project(&project, options)?;
    let mut session = Session::open(context, &project.name, "pull").await?;
    session.runner.quiet_pull = args.quiet;
    if args.no_parallel || !args.parallel {
        session.runner.parallel = Some(1);
    }
    let observed = observe(session.engine(), &desired.project).await?;
    session.run(&only_pulls(planner::up(&desired, &observed)?, &args)).await
}

/// A pull is not a build: images that can be built are only skipped or reported.
fn only_pulls(plan: Plan, args: &PullArgs) -> Plan {
    let mut pulls = Plan::default();
    for step in plan.images_only().steps {
        let Action::PullImage(pull) = step.action else { continue };
        let buildable = pull.fallback.is_some();
        if buildable && args.ignore_buildable {
            continue;
        }
        let optional = buildable || args.ignore_pull_failures;
        let action = Action::PullImage(ImagePull { fallback: None, optional, ..pull });
        pulls.push(action, step.reason, Vec::new());
    }
    pulls
}
