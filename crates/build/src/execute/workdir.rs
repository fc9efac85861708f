//! `WORKDIR`: the directory exists afterwards.

use std::path::Path;
use std::sync::Arc;

use wharf_image::store::{Commit, Layer};

use super::copy::in_view;
use super::{Layers, Shared};
use crate::copy::owner::{self, Owner};
use crate::copy::{CopyError, NewDirectories, create_directories};
use crate::error::StepError;
use crate::plan::operation::WorkdirOperation;

/// Makes the directory with its missing parents, all owned by the stage's user, whom it finds by the rules of
/// `--chown` (contract 8.2.7, 8.4.4). Also returns a warning when there is no such user. Blocks.
pub(super) fn execute(
    shared: &Arc<Shared>,
    operation: &WorkdirOperation,
    below: &Layers,
) -> Result<(Layer, Option<String>), StepError> {
    let work = shared.cache.work.directory()?;
    let warning = in_view(shared, &work, below, |root| {
        let (owner, warning) = match operation.user.as_str() {
            "" => (Owner { uid: 0, gid: 0 }, None),
            user => {
                let resolved = owner::resolve(root, user).map_err(CopyError::from)?;
                (resolved.owner, resolved.warning)
            }
        };
        create_directories(root, Path::new(&operation.path), NewDirectories { owner, mode: 0o755 })?;
        Ok(warning)
    })?;
    let layer = shared.store.commit_layer(&work.upper(), Commit::Move).map_err(StepError::Store)?;
    Ok((layer, warning))
}
