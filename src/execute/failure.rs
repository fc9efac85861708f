//! What went wrong while a plan ran.

use super::update_failure::UpdateFailure;
use crate::engine::{EngineError, server_message};
use crate::plan::step::ImageUser;

/// A step that failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The engine refused or failed a call.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A dependency is not what its dependents need.
    #[error("dependency failed to start: {0}")]
    Dependency(String),
    /// A service ran to its end, but not with 0.
    #[error("service {service:?} didn't complete successfully: exit {code}")]
    Completion {
        /// The service.
        service: String,
        /// Its exit code.
        code: i64,
    },
    /// `--wait` found a container that will not be ready.
    #[error("{0}")]
    NotReady(String),
    /// `--wait-timeout` is over.
    #[error("application not healthy after {0}s")]
    WaitTimeout(u64),
    /// An image cannot be had.
    #[error("{}cannot get image {image}: {reason}", users_text(.users))]
    Image {
        /// Reference.
        image: String,
        /// The engine's reason.
        reason: String,
        /// Who needs it.
        users: Vec<ImageUser>,
    },
    /// A hook ended with another code than 0.
    #[error("{service} {moment} hook exited with status {status}: {output}")]
    Hook {
        /// Service.
        service: String,
        /// `post_start` or `pre_stop`.
        moment: &'static str,
        /// Exit code.
        status: i64,
        /// The end of its output.
        output: String,
    },
    /// A replica that an update started does not work.
    #[error("{why}{}", output_text(.log))]
    Replica {
        /// Why.
        why: String,
        /// Last lines of its log.
        log: Vec<String>,
    },
    /// A `pre_start` hook ended with another code than 0.
    #[error("service {service:?} pre_start[{index}] exited with code {code}{}", output_text(.log))]
    PreStart {
        /// Service.
        service: String,
        /// Position in the list.
        index: usize,
        /// Exit code.
        code: i64,
        /// Last lines of its log.
        log: Vec<String>,
    },
    /// An update failed as a whole.
    #[error(transparent)]
    Update(Box<UpdateFailure>),
    /// A build failed.
    #[error("{}service {service}: cannot build image {image}: {reason}{}", place_text(.place), output_text(.output))]
    Build {
        /// Service.
        service: String,
        /// Reference of the result.
        image: String,
        /// The engine's reason.
        reason: String,
        /// Last lines of output.
        output: Vec<String>,
        /// `file:line:column` of `build`.
        place: Option<String>,
    },
    /// The build context cannot be read.
    #[error("cannot read build context {path}: {reason}")]
    Context {
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
}

fn place_text(place: &Option<String>) -> String {
    place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default()
}

fn users_text(users: &[ImageUser]) -> String {
    match users.first() {
        Some(user) => format!("{}service {}: ", place_text(&user.place), user.service),
        None => String::new(),
    }
}

fn output_text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  | {line}")).collect()
}

impl StepError {
    /// A failed call, with the operation it belonged to.
    pub(super) fn call(operation: impl Into<String>, error: &bollard::errors::Error) -> StepError {
        StepError::Engine(EngineError::call(operation, error))
    }

    /// The engine's words for a failed pull or build.
    pub(super) fn reason(error: &bollard::errors::Error) -> String {
        server_message(error)
    }
}

/// A plan that did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Steps failed; those that waited for them were skipped.
    #[error("{}{}", join(.failures), skipped_text(.skipped))]
    Failed {
        /// What failed, in the order it failed.
        failures: Vec<StepError>,
        /// What was skipped, in words.
        skipped: Vec<String>,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

fn join(failures: &[StepError]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn skipped_text(skipped: &[String]) -> String {
    if skipped.is_empty() {
        String::new()
    } else {
        format!("\nskipped because of that: {}", skipped.join(", "))
    }
}
