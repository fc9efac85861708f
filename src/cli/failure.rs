//! How a command fails: with a message on standard error and an exit code (compose-surface 2.5).

use crate::engine::EngineError;
use crate::execute::ExecuteError;
use crate::output::template::TemplateError;
use crate::plan::desired::DesiredError;
use crate::project::LoadFailure;
use crate::registry::RegistryError;

/// Exit code after Ctrl-C: 128 and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The project's files are wrong; all of it is shown with its places.
    #[error(transparent)]
    Load(#[from] Box<LoadFailure>),
    /// The engine failed or refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The project asks for what cannot be done.
    #[error(transparent)]
    Desired(#[from] DesiredError),
    /// A plan did not run to its end.
    #[error(transparent)]
    Execute(ExecuteError),
    /// A registry refused what was published.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Anything else, in words.
    #[error("{0}")]
    Message(String),
    /// Everything was said already; only the exit code is left.
    #[error("exit code {0}")]
    Exit(u8),
}

impl Failure {
    /// A failure in words.
    pub fn message(text: impl Into<String>) -> Failure {
        Failure::Message(text.into())
    }

    /// The exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Exit(code) => *code,
            _ => 1,
        }
    }
}

impl From<ExecuteError> for Failure {
    fn from(error: ExecuteError) -> Failure {
        match error {
            ExecuteError::Interrupted => Failure::Exit(INTERRUPTED),
            failed @ ExecuteError::Failed { .. } => Failure::Execute(failed),
        }
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Failure {
        Failure::Message(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Message(error.to_string())
    }
}
