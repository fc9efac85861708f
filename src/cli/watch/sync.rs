//! Copying a batch of changed files into a container: one archive, and one command for what is gone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use futures::StreamExt;

use crate::cli::Failure;
use crate::engine::archive::{self, Pieces};
use crate::engine::{Engine, EngineError};
use crate::plan::observed::ObservedContainer;

/// Paths on this machine by their paths in the container.
pub(super) type Copies = BTreeMap<String, PathBuf>;

/// Makes the container's files what they are on this machine.
pub(super) async fn run(
    engine: &Engine,
    container: &ObservedContainer,
    copies: &Copies,
) -> Result<(), Failure> {
    let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
    let (present, gone): (Copies, Copies) = copies.clone().into_iter().partition(|(_, path)| exists(path));
    if !gone.is_empty() {
        remove(engine, container, gone.into_keys().collect()).await?;
    }
    if !present.is_empty() {
        upload(engine, container, present).await?;
    }
    Ok(())
}

async fn upload(engine: &Engine, container: &ObservedContainer, copies: Copies) -> Result<(), Failure> {
    // Files belong to the container's user, who has to be able to read and change them.
    let options = UploadToContainerOptionsBuilder::default().path("/").copy_uidgid("true").build();
    let body = archive::sent(move |pieces| pack(&copies, pieces));
    let answer = engine.docker().upload_to_container(&container.id, Some(options), body).await;
    answer.map_err(|error| EngineError::call(format!("sync to container {}", container.name), &error))?;
    Ok(())
}

fn pack(copies: &Copies, pieces: Pieces) -> io::Result<()> {
    let mut archive = tar::Builder::new(pieces);
    for (target, path) in copies {
        match archive::append_as_root(&mut archive, path, Path::new(target.trim_start_matches('/'))) {
            // Gone meanwhile: the next batch removes it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    let mut pieces = archive.into_inner()?;
    pieces.flush()
}

/// Removes paths as root; a container without `rm` says so.
async fn remove(engine: &Engine, container: &ObservedContainer, paths: Vec<String>) -> Result<(), Failure> {
    let failed = |error: bollard::errors::Error| {
        EngineError::call(format!("remove files in container {}", container.name), &error)
    };
    let command = ["rm", "-rf", "--"].map(str::to_owned).into_iter().chain(paths).collect();
    let options = CreateExecOptions {
        cmd: Some(command),
        user: Some("0".to_owned()),
        attach_stderr: Some(true),
        ..CreateExecOptions::<String>::default()
    };
    let exec = engine.docker().create_exec(&container.id, options).await.map_err(failed)?.id;
    let started = engine.docker().start_exec(&exec, None::<StartExecOptions>).await.map_err(failed)?;
    let mut said = String::new();
    if let StartExecResults::Attached { mut output, .. } = started {
        while let Some(piece) = output.next().await {
            said += &piece.map_err(failed)?.to_string();
        }
    }
    match engine.docker().inspect_exec(&exec).await.map_err(failed)?.exit_code.unwrap_or(0) {
        0 => Ok(()),
        code => {
            let name = &container.name;
            Err(Failure::message(format!(
                "cannot remove files in container {name} (rm exited with {code}): {}",
                said.trim()
            )))
        }
    }
}
