//! The files of networks, below `<root>/<id>/`:
//!
//! * `network.json`, written once;
//! * `active/<address>.json` for every address in use, `remembered/<address>.json` for what nobody uses any more.
//!   So a start writes one small file and a stop moves it, however many containers the network has.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::leases::{Lease, LeaseChange};
use super::network::Network;
use crate::error::{NetworkError, Result};

const SCHEMA: u32 = 1;
const NETWORK_FILE: &str = "network.json";
const ACTIVE: &str = "active";
const REMEMBERED: &str = "remembered";
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
                Some(network) => networks.push((network, load_leases(&directory)?)),
                None => remove_leftover(&directory)?,
            }
        }
        Ok(networks)
    }

    /// Writes the description of a network; it is on disk when this returns.
    pub(super) fn save_network(&self, network: &Network) -> Result<()> {
        let directory = self.directory(&network.id);
        for part in [ACTIVE, REMEMBERED].map(|name| directory.join(name)) {
            fs::create_dir_all(&part).map_err(state_error("create", &part))?;
        }
        write(&directory.join(NETWORK_FILE), network, true)
    }

    /// Writes that an address is in use. Not flushed to the disk: after a crash of the machine nobody uses one.
    pub(super) fn save_lease(&self, network_id: &str, change: &LeaseChange) -> Result<()> {
        self.forget(network_id, &change.forgotten)?;
        write(&self.lease_file(network_id, ACTIVE, change.lease.address), &change.lease, false)?;
        remove_file(&self.lease_file(network_id, REMEMBERED, change.lease.address))
    }

    /// Writes that nobody uses an address any more.
    pub(super) fn end_lease(&self, network_id: &str, change: &LeaseChange) -> Result<()> {
        let active = self.lease_file(network_id, ACTIVE, change.lease.address);
        let remembered = self.lease_file(network_id, REMEMBERED, change.lease.address);
        fs::rename(&active, &remembered).map_err(state_error("move", &active))?;
        self.forget(network_id, &change.forgotten)
    }

    /// Forgets all addresses of a network.
    pub(super) fn remove_leases(&self, network_id: &str) -> Result<()> {
        for name in [ACTIVE, REMEMBERED] {
            let directory = self.directory(network_id).join(name);
            fs::remove_dir_all(&directory).map_err(state_error("remove", &directory))?;
            fs::create_dir(&directory).map_err(state_error("create", &directory))?;
        }
        Ok(())
    }

    /// Removes a network's files. The description goes first: without it, the rest is a leftover.
    pub(super) fn remove(&self, network_id: &str) -> Result<()> {
        let directory = self.directory(network_id);
        let description = directory.join(NETWORK_FILE);
        fs::remove_file(&description).map_err(state_error("remove", &description))?;
        fs::remove_dir_all(&directory).map_err(state_error("remove", &directory))
    }

    fn forget(&self, network_id: &str, addresses: &[Ipv4Addr]) -> Result<()> {
        addresses
            .iter()
            .try_for_each(|address| remove_file(&self.lease_file(network_id, REMEMBERED, *address)))
    }

    fn directory(&self, network_id: &str) -> PathBuf {
        self.root.join(network_id)
    }

    fn lease_file(&self, network_id: &str, kind: &str, address: Ipv4Addr) -> PathBuf {
        self.directory(network_id).join(kind).join(format!("{address}.json"))
    }
}

/// When both say something about an address, it is in use: that was written last.
fn load_leases(directory: &Path) -> Result<Vec<Lease>> {
    let mut leases = Vec::new();
    for (kind, active) in [(REMEMBERED, false), (ACTIVE, true)] {
        let directory = directory.join(kind);
        for entry in fs::read_dir(&directory).map_err(state_error("read", &directory))? {
            let path = entry.map_err(state_error("read", &directory))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                leases.extend(read::<Lease>(&path)?.map(|lease| Lease { active, ..lease }));
            } else {
                remove_leftover(&path)?;
            }
        }
    }
    Ok(leases)
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

/// Removes a file; that there is none is fine.
fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(state_error("remove", path)(error)),
        _ => Ok(()),
    }
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
