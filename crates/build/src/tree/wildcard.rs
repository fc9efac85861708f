//! `COPY` sources with wildcards (contract 8.4.2).

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags};
use wharf_container::fsroot::Root;

use super::TreeError;
use crate::glob::Glob;
use crate::paths;

/// Whether a source has wildcards.
pub(super) fn has_wildcards(source: &str) -> bool {
    source.contains(['*', '?', '[', '\\'])
}

/// All paths that match a cleaned pattern, sorted. A wildcard never crosses a `/`, so it is matched directory
/// by directory.
pub(super) fn expand(root: &Root, pattern: &str) -> Result<Vec<String>, TreeError> {
    let mut found = vec![String::new()];
    for part in pattern.split('/') {
        let glob = Glob::path(part).map_err(|_| TreeError::BadPattern(pattern.to_owned()))?;
        let mut next = Vec::new();
        for directory in &found {
            next.extend(
                names(root, directory)?
                    .into_iter()
                    .filter(|name| glob.matches(name))
                    .map(|name| paths::join(directory, &name)),
            );
        }
        found = next;
    }
    found.sort();
    Ok(found)
}

/// The names in a directory; none when it is no directory. A name that is no UTF-8 cannot be written in a
/// Dockerfile and matches nothing.
fn names(root: &Root, directory: &str) -> Result<Vec<String>, TreeError> {
    let path = Path::new("/").join(directory);
    let Ok(opened) = root.open_with(&path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()) else {
        return Ok(Vec::new());
    };
    read_names(opened).map_err(|source| TreeError::read(&path, source))
}

fn read_names(directory: OwnedFd) -> rustix::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::new(directory)? {
        let entry = entry?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
        names.extend(name.to_str().filter(|name| !matches!(*name, "." | "..")).map(str::to_owned));
    }
    Ok(names)
}
