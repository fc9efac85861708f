//! The volumes on disk: `<root>/volumes/<name>/` with `volume.json` and `_data` (contract 2.3).
//!
//! Owns names and directories. Who uses a volume is the containers' knowledge: callers ask them first.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::options;
use crate::disk;
use crate::error::{Error, Result};
use crate::model::config::Labels;
use crate::names;

/// Marks volumes that the user gave no name (contract 2.2.1).
pub const ANONYMOUS_LABEL: &str = "com.docker.volume.anonymous";

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeRecord {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Options of the local driver.
    pub options: Labels,
    /// When it was made.
    pub created: Timestamp,
}

impl VolumeRecord {
    /// Whether the user gave it no name.
    pub fn is_anonymous(&self) -> bool {
        self.labels.contains_key(ANONYMOUS_LABEL)
    }
}

/// All volumes.
pub struct VolumeStore {
    directory: PathBuf,
    volumes: Mutex<BTreeMap<String, VolumeRecord>>,
}

impl VolumeStore {
    /// Reads the volumes in `directory`, which is made if missing. Nobody but root may look into it (contract 10.3).
    ///
    /// # Errors
    /// It cannot be read or a state file is damaged.
    pub fn open(directory: PathBuf) -> Result<VolumeStore> {
        let mut volumes = BTreeMap::new();
        make_directory(&directory, 0o701)?;
        for entry in fs::read_dir(&directory).map_err(Error::io("read", &directory))? {
            let path = entry.map_err(Error::io("read", &directory))?.path();
            match disk::load::<VolumeRecord>(&path.join("volume.json"))? {
                Some(record) => _ = volumes.insert(record.name.clone(), record),
                None => remove_half_made(&path)?,
            }
        }
        Ok(VolumeStore { directory, volumes: Mutex::new(volumes) })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, VolumeRecord>> {
        self.volumes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the content of a volume is.
    pub fn data(&self, name: &str) -> PathBuf {
        self.directory.join(name).join("_data")
    }

    /// All volumes by name.
    pub fn list(&self) -> Vec<VolumeRecord> {
        self.lock().values().cloned().collect()
    }

    /// One volume.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn get(&self, name: &str) -> Result<VolumeRecord> {
        self.lock().get(name).cloned().ok_or_else(|| Error::NoSuchVolume(name.to_owned()))
    }

    /// Makes a volume, or gives the one that has this name (contract 2.3.4); true when it was made now.
    ///
    /// # Errors
    /// Not a name, options that make no mount, or the directory cannot be made.
    pub fn create(&self, name: &str, labels: &Labels, options: &Labels) -> Result<(VolumeRecord, bool)> {
        let refused = |why: String| Error::BadParameter(format!("create {name}: {why}"));
        validate_name(name).map_err(refused)?;
        options::parse(options).map_err(|error| refused(error.message()))?;
        let mut volumes = self.lock();
        if let Some(existing) = volumes.get(name) {
            return Ok((existing.clone(), false));
        }
        let record = VolumeRecord {
            name: name.to_owned(),
            labels: labels.clone(),
            options: options.clone(),
            created: Timestamp::now(),
        };
        let made = self.make(&record);
        if made.is_err() {
            // The first error is the one to tell; a leftover is removed at the next start too.
            let _ = remove_half_made(&self.directory.join(name));
        }
        made?;
        volumes.insert(name.to_owned(), record.clone());
        Ok((record, true))
    }

    /// A volume with a random name and the label of anonymous ones.
    ///
    /// # Errors
    /// As [`VolumeStore::create`].
    pub fn create_anonymous(&self, labels: &Labels) -> Result<VolumeRecord> {
        let mut labels = labels.clone();
        labels.insert(ANONYMOUS_LABEL.to_owned(), String::new());
        let (record, _) = self.create(&names::new_id()?, &labels, &Labels::new())?;
        Ok(record)
    }

    fn make(&self, record: &VolumeRecord) -> Result<()> {
        let directory = self.directory.join(&record.name);
        make_directory(&directory, 0o701)?;
        make_directory(&self.data(&record.name), 0o755)?;
        // The record comes last: a directory without one is half-made.
        disk::save(&directory.join("volume.json"), record)
    }

    /// Removes a volume and its content.
    ///
    /// # Errors
    /// There is none of this name, or its content cannot be removed.
    pub fn remove(&self, name: &str) -> Result<()> {
        let mut volumes = self.lock();
        if !volumes.contains_key(name) {
            return Err(Error::NoSuchVolume(name.to_owned()));
        }
        options::unmount(&self.data(name))?;
        let directory = self.directory.join(name);
        let doomed = self.directory.join(format!(".{name}.removed"));
        // Renamed first, so that a crash in the middle leaves no volume with half of its content.
        fs::rename(&directory, &doomed).map_err(Error::io("remove", &directory))?;
        volumes.remove(name);
        drop(volumes);
        fs::remove_dir_all(&doomed).map_err(Error::io("remove", &doomed))
    }

    /// Mounts what the volume's options ask for; called before a container that uses it starts.
    ///
    /// # Errors
    /// There is none of this name, or it cannot be mounted.
    pub fn prepare(&self, name: &str) -> Result<PathBuf> {
        let record = self.get(name)?;
        let data = self.data(name);
        if let Some(mount) = options::parse(&record.options)? {
            mount.mount(&data)?;
        }
        Ok(data)
    }

    /// Ends what [`VolumeStore::prepare`] did; called when nobody uses the volume any more.
    ///
    /// # Errors
    /// It cannot be unmounted.
    pub fn put_away(&self, name: &str) -> Result<()> {
        match self.get(name) {
            Ok(record) if !record.options.is_empty() => options::unmount(&self.data(name)),
            _ => Ok(()),
        }
    }
}

/// Docker's texts (contract 1.15.6).
fn validate_name(name: &str) -> Result<(), String> {
    if name.len() < 2 {
        return Err(
            "volume name is too short, names should be at least two alphanumeric characters".to_owned()
        );
    }
    names::validate("volume", name).map_err(|_| {
        format!(
            "{name:?} includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are \
             allowed. If you intended to pass a host directory, use absolute path"
        )
    })
}

fn make_directory(path: &Path, mode: u32) -> Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(Error::io("make", path))
}

fn remove_half_made(path: &Path) -> Result<()> {
    options::unmount(&path.join("_data")).ok();
    fs::remove_dir_all(path).map_err(Error::io("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(directory: &tempfile::TempDir) -> VolumeStore {
        VolumeStore::open(directory.path().join("volumes")).unwrap()
    }

    #[test]
    fn a_volume_survives_a_restart_and_creating_it_again_gives_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let labels = Labels::from([("a".to_owned(), "b".to_owned())]);
        let (made, new) = store(&directory).create("data", &labels, &Labels::new()).unwrap();
        assert!(new);
        let again = store(&directory);
        assert_eq!(again.get("data").unwrap(), made);
        let (same, new) = again.create("data", &Labels::new(), &Labels::new()).unwrap();
        assert_eq!((same, new), (made, false));
    }

    #[test]
    fn removing_takes_the_content_too() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        let volume = store.create_anonymous(&Labels::new()).unwrap();
        assert!(volume.is_anonymous());
        fs::write(store.data(&volume.name).join("file"), "x").unwrap();
        store.remove(&volume.name).unwrap();
        assert_eq!(fs::read_dir(directory.path().join("volumes")).unwrap().count(), 0);
        assert!(matches!(store.remove(&volume.name), Err(Error::NoSuchVolume(_))));
    }

    #[test]
    fn a_half_made_volume_is_removed_at_start() {
        let directory = tempfile::tempdir().unwrap();
        let half = directory.path().join("volumes/half/_data");
        fs::create_dir_all(&half).unwrap();
        assert!(store(&directory).list().is_empty());
        assert!(!half.exists());
    }

    #[test]
    fn a_name_cannot_leave_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        assert!(store(&directory).create("../x", &Labels::new(), &Labels::new()).is_err());
    }
}
