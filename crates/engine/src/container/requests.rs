//! Arguments of container calls, decoded from queries.

use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::error::Result;
use crate::filters::Filters;
use crate::io::OutputStream;
use crate::model::config::{Config, CreateBody};
use crate::model::summary::WaitResult;

/// `POST /containers/create`.
#[derive(Debug, Clone, Default)]
pub struct CreateRequest {
    /// Without the leading slash; absent gets a made-up name.
    pub name: Option<String>,
    /// `os/arch[/variant]`, when asked for.
    pub platform: Option<String>,
    /// The body.
    pub body: CreateBody,
}

/// `stop` and `restart`.
#[derive(Debug, Clone, Default)]
pub struct StopOptions {
    /// Name or number; absent takes the container's.
    pub signal: Option<String>,
    /// Seconds until SIGKILL; absent takes the container's, negative waits for ever (contract 1.11.1).
    pub timeout: Option<i64>,
}

/// `wait`'s condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WaitCondition {
    /// Answers at once when the container does not run.
    #[default]
    NotRunning,
    /// The next exit, even if the container does not run yet.
    NextExit,
    /// The container is gone.
    Removed,
}

/// The second half of a wait: the caller sends its headers first.
pub type Waiting = BoxFuture<'static, Result<WaitResult>>;

/// `DELETE /containers/{id}`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoveOptions {
    /// Kill it first if it runs.
    pub force: bool,
    /// Remove its anonymous volumes too.
    pub volumes: bool,
}

/// `GET /containers/json`.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Not only running ones.
    pub all: bool,
    /// The newest n, running or not.
    pub limit: Option<usize>,
    /// With disk usage.
    pub size: bool,
    /// Keys: ancestor, before, expose, exited, health, id, is-task, label, name, network, publish, since, status, volume.
    pub filters: Filters,
}

/// `GET /containers/{id}/logs` (contract 6.10).
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Standard output wanted.
    pub stdout: bool,
    /// Standard error wanted.
    pub stderr: bool,
    /// Skip older records.
    pub since: Option<Timestamp>,
    /// End at the first later record.
    pub until: Option<Timestamp>,
    /// Prefix each stored record with its time.
    pub timestamps: bool,
    /// Prefix each record with its attributes.
    pub details: bool,
    /// Go on until the container stops.
    pub follow: bool,
    /// Only the last n records; absent is all.
    pub tail: Option<usize>,
}

/// An opened log.
pub struct LogStream {
    /// The container has a terminal: answer raw, not framed.
    pub tty: bool,
    /// The records.
    pub output: OutputStream,
}

/// `POST /containers/{id}/attach`.
#[derive(Debug, Clone, Default)]
pub struct AttachOptions {
    /// Connect stdin.
    pub stdin: bool,
    /// Connect stdout.
    pub stdout: bool,
    /// Connect stderr.
    pub stderr: bool,
    /// Replay the log first.
    pub logs: bool,
    /// Go on with what is written from now; without it only the log is replayed.
    pub stream: bool,
    /// Such as `ctrl-p,ctrl-q`; absent takes the default (contract 1.12.6).
    pub detach_keys: Option<String>,
}

/// `PUT /containers/{id}/archive`.
#[derive(Debug, Clone, Default)]
pub struct ArchivePut {
    /// An existing directory in the container.
    pub path: String,
    /// Refuse to replace a directory by a file and the other way round.
    pub no_overwrite_dir_non_dir: bool,
    /// Keep the owners in the archive.
    pub copy_uid_gid: bool,
}

/// `POST /commit`.
#[derive(Debug, Clone, Default)]
pub struct CommitRequest {
    /// The container.
    pub container: String,
    /// Repository of the new image; empty makes a dangling one.
    pub repository: String,
    /// Tag of the new image.
    pub tag: String,
    /// History comment.
    pub comment: String,
    /// Author.
    pub author: String,
    /// Pause a running container meanwhile.
    pub pause: bool,
    /// Dockerfile instructions to apply to the configuration.
    pub changes: Vec<String>,
    /// What it says goes before the container's configuration.
    pub config: Option<Config>,
}
