//! `wharf watch`, and `up --watch`: containers follow the files they are made from (`develop.watch`).
//!
//! `rules` says what a changed file means, `tree` notices changes, `apply` brings them into containers, `sync` copies.

mod apply;
mod rules;
mod sync;
mod tree;

use std::collections::BTreeSet;
use std::fs::File;
use std::pin::pin;
use std::sync::Arc;

use clap::Args;

use super::reconcile::{load, planned, reconcile};
use super::session::{Session, separator};
use super::{Context, Failure, failure};
use crate::output::plan::Row;
use crate::plan::Plan;
use crate::plan::desired::UpOptions;
use crate::project::Project;
use crate::project::model::{Service, Watch};
use apply::Watcher;
use rules::Rule;
use tree::Tree;

/// Arguments of `watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// Only these services
    services: Vec<String>,
    /// Do not build and start services first
    #[arg(long)]
    no_up: bool,
    /// Remove images that a rebuild leaves without a name
    #[arg(long, default_value = "true")]
    prune: bool,
    /// No output of builds
    #[arg(long)]
    quiet: bool,
}

/// How `up --watch` and `watch` differ.
#[derive(Clone, Debug)]
pub(super) struct WatchOptions {
    /// Services to watch; empty: all with rules.
    pub services: BTreeSet<String>,
    /// Remove images that a rebuild leaves without a name.
    pub prune: bool,
}

/// Starts the services and follows their files until Ctrl-C.
///
/// # Errors
/// No service has rules, a rule cannot be followed, or the services do not come up.
pub async fn run(context: &Context, args: WatchArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, true)?;
    let options = WatchOptions { services: project.selected.clone(), prune: args.prune };
    let rules = rules_of(&project, &options)?;
    let _lock = only_one(&project)?;
    let mut session = Session::open(context, &project.name, "watch").await?;
    session.runner.build.quiet = args.quiet;
    let selected = project.selected.clone();
    let up = UpOptions { selected, build: true, separator: separator(context), ..UpOptions::default() };
    if let Some(format) = session.form() {
        let plan = if args.no_up { Plan::default() } else { planned(&session, &project, up).await?.plan };
        let row = |rule: &Rule| Row::asked("watch", "service", &rule.service, rule.describe());
        return session.show(&plan, Some(&project), format, rules.iter().map(row).collect()).await;
    }
    if !args.no_up {
        reconcile(&session, &project, up).await?;
    }
    tokio::select! {
        result = follow(context, &session, &project, rules, options, std::future::pending()) => result,
        () = context.interrupt.raised(1) => Err(Failure::Exit(failure::INTERRUPTED)),
    }
}

/// What the files say of watching, for the services to watch.
fn written<'p>(
    project: &'p Project,
    options: &WatchOptions,
) -> impl Iterator<Item = (&'p Service, &'p Watch)> {
    let watched = |name: &String| options.services.is_empty() || options.services.contains(name);
    let services = project.services.values().filter(move |service| watched(&service.name));
    services.flat_map(|service| {
        service.develop.iter().flat_map(|develop| &develop.watch).map(move |watch| (service, watch))
    })
}

/// Whether there is something to watch.
pub(super) fn has_rules(project: &Project, options: &WatchOptions) -> bool {
    written(project, options).next().is_some()
}

/// Rules of the services to watch.
///
/// # Errors
/// There are none, or a rule asks for what its service cannot do.
pub(super) fn rules_of(project: &Project, options: &WatchOptions) -> Result<Vec<Rule>, Failure> {
    let mut rules = Vec::new();
    for (service, watch) in written(project, options) {
        let place = project.sources.locate(watch.span).map(|place| format!("{place}: ")).unwrap_or_default();
        let rule = Rule::new(service, watch);
        rules.push(rule.map_err(|problem| Failure::message(format!("{place}{problem}")))?);
    }
    if rules.is_empty() {
        return Err(Failure::message(
            "none of the selected services is configured for watch, consider setting a 'develop' section",
        ));
    }
    Ok(rules)
}

/// Follows the files until `stop`, between two changes. A change that cannot be applied is said, and the next one is waited
/// for.
///
/// # Errors
/// The watching itself fails.
pub(super) async fn follow(
    context: &Context,
    session: &Session,
    project: &Arc<Project>,
    rules: Vec<Rule>,
    options: WatchOptions,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let mut stop = pin!(stop);
    let rules =
        Arc::new(rules::without_mounted(project, rules, |text| session.runner.progress.warning(text)));
    let mut tree = Tree::watch(Arc::clone(&rules))?;
    let watcher = Watcher::new(context, session, project, options);
    watcher.say("Watch enabled");
    watcher.initial_sync(&rules, &tree).await;
    loop {
        let changes = tokio::select! {
            changes = tree.changes() => changes?,
            () = &mut stop => return Ok(()),
        };
        watcher.apply(&rules, &changes).await;
    }
}

/// Two watches of one project would copy everything twice and build against each other. Holds the lock as long as it lives.
///
/// # Errors
/// There is such a watch.
pub(super) fn only_one(project: &Project) -> Result<Option<File>, Failure> {
    let Some(path) = project.files.first().filter(|path| path.as_os_str() != "-") else {
        return Ok(None);
    };
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(Failure::message(format!(
            "project {:?} is being watched already: end that watch first",
            project.name
        ))),
        // A file system without locks: then nobody else can hold one either.
        Err(std::fs::TryLockError::Error(_)) => Ok(Some(file)),
    }
}
