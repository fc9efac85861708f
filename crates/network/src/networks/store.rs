//! The files of networks: `<root>/<id>/network.json`, written once, and `addresses.json` beside it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::leases::Lease;
use super::network::Network;
use crate::error::{NetworkError, Result};

const SCHEMA: u32 = 1;
const NETWORK_FILE: &str = "network.json";
const ADDRESSES_FILE: &str = "addresses.json";
/// State files are small; anything larger is not ours.
const LARGEST_FILE: u64 = 16 << 20;

/// The directory of all networks.
#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    schema: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize, Deserialize)]
struct Addresses {
    leases: Vec<Lease>,
}

impl Store {
    /// Opens the directory and makes it if needed; others than root may not look inside.
    pub(super) fn open(root: PathBuf) -> Result<Self> {
        fs::create_dir_all(&root).map_err(state_error("create", &root))?;
        Ok(Self { root })
    }

    /// Reads all networks. What a crash left half-made is removed.
    pub(super) fn load(&self) -> Result<Vec<(Network, Vec<Lease>)>> {
        let mut networks = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(state_error("read", &self.root))? {
            let directory = entry.map_err(state_error("read", &self.root))?.path();
            match read::<Network>(&directory.join(NETWORK_FILE))? {
                Some(network) => {
                    let addresses = read::<Addresses>(&directory.join(ADDRESSES_FILE))?;
                    networks.push((network, addresses.map_or(Vec::new(), |file| file.leases)));
                }
                None => remove_leftover(&directory)?,
            }
        }
        Ok(networks)
    }

    /// Writes the description of a network; it is on disk when this returns.
    pub(super) fn save_network(&self, network: &Network) -> Result<()> {
        let directory = self.directory(&network.id);
        fs::create_dir_all(&directory).map_err(state_error("create", &directory))?;
        write(&directory.join(NETWORK_FILE), network, true)
    }

    /// Writes who has which address. Not flushed to the disk: after a crash of the machine nobody has one.
    pub(super) fn save_leases(&self, network_id: &str, leases: Vec<Lease>) -> Result<()> {
        write(&self.directory(network_id).join(ADDRESSES_FILE), &Addresses { leases }, false)
    }

    /// Removes a network's files. The description goes first: without it, the rest is a leftover.
    pub(super) fn remove(&self, network_id: &str) -> Result<()> {
        let directory = self.directory(network_id);
        let description = directory.join(NETWORK_FILE);
        fs::remove_file(&description).map_err(state_error("remove", &description))?;
        fs::remove_dir_all(&directory).map_err(state_error("remove", &directory))
    }

    fn directory(&self, network_id: &str) -> PathBuf {
        self.root.join(network_id)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let read = || -> io::Result<T> {
        if fs::metadata(path)?.len() > LARGEST_FILE {
            return Err(invalid(format!("larger than {LARGEST_FILE} bytes")));
        }
        let file: Versioned<T> =
            serde_json::from_slice(&fs::read(path)?).map_err(|error| invalid(error.to_string()))?;
        match file.schema {
            SCHEMA => Ok(file.content),
            other => Err(invalid(format!("schema version {other} is not {SCHEMA}"))),
        }
    };
    match read() {
        Ok(content) => Ok(Some(content)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(state_error("read", path)(error)),
    }
}

fn write<T: Serialize>(path: &Path, content: &T, durable: bool) -> Result<()> {
    let write = || -> io::Result<()> {
        let temporary = path.with_extension("json.new");
        let bytes = serde_json::to_vec(&Versioned { schema: SCHEMA, content })?;
        let mut file = File::create(&temporary)?;
        file.write_all(&bytes)?;
        if durable {
            file.sync_all()?;
        }
        fs::rename(&temporary, path)
    };
    write().map_err(state_error("write", path))
}

fn state_error(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NetworkError {
    let path = path.to_owned();
    move |source| NetworkError::State { operation, path, source }
}

fn remove_leftover(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(state_error("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_made_network_is_forgotten_and_a_foreign_version_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().to_owned()).unwrap();
        fs::create_dir(root.path().join("half")).unwrap();
        fs::write(root.path().join("half").join("network.json.new"), "{").unwrap();
        assert!(store.load().unwrap().is_empty());
        assert!(!root.path().join("half").exists());

        fs::create_dir(root.path().join("later")).unwrap();
        fs::write(root.path().join("later").join(NETWORK_FILE), r#"{"schema":2}"#).unwrap();
        let error = store.load().unwrap_err();
        assert!(error.to_string().contains("later/network.json"), "{error}");
    }
}
