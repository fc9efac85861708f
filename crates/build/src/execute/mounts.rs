//! The mounts of a `RUN`: from what was written to what the runner gets.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FileType;
use wharf_container::fsroot::Root;

use super::files::Files;
use super::{Execution, Shared, blocking, keys};
use crate::cache::CacheError;
use crate::cache::mounts::CacheDirectory;
use crate::cache::records::TreeRecord;
use crate::cache::work::WorkDirectory;
use crate::copy::{Copier, Rules};
use crate::dockerfile::mount::{CacheMount, SecretMount};
use crate::error::StepError;
use crate::plan::operation::{Origin, PlannedMount, RunOperation};
use crate::request::SecretSource;
use crate::runner::RunMount;
use crate::tree::select::{Selection, kind};
use crate::tree::{Tree, TreeError};

/// Largest secret, in bytes (contract 8.2.3).
const MAX_SECRET: u64 = 500_000;

/// Everything a `RUN` has mounted. It must live until the process is gone.
#[derive(Default)]
pub(super) struct Prepared {
    pub mounts: Vec<RunMount>,
    /// Variables that secrets set.
    pub env: Vec<(String, String)>,
    /// Directories that no other step may use meanwhile.
    _caches: Vec<CacheDirectory>,
}

impl Execution<'_> {
    /// Checksums of what bind mounts show, in order.
    pub(super) async fn mount_contents(&self, operation: &RunOperation) -> Result<Vec<String>, StepError> {
        let mut contents = Vec::new();
        for mount in &operation.mounts {
            if let PlannedMount::Bind { origin, source, .. } = mount {
                let (shared, files, source) = (self.shared.clone(), self.files(origin).await, source.clone());
                contents.push(blocking(move || content(&shared, &files, &source)).await?);
            }
        }
        Ok(contents)
    }

    /// Makes all mounts ready; files for them are put into the step's directory.
    pub(super) async fn prepare_mounts(
        &self,
        operation: &RunOperation,
        work: &WorkDirectory,
    ) -> Result<Prepared, StepError> {
        let mut prepared = Prepared::default();
        for (number, mount) in operation.mounts.iter().enumerate() {
            let place = work.files().join(number.to_string());
            match mount {
                PlannedMount::Bind { target, origin, source, writable } => {
                    let source = self.bind_source(origin, source, *writable, place).await?;
                    prepared.mounts.push(RunMount::Bind {
                        source,
                        target: target.clone(),
                        read_only: !writable,
                    });
                }
                PlannedMount::Cache { mount, initial } => {
                    self.cache(&mut prepared, mount, initial.as_ref()).await?
                }
                PlannedMount::Tmpfs { target, size } => {
                    prepared.mounts.push(RunMount::Tmpfs { target: target.clone(), size: *size });
                }
                PlannedMount::Secret(secret) => self.secret(&mut prepared, secret, &place)?,
                PlannedMount::Script { target, body } => {
                    write_file(&place, body.as_bytes(), 0o755, (0, 0))?;
                    prepared.mounts.push(RunMount::Bind {
                        source: place,
                        target: target.clone(),
                        read_only: true,
                    });
                }
            }
        }
        Ok(prepared)
    }

    async fn bind_source(
        &self,
        origin: &Origin,
        source: &str,
        writable: bool,
        place: PathBuf,
    ) -> Result<PathBuf, StepError> {
        let (shared, files, source) = (self.shared.clone(), self.files(origin).await, source.to_owned());
        blocking(move || bind_source(&shared, &files, &source, writable, place)).await
    }

    async fn cache(
        &self,
        prepared: &mut Prepared,
        mount: &CacheMount,
        initial: Option<&(Origin, String)>,
    ) -> Result<(), StepError> {
        let files = match initial {
            Some((origin, source)) => Some((self.files(origin).await, source.clone())),
            None => None,
        };
        let name = files
            .as_ref()
            .map(|(files, source)| keys::mounted_tree(source, &files.chain().unwrap_or_default()));
        let directory = self.shared.cache.mounts.enter(mount, &name.unwrap_or_default()).await?;
        if let (true, Some((files, source))) = (directory.is_new, files) {
            let (shared, target) = (self.shared.clone(), directory.path.clone());
            blocking(move || fill(&shared, &files, &source, &target)).await?;
        }
        prepared.mounts.push(RunMount::Bind {
            source: directory.path.clone(),
            target: mount.target.clone(),
            read_only: mount.read_only,
        });
        prepared._caches.push(directory);
        Ok(())
    }

    fn secret(&self, prepared: &mut Prepared, secret: &SecretMount, place: &Path) -> Result<(), StepError> {
        let problem = |problem: String| StepError::Secret { id: secret.id.clone(), problem };
        let Some(source) = self.request.secrets.get(&secret.id) else {
            return if secret.required { Err(StepError::SecretMissing(secret.id.clone())) } else { Ok(()) };
        };
        let value = secret_value(source).map_err(problem)?;
        if let Some(name) = &secret.variable {
            let text = String::from_utf8(value.clone())
                .map_err(|_| problem("a variable must be UTF-8 text".to_owned()))?;
            prepared.env.push((name.clone(), text));
        }
        if let Some(target) = &secret.target {
            write_file(place, &value, secret.mode, (secret.user, secret.group))?;
            prepared.mounts.push(RunMount::Bind {
                source: place.to_owned(),
                target: target.clone(),
                read_only: true,
            });
        }
        Ok(())
    }
}

fn secret_value(source: &SecretSource) -> Result<Vec<u8>, String> {
    let value = match source {
        SecretSource::Value(value) => value.clone(),
        SecretSource::File(path) => {
            let mut value = Vec::new();
            let read =
                fs::File::open(path).and_then(|file| file.take(MAX_SECRET + 1).read_to_end(&mut value));
            read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            value
        }
    };
    if value.len() as u64 > MAX_SECRET {
        return Err(format!("larger than {MAX_SECRET} bytes"));
    }
    Ok(value)
}

fn write_file(path: &Path, content: &[u8], mode: u32, owner: (u32, u32)) -> Result<(), StepError> {
    let error = || CacheError::at("write", path);
    fs::write(path, content).map_err(error())?;
    std::os::unix::fs::chown(path, Some(owner.0), Some(owner.1)).map_err(error())?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(error())?;
    Ok(())
}

/// The one thing that a mount's source names.
fn select(tree: &Tree, source: &str) -> Result<Selection, StepError> {
    let mut selected = tree.select_path(source)?;
    selected.pop().ok_or_else(|| TreeError::NotFound { path: source.to_owned(), ignored: false }.into())
}

fn content(shared: &Shared, files: &Files, source: &str) -> Result<String, StepError> {
    let key = files.chain().map(|chain| keys::mounted_tree(source, &chain));
    if let Some(TreeRecord { checksum }) = key.as_ref().and_then(|key| shared.cache.trees.find(key)) {
        return Ok(checksum);
    }
    let open = files.open(shared)?;
    let selection = select(&open.tree, source)?;
    let checksum =
        open.tree.checksum(&[selection], open.digests.as_ref().map(|(_, digests)| digests.as_ref()))?;
    if let Some((path, digests)) = &open.digests {
        shared.cache.files.save(path, digests)?;
    }
    if let Some(key) = key {
        shared.cache.trees.store(&key, &TreeRecord { checksum: checksum.clone() })?;
    }
    Ok(checksum)
}

/// A directory of this host is shown in place when nothing of it has to be hidden; everything else is copied,
/// so that neither ignored files show nor writes reach the source (contract 8.2.2).
fn bind_source(
    shared: &Arc<Shared>,
    files: &Files,
    source: &str,
    writable: bool,
    place: PathBuf,
) -> Result<PathBuf, StepError> {
    let open = files.open(shared)?;
    let selection = select(&open.tree, source)?;
    if let (Files::Directory { path, .. }, true, false) = (files, selection.complete, writable) {
        return Ok(path.join(&selection.path));
    }
    copy_to(&open.tree, &selection, &place)?;
    Ok(place)
}

fn copy_to(tree: &Tree, selection: &Selection, place: &Path) -> Result<(), StepError> {
    let parent = place.parent().unwrap_or(Path::new("/"));
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let root = Root::open(parent).map_err(TreeError::from)?;
    let rules = Rules::default();
    Ok(Copier::new(&root, &rules).copy(tree, selection, &format!("/{name}"), false)?)
}

/// Puts initial content into a new cache directory.
fn fill(shared: &Arc<Shared>, files: &Files, source: &str, target: &Path) -> Result<(), StepError> {
    let open = files.open(shared)?;
    let selection = select(&open.tree, source)?;
    match kind(&selection.stat) {
        FileType::Directory => copy_to(&open.tree, &selection, target),
        _ => Err(StepError::FileSystem {
            operation: "fill a cache mount from",
            path: PathBuf::from(source),
            source: std::io::ErrorKind::NotADirectory.into(),
        }),
    }
}
