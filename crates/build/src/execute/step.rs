//! What every step has: a name, a number, a time, and the question whether it was done before.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use wharf_image::Digest;
use wharf_image::store::Layer;

use super::{Shared, blocking};
use crate::cache::records::StepRecord;
use crate::error::{BuildError, StepError, chain};
use crate::event::{BuildEvent, EventSink};

/// Numbers steps and sends their events.
pub(crate) struct Reporter<'a> {
    pub events: &'a EventSink<'a>,
    next: AtomicUsize,
}

/// A step that was announced.
pub(crate) struct Announced<'a> {
    events: &'a EventSink<'a>,
    pub number: usize,
    since: Instant,
}

impl<'a> Reporter<'a> {
    /// A reporter for one build.
    pub fn new(events: &'a EventSink<'a>) -> Self {
        Self { events, next: AtomicUsize::new(1) }
    }

    /// Announces a step.
    pub fn start(&self, name: String) -> Announced<'a> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (self.events)(BuildEvent::Started { step: number, name });
        Announced { events: self.events, number, since: Instant::now() }
    }

    /// Progress of a download.
    pub fn pull(&self, step: usize, message: String) {
        (self.events)(BuildEvent::Pull { step, message });
    }
}

impl Announced<'_> {
    /// The result was there already.
    pub fn cached(self) {
        (self.events)(BuildEvent::Cached { step: self.number });
    }

    /// It is done.
    pub fn finished(self) {
        (self.events)(BuildEvent::Finished { step: self.number, took: self.since.elapsed() });
    }

    /// It failed.
    pub fn failed(self, error: &dyn Error, last_lines: Vec<String>) {
        (self.events)(BuildEvent::Failed { step: self.number, message: chain(error), last_lines });
    }
}

/// A layer and when it was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub layer: Layer,
    /// RFC 3339.
    pub created: String,
}

impl Shared {
    /// The layer that a key made before, if it is still here.
    pub async fn find_step(self: &Arc<Self>, key: &str) -> Option<Made> {
        let (shared, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let record: StepRecord = shared.cache.steps.find(&key)?;
            let layer = shared.store.layer(&record.layer)?;
            Some(Made { layer, created: record.created })
        })
        .await
    }

    /// Remembers a new layer under its key, in the place of the one that was there. The hold keeps the layer
    /// when no image needs it.
    pub async fn store_step(self: &Arc<Self>, key: &str, layer: Layer) -> Result<Made, StepError> {
        let (shared, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let before: Option<StepRecord> = shared.cache.steps.find(&key);
            shared.store.hold_layer(&layer.id, &key).map_err(StepError::Store)?;
            let created = Timestamp::now().to_string();
            shared
                .cache
                .steps
                .store(&key, &StepRecord { layer: layer.id.clone(), created: created.clone() })?;
            if let Some(before) = before.filter(|before| before.layer != layer.id) {
                shared.store.release_layer(&before.layer, &key).map_err(StepError::Store)?;
            }
            Ok(Made { layer, created })
        })
        .await
    }
}

impl Shared {
    /// Forgets the steps that were not used since `limit` and lets go of their layers; with `keep`, not of
    /// layers that images have. Blocks.
    pub fn forget_steps(&self, limit: SystemTime, keep: bool) -> Result<(), BuildError> {
        let images = if keep { self.store.list().map_err(BuildError::Store)? } else { Vec::new() };
        let kept: BTreeSet<Digest> = images.into_iter().flat_map(|image| image.layers).collect();
        for key in self.cache.steps.unused(limit)? {
            let record: Option<StepRecord> = self.cache.steps.peek(&key);
            if record.as_ref().is_some_and(|record| kept.contains(&record.layer)) {
                continue;
            }
            self.cache.steps.remove(&key)?;
            if let Some(record) = record {
                self.store.release_layer(&record.layer, &key).map_err(BuildError::Store)?;
            }
        }
        Ok(())
    }
}
