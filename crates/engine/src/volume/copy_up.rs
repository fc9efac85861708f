//! What an image has at a volume's place goes into an empty volume (contract 2.1).
//!
//! Sources are resolved below a root descriptor, so a link in the image cannot lead to the host (CVE-2022-23648).

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, XattrFlags, chownat, fchmod,
    fchown, fgetxattr, flistxattr, fsetxattr, fstat, futimens, linkat, mkdirat, mknodat, openat, readlinkat,
    statat, symlinkat, utimensat,
};
use wharf_container::fsroot::Root;

use crate::error::{Error, Result};

/// Copies the directory `destination` of the image into `volume` if the volume is empty and the image has a directory there.
///
/// # Errors
/// Something cannot be copied; the volume is left with what was copied until then.
pub fn copy_up(image: &Root, destination: &Path, volume: &Path) -> Result<()> {
    if fs::read_dir(volume).map_err(Error::io("read", volume))?.next().is_some() {
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // Nothing there, or a file (contract 2.1.2): nothing to copy.
    let Ok(source) = image.open_with(destination, flags, Mode::empty()) else { return Ok(()) };
    let target = File::open(volume).map_err(Error::io("open", volume))?;
    let copied = Copying::default().directory(&source, &OwnedFd::from(target));
    copied.map_err(Error::io("copy the image's files to", volume))
}

/// A copy under way.
#[derive(Default)]
struct Copying {
    /// The copy of each file that has several names, by device and inode: by descriptor, because who else uses the volume may change
    /// what its path means.
    linked: HashMap<(u64, u64), OwnedFd>,
}

impl Copying {
    /// Content first, then the directory's own owner, mode and times.
    fn directory(&mut self, source: &OwnedFd, target: &OwnedFd) -> io::Result<()> {
        for entry in Dir::read_from(source)? {
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                self.entry(source, target, name)?;
            }
        }
        copy_attributes(source, target)
    }

    fn entry(&mut self, source: &OwnedFd, target: &OwnedFd, name: &CStr) -> io::Result<()> {
        let stat = statat(source, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                mkdirat(target, name, Mode::RWXU)?;
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                self.directory(
                    &openat(source, name, flags, Mode::empty())?,
                    &openat(target, name, flags, Mode::empty())?,
                )
            }
            FileType::RegularFile => self.file(source, target, name, &stat),
            FileType::Symlink => {
                symlinkat(readlinkat(source, name, Vec::new())?, target, name)?;
                set_owner_and_times(target, name, &stat)
            }
            kind => {
                mknodat(target, name, kind, Mode::from_raw_mode(stat.st_mode), stat.st_rdev)?;
                set_owner_and_times(target, name, &stat)
            }
        }
    }

    fn file(&mut self, source: &OwnedFd, target: &OwnedFd, name: &CStr, stat: &Stat) -> io::Result<()> {
        let file = (stat.st_dev, stat.st_ino);
        if let Some(copy) = self.linked.get(&file) {
            return Ok(linkat(copy, c"", target, name, AtFlags::EMPTY_PATH)?);
        }
        let read = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let write = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut from = File::from(openat(source, name, read, Mode::empty())?);
        let mut to = File::from(openat(target, name, write, Mode::RUSR | Mode::WUSR)?);
        io::copy(&mut from, &mut to)?;
        copy_attributes(&from, &to)?;
        if stat.st_nlink > 1 {
            self.linked.insert(file, to.into());
        }
        Ok(())
    }
}

/// Owner first: a change of owner clears the setuid bit and the file's capabilities.
fn copy_attributes(source: impl AsFd, target: impl AsFd) -> io::Result<()> {
    let stat = fstat(&source)?;
    fchown(&target, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)))?;
    copy_extended(&source, &target)?;
    fchmod(&target, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    futimens(&target, &times(&stat))?;
    Ok(())
}

/// What the file system of the volume does not support is left out.
fn copy_extended(source: impl AsFd, target: impl AsFd) -> io::Result<()> {
    let mut names = vec![0; 64 * 1024];
    let length = match flistxattr(&source, names.as_mut_slice()) {
        Ok(length) => length,
        Err(rustix::io::Errno::OPNOTSUPP) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if name.starts_with(b"trusted.overlay.") {
            continue;
        }
        let mut value = vec![0; 64 * 1024];
        let size = fgetxattr(&source, name, value.as_mut_slice())?;
        match fsetxattr(&target, name, &value[..size], XattrFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn set_owner_and_times(directory: &OwnedFd, name: &CStr, stat: &Stat) -> io::Result<()> {
    let (owner, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    chownat(directory, name, Some(owner), Some(group), AtFlags::SYMLINK_NOFOLLOW)?;
    utimensat(directory, name, &times(stat), AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

fn times(stat: &Stat) -> Timestamps {
    let time = |seconds, nanoseconds: u64| Timespec {
        tv_sec: seconds,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or(0),
    };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn content_and_the_directory_itself_are_copied() {
        let directory = tempfile::tempdir().unwrap();
        let (image, volume) = (directory.path().join("image"), directory.path().join("volume"));
        fs::create_dir_all(image.join("data/sub")).unwrap();
        fs::create_dir(&volume).unwrap();
        fs::write(image.join("data/sub/file"), "hello").unwrap();
        symlink("sub/file", image.join("data/link")).unwrap();
        fs::hard_link(image.join("data/sub/file"), image.join("data/other-name")).unwrap();
        fs::set_permissions(image.join("data"), fs::Permissions::from_mode(0o1777)).unwrap();
        copy_up(&Root::open(&image).unwrap(), Path::new("/data"), &volume).unwrap();
        assert_eq!(fs::read_to_string(volume.join("link")).unwrap(), "hello");
        assert_eq!(fs::metadata(&volume).unwrap().mode() & 0o7777, 0o1777);
        let inode = |path: &str| fs::metadata(volume.join(path)).unwrap().ino();
        assert_eq!(inode("sub/file"), inode("other-name"), "two names of one file");
    }

    #[test]
    fn capabilities_of_files_stay() {
        const NAME: &str = "security.capability";
        // Version 2: NET_RAW, permitted and effective (capability.h).
        let value = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let directory = tempfile::tempdir().unwrap();
        let (image, volume) = (directory.path().join("image"), directory.path().join("volume"));
        fs::create_dir_all(image.join("bin")).unwrap();
        fs::create_dir(&volume).unwrap();
        fs::write(image.join("bin/ping"), "ping").unwrap();
        if let Err(errno) = rustix::fs::setxattr(image.join("bin/ping"), NAME, &value, XattrFlags::empty()) {
            return println!("skipped: no capabilities can be given to files here: {errno}");
        }
        copy_up(&Root::open(&image).unwrap(), Path::new("/bin"), &volume).unwrap();
        let mut copied = [0; 64];
        let length = rustix::fs::getxattr(volume.join("ping"), NAME, copied.as_mut_slice()).unwrap();
        assert_eq!(copied[..length], value);
    }

    #[test]
    fn a_volume_with_content_is_left_alone_and_links_stay_in_the_image() {
        let directory = tempfile::tempdir().unwrap();
        let (image, volume) = (directory.path().join("image"), directory.path().join("volume"));
        fs::create_dir(&image).unwrap();
        fs::create_dir(&volume).unwrap();
        symlink("/etc", image.join("data")).unwrap();
        copy_up(&Root::open(&image).unwrap(), Path::new("/data"), &volume).unwrap();
        assert_eq!(fs::read_dir(&volume).unwrap().count(), 0);
        fs::write(volume.join("mine"), "x").unwrap();
        fs::create_dir_all(image.join("etc/x")).unwrap();
        copy_up(&Root::open(&image).unwrap(), Path::new("/data"), &volume).unwrap();
        assert_eq!(fs::read_dir(&volume).unwrap().count(), 1);
    }
}
