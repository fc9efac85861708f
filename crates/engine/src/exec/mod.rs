//! Additional processes in running containers (contract 1.12).

mod output;
pub mod probe;
mod spec;
mod start;
pub mod table;

use std::sync::Arc;

use crate::container::state::Status;
use crate::container::stop::restarting;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::io::{Attached, TtySize};
use crate::model::exec::{ExecConfig, ExecInspect, ExecStart};
use crate::model::json::meaningful;
use crate::{names, stdio};
use table::Exec;

/// The exec calls.
#[derive(Clone)]
pub struct Execs {
    core: Arc<Core>,
}

impl Execs {
    pub(crate) fn new(core: Arc<Core>) -> Execs {
        Execs { core }
    }

    /// Prepares a process; gives its id.
    ///
    /// # Errors
    /// No such container, or it is not running (409, contract 1.12.3).
    pub async fn create(&self, container: &str, config: ExecConfig) -> Result<String> {
        let container = self.core.containers.get(container)?;
        if let Some(name) = meaningful(&config.unknown).next() {
            return Err(Error::NotImplemented(format!("option {name} is not supported by this engine")));
        }
        if config.cmd.as_ref().is_none_or(Vec::is_empty) {
            return Err(Error::BadParameter("No exec command specified".to_owned()));
        }
        match container.status() {
            Status::Running => {}
            Status::Paused => {
                let text =
                    format!("Container {} is paused, unpause the container before exec", container.name());
                return Err(Error::Conflict(text));
            }
            Status::Restarting => return Err(restarting(&container)),
            _ => return Err(Error::NotRunning(container.id().to_owned())),
        }
        let exec = Arc::new(Exec::new(names::new_id()?, container.id().to_owned(), config));
        start::publish(&self.core, &container, &exec, "exec_create", &[]);
        self.core.execs.insert(exec.clone());
        Ok(exec.id.clone())
    }

    /// Starts it; detached gives nothing to attach to.
    ///
    /// # Errors
    /// No such exec, already started (409), or the container stopped.
    pub async fn start(&self, id: &str, start: ExecStart) -> Result<Option<Attached>> {
        let exec = self.core.execs.get(id)?;
        if std::mem::replace(&mut exec.state().started, true) {
            return Err(Error::Conflict(format!("Error: Exec command {id} is already running or has ended")));
        }
        let container = self.core.containers.get(&exec.container)?;
        start::start(&self.core, &container, &exec, start.detach, start.console_size).await
    }

    /// Sets the terminal's size.
    ///
    /// # Errors
    /// No such exec, or it does not run.
    pub async fn resize(&self, id: &str, size: TtySize) -> Result<()> {
        let exec = self.core.execs.get(id)?;
        let state = exec.state();
        match &state.terminal {
            Some(terminal) => {
                stdio::resize(terminal, size).map_err(Error::io("resize the terminal of exec", id))
            }
            None if state.running => Ok(()),
            None => Err(Error::Conflict(format!("exec {id} is not running"))),
        }
    }

    /// Its state.
    ///
    /// # Errors
    /// No such exec.
    pub async fn inspect(&self, id: &str) -> Result<ExecInspect> {
        Ok(self.core.execs.get(id)?.inspect())
    }
}
