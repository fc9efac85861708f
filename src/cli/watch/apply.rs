//! Bringing changes into containers, one service after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use bollard::query_parameters::PruneImagesOptionsBuilder;

use super::WatchOptions;
use super::rules::{Reaction, Rule};
use super::sync::{self, Copies};
use super::tree::Tree;
use crate::cli::reconcile::{load, reconcile};
use crate::cli::session::{Session, separator};
use crate::cli::{Context, Failure, report};
use crate::engine::EngineError;
use crate::plan::desired::{Recreate, UpOptions};
use crate::plan::hooks::HookSpec;
use crate::plan::labels;
use crate::plan::observed::{ObservedContainer, State};
use crate::plan::planner::{Lifecycle, lifecycle};
use crate::plan::step::{Action, ContainerTarget, Plan, Reason};
use crate::project::Project;

/// What is to be done for one service.
#[derive(Debug, Default)]
struct Work {
    changes: BTreeSet<PathBuf>,
    copies: Copies,
    commands: Vec<Arc<HookSpec>>,
    restart: bool,
    rebuild: bool,
}

/// Applies changes to the containers of a project.
pub(super) struct Watcher<'w> {
    context: &'w Context,
    session: &'w Session,
    project: &'w Project,
    options: WatchOptions,
}

impl<'w> Watcher<'w> {
    pub(super) fn new(
        context: &'w Context,
        session: &'w Session,
        project: &'w Project,
        options: WatchOptions,
    ) -> Watcher<'w> {
        Watcher { context, session, project, options }
    }

    /// A line for the user, among the output of the containers under `up --watch`.
    pub(super) fn say(&self, text: &str) {
        self.session.runner.progress.aside(&mut || crate::output::lines([text.to_owned()]));
    }

    /// Copies what is there at the beginning, for rules that ask for it.
    pub(super) async fn initial_sync(&self, rules: &[Rule], tree: &Tree) {
        let mut work: BTreeMap<&str, Copies> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| rule.initial_sync) {
            for path in tree.files().filter(|path| rule.concerns(path)) {
                if let Some(target) = rule.target(path) {
                    work.entry(&rule.service).or_default().insert(target, path.clone());
                }
            }
        }
        for (service, copies) in work {
            self.say(&format!("Syncing service {service:?}: {} files at the beginning", copies.len()));
            let result = self.sync(service, copies).await;
            self.tell(service, result);
        }
    }

    /// Applies a batch; what fails is said and does not stop the others.
    pub(super) async fn apply(&self, rules: &[Rule], changes: &BTreeSet<PathBuf>) {
        for (service, work) in work(rules, changes) {
            let result = self.apply_to(service, work).await;
            self.tell(service, result);
        }
    }

    fn tell(&self, service: &str, result: Result<(), Failure>) {
        let Err(failure) = result else { return };
        self.session.runner.progress.aside(&mut || match &failure {
            Failure::Load(failed) => {
                report::diagnostics(&failed.diagnostics, &failed.sources, self.context.style);
            }
            error => report::failure(self.context, &format!("service {service:?}: {error}")),
        });
    }

    async fn apply_to(&self, service: &str, work: Work) -> Result<(), Failure> {
        let count = work.changes.len();
        let changes = format!("{count} change{} detected", if count == 1 { " was" } else { "s were" });
        if work.rebuild {
            self.say(&format!("Rebuilding service {service:?} after {changes}"));
            return self.rebuild(service).await;
        }
        if !work.copies.is_empty() {
            self.say(&format!("Syncing service {service:?} after {changes}"));
            self.sync(service, work.copies).await?;
        }
        let containers = self.running(service).await?;
        if work.restart {
            self.say(&format!("Restarting service {service:?} after {changes}"));
            let chosen: Vec<&ObservedContainer> = containers.iter().collect();
            let plan = lifecycle(&chosen, &Lifecycle::Restart(None));
            return self.session.run(&crate::cli::selection::with_hooks(self.context, plan, &chosen)).await;
        }
        for hook in &work.commands {
            self.say(&format!("Running {} in service {service:?} after {changes}", hook.command.join(" ")));
            self.session.run(&in_each(&containers, hook)).await?;
        }
        Ok(())
    }

    async fn sync(&self, service: &str, copies: Copies) -> Result<(), Failure> {
        for container in self.running(service).await? {
            sync::run(self.session.engine(), &container, &copies).await?;
        }
        Ok(())
    }

    async fn running(&self, service: &str) -> Result<Vec<ObservedContainer>, Failure> {
        let mut containers = self.session.engine().containers(&self.project.name).await?;
        containers.retain(|c| c.service == service && !c.one_off && c.state == State::Running);
        Ok(containers)
    }

    /// The files are read anew: what changed may be an `.env` or a build argument.
    async fn rebuild(&self, service: &str) -> Result<(), Failure> {
        let services = [service.to_owned()];
        let project = load(self.context, &services, false)?;
        let options = UpOptions {
            selected: services.into(),
            build: true,
            recreate: Recreate::Force,
            no_dependencies: true,
            ignore_orphans: true,
            separator: separator(self.context),
            ..UpOptions::default()
        };
        reconcile(self.session, &project, options).await?;
        self.say(&format!("service {service:?} successfully built"));
        if self.options.prune { self.prune().await } else { Ok(()) }
    }

    /// Removes images of the project that lost their name to a newer one.
    async fn prune(&self) -> Result<(), Failure> {
        let filters = HashMap::from([
            ("dangling".to_owned(), vec!["true".to_owned()]),
            ("label".to_owned(), vec![format!("{}={}", labels::PROJECT, self.project.name)]),
        ]);
        let options = PruneImagesOptionsBuilder::default().filters(&filters).build();
        let answer = self.session.engine().docker().prune_images(Some(options)).await;
        answer.map_err(|error| EngineError::call("remove images without a name", &error))?;
        Ok(())
    }
}

fn work<'r>(rules: &'r [Rule], changes: &BTreeSet<PathBuf>) -> BTreeMap<&'r str, Work> {
    let mut all: BTreeMap<&str, Work> = BTreeMap::new();
    for rule in rules {
        let concerned: Vec<&PathBuf> = changes.iter().filter(|path| rule.concerns(path)).collect();
        if concerned.is_empty() {
            continue;
        }
        let work = all.entry(&rule.service).or_default();
        for path in concerned {
            work.changes.insert(path.clone());
            if let Some(target) = rule.target(path) {
                work.copies.insert(target, path.clone());
            }
        }
        match &rule.reaction {
            Reaction::Rebuild => work.rebuild = true,
            Reaction::Restart | Reaction::SyncRestart => work.restart = true,
            Reaction::SyncExec(hook) => work.commands.push(Arc::clone(hook)),
            Reaction::Sync => {}
        }
    }
    all
}

fn in_each(containers: &[ObservedContainer], hook: &Arc<HookSpec>) -> Plan {
    let mut plan = Plan::default();
    for container in containers {
        let action = Action::RunHook { container: ContainerTarget::from(container), hook: Arc::clone(hook) };
        plan.push(action, Reason::Policy(hook.moment.to_owned()), Vec::new());
    }
    plan
}
