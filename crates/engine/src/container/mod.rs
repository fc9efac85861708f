//! Containers: their life cycle, their files, their answers.

mod limits;
mod merge;
pub mod mounts;
mod record;
pub mod requests;
pub mod restart;
mod state;

pub use requests::{
    ArchivePut, AttachOptions, CommitRequest, CreateRequest, ListOptions, LogOptions, LogStream,
    RemoveOptions, StopOptions, WaitCondition, Waiting,
};

use futures::stream::BoxStream;

use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::io::{Attached, ByteStream, TtySize};
use crate::model::config::Created;
use crate::model::host_config::{UpdateBody, Updated};
use crate::model::inspect::ContainerInspect;
use crate::model::stats::Stats;
use crate::model::summary::{Change, ContainerSummary, ContainersPruned, PathStat, Top};

/// The container calls. A `reference` is a full id, a name or a unique id prefix (contract 1.15.7).
#[derive(Clone)]
pub struct Containers;

impl Containers {
    /// Creates a container.
    ///
    /// # Errors
    /// The request is wrong, the image is missing, the name is taken.
    pub async fn create(&self, request: CreateRequest) -> Result<Created> {
        let _ = (request,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Starts it.
    ///
    /// # Errors
    /// Not modified when it runs; [`Error::Start`] when the process cannot run.
    pub async fn start(&self, reference: &str) -> Result<()> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Stops it (contract 1.11.1).
    ///
    /// # Errors
    /// Not modified when it does not run.
    pub async fn stop(&self, reference: &str, options: StopOptions) -> Result<()> {
        let _ = (reference, options);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Stops and starts it.
    ///
    /// # Errors
    /// As `stop` and `start`.
    pub async fn restart(&self, reference: &str, options: StopOptions) -> Result<()> {
        let _ = (reference, options);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Sends a signal; absent is SIGKILL.
    ///
    /// # Errors
    /// Not running (409), unknown signal.
    pub async fn kill(&self, reference: &str, signal: Option<&str>) -> Result<()> {
        let _ = (reference, signal);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Registers a wait; the inner future answers when the condition holds.
    ///
    /// # Errors
    /// No such container.
    pub async fn wait(&self, reference: &str, condition: WaitCondition) -> Result<Waiting> {
        let _ = (reference, condition);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes it.
    ///
    /// # Errors
    /// It runs and `force` is not set (409).
    pub async fn remove(&self, reference: &str, options: RemoveOptions) -> Result<()> {
        let _ = (reference, options);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// The name is taken (409) or not a name.
    pub async fn rename(&self, reference: &str, name: &str) -> Result<()> {
        let _ = (reference, name);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Freezes all its processes.
    ///
    /// # Errors
    /// Not running, or already paused (409).
    pub async fn pause(&self, reference: &str) -> Result<()> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Thaws all its processes.
    ///
    /// # Errors
    /// Not paused.
    pub async fn unpause(&self, reference: &str) -> Result<()> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Everything about it.
    ///
    /// # Errors
    /// No such container.
    pub async fn inspect(&self, reference: &str, size: bool) -> Result<ContainerInspect> {
        let _ = (reference, size);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Containers, newest first.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<ContainerSummary>> {
        let _ = (options,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Reads its log.
    ///
    /// # Errors
    /// Neither stream chosen; the log driver keeps nothing.
    pub async fn logs(&self, reference: &str, options: LogOptions) -> Result<LogStream> {
        let _ = (reference, options);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Connects to its stdio; may be called before `start`.
    ///
    /// # Errors
    /// No such container; it is paused or restarting (409).
    pub async fn attach(&self, reference: &str, options: AttachOptions) -> Result<Attached> {
        let _ = (reference, options);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Sets its terminal's size.
    ///
    /// # Errors
    /// Not running.
    pub async fn resize(&self, reference: &str, size: TtySize) -> Result<()> {
        let _ = (reference, size);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Its processes; `arguments` are those of ps (empty is `-ef`).
    ///
    /// # Errors
    /// Not running, or arguments that this engine does not know.
    pub async fn top(&self, reference: &str, arguments: &str) -> Result<Top> {
        let _ = (reference, arguments);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// One sample; `one_shot` does not wait for a second one to compare with.
    ///
    /// # Errors
    /// No such container.
    pub async fn stats_once(&self, reference: &str, one_shot: bool) -> Result<Stats> {
        let _ = (reference, one_shot);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// A sample every second until the container is removed.
    ///
    /// # Errors
    /// No such container.
    pub async fn stats(&self, reference: &str) -> Result<BoxStream<'static, Stats>> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Changes limits and restart policy.
    ///
    /// # Errors
    /// A limit that does not hold (contract 1.13.1), an option that cannot change.
    pub async fn update(&self, reference: &str, body: UpdateBody) -> Result<Updated> {
        let _ = (reference, body);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// What a path in it is.
    ///
    /// # Errors
    /// No such path.
    pub async fn archive_stat(&self, reference: &str, path: &str) -> Result<PathStat> {
        let _ = (reference, path);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// A path in it as a tar stream.
    ///
    /// # Errors
    /// No such path.
    pub async fn archive_get(&self, reference: &str, path: &str) -> Result<(PathStat, ByteStream)> {
        let _ = (reference, path);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Unpacks a tar stream (plain or gzip) into it.
    ///
    /// # Errors
    /// The path is not a directory; the root filesystem is read-only.
    pub async fn archive_put(&self, reference: &str, request: ArchivePut, archive: ByteStream) -> Result<()> {
        let _ = (reference, request, archive);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// What it changed against its image.
    ///
    /// # Errors
    /// No such container.
    pub async fn changes(&self, reference: &str) -> Result<Vec<Change>> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Its whole filesystem as a tar stream.
    ///
    /// # Errors
    /// No such container.
    pub async fn export(&self, reference: &str) -> Result<ByteStream> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Its filesystem as a new image; gives the image's id.
    ///
    /// # Errors
    /// An invalid reference or instruction.
    pub async fn commit(&self, request: CommitRequest) -> Result<String> {
        let _ = (request,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes those that do not run. Filter keys: label, label!, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<ContainersPruned> {
        let _ = (filters,);
        Err(Error::NotImplemented("being written".to_owned()))
    }
}
