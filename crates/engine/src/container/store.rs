//! All containers: by id, by name, by unique id prefix (contract 1.15.6, 1.15.7).

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::instance::Container;
use crate::disk;
use crate::error::{Error, Result};
use crate::names;

/// The containers of this engine.
pub struct ContainerStore {
    directory: PathBuf,
    run_directory: PathBuf,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    containers: BTreeMap<String, Arc<Container>>,
    /// Names to ids; a name is taken here before its container exists.
    names: BTreeMap<String, String>,
}

impl ContainerStore {
    /// Reads all containers. What an interrupted create or remove left is removed; a damaged container is left alone and told.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn open(directory: PathBuf, run_directory: PathBuf) -> Result<ContainerStore> {
        for directory in [&directory, &run_directory] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
            made.map_err(Error::io("make", directory))?;
            disk::spread_out(directory);
        }
        let mut index = Index::default();
        for entry in fs::read_dir(&directory).map_err(Error::io("read", &directory))? {
            let path = entry.map_err(Error::io("read", &directory))?.path();
            let run_path = run_directory.join(path.file_name().unwrap_or_default());
            match Container::load(path.clone(), run_path) {
                Ok(Some(container)) => {
                    index.names.insert(container.name(), container.id().to_owned());
                    index.containers.insert(container.id().to_owned(), Arc::new(container));
                }
                Ok(None) => remove_half_made(&path),
                Err(error) => {
                    tracing::error!(path = %path.display(), error = error.message(), "a container is damaged")
                }
            }
        }
        Ok(ContainerStore { directory, run_directory, index: Mutex::new(index) })
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a container's files are.
    pub fn directory_of(&self, id: &str) -> PathBuf {
        self.directory.join(id)
    }

    /// Where a container's streams and managed files are.
    pub fn run_directory_of(&self, id: &str) -> PathBuf {
        self.run_directory.join(id)
    }

    /// Takes a name for a container that is being made; without one, makes one up.
    ///
    /// # Errors
    /// Not a name, or another container has it (409).
    pub fn take_name(&self, wanted: Option<&str>, id: &str) -> Result<String> {
        let mut index = self.lock();
        let name = match wanted.filter(|name| !name.is_empty()) {
            None => names::made_up(id, |name| index.names.contains_key(name)),
            Some(wanted) => wanted.strip_prefix('/').unwrap_or(wanted).to_owned(),
        };
        names::validate("container", &name)?;
        index.take(&name, id)?;
        Ok(name)
    }

    /// Gives a name back.
    pub fn free_name(&self, name: &str) {
        self.lock().names.remove(name);
    }

    /// Takes another name for a container, keeping the old one until it is freed.
    ///
    /// # Errors
    /// Not a name, or another container has it (409).
    pub fn take_another_name(&self, name: &str, id: &str) -> Result<()> {
        names::validate("container", name)?;
        self.lock().take(name, id)
    }

    /// Adds a container whose name was taken.
    pub fn insert(&self, container: Arc<Container>) {
        self.lock().containers.insert(container.id().to_owned(), container);
    }

    /// Drops a container and its name.
    pub fn remove(&self, container: &Container) {
        let mut index = self.lock();
        index.names.retain(|_, id| id != container.id());
        index.containers.remove(container.id());
    }

    /// All containers, newest first.
    pub fn all(&self) -> Vec<Arc<Container>> {
        let mut all: Vec<_> = self.lock().containers.values().cloned().collect();
        all.sort_by_key(|container| std::cmp::Reverse(container.record().created));
        all
    }

    /// The container of a full id, a name, or a unique id prefix.
    ///
    /// # Errors
    /// There is none, or the prefix is not unique.
    pub fn get(&self, reference: &str) -> Result<Arc<Container>> {
        let index = self.lock();
        let name = reference.strip_prefix('/').unwrap_or(reference);
        let by_name = || index.names.get(name).and_then(|id| index.containers.get(id));
        if let Some(container) = index.containers.get(reference).or_else(by_name) {
            return Ok(container.clone());
        }
        let mut candidates = index
            .containers
            .range(reference.to_owned()..)
            .take_while(|(id, _)| !reference.is_empty() && id.starts_with(reference));
        match (candidates.next(), candidates.next()) {
            (Some((_, container)), None) => Ok(container.clone()),
            (Some(_), Some(_)) => Err(Error::AmbiguousPrefix(reference.to_owned())),
            (None, _) => Err(Error::NoSuchContainer(reference.to_owned())),
        }
    }

    /// Names of the containers that mount a volume, running or not.
    pub fn users_of_volume(&self, volume: &str) -> Vec<Arc<Container>> {
        let uses =
            |container: &Arc<Container>| container.record().mounts.iter().any(|mount| mount.volume == volume);
        self.all().into_iter().filter(uses).collect()
    }
}

impl Index {
    fn take(&mut self, name: &str, id: &str) -> Result<()> {
        match self.names.get(name) {
            Some(holder) if holder != id => Err(Error::Conflict(format!(
                "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". \
                 You have to remove (or rename) that container to be able to reuse that name."
            ))),
            _ => {
                self.names.insert(name.to_owned(), id.to_owned());
                Ok(())
            }
        }
    }
}

fn remove_half_made(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "what an interrupted request left cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::record::Record;
    use crate::container::state::State;

    fn record(id: &str, name: &str) -> Record {
        Record {
            id: id.to_owned(),
            name: name.to_owned(),
            created: jiff::Timestamp::now(),
            image_id: String::new(),
            platform: "linux".to_owned(),
            config: Default::default(),
            image_labels: Default::default(),
            host_config: Default::default(),
            mounts: Vec::new(),
            endpoints: Default::default(),
        }
    }

    fn store(directory: &tempfile::TempDir, containers: &[(&str, &str)]) -> ContainerStore {
        let path = directory.path().join("containers");
        for (id, name) in containers {
            fs::create_dir_all(path.join(id)).unwrap();
            let run_path = directory.path().join("run").join(id);
            let container = Container::new(path.join(id), run_path, record(id, name), State::default());
            container.unwrap().save().unwrap();
        }
        ContainerStore::open(path, directory.path().join("run")).unwrap()
    }

    #[test]
    fn lookup_by_id_name_and_prefix() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory, &[("aaa1", "web"), ("aaa2", "aaa1x"), ("bbb", "db")]);
        for reference in ["aaa1", "web", "/web"] {
            assert_eq!(store.get(reference).unwrap().id(), "aaa1", "{reference}");
        }
        assert_eq!(store.get("b").unwrap().id(), "bbb");
        assert!(matches!(store.get("aaa"), Err(Error::AmbiguousPrefix(_))));
        assert!(matches!(store.get("zzz"), Err(Error::NoSuchContainer(_))));
        assert!(matches!(store.get(""), Err(Error::NoSuchContainer(_))));
    }

    #[test]
    fn names_are_unique_and_survive_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory, &[("aaa1", "web")]);
        let error = store.take_name(Some("/web"), "ccc").unwrap_err().message();
        assert!(error.contains("\"/web\" is already in use by container \"aaa1\""), "{error}");
        assert_eq!(store.take_name(Some("api"), "ccc").unwrap(), "api");
        store.free_name("api");
        assert!(store.take_name(Some("api"), "ddd").is_ok());
    }

    #[test]
    fn a_half_made_container_is_removed_at_start() {
        let directory = tempfile::tempdir().unwrap();
        let half = directory.path().join("containers/half");
        fs::create_dir_all(half.join("upper")).unwrap();
        assert!(store(&directory, &[]).all().is_empty());
        assert!(!half.exists());
    }
}
