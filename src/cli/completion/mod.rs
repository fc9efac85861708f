//! Completion in shells: `wharf completion SHELL` prints a script, which asks this program for every word.
//!
//! Answers come from the files, which may name env files that do not exist; names of projects, and services of a project
//! that is named without its files, from the engine if it runs. None is started.

mod candidates;
mod line;
mod running;

use std::ffi::OsString;

use clap::{Arg, Args, Command};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, PathCompleter};
use clap_complete::env::Shells;

use super::{Context, Failure};
use candidates::{filters, first_word, profiles, projects, replicas, service_paths, services};

/// The variable by which a script asks; no other program's.
const VARIABLE: &str = "WHARF_COMPLETE";

/// Arguments of `completion`.
#[derive(Args, Debug)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "powershell", "elvish"])]
    shell: String,
}

/// Prints the script of a shell.
///
/// # Errors
/// Nobody takes it.
pub fn run(_context: &Context, args: &CompletionArgs) -> Result<(), Failure> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell);
    let shell = shell.ok_or_else(|| Failure::message(format!("shell {:?} is not known", args.shell)))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "wharf", "wharf", "wharf", &mut script)?;
    Ok(std::io::Write::write_all(&mut std::io::stdout(), &script)?)
}

/// Answers a script, when one asks; gives the exit code then.
pub(super) fn answer(arguments: &[OsString], command: impl Fn() -> Command) -> Option<u8> {
    let folder = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(|| with_candidates(command()))
        .var(VARIABLE)
        .bin("wharf")
        .completer("wharf")
        .try_complete(arguments.iter().cloned(), folder.as_deref());
    match answered {
        Ok(true) => Some(0),
        Ok(false) => None,
        // There is nobody to tell: what a completion prints is taken for candidates.
        Err(_) => Some(1),
    }
}

/// Every argument that names something of the project knows what there is.
fn with_candidates(command: Command) -> Command {
    let name = command.get_name().to_owned();
    command.mut_args(|argument| with_completer(&name, argument)).mut_subcommands(with_candidates)
}

fn with_completer(command: &str, argument: Arg) -> Arg {
    let name = argument.get_id().as_str().to_owned();
    match name.as_str() {
        "services" | "service" | "exit_code_from" | "attach" | "no_attach" => {
            argument.add(ArgValueCompleter::new(services))
        }
        "words" => argument.add(ArgValueCompleter::new(first_word)),
        "replicas" | "scale" => argument.add(ArgValueCompleter::new(replicas)),
        "source" | "destination" => argument.add(ArgValueCompleter::new(service_paths)),
        "project_name" => argument.add(ArgValueCompleter::new(projects)),
        "filter" if command == "ls" => argument.add(ArgValueCompleter::new(filters)),
        "profiles" => argument.add(ArgValueCompleter::new(profiles)),
        "files" => argument.add(ArgValueCompleter::new(PathCompleter::file().filter(is_yaml))),
        "env_files" => argument.add(ArgValueCompleter::new(PathCompleter::file())),
        "project_directory" => argument.add(ArgValueCompleter::new(PathCompleter::dir())),
        _ => argument,
    }
}

fn is_yaml(path: &std::path::Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
