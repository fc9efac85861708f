//! Looking into a container while it runs: its processes and what they use.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Containers;
use super::instance::Container;
use crate::core::blocking;
use crate::error::{Error, Result};
use crate::model::stats::Stats;
use crate::model::summary::Top;
use crate::observe::{self, Sample};

/// Between two samples.
const PERIOD: Duration = Duration::from_secs(1);
/// Go's zero time: nothing was measured.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Containers {
    /// Its processes; `arguments` are those of ps (empty is `-ef`).
    ///
    /// # Errors
    /// Not running, or arguments that this engine does not know.
    pub async fn top(&self, reference: &str, arguments: &str) -> Result<Top> {
        let container = self.get(reference)?;
        let run = container.running()?;
        let arguments = arguments.to_owned();
        let top = blocking(move || {
            let pids = run.cgroup.processes().map_err(|error| Error::Internal(error.to_string()))?;
            observe::top(&pids, &arguments)
        });
        let top = top.await?;
        container.publish(&self.core.events, "top", &[]);
        Ok(top)
    }

    /// One sample; `one_shot` does not wait for a second one to compare with.
    ///
    /// # Errors
    /// No such container.
    pub async fn stats_once(&self, reference: &str, one_shot: bool) -> Result<Stats> {
        let container = self.get(reference)?;
        let earlier = if one_shot { None } else { sample(&container).await };
        if earlier.is_some() {
            tokio::time::sleep(PERIOD).await;
        }
        let now = sample(&container).await;
        Ok(described(&container, now.as_ref(), earlier.as_ref()))
    }

    /// A sample every second until the container is removed; an empty one while it does not run.
    ///
    /// # Errors
    /// No such container.
    pub async fn stats(&self, reference: &str) -> Result<BoxStream<'static, Stats>> {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let sampler = Sampler { container: self.get(reference)?, earlier: None, ticks };
        Ok(stream::unfold(sampler, Sampler::next).boxed())
    }
}

struct Sampler {
    container: Arc<Container>,
    earlier: Option<Sample>,
    ticks: Interval,
}

impl Sampler {
    async fn next(mut self) -> Option<(Stats, Sampler)> {
        self.ticks.tick().await;
        if self.container.phase().borrow().removed {
            return None;
        }
        let now = sample(&self.container).await;
        let stats = described(&self.container, now.as_ref(), self.earlier.as_ref());
        self.earlier = now;
        Some((stats, self))
    }
}

/// What it uses now; nothing when it does not run, or ended just now.
async fn sample(container: &Container) -> Option<Sample> {
    let run = container.run()?;
    let measured = blocking(move || {
        let networks = match run.sandbox {
            Some(_) => observe::network_devices(run.identity.pid)?,
            None => Default::default(),
        };
        Sample::take(&run.cgroup, networks)
    });
    measured.await.ok()
}

fn described(container: &Container, now: Option<&Sample>, earlier: Option<&Sample>) -> Stats {
    let name = container.name();
    match now {
        Some(now) => observe::statistics(container.id(), &name, now, earlier),
        None => Stats {
            name: format!("/{name}"),
            id: container.id().to_owned(),
            read: NEVER.to_owned(),
            preread: NEVER.to_owned(),
            ..Stats::default()
        },
    }
}
