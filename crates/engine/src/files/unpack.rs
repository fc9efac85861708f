//! A tar archive into a directory of a container.

use std::io::Read;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use rustix::fs::FileType;
use wharf_container::fsroot::Root;
use wharf_image::layer::{Deletions, LayerError, Rules, decoder, extract};
use wharf_image::tar::TarReader;

use super::stat::look;
use super::view::{kind, unusable};
use crate::error::{Error, Result};

/// How an archive is unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnpackRules {
    /// Refuse to replace a directory by something else and the other way round.
    pub keep_kinds: bool,
    /// Everything belongs to this user and group, whatever the archive says.
    pub owner: Option<(u32, u32)>,
}

/// Unpacks `archive` (plain or compressed) into the existing directory `path`; a link there is followed inside the root.
/// `container` is for the message.
///
/// # Errors
/// No such path (404), not a directory (400), not an archive, or the container's file system refuses.
pub fn unpack(
    root: &Root,
    path: &str,
    container: &str,
    archive: impl Read,
    rules: UnpackRules,
) -> Result<()> {
    let directory = target(root, path, container)?;
    // The extractor opens a path; this one leads to exactly the directory that was looked at.
    let path = format!("/proc/self/fd/{}", directory.as_fd().as_raw_fd());
    let UnpackRules { keep_kinds, owner } = rules;
    let rules = Rules { deletions: Deletions::Literal, keep_kinds, owner };
    let archive = decoder(archive).map_err(|error| unpackable(&error))?;
    extract(&mut TarReader::new(archive), Path::new(&path), rules).map_err(|error| unpackable(&error))?;
    Ok(())
}

fn target(root: &Root, path: &str, container: &str) -> Result<Root> {
    let stat = root.stat(Path::new(path));
    let is_file = stat.is_ok_and(|stat| kind(&stat) != FileType::Directory);
    if is_file {
        return Err(Error::BadParameter("extraction point is not a directory".to_owned()));
    }
    look(root, path, container)?;
    root.subdirectory(Path::new(path)).map_err(unusable)
}

fn unpackable(error: &LayerError) -> Error {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    Error::BadParameter(format!("{error}{}", cause.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use wharf_image::tar::{Entry, Kind, TarWriter};

    fn archive(name: &str) -> Vec<u8> {
        let mut writer = TarWriter::new(Vec::new());
        let mut entry = Entry::new(Kind::Regular, name);
        (entry.size, entry.mode) = (2, 0o640);
        (entry.uid, entry.gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        writer.append(&entry, &b"hi"[..]).unwrap();
        writer.finish().unwrap()
    }

    fn run(directory: &Path, path: &str, name: &str, rules: UnpackRules) -> Result<()> {
        unpack(&Root::open(directory).unwrap(), path, "web", &archive(name)[..], rules)
    }

    #[test]
    fn a_file_arrives_in_a_linked_directory() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("d")).unwrap();
        symlink("/d", root.path().join("l")).unwrap();
        run(root.path(), "/l", "f", UnpackRules::default()).unwrap();
        assert_eq!(fs::read(root.path().join("d/f")).unwrap(), b"hi");
        assert_eq!(fs::metadata(root.path().join("d/f")).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn nothing_leaves_the_root() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), root.path().join("out")).unwrap();
        let _ = run(root.path(), "/", "out/f", UnpackRules::default());
        let _ = run(root.path(), "/", "../../f", UnpackRules::default());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert!(!root.path().parent().unwrap().join("f").exists());
    }

    #[test]
    fn a_directory_is_not_replaced_when_kinds_are_kept() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("f")).unwrap();
        let careful = UnpackRules { keep_kinds: true, owner: None };
        assert!(run(root.path(), "/", "f", careful).is_err());
        assert!(root.path().join("f").is_dir());
    }

    #[test]
    fn the_target_must_be_a_directory() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("x"), "").unwrap();
        let error = run(root.path(), "/x", "f", UnpackRules::default()).unwrap_err();
        assert_eq!(error.message(), "extraction point is not a directory");
        let error = run(root.path(), "/nope", "f", UnpackRules::default()).unwrap_err();
        assert_eq!(error.message(), "Could not find the file /nope in container web");
    }
}
