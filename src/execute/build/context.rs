//! The build context as a tar stream, `.dockerignore` applied, made while it is sent.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::dockerignore::IgnoreFile;
use crate::engine::archive::{self, Body, Pieces, append_as_root};
use crate::execute::StepError;
use crate::plan::desired::BuildRequest;

/// Name in the archive of a Dockerfile that is not in the context.
const FOREIGN_DOCKERFILE: &str = ".wharf.Dockerfile";

/// The `dockerfile` parameter that goes with the context.
pub(super) fn dockerfile_name(request: &BuildRequest) -> String {
    if request.dockerfile_inline.is_some() || is_foreign(request) {
        return FOREIGN_DOCKERFILE.to_owned();
    }
    default_name(request).to_owned()
}

fn default_name(request: &BuildRequest) -> &str {
    if request.dockerfile.is_empty() { "Dockerfile" } else { &request.dockerfile }
}

fn is_foreign(request: &BuildRequest) -> bool {
    let path = Path::new(default_name(request));
    path.is_absolute() || path.components().any(|part| part == std::path::Component::ParentDir)
}

/// Starts to pack the context; the pieces come as fast as the engine takes them.
pub(super) fn archive(request: &BuildRequest) -> Result<Body, StepError> {
    let root = PathBuf::from(&request.context);
    let failed = |path: &Path, error: &io::Error| StepError::Context {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    if !root.is_dir() {
        return Err(failed(&root, &io::Error::from(io::ErrorKind::NotADirectory)));
    }
    let dockerfile = dockerfile_content(request, &root)?;
    let ignore = IgnoreFile::read(&root, default_name(request)).map_err(|error| failed(&root, &error))?;
    Ok(archive::sent(move |pieces| pack(&root, &ignore, dockerfile.as_deref(), pieces)))
}

/// Content of a Dockerfile that the context does not hold.
fn dockerfile_content(request: &BuildRequest, root: &Path) -> Result<Option<Vec<u8>>, StepError> {
    if let Some(text) = &request.dockerfile_inline {
        return Ok(Some(text.clone().into_bytes()));
    }
    if !is_foreign(request) {
        return Ok(None);
    }
    let path = root.join(&request.dockerfile);
    let content = fs::read(&path);
    content
        .map(Some)
        .map_err(|error| StepError::Context { path: path.display().to_string(), reason: error.to_string() })
}

fn pack(root: &Path, ignore: &IgnoreFile, dockerfile: Option<&[u8]>, pieces: Pieces) -> io::Result<()> {
    let mut archive = tar::Builder::new(pieces);
    archive.follow_symlinks(false);
    if let Some(content) = dockerfile {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
        header.set_mode(0o644);
        archive.append_data(&mut header, FOREIGN_DOCKERFILE, content)?;
    }
    pack_folder(&mut archive, root, Path::new(""), ignore)?;
    let mut pieces = archive.into_inner()?;
    pieces.flush()
}

fn pack_folder(
    archive: &mut tar::Builder<Pieces>,
    root: &Path,
    folder: &Path,
    ignore: &IgnoreFile,
) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(root.join(folder))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let kind = entry.file_type()?;
        let ignored = ignore.excludes(&path);
        if !ignored && (kind.is_file() || kind.is_dir() || kind.is_symlink()) {
            // Files in a context belong to root (contract 8.4.3).
            append_as_root(archive, &root.join(&path), &path)?;
        }
        if kind.is_dir() && (!ignored || ignore.may_include_below()) {
            pack_folder(archive, root, &path, ignore)?;
        }
    }
    Ok(())
}
