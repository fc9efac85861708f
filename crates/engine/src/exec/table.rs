//! The execs that exist: prepared, running, or ended a short while ago.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::model::exec::{ExecConfig, ExecInspect, ExecProcess};

/// How long the exit code of an ended exec can be asked for.
const KEPT: Duration = Duration::from_secs(300);

/// One exec.
pub struct Exec {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The container's id.
    pub container: String,
    /// What was asked for.
    pub config: ExecConfig,
    state: Mutex<ExecState>,
}

/// How far it is.
#[derive(Default)]
pub struct ExecState {
    /// Somebody has started it.
    pub started: bool,
    /// Its process runs.
    pub running: bool,
    /// Its process id; 0 before it was started.
    pub pid: i32,
    /// How it ended.
    pub exit_code: Option<i32>,
    /// The engine's side of its terminal.
    pub terminal: Option<OwnedFd>,
    /// When it ended.
    pub ended: Option<Instant>,
}

impl Exec {
    /// A prepared exec.
    pub fn new(id: String, container: String, config: ExecConfig) -> Exec {
        Exec { id, container, config, state: Mutex::default() }
    }

    /// Its state, for a moment.
    pub fn state(&self) -> MutexGuard<'_, ExecState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its command.
    pub fn command(&self) -> &[String] {
        self.config.cmd.as_deref().unwrap_or_default()
    }

    /// As the API shows it.
    pub fn inspect(&self) -> ExecInspect {
        let state = self.state();
        let (first, rest) = self
            .command()
            .split_first()
            .map_or((String::new(), Vec::new()), |(first, rest)| (first.clone(), rest.to_vec()));
        ExecInspect {
            id: self.id.clone(),
            running: state.running,
            exit_code: state.exit_code,
            process_config: ExecProcess {
                tty: self.config.tty,
                entrypoint: first,
                arguments: rest,
                privileged: self.config.privileged,
                user: self.config.user.clone(),
            },
            open_stdin: self.config.attach_stdin,
            open_stderr: self.config.attach_stderr,
            open_stdout: self.config.attach_stdout,
            can_remove: state.ended.is_some(),
            container_id: self.container.clone(),
            detach_keys: self.config.detach_keys.clone(),
            pid: state.pid,
        }
    }
}

/// All execs by id.
#[derive(Default)]
pub struct ExecTable {
    execs: Mutex<BTreeMap<String, Arc<Exec>>>,
}

impl ExecTable {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Exec>>> {
        self.execs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one; those that ended long ago go.
    pub fn insert(&self, exec: Arc<Exec>) {
        let mut execs = self.lock();
        execs.retain(|_, exec| exec.state().ended.is_none_or(|ended| ended.elapsed() < KEPT));
        execs.insert(exec.id.clone(), exec);
    }

    /// One of them.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn get(&self, id: &str) -> Result<Arc<Exec>> {
        self.lock().get(id).cloned().ok_or_else(|| Error::NoSuchExec(id.to_owned()))
    }

    /// Ids of the running execs of a container, sorted.
    pub fn of_container(&self, container: &str) -> Vec<String> {
        let execs = self.lock();
        let running = execs.values().filter(|exec| exec.container == container && exec.state().running);
        running.map(|exec| exec.id.clone()).collect()
    }

    /// Drops those of a container that is removed.
    pub fn forget_container(&self, container: &str) {
        self.lock().retain(|_, exec| exec.container != container);
    }
}
