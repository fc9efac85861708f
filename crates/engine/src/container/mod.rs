//! Containers: their life cycle, their files, their answers.
//!
//! The way of a container: [`create`] checks and makes it, [`start`] launches it, [`exit`] handles its end, [`remove`] lets it go.
//! [`instance`] is one container, [`store`] all of them; the other modules are one question or one rule each.

pub(crate) mod adopt;
mod archive;
mod attach;
mod commit;
mod cpuset;
mod create;
mod describe;
mod devices;
mod drain;
mod exit;
mod files;
mod health;
pub(crate) mod init_layer;
pub(crate) mod instance;
mod ipc;
mod limits;
mod list;
mod listening;
pub(crate) mod merge;
pub mod mounts;
mod prune;
pub(crate) mod record;
mod remove;
pub mod requests;
pub mod restart;
pub(crate) mod run;
mod security;
pub(crate) mod spec;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod stop;
pub(crate) mod store;
mod streams;
mod update;
mod validate;
mod wait;
mod watch;

pub(crate) use prune::until;
pub use requests::{
    ArchivePut, AttachOptions, CommitRequest, CreateRequest, ListOptions, LogOptions, LogStream,
    RemoveOptions, StopOptions, WaitCondition, Waiting,
};

use std::sync::Arc;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::io::{Attached, TtySize};
use crate::model::config::Created;
use crate::model::host_config::{UpdateBody, Updated};
use crate::model::inspect::ContainerInspect;
use crate::model::summary::{ContainerSummary, ContainersPruned};
use crate::network::sandbox::Sandbox;
use instance::Container;
use state::{State, Status};

/// The container calls. A `reference` is a full id, a name or a unique id prefix (contract 1.15.7).
#[derive(Clone)]
pub struct Containers {
    core: Arc<Core>,
}

impl Containers {
    pub(crate) fn new(core: Arc<Core>) -> Containers {
        Containers { core }
    }

    fn get(&self, reference: &str) -> Result<Arc<Container>> {
        self.core.containers.get(reference)
    }

    /// Creates a container.
    ///
    /// # Errors
    /// The request is wrong, the image is missing, the name is taken.
    pub async fn create(&self, request: CreateRequest) -> Result<Created> {
        create::create(&self.core, request).await
    }

    /// Starts it.
    ///
    /// # Errors
    /// Not modified when it runs; [`Error::Start`] when the process cannot run.
    pub async fn start(&self, reference: &str) -> Result<()> {
        let container = self.get(reference)?;
        let _operation = container.operation.lock().await;
        match container.status() {
            Status::Running => return Err(not_modified(&container, "is already running")),
            Status::Paused => {
                return Err(Error::Conflict(
                    "cannot start a paused container, try unpause instead".to_owned(),
                ));
            }
            Status::Restarting => return Err(stop::restarting(&container)),
            Status::Created | Status::Exited | Status::Dead => {}
        }
        container.update_state(State::begin_anew);
        let started = start::launch(&self.core, &container).await;
        if started.is_err() {
            exit::finish(&self.core, &container).await;
        }
        started
    }

    /// Stops it (contract 1.11.1).
    ///
    /// # Errors
    /// Not modified when it does not run.
    pub async fn stop(&self, reference: &str, options: StopOptions) -> Result<()> {
        let container = self.get(reference)?;
        let core = self.core.clone();
        // In a task of its own: a client that goes away does not leave it half stopped.
        spawned(async move {
            let _operation = container.operation.lock().await;
            match stop::stop(&core, &container, &options).await? {
                true => Ok(()),
                false => Err(not_modified(&container, "is already stopped")),
            }
        })
        .await
    }

    /// Stops and starts it.
    ///
    /// # Errors
    /// As `stop` and `start`.
    pub async fn restart(&self, reference: &str, options: StopOptions) -> Result<()> {
        let container = self.get(reference)?;
        let core = self.core.clone();
        spawned(async move {
            let _operation = container.operation.lock().await;
            stop::stop(&core, &container, &options).await?;
            container.update_state(State::begin_anew);
            start::launch(&core, &container).await?;
            container.publish(&core.events, "restart", &[]);
            Ok(())
        })
        .await
    }

    /// Sends a signal; absent is SIGKILL.
    ///
    /// # Errors
    /// Not running (409), unknown signal.
    pub async fn kill(&self, reference: &str, signal: Option<&str>) -> Result<()> {
        stop::kill(&self.core, &self.get(reference)?, signal).await
    }

    /// Registers a wait; the inner future answers when the condition holds.
    ///
    /// # Errors
    /// No such container.
    pub async fn wait(&self, reference: &str, condition: WaitCondition) -> Result<Waiting> {
        Ok(wait::wait(&*self.get(reference)?, condition))
    }

    /// Removes it.
    ///
    /// # Errors
    /// It runs and `force` is not set (409).
    pub async fn remove(&self, reference: &str, options: RemoveOptions) -> Result<()> {
        let container = self.get(reference)?;
        let core = self.core.clone();
        spawned(async move {
            let _operation = container.operation.lock().await;
            remove::remove(&core, &container, options).await
        })
        .await
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// The name is taken (409) or not a name.
    pub async fn rename(&self, reference: &str, name: &str) -> Result<()> {
        let container = self.get(reference)?;
        let _operation = container.operation.lock().await;
        let (old, new) = (container.name(), name.strip_prefix('/').unwrap_or(name));
        if old == new {
            let text = "Renaming a container with the same name as its current name";
            return Err(Error::BadParameter(text.to_owned()));
        }
        self.core
            .containers
            .take_another_name(new, container.id())
            .map_err(|error| not_renamed(error, new))?;
        let renamed = container.update_record(|record| new.clone_into(&mut record.name));
        self.core.containers.free_name(if renamed.is_ok() { &old } else { new });
        renamed?;
        container.publish(&self.core.events, "rename", &[("oldName", &format!("/{old}"))]);
        Ok(())
    }

    /// Freezes all its processes.
    ///
    /// # Errors
    /// Not running, or already paused (409).
    pub async fn pause(&self, reference: &str) -> Result<()> {
        let container = self.get(reference)?;
        let _operation = container.operation.lock().await;
        stop::pause(&self.core, &container)
    }

    /// Thaws all its processes.
    ///
    /// # Errors
    /// Not paused.
    pub async fn unpause(&self, reference: &str) -> Result<()> {
        let container = self.get(reference)?;
        let _operation = container.operation.lock().await;
        stop::unpause(&self.core, &container)
    }

    /// Everything about it.
    ///
    /// # Errors
    /// No such container.
    pub async fn inspect(&self, reference: &str, size: bool) -> Result<ContainerInspect> {
        let container = self.get(reference)?;
        let mut answer = describe::inspect(&self.core, &container);
        if size {
            let (written, total) = self.sizes(&container).await;
            (answer.size_rw, answer.size_root_fs) = (Some(written), Some(total));
        }
        Ok(answer)
    }

    /// Bytes of its own layer, and of it with its image.
    async fn sizes(&self, container: &Container) -> (u64, u64) {
        let written = prune::written(container).await;
        let image = container.record().image_id.parse().ok();
        let image = image.and_then(|id| self.core.images.store().image(&id).ok());
        (written, written + image.map_or(0, |image| image.size))
    }

    /// Containers, newest first.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<ContainerSummary>> {
        let all = list::list(&self.core, &options)?;
        if !options.size {
            return Ok(all);
        }
        let mut measured = Vec::new();
        for mut summary in all {
            // Removed since it was listed.
            let Ok(container) = self.get(&summary.id) else { continue };
            let (written, total) = self.sizes(&container).await;
            (summary.size_rw, summary.size_root_fs) = (Some(written), Some(total));
            measured.push(summary);
        }
        Ok(measured)
    }

    /// Reads its log.
    ///
    /// # Errors
    /// Neither stream chosen; the log driver keeps nothing.
    pub async fn logs(&self, reference: &str, options: LogOptions) -> Result<LogStream> {
        let container = self.get(reference)?;
        if !options.stdout && !options.stderr {
            let text = "Bad parameters: you must choose at least one stream";
            return Err(Error::BadParameter(text.to_owned()));
        }
        Ok(LogStream { tty: container.record().config.tty, output: container.log.read(options).await? })
    }

    /// Connects to its stdio; may be called before `start`.
    ///
    /// # Errors
    /// No such container; it is paused or restarting (409).
    pub async fn attach(&self, reference: &str, options: AttachOptions) -> Result<Attached> {
        let container = self.get(reference)?;
        let attached = attach::attach(&container, &options).await?;
        container.publish(&self.core.events, "attach", &[]);
        Ok(attached)
    }

    /// Sets its terminal's size.
    ///
    /// # Errors
    /// Not running.
    pub async fn resize(&self, reference: &str, size: TtySize) -> Result<()> {
        let container = self.get(reference)?;
        let run = container.running()?;
        if let Some(terminal) = &run.terminal {
            crate::stdio::resize(terminal, size)
                .map_err(Error::io("resize the terminal of", container.id()))?;
        }
        let (height, width) = (size.height.to_string(), size.width.to_string());
        container.publish(&self.core.events, "resize", &[("height", &height), ("width", &width)]);
        Ok(())
    }

    /// Changes limits and restart policy.
    ///
    /// # Errors
    /// A limit that does not hold (contract 1.13.1), an option that cannot change.
    pub async fn update(&self, reference: &str, body: UpdateBody) -> Result<Updated> {
        let container = self.get(reference)?;
        let _operation = container.operation.lock().await;
        update::update(&self.core, &container, &body)
    }

    /// Removes those that do not run. Filter keys: label, label!, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<ContainersPruned> {
        prune::prune(&self.core, &filters).await
    }
}

/// Writes the managed files of a running container anew: its networks have changed.
///
/// # Errors
/// One cannot be written.
pub(crate) fn rewrite_files(core: &Core, container: &Container, sandbox: &Arc<Sandbox>) -> Result<()> {
    start::write_files(core, container, &files::hostname(&container.record()), Some(sandbox))
}

fn not_modified(container: &Container, what: &str) -> Error {
    Error::NotModified(format!("container {} {what}", container.id()))
}

/// Runs to its end even when the caller goes away.
async fn spawned<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Internal(format!("a background task failed: {error}"))),
    }
}

/// Docker's words, in which the new name has its slash.
fn not_renamed(error: Error, name: &str) -> Error {
    let text = |text: String| {
        format!(
            "Error when allocating new name: {}",
            text.replace(&format!("({name})"), &format!("(/{name})"))
        )
    };
    match error {
        Error::Conflict(message) => Error::Conflict(text(message)),
        Error::BadParameter(message) => Error::BadParameter(text(message)),
        other => other,
    }
}
