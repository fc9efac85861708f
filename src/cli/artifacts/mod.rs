//! Projects in registries (`oci://…`): fetches what `publish` sent into a folder of the user's cache, and says where it is.
//!
//! `kinds` are the types and annotations of its parts, `files` tells which files they are. Reading them is for `project`.

mod files;
pub(super) mod kinds;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat, renameat};

use crate::engine::with_causes;
use crate::execute::Interrupt;
use crate::project::Remote;
use crate::random;
use crate::registry::{RemoteArtifact, Repository};

/// The projects that this command fetched.
#[derive(Debug)]
pub(super) struct Artifacts {
    /// The user's cache; `None` where nothing says where that is.
    cache: Option<PathBuf>,
    /// Registries that may speak plain HTTP.
    insecure: Vec<String>,
    /// What became of each address: a project is loaded more than once in one command.
    fetched: Mutex<BTreeMap<String, Result<PathBuf, String>>>,
}

impl Remote for Artifacts {
    fn fetch(&self, address: &str) -> Result<PathBuf, String> {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let place = || self.fetched_here(address).map_err(|problem| format!("{address}: {problem}"));
        fetched.entry(address.to_owned()).or_insert_with(place).clone()
    }
}

impl Artifacts {
    pub(super) fn new(cache: Option<PathBuf>, insecure: Vec<String>) -> Artifacts {
        Artifacts { cache, insecure, fetched: Mutex::default() }
    }

    /// Loading knows nothing of async, and the thread that it blocks may be the one that drives the command.
    fn fetched_here(&self, address: &str) -> Result<PathBuf, String> {
        let fetch = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            runtime.block_on(async {
                // The command's own listener does not run as long as its thread waits for this one.
                let interrupt = Interrupt::listen().map_err(|error| error.to_string())?;
                tokio::select! {
                    place = self.place(address) => place,
                    () = interrupt.raised(1) => Err("interrupted".to_owned()),
                }
            })
        };
        std::thread::scope(|scope| scope.spawn(fetch).join())
            .unwrap_or_else(|_| Err("fetching it failed within".to_owned()))
    }

    async fn place(&self, address: &str) -> Result<PathBuf, String> {
        let cache = self.cache.as_ref().ok_or("there is no folder to put it: set HOME or XDG_CACHE_HOME")?;
        let cache = cache.join("wharf").join("oci");
        let name = address.trim_start_matches(crate::project::OCI);
        let repository = Repository::parse(name, false).map_err(|error| error.to_string())?;
        let insecure = self.insecure.iter().any(|host| host == repository.registry());
        let repository = Repository::parse(name, insecure).map_err(|error| error.to_string())?;
        let artifact = repository.open().await.map_err(|error| with_causes(&error))?;
        check(&artifact)?;
        let folder = artifact.digest.replace(':', "-");
        let main = cache.join(&folder).join(files::MAIN);
        if !main.is_file() {
            let layers = artifact.layers().await.map_err(|error| with_causes(&error))?;
            let files = files::of(&layers)?;
            write(&cache, &folder, &files).map_err(|error| format!("{}: {error}", cache.display()))?;
        }
        Ok(main)
    }
}

fn check(artifact: &RemoteArtifact) -> Result<(), String> {
    match artifact.kind() {
        kinds::PROJECT | kinds::OLD_PROJECT => Ok(()),
        other => Err(format!(
            "it is no Compose project, but {other}: name one that `wharf publish` or `docker compose publish` sent"
        )),
    }
}

/// Writes a folder of files, which is there whole or not at all.
fn write(cache: &Path, name: &str, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(cache)?;
    let open_folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let parent = openat(CWD, cache, open_folder, Mode::empty())?;
    let unfinished = format!(".{name}-{}", random::hex(8)?);
    mkdirat(&parent, &unfinished, Mode::RWXU)?;
    let written = (|| {
        let folder = openat(&parent, &unfinished, open_folder, Mode::empty())?;
        for (name, content) in files {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?;
            File::from(file).write_all(content)?;
        }
        Ok(renameat(&parent, &unfinished, &parent, name)?)
    })();
    if written.is_err() {
        // Nobody looks at it any more; what it takes is little.
        let _ = std::fs::remove_dir_all(cache.join(&unfinished));
    }
    // Another command may have been here first, with the same files.
    if cache.join(name).join(files::MAIN).is_file() { Ok(()) } else { written }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_written_once_and_whole() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path().join("deep/er");
        let files = BTreeMap::from([(files::MAIN.to_owned(), b"a: 1".to_vec())]);
        for _ in 0..2 {
            write(&cache, "sha256-1", &files).unwrap();
        }
        assert_eq!(std::fs::read(cache.join("sha256-1/compose.yaml")).unwrap(), b"a: 1");
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
        let failing = BTreeMap::from([("no/such/folder".to_owned(), Vec::new())]);
        assert!(write(&cache, "sha256-2", &failing).is_err());
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
    }
}
