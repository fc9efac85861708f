//! `wharf up`: makes and starts what the files ask for, and shows its output.

mod arguments;
mod attach;
mod beside;
mod menu;

pub use arguments::{CreateFlags, UpArgs, parse_scale};
use attach::Attached;
use beside::{Beside, Watching};
use menu::Menu;

use std::sync::Arc;

use super::reconcile::{load, prepare};
use super::session::Session;
use super::watch::{self, WatchOptions};
use super::{Context, Failure};
use crate::execute::Timings;
use crate::output::progress::Progress;
use crate::output::{self, AboveFooter};

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
    if args.watch {
        watch::rules_of(&project, &following)?;
    }
    let mut session = Session::open(context, &project.name, "up").await?;
    session.wait_at_most(args.wait_timeout);
    session.runner.quiet_pull = args.create.quiet_pull;
    session.runner.build.quiet = args.create.quiet_build;
    session.runner.timings = args.timings.map(|_| Arc::new(Timings::default()));
    let planned = prepare(&session, &project, options).await;
    let planned = planned.inspect_err(|_| report(&session, &args))?;
    if session.dry_run() {
        return Ok(());
    }
    if args.detach || args.wait || args.no_start {
        let result = session.run(&planned.plan).await;
        report(&session, &args);
        return result;
    }
    let mut attached = Attached::new(context, &session, &args, &planned);
    let started = attached.start(&planned.plan).await;
    report(&session, &args);
    started?;
    let menu = Menu::open(context, &args);
    let menu = menu.unwrap_or_else(|reason| {
        session.runner.progress.warning(&reason);
        None
    });
    let session = session.showing(beside_output(&session, menu.as_ref()));
    let watching =
        Watching { context, session: &session, project: &project, options: following, running: None };
    let mut beside = Beside::new(menu, watching);
    if args.watch {
        beside.watch()?;
    }
    attached.follow(beside).await
}

/// Progress among the output of containers.
fn beside_output(session: &Session, menu: Option<&Menu>) -> Arc<dyn Progress> {
    let progress = session.lines();
    match menu {
        Some(menu) => Arc::new(AboveFooter { progress, footer: Arc::clone(&menu.footer) }),
        None => progress,
    }
}

/// What took how long, with `--timings`.
fn report(session: &Session, args: &UpArgs) {
    if let (Some(timings), Some(format)) = (&session.runner.timings, args.timings) {
        let (steps, total) = timings.report();
        eprint!("{}", output::timings::render(&steps, total, format));
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
