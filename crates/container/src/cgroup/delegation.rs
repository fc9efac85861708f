//! Handing controllers down the cgroup2 tree (contract 1.13.7): the kernel lets only groups without processes of their own do that,
//! the real root apart.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::hierarchy::Hierarchies;
use super::{CgroupError, create_directory, write};

/// Where the processes go that stood in the visible root. The name is the one that other engines inside containers use.
const LEAF: &str = "init";

/// How often processes are moved away: while that is done, those that are left can start new ones.
const ATTEMPTS: usize = 20;

/// Makes the cgroup2 directory `path` with all controllers that a container uses.
///
/// # Errors
/// A directory cannot be made, or processes cannot be moved out of the way.
pub(super) fn create_unified(path: &Path, hierarchies: &Hierarchies) -> Result<(), CgroupError> {
    create_directory(path)?;
    if hierarchies.unified_controllers.is_empty() || path.join("memory.max").exists() {
        return Ok(());
    }
    let root = hierarchies.unified.as_deref().unwrap_or(path);
    vacate(root)?;
    let mut parents: Vec<&Path> =
        path.ancestors().skip(1).take_while(|parent| parent.starts_with(root)).collect();
    parents.reverse();
    for parent in parents {
        for controller in &hierarchies.unified_controllers {
            // One at a time and whatever comes of it: a controller that a parent cannot hand down must not keep the others away.
            // A limit that needs it says so.
            let _unavailable = write(parent, "cgroup.subtree_control", &format!("+{controller}"));
        }
    }
    Ok(())
}

/// Inside a container, the root that is seen is an ordinary group with processes in it, this engine's among them; they move to a
/// leaf. First of all: with processes beside them, some controllers can be handed down and then make groups that take no process.
fn vacate(root: &Path) -> Result<(), CgroupError> {
    // Only the real root has no type.
    if !root.join("cgroup.type").exists() {
        return Ok(());
    }
    let leaf = root.join(LEAF);
    for _ in 0..ATTEMPTS {
        let path = root.join("cgroup.procs");
        let processes =
            fs::read_to_string(&path).map_err(|source| CgroupError::new("read", &path, source))?;
        // Shown as 0: a process of a namespace that is not seen from here.
        let mut movable = processes.lines().filter(|process| *process != "0").peekable();
        if movable.peek().is_none() {
            break;
        }
        create_directory(&leaf)?;
        movable.try_for_each(|process| move_to(&leaf, process))?;
    }
    Ok(())
}

fn move_to(leaf: &Path, process: &str) -> Result<(), CgroupError> {
    match write(leaf, "cgroup.procs", process) {
        // It has ended meanwhile.
        Err(error) if error.source.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(()),
        // A thread of the kernel stays where it is.
        Err(error) if error.source.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}
