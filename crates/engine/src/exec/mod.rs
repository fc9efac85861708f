//! Additional processes in running containers.

use crate::error::{Error, Result};
use crate::io::{Attached, TtySize};
use crate::model::exec::{ExecConfig, ExecInspect, ExecStart};

/// The exec calls.
#[derive(Clone)]
pub struct Execs;

impl Execs {
    /// Prepares a process; gives its id.
    ///
    /// # Errors
    /// No such container, or it is not running (409, contract 1.12.3).
    pub async fn create(&self, container: &str, config: ExecConfig) -> Result<String> {
        let _ = (container, config);
        Err(Error::NotImplemented("exec is being written".to_owned()))
    }

    /// Starts it; detached gives nothing to attach to.
    ///
    /// # Errors
    /// No such exec, already started (409), or the container stopped.
    pub async fn start(&self, id: &str, start: ExecStart) -> Result<Option<Attached>> {
        let _ = (id, start);
        Err(Error::NotImplemented("exec is being written".to_owned()))
    }

    /// Sets the terminal's size.
    ///
    /// # Errors
    /// No such exec, or it does not run.
    pub async fn resize(&self, id: &str, size: TtySize) -> Result<()> {
        let _ = (id, size);
        Err(Error::NotImplemented("exec is being written".to_owned()))
    }

    /// Its state.
    ///
    /// # Errors
    /// No such exec.
    pub async fn inspect(&self, id: &str) -> Result<ExecInspect> {
        Err(Error::NoSuchExec(id.to_owned()))
    }
}
