//! Attached `up`: shows the output of containers, from their start until they end or the user stops them
//! (compose-surface 3.10).
//!
//! `scope` says whose output that is, `stop` ends it all.

mod scope;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use self::scope::Scope;
use super::UpArgs;
use super::beside::Beside;
use crate::cli::logs::{LogSources, Output, Wanted};
use crate::cli::reconcile::Planned;
use crate::cli::session::Session;
use crate::cli::{Context, Failure};
use crate::engine::Engine;
use crate::execute::{ContainerChange, ContainerEvents};
use crate::output::LogLines;
use crate::output::progress::Progress;
use crate::plan::observed::ObservedContainer;
use crate::plan::step::{Action, ContainerTarget};
use crate::plan::{Plan, names};

/// What the containers that are watched do.
pub(super) struct Attached<'a> {
    session: &'a Session,
    scope: Scope<'a>,
    /// Keeps `changes` coming.
    _events: ContainerEvents,
    changes: Receiver<ContainerChange>,
    /// What is drawn between the lines.
    progress: Arc<dyn Progress>,
    lines: LogLines,
    sources: LogSources,
    /// Names of containers that the plan starts.
    expected: BTreeSet<String>,
    /// Ids of containers that their restart policy will start again.
    returning: BTreeSet<String>,
    /// Containers that run, by id, with their name for people.
    running: BTreeMap<String, String>,
    /// Containers that ended and whose last lines are still to come, with what is to be said then.
    ended: BTreeMap<String, String>,
    /// A container ended whose end stops the others.
    aborted: bool,
    /// The exit code that the command ends with then.
    code: Option<i64>,
}

impl<'a> Attached<'a> {
    /// Listens to the project's containers from now on. Those that the plan leaves running are attached to.
    pub fn new(context: &Context, session: &'a Session, args: &'a UpArgs, planned: &'a Planned) -> Self {
        let Planned { desired, observed, plan } = planned;
        let events = ContainerEvents::subscribe(session.engine(), &desired.project);
        let since = Some(Timestamp::now().as_nanosecond());
        let wanted = Wanted { follow: true, tail: "all".to_owned(), since, until: None };
        let mut attached = Attached {
            session,
            scope: Scope { args, desired },
            changes: events.receive(),
            _events: events,
            progress: Arc::clone(&session.runner.progress),
            lines: LogLines::new(!args.no_log_prefix, context.style.stdout && !args.no_color),
            sources: LogSources::new(session.engine(), wanted),
            expected: BTreeSet::new(),
            returning: BTreeSet::new(),
            running: BTreeMap::new(),
            ended: BTreeMap::new(),
            aborted: false,
            code: None,
        };
        let kept = observed.containers.iter().filter(|container| plan.kept.contains(&container.name));
        let kept: Vec<_> = kept.filter(|container| attached.scope.is_followed(&container.service)).collect();
        let started = plan.steps.iter().filter_map(|step| started_by(&step.action));
        let started: Vec<_> = started.filter(|target| attached.scope.is_followed(&target.service)).collect();
        attached.announce(&kept, &started);
        for container in kept {
            attached.runs(&container.id, &container.name, &container.service);
        }
        attached.expected = started.iter().map(|target| target.name.clone()).collect();
        attached
    }

    fn announce(&mut self, kept: &[&ObservedContainer], started: &[&ContainerTarget]) {
        let kept = kept.iter().map(|container| (&container.name, &container.service));
        let all = kept.chain(started.iter().map(|target| (&target.name, &target.service)));
        let shown: BTreeSet<String> = all
            .filter(|(_, service)| self.scope.is_shown(service))
            .map(|(name, _)| self.short(name))
            .collect();
        println!("Attaching to {}", shown.iter().cloned().collect::<Vec<_>>().join(", "));
        for name in &shown {
            self.lines.announce(name);
        }
    }

    fn short(&self, name: &str) -> String {
        names::short(&self.scope.desired.project, name).to_owned()
    }

    /// Runs the plan and shows what its containers write meanwhile.
    pub async fn start(&mut self, plan: &Plan) -> Result<(), Failure> {
        let session = self.session;
        let result = self.during(session.run(plan)).await;
        if session.runner.interrupt.is_raised() {
            return self.stop_by_user().await;
        }
        if result.is_err() {
            self.last_words().await;
        }
        result
    }

    /// Shows output while something is done.
    async fn during(&mut self, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return result,
                output = self.sources.next(), if !self.sources.is_empty() => self.output(output),
                change = self.changes.recv() => self.change(change).await?,
            }
        }
    }

    /// Shows the output until all containers have ended, or the user leaves them.
    pub async fn follow(&mut self, mut beside: Beside<'_>) -> Result<(), Failure> {
        let interrupt = self.session.runner.interrupt.clone();
        self.progress = beside.progress();
        while beside.is_watching() || self.is_going_on() {
            if self.aborted {
                drop(beside);
                return self.abort().await;
            }
            tokio::select! {
                () = interrupt.raised(1) => {
                    drop(beside);
                    return self.stop_by_user().await;
                }
                left = beside.next() => return left,
                output = self.sources.next(), if !self.sources.is_empty() => self.output(output),
                change = self.changes.recv() => self.change(change).await?,
            }
        }
        self.exit()
    }

    fn is_going_on(&self) -> bool {
        let silent = self.running.is_empty() && self.sources.is_empty();
        !(silent && self.expected.is_empty() && self.returning.is_empty())
    }

    fn exit(&self) -> Result<(), Failure> {
        match self.code {
            Some(code) if code != 0 => Err(Failure::Exit(u8::try_from(code).unwrap_or(1))),
            _ => Ok(()),
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Line(line) => {
                let stamp = self.scope.args.timestamps.then_some(line.timestamp.as_str());
                let lines = &mut self.lines;
                self.progress.aside(&mut || lines.write(&line.origin, line.stream, stamp, &line.text));
            }
            Output::Ended(id) => self.say_exit(&id),
        }
    }

    /// The notice comes after the last line.
    fn say_exit(&mut self, id: &str) {
        if let Some(notice) = self.ended.remove(id)
            && let Some(name) = self.sources.name(id)
        {
            let lines = &mut self.lines;
            self.progress.aside(&mut || lines.notice(&name, &notice));
        }
    }

    async fn change(&mut self, change: Result<ContainerChange, RecvError>) -> Result<(), Failure> {
        let change = match change {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => return Ok(()),
            Err(RecvError::Closed) => return Err(Failure::message("the engine is gone")),
        };
        if change.one_off || !self.scope.is_followed(&change.service) {
            return Ok(());
        }
        match change.action.as_str() {
            "start" => self.runs(&change.id, &change.name, &change.service),
            "die" => self.died(&change).await,
            "stop" | "destroy" => _ = self.returning.remove(&change.id),
            _ => {}
        }
        Ok(())
    }

    fn runs(&mut self, id: &str, name: &str, service: &str) {
        self.expected.remove(name);
        self.returning.remove(id);
        let short = self.short(name);
        if self.scope.is_shown(service) {
            self.sources.add(id, &short);
        }
        self.running.insert(id.to_owned(), short);
    }

    async fn died(&mut self, change: &ContainerChange) {
        if self.running.remove(&change.id).is_none() {
            // It ends to make room for the one that replaces it.
            return;
        }
        let code = change.exit_code.unwrap_or(0);
        let mut notice = format!("exited with code {code}");
        if is_restarting(self.session.engine(), &change.id).await {
            self.returning.insert(change.id.clone());
            notice.push_str(" (restarting)");
        } else {
            self.note_exit(&change.service, code);
        }
        self.ended.insert(change.id.clone(), notice);
        if self.sources.is_drained(&change.id) {
            self.say_exit(&change.id);
        }
    }

    fn note_exit(&mut self, service: &str, code: i64) {
        let from = self.scope.args.exit_code_from.as_deref();
        self.aborted |= match self.scope.args.abort_on_container_failure {
            true => code != 0,
            false => self.scope.args.abort_on_container_exit || from.is_some(),
        };
        if self.aborted && self.code.is_none() && from.is_none_or(|named| named == service) {
            self.code = Some(code);
        }
    }
}

fn started_by(action: &Action) -> Option<&ContainerTarget> {
    match action {
        Action::StartContainer(target) => Some(target),
        _ => None,
    }
}

/// Whether the engine starts it again by its restart policy.
async fn is_restarting(engine: &Engine, id: &str) -> bool {
    let options = None::<bollard::query_parameters::InspectContainerOptions>;
    // A container that cannot be looked at is gone, and gone ones do not restart.
    let Ok(container) = engine.docker().inspect_container(id, options).await else { return false };
    let state = container.state.unwrap_or_default();
    state.restarting == Some(true) || state.running == Some(true)
}
