//! From this machine into a container.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bollard::errors::Error;
use bollard::query_parameters::{ContainerArchiveInfoOptionsBuilder, UploadToContainerOptionsBuilder};
use bytes::Bytes;

use super::CpArgs;
use super::place::{Existing, Place, Source, place};
use crate::cli::Failure;
use crate::cli::session::Session;
use crate::engine::archive::{self, Body, Pieces};
use crate::engine::{Engine, EngineError, is_not_found};
use crate::plan::observed::ObservedContainer;

/// `os.ModeDir` of Go.
pub(super) const FOLDER_BIT: u32 = 1 << 31;
/// `os.ModeSymlink` of Go.
pub(super) const LINK_BIT: u32 = 1 << 27;
/// Links followed before it is a circle, as the kernel has it.
const MOST_LINKS: usize = 40;

/// Copies a path of this machine.
pub(super) async fn copy(
    session: &Session,
    container: &ObservedContainer,
    from: &str,
    to: &str,
    args: &CpArgs,
) -> Result<(), Failure> {
    let unreadable = |error: io::Error| Failure::message(format!("cannot read {from}: {error}"));
    let path =
        if args.follow_link { fs::canonicalize(from).map_err(unreadable)? } else { PathBuf::from(from) };
    let metadata = fs::symlink_metadata(&path).map_err(unreadable)?;
    let (to, existing) = existing(session.engine(), container, to).await?;
    let place = place(Source { path: from, is_folder: metadata.is_dir() }, &to, existing)
        .map_err(|error| Failure::message(format!("{}:{to}: {error}", container.name)))?;
    let Place { folder, name } = place;
    let body = archive::sent(move |pieces| pack(&path, &name, pieces));
    send(session.engine(), container, &folder, body, args).await
}

/// Unpacks an archive in a folder of the container.
pub(super) async fn copy_archive(
    session: &Session,
    container: &ObservedContainer,
    archive: Bytes,
    to: &str,
    args: &CpArgs,
) -> Result<(), Failure> {
    let (to, existing) = existing(session.engine(), container, to).await?;
    if existing != Existing::Folder {
        let name = &container.name;
        return Err(Failure::message(format!("destination \"{name}:{to}\" must be a directory")));
    }
    send(session.engine(), container, Path::new(&to), bollard::body_full(archive), args).await
}

/// All of standard input.
pub(super) fn standard_input() -> io::Result<Bytes> {
    let mut content = Vec::new();
    io::stdin().lock().read_to_end(&mut content)?;
    Ok(content.into())
}

async fn send(
    engine: &Engine,
    container: &ObservedContainer,
    folder: &Path,
    body: Body,
    args: &CpArgs,
) -> Result<(), Failure> {
    let folder = folder.to_string_lossy();
    let options = UploadToContainerOptionsBuilder::default()
        .path(&folder)
        .no_overwrite_dir_non_dir("true")
        .copy_uidgid(if args.archive { "true" } else { "false" })
        .build();
    let answer = engine.docker().upload_to_container(&container.id, Some(options), body).await;
    answer.map_err(|error| call(container, &folder, &error).into())
}

/// The destination with links at its end followed, and what is there.
async fn existing(
    engine: &Engine,
    container: &ObservedContainer,
    to: &str,
) -> Result<(String, Existing), Failure> {
    // A path that does not begin at the root begins there all the same: containers have no current folder.
    let mut to = if to.starts_with('/') { to.to_owned() } else { format!("/{to}") };
    for _ in 0..MOST_LINKS {
        let options = ContainerArchiveInfoOptionsBuilder::default().path(&to).build();
        let stat = match engine.docker().get_container_archive_info(&container.id, Some(options)).await {
            Ok(stat) => stat,
            Err(error) if is_not_found(&error) => return Ok((to, Existing::Nothing)),
            Err(error) => return Err(call(container, &to, &error).into()),
        };
        match () {
            () if stat.file_mode & FOLDER_BIT != 0 => return Ok((to, Existing::Folder)),
            () if stat.file_mode & LINK_BIT == 0 => return Ok((to, Existing::File)),
            () => to = link_target(&to, &stat.link_target),
        }
    }
    Err(Failure::message(format!("{}:{to}: too many levels of symbolic links", container.name)))
}

/// Where a link at `path` leads; the engine gives targets as they are written in the link.
pub(super) fn link_target(path: &str, target: &str) -> String {
    let folder = Path::new(path.trim_end_matches('/')).parent().unwrap_or(Path::new("/"));
    folder.join(target).to_string_lossy().into_owned()
}

fn call(container: &ObservedContainer, path: &str, error: &Error) -> EngineError {
    EngineError::call(format!("copy to {}:{path}", container.name), error)
}

/// Packs `path` with `name` as its name; no name stands for the content of a folder.
fn pack(path: &Path, name: &Path, pieces: Pieces) -> io::Result<()> {
    let mut archive = tar::Builder::new(pieces);
    archive.follow_symlinks(false);
    let metadata = fs::symlink_metadata(path)?;
    match (metadata.is_dir(), name.as_os_str().is_empty()) {
        (true, true) => archive.append_dir_all(".", path)?,
        (true, false) => archive.append_dir_all(name, path)?,
        (false, _) => archive.append_path_with_name(path, name)?,
    }
    let mut pieces = archive.into_inner()?;
    io::Write::flush(&mut pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_to_their_folder() {
        assert_eq!(link_target("/tmp/link", "target"), "/tmp/target");
        assert_eq!(link_target("/tmp/link/", "/etc"), "/etc");
    }
}
