//! `wharf plan`: what `up` would do, and why; changes nothing.

use std::io::Write;

use clap::Args;

use super::reconcile::load;
use super::session::Session;
use super::up::CreateFlags;
use super::{Context, Failure, support};
use crate::engine::observe;
use crate::plan::Desired;
use crate::plan::planner;
use crate::project::attributes::Scope;

/// Exit code of `--detailed-exitcode` when there is something to do.
const CHANGES: u8 = 2;

/// Arguments of `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Only these services and what they depend on
    services: Vec<String>,
    #[command(flatten)]
    create: CreateFlags,
    /// End with 2 when there is something to do, with 0 when there is not
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Prints the plan.
///
/// # Errors
/// The project is wrong, or the engine fails.
pub async fn run(context: &Context, args: PlanArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, true)?;
    let mut options = args.create.options(context, &project.selected)?;
    let session = Session::open(context, &project.name, "plan").await?;
    support::check(&session, &project, Scope::Everything).await?;
    options.exclusive_ports = !session.engine().is_wharf().await?;
    let desired = Desired::from_project(&project, options)?;
    let observed = observe(session.engine(), &desired.project).await?;
    let plan = planner::up(&desired, &observed)?;
    session.warn(&plan);
    write!(std::io::stdout(), "{plan}")?;
    if plan.is_empty() {
        writeln!(std::io::stdout(), "nothing to do")?;
    }
    if args.detailed_exitcode && !plan.is_empty() { Err(Failure::Exit(CHANGES)) } else { Ok(()) }
}
