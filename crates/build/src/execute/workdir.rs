//! `WORKDIR`: the directory exists afterwards.

use std::path::Path;
use std::sync::Arc;

use wharf_container::user;
use wharf_image::store::{Commit, Layer};

use super::copy::in_view;
use super::{Layers, Shared};
use crate::copy::owner::Owner;
use crate::copy::{NewDirectories, create_directories};
use crate::error::StepError;
use crate::plan::operation::WorkdirOperation;

/// Makes the directory with its missing parents, all owned by the stage's user (contract 8.2.7). Blocks.
pub(super) fn execute(shared: &Arc<Shared>, operation: &WorkdirOperation, below: &Layers) -> Result<Layer, StepError> {
    let work = shared.cache.work.directory()?;
    in_view(shared, &work, below, |root| {
        let found = user::find(root, &operation.user, &[])?;
        let new = NewDirectories { owner: Owner { uid: found.uid, gid: found.gid }, mode: 0o755 };
        create_directories(root, Path::new(&operation.path), new)?;
        Ok(())
    })?;
    shared.store.commit_layer(&work.upper(), Commit::Move).map_err(StepError::Store)
}
