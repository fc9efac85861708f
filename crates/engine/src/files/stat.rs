//! What a path in a container is, as `docker cp` asks before it copies.

use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FileType, Stat};
use wharf_container::fsroot::Root;

use super::view::{kind, unusable};
use crate::error::{Error, Result};
use crate::model::summary::PathStat;

/// Bits of Go's `os.FileMode` beyond the permissions.
const GO_DIRECTORY: u32 = 1 << 31;
const GO_SYMLINK: u32 = 1 << 27;
const GO_DEVICE: u32 = 1 << 26;
const GO_NAMED_PIPE: u32 = 1 << 25;
const GO_SOCKET: u32 = 1 << 24;
const GO_SETUID: u32 = 1 << 23;
const GO_SETGID: u32 = 1 << 22;
const GO_CHARACTER_DEVICE: u32 = 1 << 21;
const GO_STICKY: u32 = 1 << 20;

/// What `path` is. A link as last component is not followed, unless a slash comes after it. `container` is for the message.
///
/// # Errors
/// There is no such path (404, Docker's text), or it cannot be looked at.
pub fn path_stat(root: &Root, path: &str, container: &str) -> Result<PathStat> {
    let stat = look(root, path, container)?;
    let link_target = match kind(&stat) {
        FileType::Symlink => link_target(root, Path::new(path))?,
        _ => String::new(),
    };
    Ok(PathStat {
        name: base_name(path).to_owned(),
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        mode: go_mode(&stat),
        mtime: modified(&stat),
        link_target,
    })
}

/// The state of `path`, by the same rules.
pub fn look(root: &Root, path: &str, container: &str) -> Result<Stat> {
    let looked = if follows(path) { root.stat(Path::new(path)) } else { root.stat_entry(Path::new(path)) };
    looked.map_err(|error| match error.is_not_found() {
        true => Error::NotFound(format!("Could not find the file {path} in container {container}")),
        false => unusable(error),
    })
}

/// Whether a link as last component is followed.
pub fn follows(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.") || path == "."
}

/// The last component as Go's `filepath.Base` gives it: `.` and `/` are names.
pub fn base_name(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn link_target(root: &Root, path: &Path) -> Result<String> {
    let target = root.read_link(path).map_err(unusable)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    Ok(absolute(&directory.join(target)).to_string_lossy().into_owned())
}

/// A path from the root, without `.` and `..`; what leads above the root stays at it.
fn absolute(path: &Path) -> PathBuf {
    let mut clean = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => drop(clean.pop()),
            _ => {}
        }
    }
    clean
}

fn modified(stat: &Stat) -> String {
    let nanoseconds = i32::try_from(stat.st_mtime_nsec).unwrap_or_default();
    Timestamp::new(stat.st_mtime, nanoseconds).unwrap_or_default().to_string()
}

fn go_mode(stat: &Stat) -> u32 {
    let kind = match kind(stat) {
        FileType::Directory => GO_DIRECTORY,
        FileType::Symlink => GO_SYMLINK,
        FileType::BlockDevice => GO_DEVICE,
        FileType::CharacterDevice => GO_DEVICE | GO_CHARACTER_DEVICE,
        FileType::Fifo => GO_NAMED_PIPE,
        FileType::Socket => GO_SOCKET,
        _ => 0,
    };
    let special = [(0o4000, GO_SETUID), (0o2000, GO_SETGID), (0o1000, GO_STICKY)];
    let special = special.iter().filter(|(bit, _)| stat.st_mode & bit != 0);
    kind | stat.st_mode & 0o777 | special.fold(0, |bits, (_, go)| bits | go)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn root() -> (tempfile::TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("d")).unwrap();
        fs::write(directory.path().join("d/f"), "x\n").unwrap();
        fs::set_permissions(directory.path().join("d/f"), fs::Permissions::from_mode(0o4755)).unwrap();
        symlink("f", directory.path().join("d/l")).unwrap();
        symlink("/d", directory.path().join("ld")).unwrap();
        let root = Root::open(directory.path()).unwrap();
        (directory, root)
    }

    #[test]
    fn modes_are_those_of_go() {
        let (_directory, root) = root();
        assert_eq!(path_stat(&root, "/d/f", "c").unwrap().mode, 0o755 | GO_SETUID);
        assert_eq!(path_stat(&root, "/d/l", "c").unwrap().mode, 0o777 | GO_SYMLINK);
        assert_eq!(path_stat(&root, "/d", "c").unwrap().mode & GO_DIRECTORY, GO_DIRECTORY);
    }

    #[test]
    fn links_are_followed_only_before_a_slash() {
        let (_directory, root) = root();
        assert_eq!(path_stat(&root, "/d/l", "c").unwrap().link_target, "/d/f");
        assert_eq!(path_stat(&root, "/ld", "c").unwrap().link_target, "/d");
        let followed = path_stat(&root, "/ld/", "c").unwrap();
        assert_eq!((followed.name.as_str(), followed.link_target.as_str()), ("ld", ""));
        assert_eq!(followed.mode & GO_DIRECTORY, GO_DIRECTORY);
    }

    #[test]
    fn what_is_missing_is_named() {
        let (_directory, root) = root();
        let error = path_stat(&root, "/nope", "web").unwrap_err();
        assert_eq!(error.message(), "Could not find the file /nope in container web");
    }

    #[test]
    fn names_are_those_of_go() {
        for (path, name) in [("/d/", "d"), ("/d/.", "."), ("/", "/"), (".", "."), ("a/b", "b"), ("", ".")] {
            assert_eq!(base_name(path), name, "{path}");
        }
    }
}
