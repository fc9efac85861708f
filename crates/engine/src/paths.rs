//! Where an engine keeps everything, and the names that keep two engines apart.
//!
//! The one place that knows the layout of the root directory; it creates nothing.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The root when none is named.
pub const DEFAULT_ROOT: &str = "/var/lib/wharf";
/// A unix socket's path must fit into `sockaddr_un` with its terminating zero (unix(7)).
const SOCKET_PATH_MAX: usize = 107;

/// The files and names of one engine, all derived from its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnginePaths {
    root: PathBuf,
}

impl EnginePaths {
    /// The engine whose state lies in `root` (absolute); `None` is the host's own.
    pub fn new(root: Option<&Path>) -> EnginePaths {
        EnginePaths { root: root.unwrap_or(Path::new(DEFAULT_ROOT)).to_path_buf() }
    }

    /// The directory that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn is_default(&self) -> bool {
        self.root == Path::new(DEFAULT_ROOT)
    }

    fn hash(&self) -> String {
        let digest = Sha256::digest(self.root.as_os_str().as_bytes());
        digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Name of the cgroup parent, of the firewall table, and prefix of whatever else is global on a host:
    /// `wharf`, or `wharf-<8 hex>` for an engine with its own root.
    pub fn name(&self) -> String {
        if self.is_default() { "wharf".to_owned() } else { format!("wharf-{}", self.hash()) }
    }

    /// Directory of what lives only as long as the host runs.
    pub fn run_dir(&self) -> PathBuf {
        PathBuf::from("/run").join(self.name())
    }

    /// One directory per container that has run since the host was booted: streams and managed files.
    pub fn run_containers(&self) -> PathBuf {
        self.run_dir().join("containers")
    }

    /// Where each container mounts its root, in a mount namespace of its own.
    pub fn rootfs(&self) -> PathBuf {
        self.root.join("rootfs")
    }

    /// A directory that stays empty: the lowest layer of a mounted image.
    pub fn empty(&self) -> PathBuf {
        self.root.join("empty")
    }

    /// The API's socket.
    pub fn socket(&self) -> PathBuf {
        let inside = self.root.join("engine.sock");
        if self.is_default() || inside.as_os_str().len() > SOCKET_PATH_MAX {
            self.run_dir().join("engine.sock")
        } else {
            inside
        }
    }

    /// Held locked by the process that is the engine's monitor.
    pub fn lock_file(&self) -> PathBuf {
        self.root.join("engine.lock")
    }

    /// Held locked by the command that starts the engine.
    pub fn start_lock_file(&self) -> PathBuf {
        self.root.join("start.lock")
    }

    /// JSON: the process ids of monitor and worker.
    pub fn pid_file(&self) -> PathBuf {
        self.root.join("engine.pid")
    }

    /// What the engine writes when it runs in the background.
    pub fn log_file(&self) -> PathBuf {
        self.root.join("engine.log")
    }

    /// Optional configuration, with keys of Docker's `daemon.json`.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("engine.json")
    }

    /// One directory per container.
    pub fn containers(&self) -> PathBuf {
        self.root.join("containers")
    }

    /// Of `wharf_image`.
    pub fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    /// Of `wharf_network`.
    pub fn networks(&self) -> PathBuf {
        self.root.join("networks")
    }

    /// One directory per volume.
    pub fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }

    /// Of `wharf_build`.
    pub fn build(&self) -> PathBuf {
        self.root.join("build")
    }

    /// Where files of containers that do not run are mounted for a while. Never removed with its content: that is the containers'
    /// and their volumes'.
    pub fn views(&self) -> PathBuf {
        self.root.join("views")
    }

    /// Half-made things; emptied at start.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_roots_share_nothing() {
        let host = EnginePaths::new(None);
        let test = EnginePaths::new(Some(Path::new("/tmp/x")));
        assert_eq!(host.name(), "wharf");
        assert_eq!(host.socket(), Path::new("/run/wharf/engine.sock"));
        assert!(test.name().starts_with("wharf-") && test.name().len() == 14);
        assert_eq!(test.socket(), Path::new("/tmp/x/engine.sock"));
    }

    #[test]
    fn a_long_root_has_a_short_socket() {
        let long = EnginePaths::new(Some(&Path::new("/tmp").join("x".repeat(120))));
        assert!(long.socket().starts_with("/run"));
        assert!(long.socket().as_os_str().len() < SOCKET_PATH_MAX);
    }
}
