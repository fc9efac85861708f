//! `wharf man DIR`: the manual pages, written from the command line's own descriptions.

use std::path::PathBuf;

use clap::{Args, Command};

use super::Failure;

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The folder for the pages, such as /usr/local/share/man/man1
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes a page for the program and one for every command.
///
/// # Errors
/// The folder cannot be written to.
pub fn run(args: &ManArgs, command: Command) -> Result<(), Failure> {
    let folder = &args.folder;
    let failed =
        |error: std::io::Error| Failure::message(format!("cannot write to {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command.disable_help_subcommand(true), folder).map_err(failed)
}
