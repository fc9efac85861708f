//! Mounting overlayfs: for a container's root, and as a temporary view for the engine and the builder.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::mount::{
    MountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind, mount_remount, open_tree, unmount,
};

use crate::fsroot::Root;

/// The kernel takes one page of options.
const MAX_OPTIONS: usize = 4000;

/// Whatever the kernel's defaults are: the upper directory may become an image layer or be read by itself, so
/// it must not refer to the lower ones by extended attributes; and a container may start again while the last
/// mount of its directories is still being written back.
const PLAIN_UPPER: &str = ",redirect_dir=off,metacopy=off,index=off";

/// Mounts an overlay on the existing directory `target`: `lower` top first, changes to `upper` with `work` as
/// scratch directory; read-only without `upper`.
///
/// # Errors
/// What `mount(2)` says: a directory is missing, the kernel lacks overlayfs, or a file system does not fit.
pub fn mount_overlay(lower: &[PathBuf], upper: Option<(&Path, &Path)>, target: &Path) -> io::Result<()> {
    let plain: Vec<OsString> = lower.iter().map(|path| escape(path)).collect();
    let options = options(&plain, upper);
    if options.len() <= MAX_OPTIONS {
        return mount_with(&options, target);
    }
    // Many layers with long paths: name them by short descriptors instead. The mount keeps no reference to
    // these.
    let open: Vec<OwnedFd> = lower.iter().map(|path| open_directory(path)).collect::<io::Result<_>>()?;
    let short: Vec<OsString> =
        open.iter().map(|fd| format!("/proc/self/fd/{}", fd.as_raw_fd()).into()).collect();
    mount_with(&self::options(&short, upper), target)
}

/// The layers `lower` (top first, or none at all), or only what is at `subpath` in them, as a read-only mount that is
/// attached nowhere. `empty` is an empty directory: the lowest layer, because the kernel wants two, and the place where the overlay
/// is put together, so nobody else may mount there meanwhile.
///
/// # Errors
/// As [`mount_overlay`]; `subpath` does not exist, or cannot be resolved inside.
pub fn detached_layers(lower: &[PathBuf], subpath: Option<&Path>, empty: &Path) -> io::Result<OwnedFd> {
    let view = OverlayView::of_image(lower, empty, empty)?;
    let root = Root::open(view.path()).map_err(|error| error.source)?;
    let found = root.locate(subpath.unwrap_or(Path::new("/"))).map_err(|error| error.source)?;
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    Ok(open_tree(&found, "", flags)?)
}

fn mount_with(options: &OsStr, target: &Path) -> io::Result<()> {
    let options = std::ffi::CString::new(options.as_bytes())?;
    Ok(mount("overlay", target, "overlay", MountFlags::empty(), options.as_c_str())?)
}

fn options(lower: &[OsString], upper: Option<(&Path, &Path)>) -> OsString {
    let mut options = OsString::from("lowerdir=");
    options.push(lower.join(OsStr::new(":")));
    if let Some((upper, work)) = upper {
        options.push(",upperdir=");
        options.push(escape(upper));
        options.push(",workdir=");
        options.push(escape(work));
        options.push(PLAIN_UPPER);
    }
    options
}

/// Overlayfs splits its options at commas and the lower directories at colons, unless escaped.
fn escape(path: &Path) -> OsString {
    let mut escaped = Vec::with_capacity(path.as_os_str().len());
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'\\' | b',' | b':') {
            escaped.push(b'\\');
        }
        escaped.push(*byte);
    }
    OsString::from_vec(escaped)
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// An overlay that is unmounted when this is dropped.
#[derive(Debug)]
pub struct OverlayView(PathBuf);

impl OverlayView {
    /// Mounts as [`mount_overlay`] on `target`, in the mount namespace of this process.
    ///
    /// # Errors
    /// As [`mount_overlay`].
    pub fn mount(lower: &[PathBuf], upper: Option<(&Path, &Path)>, target: &Path) -> io::Result<Self> {
        mount_overlay(lower, upper, target)?;
        Ok(Self(target.to_owned()))
    }

    /// The layers `lower` (top first, or none at all) of an image, read-only, mounted on `target`. `empty` is an empty directory.
    ///
    /// # Errors
    /// As [`mount_overlay`].
    pub fn of_image(lower: &[PathBuf], empty: &Path, target: &Path) -> io::Result<Self> {
        match lower {
            [] => {
                mount_bind(empty, target)?;
                mount_remount(target, MountFlags::BIND | MountFlags::RDONLY, "")?;
                Ok(Self(target.to_owned()))
            }
            // An overlay without an upper directory takes no fewer than two layers.
            [only] => Self::mount(&[only.clone(), empty.to_owned()], None, target),
            several => Self::mount(several, None, target),
        }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Unmounts it and says whether that worked. The caller has closed what it opened below.
    ///
    /// # Errors
    /// What `umount(2)` says.
    pub fn unmount(mut self) -> io::Result<()> {
        let path = std::mem::take(&mut self.0);
        std::mem::forget(self);
        // Detached: a process that another thread is just starting shares our descriptors until it executes its
        // program, and would make this fail as busy though nobody uses the view.
        Ok(unmount(&path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?)
    }
}

impl Drop for OverlayView {
    fn drop(&mut self) {
        // Detached, so that a file still open below it cannot keep the mount in the tree. A failure leaves
        // only the mount.
        let _detached = unmount(&self.0, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_paths_are_escaped() {
        let options = options(
            &[escape(Path::new("/a:b")), escape(Path::new("/c"))],
            Some((Path::new("/u,1"), Path::new("/w"))),
        );
        assert_eq!(
            options,
            "lowerdir=/a\\:b:/c,upperdir=/u\\,1,workdir=/w,redirect_dir=off,metacopy=off,index=off"
        );
    }
}
