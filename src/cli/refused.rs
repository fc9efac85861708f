//! Commands of Docker Compose that cannot be done here, each with its reason and what to do instead.

use clap::Args;

use super::Failure;

/// Arguments of a command whose arguments do not matter.
#[derive(Args, Debug)]
pub struct AnyArgs {
    /// Anything
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _words: Vec<String>,
}

/// Why `bridge` and `alpha` are refused.
pub fn not_here(command: &str) -> Failure {
    let instead = match command {
        "bridge" => {
            "it runs transformations that are Docker's images; `wharf config` prints the project for other tools"
        }
        _ => {
            "its commands are experiments of Docker Compose; `wharf plan` and `wharf config` show the project"
        }
    };
    Failure::message(format!("{command} is not supported: {instead}"))
}
