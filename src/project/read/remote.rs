//! Files that are not on this machine: how they are named. Fetching them is for the caller, by [`Remote`].

use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// Begins the address of a project in a registry.
pub const OCI: &str = "oci://";

/// Brings files to this machine.
pub trait Remote: Debug + Send + Sync {
    /// The compose file at an address, in a folder of its own with all that belongs to it. Asked again, the answer is the same.
    ///
    /// # Errors
    /// In words, why it is not here.
    fn fetch(&self, address: &str) -> Result<PathBuf, String>;
}

/// Whether a path is the address of a file that has to be fetched.
pub fn is_remote(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(OCI.as_bytes())
}

/// Whether a path looks like an address, of whatever kind.
pub fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("git@")
}
