//! What a container changed against its image: `docker diff`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat};
use wharf_container::fsroot::{Entry, Root};

use super::view::{kind, unusable};
use crate::error::Result;
use crate::model::summary::Change;

const MODIFIED: u8 = 0;
const ADDED: u8 = 1;
const DELETED: u8 = 2;

/// The changes in the upper directory of an overlay against its lower directories (top first), sorted by path.
///
/// # Errors
/// A directory cannot be read.
pub fn changes(upper: &Path, lower: &[PathBuf]) -> Result<Vec<Change>> {
    let lower =
        lower.iter().map(|layer| Root::open(layer)).collect::<Result<Vec<_>, _>>().map_err(unusable)?;
    let upper = Root::open(upper).map_err(unusable)?;
    let mut found = BTreeMap::new();
    for entry in upper.walk(Path::new(".")).map_err(unusable)? {
        let entry = entry.map_err(unusable)?;
        if let Some(change) = change(&entry, &lower) {
            record(&mut found, &entry.path, change);
        }
    }
    Ok(found.into_iter().map(|(path, kind)| Change { path, kind }).collect())
}

fn change(entry: &Entry, lower: &[Root]) -> Option<u8> {
    if is_whiteout(&entry.stat) {
        return Some(DELETED);
    }
    match below(lower, &entry.path) {
        None => Some(ADDED),
        // A directory is also copied up when only something in it changes.
        Some(before) if is_same_directory(&entry.stat, &before) => None,
        Some(_) => Some(MODIFIED),
    }
}

/// The change itself, and the directories on the way to it as modified.
fn record(found: &mut BTreeMap<String, u8>, path: &Path, change: u8) {
    let name = |path: &Path| format!("/{}", path.display());
    for directory in path.ancestors().skip(1).filter(|directory| !directory.as_os_str().is_empty()) {
        found.entry(name(directory)).or_insert(MODIFIED);
    }
    found.insert(name(path), change);
}

/// What was at `path` before, seen through the layers.
fn below(lower: &[Root], path: &Path) -> Option<Stat> {
    for layer in lower {
        match layer.stat_entry(path) {
            Ok(stat) => return Some(stat).filter(|stat| !is_whiteout(stat)),
            Err(error) if hides(layer, path, &error.source) => return None,
            Err(_) => {}
        }
    }
    None
}

/// Whether a layer without `path` hides what layers below it have there: a directory on the way is deleted, replaced or opaque.
fn hides(layer: &Root, path: &Path, error: &io::Error) -> bool {
    if error.kind() == io::ErrorKind::NotADirectory {
        return true;
    }
    let on_the_way = path.ancestors().skip(1).filter(|directory| !directory.as_os_str().is_empty());
    on_the_way.into_iter().any(|directory| is_opaque(layer, directory))
}

fn is_opaque(layer: &Root, directory: &Path) -> bool {
    use std::os::fd::AsRawFd;
    let Ok(opened) = layer.locate_entry(directory) else { return false };
    let path = format!("/proc/self/fd/{}", opened.as_raw_fd());
    let mut value = [0; 1];
    ["trusted.overlay.opaque", "user.overlay.opaque"]
        .iter()
        .any(|name| rustix::fs::getxattr(&path, *name, &mut value[..]) == Ok(1) && value == *b"y")
}

/// overlayfs: a character device 0:0 stands for a deletion (contract 7.4.7).
fn is_whiteout(stat: &Stat) -> bool {
    kind(stat) == FileType::CharacterDevice && stat.st_rdev == 0
}

fn is_same_directory(now: &Stat, before: &Stat) -> bool {
    let is_directory = |stat: &Stat| kind(stat) == FileType::Directory;
    let marks = |stat: &Stat| (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_mtime, stat.st_mtime_nsec);
    is_directory(now) && is_directory(before) && marks(now) == marks(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn make(directory: &Path, files: &[&str]) {
        for file in files {
            let path = directory.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
    }

    #[test]
    fn additions_and_modifications_name_their_directories() {
        let (upper, lower) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        make(lower.path(), &["etc/passwd", "bin/sh"]);
        make(upper.path(), &["etc/passwd", "new/file"]);
        let found = changes(upper.path(), &[lower.path().to_owned()]).unwrap();
        let found: Vec<(&str, u8)> = found.iter().map(|change| (change.path.as_str(), change.kind)).collect();
        assert_eq!(
            found,
            [("/etc", MODIFIED), ("/etc/passwd", MODIFIED), ("/new", ADDED), ("/new/file", ADDED)]
        );
    }

    #[test]
    fn a_file_of_a_lower_layer_is_seen_through_an_upper_one() {
        let (upper, top, bottom) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        make(top.path(), &["a/x"]);
        make(bottom.path(), &["a/y"]);
        make(upper.path(), &["a/y"]);
        let lower = [top.path().to_owned(), bottom.path().to_owned()];
        let found = changes(upper.path(), &lower).unwrap();
        assert!(found.contains(&Change { path: "/a/y".to_owned(), kind: MODIFIED }), "{found:?}");
    }
}
