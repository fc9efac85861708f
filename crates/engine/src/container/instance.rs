//! One container in memory: its record, its state, and what exists only while the engine runs.
//!
//! Owns the files of `containers/<id>/`, those of the same name in the run directory (streams and managed files, which need not
//! outlive a boot), and that memory and disk agree. Decisions are made by the modules that call it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::record::Record;
use super::restart::BackOff;
use super::run::Run;
use super::state::{State, Status};
use crate::disk;
use crate::error::{Error, Result};
use crate::events::Bus;
use crate::logs::{Format, Log, LogSettings, TagSource};
use crate::model::config::Labels;
use crate::model::inspect::Health;
use crate::stdio::{ContainerInput, Fanout};

/// What waits look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phase {
    /// How often a process of it has ended.
    pub exits: u64,
    /// Docker's running flag (contract 5.2).
    pub running: bool,
    /// It is gone.
    pub removed: bool,
    /// Of the last run.
    pub exit_code: i32,
    /// Why the last start failed.
    pub error: String,
}

/// A container.
pub struct Container {
    id: String,
    directory: PathBuf,
    run_directory: PathBuf,
    record: Mutex<Arc<Record>>,
    state: Mutex<State>,
    phase: watch::Sender<Phase>,
    run: Mutex<Option<Arc<Run>>>,
    /// The probes of the last run that this worker saw the end of.
    last_health: Mutex<Option<Health>>,
    /// Held while the container is started, stopped, changed or removed: one such thing at a time.
    pub operation: tokio::sync::Mutex<()>,
    /// The delay of the next automatic restart.
    pub back_off: Mutex<BackOff>,
    /// Its output, kept.
    pub log: Log,
    /// Its output, live.
    pub clients: Arc<Fanout>,
    /// Its stdin.
    pub input: ContainerInput,
}

impl Container {
    /// A container whose directory exists.
    ///
    /// # Errors
    /// Its log options cannot be honoured.
    pub fn new(
        directory: PathBuf,
        run_directory: PathBuf,
        record: Record,
        state: State,
    ) -> Result<Container> {
        let log = open_log(&directory, &record)?;
        let phase = Phase {
            running: state.status.counts_as_running(),
            exit_code: state.exit_code,
            ..Phase::default()
        };
        Ok(Container {
            id: record.id.clone(),
            directory,
            run_directory,
            record: Mutex::new(Arc::new(record)),
            state: Mutex::new(state),
            phase: watch::channel(phase).0,
            run: Mutex::default(),
            last_health: Mutex::default(),
            operation: tokio::sync::Mutex::default(),
            back_off: Mutex::default(),
            log,
            clients: Arc::default(),
            input: ContainerInput::default(),
        })
    }

    /// Reads a container from its directory; `None` when it is half-made.
    ///
    /// # Errors
    /// A state file is damaged.
    pub fn load(directory: PathBuf, run_directory: PathBuf) -> Result<Option<Container>> {
        let Some(record) = disk::load::<Record>(&directory.join("config.json"))? else { return Ok(None) };
        let state = disk::load::<State>(&directory.join("state.json"))?.unwrap_or_default();
        Container::new(directory, run_directory, record, state).map(Some)
    }

    /// 64 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The directory of its streams and managed files.
    pub fn run_directory(&self) -> &Path {
        &self.run_directory
    }

    /// A stream or managed file.
    pub fn run_path(&self, name: &str) -> PathBuf {
        self.run_directory.join(name)
    }

    /// A file or directory of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What it is.
    pub fn record(&self) -> Arc<Record> {
        lock(&self.record).clone()
    }

    /// Its name, without the leading slash.
    pub fn name(&self) -> String {
        self.record().name.clone()
    }

    /// Changes what it is, on disk first.
    ///
    /// # Errors
    /// The file cannot be written; nothing has changed then.
    pub fn update_record(&self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let mut record = lock(&self.record);
        let mut changed = Record::clone(&record);
        change(&mut changed);
        disk::save(&self.path("config.json"), &changed)?;
        *record = Arc::new(changed);
        Ok(())
    }

    /// What it does.
    pub fn state(&self) -> State {
        lock(&self.state).clone()
    }

    /// What it does, in one word.
    pub fn status(&self) -> Status {
        lock(&self.state).status
    }

    /// Changes what it does. A state that cannot be written stays in memory: the kernel is what counts, and the process goes on.
    pub fn update_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let before = state.clone();
        let result = change(&mut state);
        if *state == before {
            return result;
        }
        if let Err(error) = disk::save(&self.path("state.json"), &*state) {
            tracing::error!(
                container = self.id,
                error = error.message(),
                "the state of a container is not on disk"
            );
        }
        let (running, exit_code, error) =
            (state.status.counts_as_running(), state.exit_code, state.error.clone());
        drop(state);
        self.phase.send_if_modified(|phase| {
            let changed = phase.running != running || phase.exit_code != exit_code || phase.error != error;
            (phase.running, phase.exit_code, phase.error) = (running, exit_code, error);
            changed
        });
        result
    }

    /// Tells waits that a process has ended.
    pub fn announce_exit(&self) {
        self.phase.send_modify(|phase| phase.exits += 1);
    }

    /// Tells waits that it is gone.
    pub fn announce_removal(&self) {
        self.phase.send_modify(|phase| phase.removed = true);
    }

    /// For waits.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// The present run; `None` when no process exists.
    pub fn run(&self) -> Option<Arc<Run>> {
        lock(&self.run).clone()
    }

    /// The present run.
    ///
    /// # Errors
    /// It does not run (409).
    pub fn running(&self) -> Result<Arc<Run>> {
        self.run().ok_or_else(|| Error::NotRunning(self.id.clone()))
    }

    /// Begins or ends a run; gives the one before.
    pub fn set_run(&self, run: Option<Arc<Run>>) -> Option<Arc<Run>> {
        std::mem::replace(&mut *lock(&self.run), run)
    }

    /// Keeps the probes of a run that is over.
    pub fn remember_health(&self, probes: Option<Health>) {
        *lock(&self.last_health) = probes;
    }

    /// The probes of the last run; `None` also when they were another worker's.
    pub fn last_health(&self) -> Option<Health> {
        lock(&self.last_health).clone()
    }

    /// Writes its record: the container exists from here on. Without a state file its state is that of a new one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self) -> Result<()> {
        disk::save(&self.path("config.json"), &*self.record())
    }

    /// Removes its directories.
    ///
    /// # Errors
    /// Something in them cannot be removed.
    pub fn remove_directories(&self) -> Result<()> {
        match fs::remove_dir_all(&self.run_directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &self.run_directory)(error));
            }
            _ => {}
        }
        fs::remove_dir_all(&self.directory).map_err(Error::io("remove", &self.directory))
    }

    /// Publishes an event about it, with its labels, image and name, and `more`.
    pub fn publish(&self, events: &Bus, action: &str, more: &[(&str, &str)]) {
        let record = self.record();
        let mut attributes: Labels = record.config.labels.clone();
        attributes.insert("image".to_owned(), record.config.image.clone());
        attributes.insert("name".to_owned(), record.name.clone());
        attributes.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        events.publish("container", action, &self.id, attributes);
    }
}

/// Docker's places (contract 6.4, 6.8).
fn open_log(directory: &Path, record: &Record) -> Result<Log> {
    let (id, name, image_id, image) = (&record.id, &record.name, &record.image_id, &record.config.image);
    let settings = LogSettings::parse(
        &record.host_config.log_config,
        &TagSource { id, name, image_id, image },
        &record.config,
    )
    .map_err(|error| Error::BadParameter(error.to_string()))?;
    let path = match settings.format {
        Format::Json => directory.join(format!("{id}-json.log")),
        Format::Local => directory.join("local-logs/container.log"),
    };
    Ok(Log::new(path, settings))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
