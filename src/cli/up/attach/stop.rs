//! The end of an attached `up`: a container's end that stops the others, or the user's Ctrl-C.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Attached;
use crate::cli::{Failure, failure};
use crate::plan::observed::ObservedContainer;
use crate::plan::planner::{Lifecycle, lifecycle};

/// How long an event may come after what it tells of; then the containers' exit codes are not shown.
const EVENTS_AT_MOST: Duration = Duration::from_secs(5);

impl Attached<'_> {
    /// Stops the containers because one of them ended.
    pub(super) async fn abort(&mut self) -> Result<(), Failure> {
        eprintln!("Aborting on container exit...");
        self.apply(Lifecycle::Stop(self.scope.args.timeout)).await?;
        if let (Some(service), None) = (&self.scope.args.exit_code_from, self.code) {
            self.code = Some(self.exit_code_of(service).await?);
        }
        self.drain().await;
        self.exit()
    }

    async fn exit_code_of(&self, service: &str) -> Result<i64, Failure> {
        let containers = self.session.engine().containers(&self.scope.desired.project).await?;
        let container = containers.iter().find(|c| c.service == service && !c.one_off);
        Ok(container.and_then(|c| c.exit_code).unwrap_or(0))
    }

    /// Stops what `up` was about; a second Ctrl-C kills it.
    pub(super) async fn stop_by_user(&mut self) -> Result<(), Failure> {
        eprintln!("Gracefully Stopping... press Ctrl+C again to force");
        let interrupt = self.session.runner.interrupt.clone();
        let stopped = tokio::select! {
            result = self.apply(Lifecycle::Stop(self.scope.args.timeout)) => Some(result),
            () = interrupt.raised(2) => None,
        };
        match stopped {
            Some(result) => result?,
            None => self.apply(Lifecycle::Kill("SIGKILL".to_owned())).await?,
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

    /// Prints what containers wrote that ended already; others go on.
    pub(super) async fn last_words(&mut self) {
        while !self.ended.is_empty() {
            let output = self.sources.next().await;
            self.output(output);
        }
    }

    /// Applies to the services that `up` was about, after an interrupt too, and shows what they write meanwhile.
    async fn apply(&mut self, what: Lifecycle) -> Result<(), Failure> {
        let containers = self.session.engine().containers(&self.scope.desired.project).await?;
        let chosen: Vec<&ObservedContainer> = containers
            .iter()
            .filter(|c| c.is_running() && !c.one_off && self.scope.is_selected(&c.service))
            .collect();
        let running = chosen.iter().map(|container| container.id.clone()).collect();
        let plan = self.scope.desired.hooks.apply(lifecycle(&chosen, &what), &running);
        let session = self.session;
        self.progress = session.progress("stop");
        let progress = Arc::clone(&self.progress);
        self.during(session.run_to_the_end(&plan, progress)).await?;
        self.know_ends(&running).await
    }

    /// An engine answers that a container is stopped, and tells of its end, in no certain order.
    async fn know_ends(&mut self, stopped: &BTreeSet<String>) -> Result<(), Failure> {
        let mut late = pin!(tokio::time::sleep(EVENTS_AT_MOST));
        while stopped.iter().any(|id| self.running.contains_key(id)) {
            tokio::select! {
                change = self.changes.recv() => self.change(change).await?,
                () = &mut late => return Ok(()),
            }
        }
        Ok(())
    }
}
