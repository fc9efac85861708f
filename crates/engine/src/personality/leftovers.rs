//! What engines that are gone left on this host: run directories and cgroups that are named after their roots.
//!
//! A root that still exists is its next engine's business: containers may run there. Of a root that is gone nothing can come back,
//! so what is named after it is removed when no engine holds the claim and no process is in the cgroup.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wharf_container::cgroup::{Cgroup, Hierarchies};

use crate::paths::EnginePaths;

/// In the run directory: the path of the root. Locked for as long as the engine's worker lives.
const CLAIM: &str = "root";
/// An engine that has made its run directory claims it long before.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says which root this engine's run directory belongs to; the claim holds until the file is dropped.
///
/// # Errors
/// It cannot be written.
pub fn claim(paths: &EnginePaths) -> io::Result<File> {
    let mut file =
        OpenOptions::new().create(true).truncate(false).write(true).open(paths.run_dir().join(CLAIM))?;
    file.lock()?;
    file.set_len(0)?;
    file.write_all(paths.root().as_os_str().as_bytes())?;
    Ok(file)
}

/// Removes what engines other than the one of `own` left. What cannot be removed stays: it is in nobody's way.
pub fn remove_leftovers(own: &EnginePaths, hierarchies: &Hierarchies) {
    let Some(run) = own.run_dir().parent().map(Path::to_path_buf) else { return };
    let unused = |name: &str| Cgroup::open(hierarchies, "", name).is_ok_and(|group| group.remove_if_unused());
    for name in names(&run).into_iter().filter(|name| *name != own.name()) {
        remove_leftover(&run.join(&name), &name, unused);
    }
}

/// Entries named as the run directories of engines with a root of their own.
fn names(run: &Path) -> Vec<String> {
    let entries = fs::read_dir(run).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| is_name(name)).collect()
}

/// As [`EnginePaths::name`] makes them.
fn is_name(name: &str) -> bool {
    let hash = name.strip_prefix("wharf-").unwrap_or_default();
    hash.len() == 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn remove_leftover(directory: &Path, name: &str, cgroup_goes: impl FnOnce(&str) -> bool) {
    match abandoned(&directory.join(CLAIM)) {
        Some((root, _lock)) => {
            let own_name = EnginePaths::new(Some(&root)).name() == name;
            if own_name && !root.exists() && cgroup_goes(name) {
                let _ = fs::remove_dir_all(directory);
            }
        }
        // Without a claim only an empty directory is nobody's.
        None if is_old(directory) => _ = fs::remove_dir(directory),
        None => {}
    }
}

/// The root of a claim that no engine holds, with its lock.
fn abandoned(claim: &Path) -> Option<(PathBuf, File)> {
    let file = File::open(claim).ok()?;
    file.try_lock().ok()?;
    let root = PathBuf::from(std::ffi::OsString::from_vec(fs::read(claim).ok()?));
    root.is_absolute().then_some((root, file))
}

fn is_old(directory: &Path) -> bool {
    let changed = fs::symlink_metadata(directory).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > PATIENCE))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A run directory below `run` for an engine with this root.
    fn claimed(run: &Path, root: &Path) -> PathBuf {
        let directory = run.join(EnginePaths::new(Some(root)).name());
        fs::create_dir_all(directory.join("containers/x")).unwrap();
        fs::write(directory.join(CLAIM), root.as_os_str().as_bytes()).unwrap();
        directory
    }

    fn sweep(directory: &Path, cgroup_goes: bool) -> bool {
        let name = directory.file_name().unwrap().to_str().unwrap();
        remove_leftover(directory, name, |_| cgroup_goes);
        !directory.exists()
    }

    #[test]
    fn what_is_named_after_a_root_that_is_gone_goes() {
        let run = tempfile::tempdir().unwrap();
        assert!(sweep(&claimed(run.path(), Path::new("/no/such/root")), true));
    }

    #[test]
    fn what_may_still_be_used_stays() {
        let run = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        assert!(!sweep(&claimed(run.path(), root.path()), true), "the root exists");
        let gone = claimed(run.path(), Path::new("/no/such/root"));
        assert!(!sweep(&gone, false), "processes are in its cgroup");
        let held = File::open(gone.join(CLAIM)).unwrap();
        held.lock().unwrap();
        assert!(!sweep(&gone, true), "an engine lives");
        fs::write(gone.join(CLAIM), "/another/root").unwrap();
        drop(held);
        assert!(!sweep(&gone, true), "the claim is for another name");
    }

    #[test]
    fn without_a_claim_only_what_is_old_and_empty_goes() {
        let run = tempfile::tempdir().unwrap();
        let directory = run.path().join("wharf-01234567");
        fs::create_dir(&directory).unwrap();
        assert!(!sweep(&directory, true), "it is new");
        let age = || {
            let old = SystemTime::now().checked_sub(PATIENCE * 2).unwrap();
            File::open(&directory).unwrap().set_modified(old).unwrap();
        };
        fs::write(directory.join("file"), "").unwrap();
        age();
        assert!(!sweep(&directory, true), "it is not empty");
        fs::remove_file(directory.join("file")).unwrap();
        age();
        assert!(sweep(&directory, true));
    }

    #[test]
    fn names_are_those_of_engines() {
        assert!(is_name("wharf-0123abcd"));
        for other in
            ["wharf", "wharf-", "wharf-0123abc", "wharf-0123ABCD", "wharfs-0123abcd", "wharf-0123abcd-x"]
        {
            assert!(!is_name(other), "{other}");
        }
    }
}
