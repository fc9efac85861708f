//! Build secrets as files: a Wharf engine reads them by path (`dev.wharf.build.secret.<id>` labels).

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::plan::desired::{BuildRequest, SecretSource};

/// Secrets of one build; those without a file of their own are in a private folder that goes with this value.
pub(super) struct Placed {
    paths: BTreeMap<String, String>,
    folder: Option<PathBuf>,
}

impl Placed {
    /// Id and path of each.
    pub(super) fn paths(&self) -> impl Iterator<Item = (&str, &str)> {
        self.paths.iter().map(|(id, path)| (id.as_str(), path.as_str()))
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // A folder that is gone already has nothing to hide.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Gives every secret of a build a path.
pub(super) fn place(request: &BuildRequest) -> io::Result<Placed> {
    let mut placed = Placed { paths: BTreeMap::new(), folder: None };
    for (number, secret) in request.secrets.iter().enumerate() {
        let path = match &secret.source {
            SecretSource::File(path) => path.clone(),
            SecretSource::Value(value) => write(&mut placed, number, value)?,
        };
        placed.paths.insert(secret.id.clone(), path);
    }
    Ok(placed)
}

fn write(placed: &mut Placed, number: usize, value: &str) -> io::Result<String> {
    let folder = match &placed.folder {
        Some(folder) => folder.clone(),
        None => placed.folder.insert(private_folder()?).clone(),
    };
    let path = folder.join(number.to_string());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(value.as_bytes())?;
    Ok(path.display().to_string())
}

/// A new folder that only this user may enter; its name cannot be guessed, and an existing one is never used.
fn private_folder() -> io::Result<PathBuf> {
    let path = Path::new("/tmp").join(format!("wharf-build-{}", crate::random::hex(16)?));
    fs::DirBuilder::new().mode(0o700).create(&path)?;
    Ok(path)
}
