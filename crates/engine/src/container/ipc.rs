//! Shared memory between containers (contract 1.1.3): a `shareable` one has its `/dev/shm` on a mount of the engine's, and others
//! join its namespace and that mount.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags};
use wharf_container::process::Identity;

use super::instance::Container;
use super::record::Record;
use crate::core::Core;
use crate::error::{Error, Result};

/// Where a container's IPC comes from, when it is shared.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// What is bound on `/dev/shm`.
    pub memory: Option<PathBuf>,
    /// Whose namespace is joined.
    pub donor: Option<Identity>,
}

/// Makes or finds what a start needs.
///
/// # Errors
/// The donor does not run or does not share; the mount cannot be made.
pub fn prepare(core: &Core, container: &Container, record: &Record) -> Result<Shared> {
    let mode = record.host_config.ipc_mode.as_str();
    if let Some(donor) = mode.strip_prefix("container:") {
        return join(core, donor);
    }
    if mode != "shareable" {
        return Ok(Shared::default());
    }
    let memory = container.run_path("shm");
    // One that an interrupted start left.
    release(container);
    fs::create_dir_all(&memory).map_err(Error::io("make", &memory))?;
    let options = std::ffi::CString::new(format!("mode=1777,size={}", record.host_config.shm_size))
        .map_err(|error| Error::Internal(error.to_string()))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount("shm", &memory, "tmpfs", flags, options.as_c_str())
        .map_err(|errno| Error::io("mount shared memory on", &memory)(errno.into()))?;
    Ok(Shared { memory: Some(memory), donor: None })
}

fn join(core: &Core, donor: &str) -> Result<Shared> {
    let donor = core.containers.get(donor)?;
    let record = donor.record();
    if record.host_config.ipc_mode != "shareable" {
        let text = format!(
            "failed to join IPC namespace: container {}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)",
            donor.id()
        );
        return Err(Error::BadParameter(text));
    }
    let missing =
        || Error::Conflict(format!("failed to join IPC namespace: container {} is not running", donor.id()));
    let run = donor.run().ok_or_else(missing)?;
    Ok(Shared { memory: Some(donor.run_path("shm")), donor: Some(run.identity.clone()) })
}

/// Ends the mount of a container that has stopped; who joined it keeps a copy.
pub fn release(container: &Container) {
    unmount(&container.run_path("shm"));
}

fn unmount(memory: &Path) {
    // Most containers have none.
    let _ = rustix::mount::unmount(memory, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW);
}
