//! `wharf plan`: what `up` would do, and why; changes nothing.

use clap::Args;

use super::reconcile::{Planned, check, load, planned};
use super::session::Session;
use super::up::CreateFlags;
use super::{Context, Failure};
use crate::output::plan::PlanFormat;

/// Exit code of `--detailed-exitcode` when there is something to do.
const CHANGES: u8 = 2;

/// Arguments of `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Only these services and what they depend on
    services: Vec<String>,
    #[command(flatten)]
    create: CreateFlags,
    /// How it is printed
    #[arg(long, value_enum, default_value_t, hide_default_value = true)]
    format: PlanFormat,
    /// End with 2 when there is something to do, with 0 when there is not
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Prints the plan.
///
/// # Errors
/// The project is wrong, something that `up` needs is taken or missing, or the engine fails.
pub async fn run(context: &Context, args: PlanArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, true)?;
    let options = args.create.options(context, &project.selected)?;
    let session = Session::open(context, &project.name, "plan").await?;
    let Planned { desired, observed, plan } = planned(&session, &project, options).await?;
    let format = context.globals.dry_run().unwrap_or(args.format);
    session.show(&plan, Some(&project), format, Vec::new()).await?;
    check(&session, &desired, &observed, &plan).await?;
    if args.detailed_exitcode && !plan.is_empty() { Err(Failure::Exit(CHANGES)) } else { Ok(()) }
}
