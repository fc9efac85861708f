//! `COPY` and `ADD`.

use std::sync::Arc;

use wharf_container::fsroot::Root;
use wharf_container::overlay::OverlayView;
use wharf_image::store::{Commit, Layer};

use super::files::{Files, OpenFiles};
use super::{Layers, Shared, keys};
use crate::cache::CacheError;
use crate::cache::records::TreeRecord;
use crate::cache::work::WorkDirectory;
use crate::copy::{Copier, CopyError, Rules, mode, owner};
use crate::error::StepError;
use crate::plan::operation::{CopyOperation, CopySource};
use crate::tree::TreeError;
use crate::tree::ignore::Ignore;
use crate::tree::select::Selection;

/// One copy, from key to layer. All methods block.
pub(super) struct CopyJob {
    pub shared: Arc<Shared>,
    pub operation: CopyOperation,
    pub files: Files,
    pub below: Layers,
}

/// The files of a copy, found.
pub(super) struct Prepared {
    open: OpenFiles,
    /// One list per written source; heredocs have none.
    selections: Vec<Vec<Selection>>,
}

/// What a copy made.
pub(super) struct Copied {
    pub layer: Layer,
    pub warnings: Vec<String>,
}

impl CopyJob {
    /// The step's key, and the files if they had to be looked at for it.
    pub fn key(&self) -> Result<(String, Option<Prepared>), StepError> {
        let chain = self.below.chain();
        let Some(from) = self.files.chain() else {
            let prepared = self.prepare()?;
            let content = self.checksum(&prepared)?;
            return Ok((keys::copy(&self.operation, &chain, &content), Some(prepared)));
        };
        let tree_key = keys::tree(&self.operation, &from);
        if let Some(TreeRecord { checksum }) = self.shared.cache.trees.find(&tree_key) {
            return Ok((keys::copy(&self.operation, &chain, &checksum), None));
        }
        let prepared = self.prepare()?;
        let checksum = self.checksum(&prepared)?;
        self.shared.cache.trees.store(&tree_key, &TreeRecord { checksum: checksum.clone() })?;
        Ok((keys::copy(&self.operation, &chain, &checksum), Some(prepared)))
    }

    fn prepare(&self) -> Result<Prepared, StepError> {
        let open = self.files.open(&self.shared)?;
        let exclude = Ignore::from_patterns(self.operation.exclude.iter().map(String::as_str))?;
        let selections = self.operation.sources.iter().map(|source| match source {
            CopySource::Path(path) => open.tree.select(path, &exclude),
            CopySource::File { .. } => Ok(Vec::new()),
        });
        let selections = selections.collect::<Result<_, TreeError>>()?;
        Ok(Prepared { open, selections })
    }

    fn checksum(&self, prepared: &Prepared) -> Result<String, StepError> {
        let digests = prepared.open.digests.as_ref();
        let mut checksums = Vec::new();
        for selections in &prepared.selections {
            checksums
                .push(prepared.open.tree.checksum(selections, digests.map(|(_, digests)| digests.as_ref()))?);
        }
        if let Some((path, digests)) = digests {
            self.shared.cache.files.save(path, digests)?;
        }
        Ok(checksums.join(" "))
    }

    /// Copies, and makes a layer of what changed.
    pub fn execute(&self, prepared: Option<Prepared>) -> Result<Copied, StepError> {
        let prepared = match prepared {
            Some(prepared) => prepared,
            None => self.prepare()?,
        };
        let work = self.shared.cache.work.directory()?;
        let lowers = if self.operation.link { Layers::default() } else { self.below.clone() };
        let mut warnings = self.unmatched(&prepared);
        warnings.extend(in_view(&self.shared, &work, &lowers, |root| self.copy(&prepared, root))?);
        drop(prepared);
        let layer = self.shared.store.commit_layer(&work.upper(), Commit::Move).map_err(StepError::Store)?;
        Ok(Copied { layer, warnings })
    }

    /// Wildcards that found nothing.
    fn unmatched(&self, prepared: &Prepared) -> Vec<String> {
        let pairs = self.operation.sources.iter().zip(&prepared.selections);
        let unmatched = pairs.filter_map(|(source, selections)| match source {
            CopySource::Path(path) if selections.is_empty() => {
                Some(format!("COPY: nothing matches {path:?}"))
            }
            _ => None,
        });
        unmatched.collect()
    }

    fn copy(&self, prepared: &Prepared, root: &Root) -> Result<Option<String>, StepError> {
        let (rules, warning) = self.rules(root)?;
        let copier = Copier::new(root, &rules);
        let operation = &self.operation;
        let several = prepared.selections.iter().any(|selections| selections.len() > 1);
        let into_directory = operation.into_directory || several;
        for (source, selections) in operation.sources.iter().zip(&prepared.selections) {
            match source {
                CopySource::File { name, content } => {
                    copier.content(name, content, &operation.destination, into_directory)?
                }
                CopySource::Path(_) => {
                    for selection in selections {
                        copier.copy(
                            &prepared.open.tree,
                            selection,
                            &operation.destination,
                            into_directory,
                        )?;
                    }
                }
            }
        }
        Ok(warning)
    }

    fn rules(&self, root: &Root) -> Result<(Rules, Option<String>), StepError> {
        let operation = &self.operation;
        let resolved = operation
            .chown
            .as_deref()
            .map(|text| owner::resolve(root, text))
            .transpose()
            .map_err(CopyError::from)?;
        let rules = Rules {
            owner: resolved.as_ref().map(|resolved| resolved.owner),
            mode: operation.chmod.as_deref().and_then(mode::Change::parse),
            parents: operation.parents,
            unpack: operation.unpack,
        };
        Ok((rules, resolved.and_then(|resolved| resolved.warning)))
    }
}

/// Calls `change` with the file system that the layers make; what it changes ends up in the upper directory.
pub(super) fn in_view<T>(
    shared: &Shared,
    work: &WorkDirectory,
    below: &Layers,
    change: impl FnOnce(&Root) -> Result<T, StepError>,
) -> Result<T, StepError> {
    let lowers = shared.store.directories_of(&below.ids()).map_err(StepError::Store)?;
    if lowers.is_empty() {
        return change(&Root::open(&work.upper()).map_err(TreeError::from)?);
    }
    let mount_error = || CacheError::at("mount a view on", work.view());
    let view = OverlayView::mount(&lowers, Some((&work.upper(), &work.work())), &work.view())
        .map_err(mount_error())?;
    let result = change(&Root::open(view.path()).map_err(TreeError::from)?)?;
    view.unmount().map_err(CacheError::at("unmount", work.view()))?;
    Ok(result)
}
