//! Builds: `wharf_build` with this engine's containers as its step runner.
//!
//! [`request`] translates what the API asks for, [`runner`] runs steps, [`puller`] gets base images, [`report`] tells the client.

mod puller;
mod report;
mod request;
mod runner;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use wharf_build::{BuildEvent, PruneOptions, Services};

use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::image::progress::Reporter;
use crate::io::{ByteStream, ProgressStream};
use crate::model::build::BuildRequest;
use puller::Puller;
use report::Report;
use request::{Prepared, prepare};
use runner::Runner;

/// The build calls.
#[derive(Clone)]
pub struct Builds {
    core: Arc<Core>,
}

impl Builds {
    pub(crate) fn new(core: Arc<Core>) -> Builds {
        Builds { core }
    }

    /// Builds. The archive is the body of the request, read only when the context is [`crate::model::build::BuildContext::Archive`].
    /// A client that leaves ends the build.
    ///
    /// # Errors
    /// The context cannot be read, or something is asked for that this engine does not do.
    pub async fn build(&self, request: BuildRequest, archive: ByteStream) -> Result<ProgressStream> {
        let prepared = prepare(&self.core, request, archive).await?;
        let (reporter, stream) = Reporter::stream();
        let core = self.core.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = build(&core, &prepared, &reporter) => {}
                () = reporter.abandoned() => {}
            }
        });
        Ok(stream)
    }

    /// Removes cached steps that no image uses, or with `all` every cached step; gives the bytes that came free.
    ///
    /// # Errors
    /// The cache or the image store cannot be changed.
    pub async fn prune(&self, all: bool) -> Result<u64> {
        let builder = self.core.builder.clone();
        let options = PruneOptions { unused_since: SystemTime::now(), keep_steps_of_images: !all };
        blocking(move || builder.prune(&options).map_err(|error| Error::Internal(error.report()))).await
    }
}

async fn build(core: &Arc<Core>, prepared: &Prepared, reporter: &Reporter) {
    let report = Mutex::new(Report::default());
    let events = |event: BuildEvent| {
        let messages = report.lock().unwrap_or_else(PoisonError::into_inner).translate(event);
        messages.into_iter().for_each(|message| reporter.send(message));
    };
    let runner = Runner::new(core.clone(), prepared.shm_size);
    let puller = Puller::new(core.clone(), prepared.logins.clone());
    let services = Services { runner: &runner, puller: &puller, events: &events };
    match core.builder.build(&prepared.request, services).await {
        Ok(image) => {
            for tag in &image.tags {
                crate::image::publish(&core.events, "tag", &image.id.to_string(), &tag.familiar());
            }
        }
        Err(error) => reporter.send(report::failure(&error)),
    }
}
