//! `wharf export`: the files of a container as a tar archive.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use console::user_attended;

use super::dry_run::announced;
use super::{Context, Failure, selection};
use crate::engine::EngineError;
use crate::engine::archive::{self, Arriving, ReceiveError};
use crate::output::plan::Row;

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The service
    service: String,
    /// Which replica
    #[arg(long)]
    index: Option<u32>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Exports.
///
/// # Errors
/// The service has no such container, the engine fails, or the archive cannot be written.
pub async fn run(context: &Context, args: ExportArgs) -> Result<(), Failure> {
    if args.output.is_none() && user_attended() {
        return Err(Failure::message(
            "output option is required when exporting to terminal: use -o FILE, or redirect standard output",
        ));
    }
    let engine = context.engine().await?;
    let container = selection::running_container(context, &engine, &args.service, args.index).await?;
    let name = container.name;
    let row =
        || vec![Row::asked("export", "container", &name, format!("export the files of container {name}"))];
    if announced(context, &context.project_name()?, row) {
        return Ok(());
    }
    let stream = engine.docker().export_container(&container.id);
    let written = archive::received(stream, move |archive| match &args.output {
        Some(path) => to_file(path, archive),
        None => to_standard_output(archive),
    });
    written.await.map_err(|error| match error {
        ReceiveError::Engine(error) => EngineError::call(format!("export container {name}"), &error).into(),
        ReceiveError::Local(error) => {
            Failure::message(format!("cannot write the archive of {name}: {error}"))
        }
    })
}

/// Writes to a name of its own first, so that a failed export leaves no half archive behind.
fn to_file(path: &Path, mut archive: Arriving) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let temporary = folder.join(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| io::copy(&mut archive, &mut file))
        .and_then(|_| std::fs::rename(&temporary, path));
    if written.is_err() {
        // What is left of it is no archive.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn to_standard_output(mut archive: Arriving) -> io::Result<()> {
    let mut out = io::stdout().lock();
    io::copy(&mut archive, &mut out)?;
    out.flush()
}
