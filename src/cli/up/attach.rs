//! Attached `up`: shows the output of containers until they end or the user stops them (compose-surface 3.10).

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::UpArgs;
use crate::cli::logs::{LogSources, Output, Wanted};
use crate::cli::session::Session;
use crate::cli::{Context, Failure, failure};
use crate::engine::Engine;
use crate::execute::{ContainerChange, ContainerEvents};
use crate::output::LogLines;
use crate::plan::desired::Desired;
use crate::plan::names;
use crate::plan::observed::{ObservedContainer, State};
use crate::plan::planner::{Lifecycle, lifecycle};

/// What the containers that are watched do.
struct Attached<'a> {
    session: &'a Session,
    args: &'a UpArgs,
    desired: &'a Desired,
    lines: LogLines,
    sources: LogSources,
    /// Containers that run, by id, with their name for people.
    running: BTreeMap<String, String>,
    /// Containers that ended and whose last lines are still to come, with their exit codes.
    ended: BTreeMap<String, i64>,
    /// A container ended whose end stops the others.
    aborted: bool,
    /// The exit code that the command ends with then.
    code: Option<i64>,
}

pub(super) async fn run(
    context: &Context,
    session: &Session,
    args: &UpArgs,
    desired: &Desired,
    began: Timestamp,
) -> Result<(), Failure> {
    let events = ContainerEvents::subscribe(session.engine(), &desired.project);
    let changes = events.receive();
    let containers = session.engine().containers(&desired.project).await?;
    let colours = context.style.stdout && !args.no_color;
    let mut attached = Attached {
        session,
        args,
        desired,
        lines: LogLines::new(!args.no_log_prefix, colours),
        sources: LogSources::new(
            session.engine(),
            Wanted { follow: true, tail: "all".to_owned(), since: Some(began.as_nanosecond()), until: None },
        ),
        running: BTreeMap::new(),
        ended: BTreeMap::new(),
        aborted: false,
        code: None,
    };
    attached.attach(&containers);
    attached.follow(changes).await
}

impl Attached<'_> {
    fn attach(&mut self, containers: &[ObservedContainer]) {
        let watched: Vec<&ObservedContainer> =
            containers.iter().filter(|c| !c.one_off && self.desired.service(&c.service).is_some()).collect();
        let shown: Vec<String> =
            watched.iter().filter(|c| self.is_shown(&c.service)).map(|c| self.short(&c.name)).collect();
        println!("Attaching to {}", shown.join(", "));
        for name in &shown {
            self.lines.announce(name);
        }
        for container in watched {
            let name = self.short(&container.name);
            if self.is_shown(&container.service) {
                self.sources.add(&container.id, &name);
            }
            if container.is_running() {
                self.running.insert(container.id.clone(), name);
            } else if container.state == State::Exited {
                let code = container.exit_code.unwrap_or(0);
                self.ended.insert(container.id.clone(), code);
                self.note_exit(&container.service, code);
            }
        }
    }

    fn short(&self, name: &str) -> String {
        names::short(&self.desired.project, name).to_owned()
    }

    /// Dependencies are shown only when asked (the services named, else all, are what `up` is about).
    fn is_shown(&self, service: &str) -> bool {
        let Some(desired) = self.desired.service(service) else { return false };
        let chosen = match self.args.attach.is_empty() {
            true => desired.selected || self.args.attach_dependencies,
            false => self.args.attach.iter().any(|name| name == service),
        };
        chosen
            && desired.source.attach != Some(false)
            && !self.args.no_attach.iter().any(|name| name == service)
    }

    async fn follow(mut self, mut changes: Receiver<ContainerChange>) -> Result<(), Failure> {
        let interrupt = self.session.runner.interrupt.clone();
        // Containers that are watched come back after a rebuild.
        while self.args.watch || !(self.running.is_empty() && self.sources.is_empty()) {
            if self.aborted {
                return self.abort(changes).await;
            }
            tokio::select! {
                () = interrupt.raised(1) => return self.stop_by_user().await,
                output = self.sources.next(), if !self.sources.is_empty() => self.output(output),
                change = changes.recv() => self.change(change).await?,
            }
        }
        self.exit()
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
                let stamp = self.args.timestamps.then_some(line.timestamp.as_str());
                self.lines.write(&line.origin, line.stream, stamp, &line.text);
            }
            Output::Ended(id) => self.say_exit(&id),
        }
    }

    /// The notice comes after the last line.
    fn say_exit(&mut self, id: &str) {
        if let Some(code) = self.ended.remove(id)
            && let Some(name) = self.sources.name(id)
        {
            self.lines.notice(&name, &format!("exited with code {code}"));
        }
    }

    async fn change(&mut self, change: Result<ContainerChange, RecvError>) -> Result<(), Failure> {
        let change = match change {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => return Ok(()),
            Err(RecvError::Closed) => return Err(Failure::message("the engine is gone")),
        };
        if change.one_off || self.desired.service(&change.service).is_none() {
            return Ok(());
        }
        match change.action.as_str() {
            "start" => self.started(&change),
            "die" => self.died(&change).await,
            _ => {}
        }
        Ok(())
    }

    fn started(&mut self, change: &ContainerChange) {
        let name = self.short(&change.name);
        if self.is_shown(&change.service) {
            self.sources.add(&change.id, &name);
        }
        self.running.insert(change.id.clone(), name);
    }

    async fn died(&mut self, change: &ContainerChange) {
        let code = change.exit_code.unwrap_or(0);
        if is_restarting(self.session.engine(), &change.id).await {
            return;
        }
        self.running.remove(&change.id);
        self.note_exit(&change.service, code);
        self.ended.insert(change.id.clone(), code);
        if self.sources.is_drained(&change.id) {
            self.say_exit(&change.id);
        }
    }

    fn note_exit(&mut self, service: &str, code: i64) {
        let from = self.args.exit_code_from.as_deref();
        self.aborted |= match self.args.abort_on_container_failure {
            true => code != 0,
            false => self.args.abort_on_container_exit || from.is_some(),
        };
        if self.aborted && self.code.is_none() && from.is_none_or(|named| named == service) {
            self.code = Some(code);
        }
    }

    async fn abort(mut self, mut changes: Receiver<ContainerChange>) -> Result<(), Failure> {
        eprintln!("Aborting on container exit...");
        self.stop(self.args.timeout).await?;
        // What the stop made happen is known from the events that are waiting already.
        while let Ok(change) = changes.try_recv() {
            self.change(Ok(change)).await?;
        }
        if let (Some(service), None) = (&self.args.exit_code_from, self.code) {
            self.code = Some(self.exit_code_of(service).await?);
        }
        self.drain().await;
        self.exit()
    }

    async fn exit_code_of(&self, service: &str) -> Result<i64, Failure> {
        let containers = self.session.engine().containers(&self.desired.project).await?;
        let container = containers.iter().find(|c| c.service == service && !c.one_off);
        Ok(container.and_then(|c| c.exit_code).unwrap_or(0))
    }

    async fn stop_by_user(&mut self) -> Result<(), Failure> {
        eprintln!("Gracefully Stopping... press Ctrl+C again to force");
        let interrupt = self.session.runner.interrupt.clone();
        let timeout = self.args.timeout;
        let stopped = tokio::select! {
            result = self.stop(timeout) => Some(result),
            () = interrupt.raised(2) => None,
        };
        match stopped {
            Some(result) => result?,
            None => self.kill().await?,
        }
        self.drain().await;
        Err(Failure::Exit(failure::INTERRUPTED))
    }

    /// Prints what stopped containers wrote last.
    async fn drain(&mut self) {
        while !self.sources.is_empty() {
            let output = self.sources.next().await;
            self.output(output);
        }
    }

    async fn stop(&self, timeout: Option<i32>) -> Result<(), Failure> {
        self.apply(&Lifecycle::Stop(timeout)).await
    }

    async fn kill(&self) -> Result<(), Failure> {
        self.apply(&Lifecycle::Kill("SIGKILL".to_owned())).await
    }

    /// Applies to the services that `up` was about, after an interrupt too.
    async fn apply(&self, what: &Lifecycle) -> Result<(), Failure> {
        let containers = self.session.engine().containers(&self.desired.project).await?;
        let chosen: Vec<&ObservedContainer> = containers
            .iter()
            .filter(|c| c.is_running() && !c.one_off && self.is_selected(&c.service))
            .collect();
        let running = chosen.iter().map(|container| container.id.clone()).collect();
        let plan = self.desired.hooks.apply(lifecycle(&chosen, what), &running);
        self.session.run_to_the_end(&plan).await
    }

    fn is_selected(&self, service: &str) -> bool {
        self.desired.service(service).is_some_and(|desired| desired.selected)
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
