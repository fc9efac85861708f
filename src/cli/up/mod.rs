//! `wharf up`: makes and starts what the files ask for, and shows its output.

mod arguments;
mod attach;

pub use arguments::{CreateFlags, UpArgs, parse_scale};

use std::sync::Arc;

use jiff::Timestamp;

use super::reconcile::{load, reconcile};
use super::session::Session;
use super::watch::{self, WatchOptions};
use super::{Context, Failure};
use crate::execute::Timings;
use crate::output;

/// Runs `up`.
///
/// # Errors
/// The project is wrong, the engine fails, or a service does not come up.
pub async fn run(context: &Context, args: UpArgs) -> Result<(), Failure> {
    args.check()?;
    let project = load(context, &args.services, !args.no_deps)?;
    check_services(&args, &project)?;
    let options = args.options(context, &project.selected)?;
    let following = WatchOptions { services: project.selected.clone(), prune: true };
    let rules = if args.watch { watch::rules_of(&project, &following)? } else { Vec::new() };
    let mut session = Session::open(context, &project.name, "up").await?;
    session.wait_at_most(args.wait_timeout);
    session.runner.quiet_pull = args.create.quiet_pull;
    session.runner.build.quiet = args.create.quiet_build;
    let began = Timestamp::now();
    session.runner.timings = args.timings.map(|_| Arc::new(Timings::default()));
    let reconciled = reconcile(&session, &project, options).await;
    if let (Some(timings), Some(format)) = (&session.runner.timings, args.timings) {
        let (steps, total) = timings.report();
        eprint!("{}", output::timings::render(&steps, total, format));
    }
    let desired = reconciled?;
    if args.detach || args.wait || args.no_start || session.dry_run() {
        return Ok(());
    }
    let attached = attach::run(context, &session, &args, &desired, began);
    if !args.watch {
        return attached.await;
    }
    tokio::select! {
        result = attached => result,
        result = watch::follow(context, &session, &project, rules, following) => result,
    }
}

fn check_services(args: &UpArgs, project: &crate::project::Project) -> Result<(), Failure> {
    let mut named = args.exit_code_from.iter().chain(&args.attach).chain(&args.no_attach);
    match named.find(|name| !project.services.contains_key(*name)) {
        Some(name) => Err(Failure::message(format!("no such service: {name}"))),
        None if project.services.is_empty() => Err(Failure::message("no service selected")),
        None => Ok(()),
    }
}
