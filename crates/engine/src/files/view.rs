//! The root of a container as a directory: of the process itself while it runs, put together from its layers while it does not.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode};
use rustix::mount::{UnmountFlags, unmount};
use wharf_container::bind::bind;
use wharf_container::fsroot::{self, Root};
use wharf_container::overlay::OverlayView;

use crate::error::{Error, Result};

const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o755);

/// A volume, an image or a bind mount of a container that does not run.
pub struct ViewMount {
    /// File or directory on this host, open.
    pub source: OwnedFd,
    /// The view of an image that the source is in.
    pub image: Option<View>,
    /// Where the container sees it.
    pub destination: PathBuf,
    /// Whether writing to it is refused.
    pub read_only: bool,
}

/// A container's root directory.
pub struct View {
    root: Root,
    mounted: Option<Mounted>,
}

/// The mounted view; dropped after the descriptor of its root.
struct Mounted {
    _overlay: OverlayView,
    directory: PathBuf,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Only an empty directory is left of it; if that stays, the next view or the container's removal takes it away.
        let _ = fs::remove_dir(&self.directory);
    }
}

impl View {
    /// What the process `pid` sees, with all its mounts.
    ///
    /// # Errors
    /// The process is gone.
    pub fn of_process(pid: i32) -> Result<View> {
        let root = Root::open(Path::new(&format!("/proc/{pid}/root"))).map_err(unusable)?;
        Ok(View { root, mounted: None })
    }

    /// Layers `lower` (top first) with `upper` and its work directory on them, and `mounts` in place; read-only without `upper`.
    /// It is mounted on `directory`, which is made, and gone when this is dropped. The container must not start meanwhile.
    ///
    /// # Errors
    /// Something cannot be mounted.
    pub fn of_layers(
        lower: &[PathBuf],
        upper: Option<(&Path, &Path)>,
        directory: &Path,
        mounts: &[ViewMount],
    ) -> Result<View> {
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let overlay = OverlayView::mount(lower, upper, directory).map_err(Error::io("mount", directory))?;
        let mounted = Mounted { _overlay: overlay, directory: directory.to_owned() };
        let root = Root::open(directory).map_err(unusable)?;
        for mount in mounts {
            add(&root, mount)?;
        }
        Ok(View { root, mounted: Some(mounted) })
    }

    /// The layers `lower` (top first, or none at all) of an image, read-only; `empty` is an empty directory, `directory` as in
    /// [`View::of_layers`].
    ///
    /// # Errors
    /// Something cannot be mounted.
    pub fn of_image(lower: &[PathBuf], empty: &Path, directory: &Path) -> Result<View> {
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let overlay =
            OverlayView::of_image(lower, empty, directory).map_err(Error::io("mount", directory))?;
        let mounted = Mounted { _overlay: overlay, directory: directory.to_owned() };
        Ok(View { root: Root::open(directory).map_err(unusable)?, mounted: Some(mounted) })
    }

    /// The root, for rooted path operations.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Where this is mounted; none for a view of a process.
    pub fn directory(&self) -> Option<&Path> {
        self.mounted.as_ref().map(|mounted| mounted.directory.as_path())
    }
}

/// Ends the views that a killed engine left in `directory`. Nothing is removed but empty directories: while a view is mounted, what
/// is below it are the files of a container and of its volumes.
pub fn remove_views(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        // An engine in a new mount namespace sees none of the old mounts, so both may fail, and then there is nothing to do.
        let _ = unmount(entry.path(), UnmountFlags::DETACH | UnmountFlags::NOFOLLOW);
        let _ = fs::remove_dir(entry.path());
    }
}

fn add(root: &Root, mount: &ViewMount) -> Result<()> {
    let failed = |error: std::io::Error| Error::io("mount", &mount.destination)(error);
    let stat = rustix::fs::fstat(&mount.source).map_err(|error| failed(error.into()))?;
    let target = if kind(&stat) == FileType::Directory {
        root.create_directories(&mount.destination, DIRECTORY_MODE)
    } else {
        root.create_file(&mount.destination, Mode::from_raw_mode(0o644))
    };
    // In a read-only view a mount point that never existed cannot be made, and nothing below it is there to be seen.
    let Ok(target) = target else { return Ok(()) };
    bind(mount.source.as_fd(), target.as_fd(), mount.read_only).map_err(failed)
}

/// An error below a root in the engine's terms.
pub fn unusable(error: fsroot::Error) -> Error {
    let fsroot::Error { operation, path, source } = error;
    Error::Io { action: operation, path, source }
}

/// The kind of a file in a view.
pub fn kind(stat: &rustix::fs::Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}
