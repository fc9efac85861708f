//! Control groups: one group per container in every hierarchy that matters, v1, v2 and hybrid.
//!
//! Controllers are used wherever the host has mounted them; nothing is mounted or reconfigured here. A limit
//! whose file the kernel does not have is skipped: [`Hierarchies::unsupported`] tells the caller beforehand.

mod control;
mod delegation;
mod device_program;
mod devices;
mod hierarchy;
mod limits;
mod stats;

pub use control::MemoryEvents;
pub use hierarchy::Hierarchies;
pub use stats::{BlockIo, BlockOperation, CpuStats, MemoryStats, PidStats, Stats};

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use crate::spec::{CgroupLimits, CgroupSpec};
use delegation::create_unified;
use hierarchy::Hierarchy;

/// How long [`Cgroup::remove`] waits for the last processes to leave.
const REMOVE_DEADLINE: Duration = Duration::from_secs(2);

/// A failed operation on a cgroup.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}", path.display())]
pub struct CgroupError {
    /// What was tried, as in `write "0-3" to`.
    pub operation: String,
    /// The file or directory.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl CgroupError {
    fn new(operation: impl Into<String>, path: &Path, source: io::Error) -> Self {
        Self { operation: operation.into(), path: path.to_owned(), source }
    }
}

/// The group of one container, in every hierarchy.
#[derive(Debug, Clone)]
pub struct Cgroup {
    /// The cgroup2 directory: with controllers on a v2 host, only for killing and freezing on a hybrid one.
    unified: Option<PathBuf>,
    /// One directory per v1 hierarchy.
    legacy: Vec<LegacyGroup>,
}

#[derive(Debug, Clone)]
struct LegacyGroup {
    /// `cpu,cpuacct`: how the directory of the hierarchy is called.
    name: String,
    controllers: Vec<String>,
    path: PathBuf,
}

impl Cgroup {
    /// Names the group `parent/name` without looking whether it exists.
    ///
    /// # Errors
    /// `parent` or `name` is no plain relative path.
    pub fn open(hierarchies: &Hierarchies, parent: &str, name: &str) -> Result<Self, CgroupError> {
        let relative = Path::new(parent.trim_start_matches('/')).join(name);
        let plain = relative.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || name.is_empty() || name.contains('/') {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "not a plain cgroup name");
            return Err(CgroupError::new("name cgroup", &relative, source));
        }
        let legacy =
            hierarchies.legacy.iter().map(|hierarchy| LegacyGroup::below(hierarchy, &relative)).collect();
        Ok(Self { unified: hierarchies.unified.as_ref().map(|unified| unified.join(&relative)), legacy })
    }

    /// Makes the group of `spec` with its limits and device rules. A group left behind by an earlier run is
    /// reused.
    ///
    /// # Errors
    /// A directory cannot be made, or the kernel refuses a limit. Call [`Self::remove`] afterwards.
    pub fn create(hierarchies: &Hierarchies, spec: &CgroupSpec) -> Result<Self, CgroupError> {
        let group = Self::open(hierarchies, &spec.parent, &spec.name)?;
        for legacy in &group.legacy {
            legacy.create()?;
        }
        if let Some(unified) = &group.unified {
            create_unified(unified, hierarchies)?;
        }
        group.set_limits(&spec.limits)?;
        group.set_device_rules(&spec.device_rules)?;
        Ok(group)
    }

    /// Changes limits; those that are none stay as they are.
    ///
    /// # Errors
    /// The kernel refuses one; the earlier ones stay changed.
    pub fn set_limits(&self, limits: &CgroupLimits) -> Result<(), CgroupError> {
        let memory = self.legacy("memory").filter(|_| limits.memory.is_some());
        for write in limits::legacy(limits, memory.and_then(stats::legacy_memory_limit)) {
            let group = self.legacy.iter().find(|group| group.has(write.controller));
            group.map_or(Ok(()), |group| write_limit(&group.path, &write))?;
        }
        if let Some(unified) = self.unified_with_controllers() {
            for write in limits::unified(limits, unified) {
                write_limit(unified, &write)?;
            }
        }
        Ok(())
    }

    /// Moves the calling process, which must have one thread, into the v1 groups. Into the cgroup2 one it
    /// must have been forked, see [`birthplace`].
    ///
    /// # Errors
    /// A directory does not exist, or the kernel refuses.
    pub(crate) fn join_legacy(&self) -> Result<(), CgroupError> {
        // One thread that moves itself needs no lock over all processes of the host; moving a process does, and
        // waits for it.
        self.legacy.iter().try_for_each(|group| write(&group.path, "tasks", "0"))
    }

    /// Removes the group. Its processes must be ended or ending; this waits up to 2 s for them.
    /// A group that is gone already is removed.
    ///
    /// # Errors
    /// `ResourceBusy` when a process stays.
    pub fn remove(&self) -> Result<(), CgroupError> {
        self.directories().try_for_each(remove_directory)
    }

    /// Removes the group with all below it when no process is in any of them; says whether it is gone. Waits for nothing.
    pub fn remove_if_unused(&self) -> bool {
        // All of them, also when one stays.
        self.directories().filter(|path| !remove_unused(path)).count() == 0
    }

    fn directories(&self) -> impl Iterator<Item = &Path> {
        self.legacy.iter().map(|group| group.path.as_path()).chain(self.unified.as_deref())
    }

    /// The v1 directory of `controller`.
    fn legacy(&self, controller: &str) -> Option<&Path> {
        self.legacy.iter().find(|group| group.has(controller)).map(|group| group.path.as_path())
    }

    /// The cgroup2 directory on a host whose controllers are all on v2.
    fn unified_with_controllers(&self) -> Option<&Path> {
        self.unified.as_deref().filter(|_| self.legacy.is_empty())
    }

    /// `(name, controllers, directory)` of each v1 hierarchy, for the mounts in the container.
    pub(crate) fn legacy_directories(&self) -> impl Iterator<Item = (&str, &[String], &Path)> {
        self.legacy
            .iter()
            .map(|group| (group.name.as_str(), group.controllers.as_slice(), group.path.as_path()))
    }

    /// The cgroup2 directory, when that is where the controllers are.
    pub(crate) fn unified_directory(&self) -> Option<&Path> {
        self.unified_with_controllers()
    }
}

/// The cgroup2 directory of `parent/name`, made if need be, for a process to be forked into; none on a host
/// without.
///
/// # Errors
/// It cannot be made or opened.
pub(crate) fn birthplace(parent: &str, name: &str) -> Result<Option<OwnedFd>, CgroupError> {
    let no_mounts = |source| CgroupError::new("find cgroups in", Path::new("/proc/self/mountinfo"), source);
    let hierarchies = Hierarchies::of_this_host().map_err(no_mounts)?;
    let Some(path) = Cgroup::open(hierarchies, parent, name)?.unified else { return Ok(None) };
    create_unified(&path, hierarchies)?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&path, flags, Mode::empty());
    opened.map(Some).map_err(|error| CgroupError::new("open", &path, error.into()))
}

impl LegacyGroup {
    fn below(hierarchy: &Hierarchy, relative: &Path) -> Self {
        Self {
            name: hierarchy.name.clone(),
            controllers: hierarchy.controllers.clone(),
            path: hierarchy.mount_point.join(relative),
        }
    }

    fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|known| known == controller)
    }

    /// All of them also without limits: programs that look for their limits (a Java VM) want to see these controllers.
    fn create(&self) -> Result<(), CgroupError> {
        create_directory(&self.path)?;
        if self.has("cpuset") { inherit_cpuset(&self.path) } else { Ok(()) }
    }
}

/// A v1 cpuset starts empty and takes no process before it has CPUs and memory nodes, so copy the parent's, from
/// the top down, and have the kernel do that for all later ones.
///
/// Several containers may do this at once to a parent that is new to them all. So each file is looked at by itself:
/// CPUs in the parent do not mean that somebody has come to its memory nodes yet.
fn inherit_cpuset(path: &Path) -> Result<(), CgroupError> {
    let read = |directory: &Path, file: &str| {
        let path = directory.join(file);
        fs::read_to_string(&path).map_err(|source| CgroupError::new("read", &path, source))
    };
    let Some(parent) = path.parent().filter(|parent| parent.join("cpuset.cpus").exists()) else {
        return Ok(());
    };
    let mut missing = Vec::new();
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if read(path, file)?.trim().is_empty() {
            missing.push(file);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    inherit_cpuset(parent)?;
    for file in missing {
        write(path, file, read(parent, file)?.trim())?;
    }
    write(path, "cgroup.clone_children", "1")
}

/// With a mode of its own: the caller may have no mask, and who may write to the directory can make groups in it.
fn create_directory(path: &Path) -> Result<(), CgroupError> {
    let mut builder = DirBuilder::new();
    let result = match builder.mode(0o755).create(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => builder.recursive(true).create(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    };
    result.map_err(|source| CgroupError::new("create cgroup", path, source))
}

fn write_limit(directory: &Path, limit: &limits::Write) -> Result<(), CgroupError> {
    match write(directory, limit.file, &limit.value) {
        Err(error) if limit.optional && error.source.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn write(directory: &Path, file: &str, value: &str) -> Result<(), CgroupError> {
    write_each(directory, file, [value])
}

/// Writes values one after the other, each in a call of its own.
fn write_each<Value: AsRef<str>>(
    directory: &Path,
    file: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<(), CgroupError> {
    let path = directory.join(file);
    let open = File::options().write(true).open(&path);
    let mut open = open.map_err(|source| CgroupError::new("open", &path, source))?;
    for value in values {
        let written = open.write_all(value.as_ref().as_bytes());
        written
            .map_err(|source| CgroupError::new(format!("write {:?} to", value.as_ref()), &path, source))?;
    }
    Ok(())
}

/// The kernel reports an ended process as gone a moment before its cgroup is empty, so a busy group is tried
/// again.
fn remove_directory(path: &Path) -> Result<(), CgroupError> {
    let deadline = Instant::now() + REMOVE_DEADLINE;
    let mut pause = Duration::from_micros(200);
    loop {
        let error = match rustix::fs::rmdir(path) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => return Ok(()),
            Err(error) => error,
        };
        if error != rustix::io::Errno::BUSY || Instant::now() >= deadline {
            return Err(CgroupError::new("remove cgroup", path, error.into()));
        }
        // Children made inside the container (a nested engine, systemd) go first.
        remove_children(path)?;
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The kernel removes no group with processes.
fn remove_unused(path: &Path) -> bool {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_unused(&entry.path());
        }
    }
    matches!(rustix::fs::rmdir(path), Ok(()) | Err(rustix::io::Errno::NOENT))
}

fn remove_children(path: &Path) -> Result<(), CgroupError> {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_directory(&entry.path())?;
        }
    }
    Ok(())
}
