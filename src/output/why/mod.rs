//! The account of a service that `why` gives, as text and as JSON (`schema/why.json`). Decides nothing.

mod json;
mod text;

pub use json::render as json;
pub use text::render as text;

use super::plan::Row;

/// What is known of a service.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Project name.
    pub project: String,
    /// Service name.
    pub service: String,
    /// `file:line:column` where it is written; `None` when no file has it.
    pub place: Option<String>,
    /// What is the matter, the nearest cause first.
    pub verdict: Vec<String>,
    /// Its containers.
    pub containers: Vec<ContainerAccount>,
    /// What it waits for.
    pub waits: Vec<Wait>,
    /// What `up` would do to it; `None` when the files could not be read.
    pub plan: Option<Vec<Row>>,
}

/// A container.
#[derive(Clone, Debug, Default)]
pub struct ContainerAccount {
    /// Its name.
    pub name: String,
    /// `running`, `exited (3)`, …
    pub state: String,
    /// When this state began, as the engine says it.
    pub since: Option<String>,
    /// When it was made, as the engine says it.
    pub created: Option<String>,
    /// The tool that made it, with its version; empty: it does not say.
    pub maker: String,
    /// When the run before this one ended, as the engine says it.
    pub last_end: Option<String>,
    /// Compose files it was made from.
    pub files: String,
    /// Its fingerprint label.
    pub config_hash: String,
    /// Its image as it was asked for.
    pub image: String,
    /// How often the engine started it again by its restart policy.
    pub restarts: i64,
    /// Why the engine could not start it; empty: it could.
    pub error: String,
    /// Exit code of its last run, where it ended.
    pub exit_code: Option<i64>,
    /// It was killed for using too much memory.
    pub out_of_memory: bool,
    /// Health, where it has a check.
    pub health: Option<HealthAccount>,
    /// The last lines that it wrote.
    pub output: Vec<String>,
}

/// What probes say.
#[derive(Clone, Debug, Default)]
pub struct HealthAccount {
    /// `starting`, `healthy`, `unhealthy`.
    pub status: String,
    /// Failed probes in a row.
    pub failures: i64,
    /// Failed probes in a row that make it unhealthy; 0: the engine's own number.
    pub retries: i64,
    /// The command or address that is asked.
    pub test: String,
    /// The last probes, oldest first.
    pub probes: Vec<Probe>,
}

/// One probe.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// When it ended, as the engine says it.
    pub at: String,
    /// Its exit code.
    pub exit_code: i64,
    /// What it printed.
    pub output: String,
}

/// A dependency.
#[derive(Clone, Debug, Default)]
pub struct Wait {
    /// The service waited for.
    pub service: String,
    /// What it must have reached.
    pub condition: String,
    /// Its failure stops the one that waits.
    pub required: bool,
    /// It is as far.
    pub met: bool,
    /// How it is now.
    pub now: String,
    /// `file:line:column` of the dependency.
    pub place: Option<String>,
}

impl HealthAccount {
    /// The last probe in words; empty when there was none.
    pub fn last_probe(&self) -> String {
        self.probes.last().map(Probe::text).unwrap_or_default()
    }
}

impl Probe {
    /// `exit 1: connection refused`.
    pub fn text(&self) -> String {
        match self.output.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(line) => format!("exit {}: {line}", self.exit_code),
            None => format!("exit {}, no output", self.exit_code),
        }
    }
}
