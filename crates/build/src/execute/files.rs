//! The files of an origin: a directory of this host, or layers.

use std::path::PathBuf;
use std::sync::Arc;

use wharf_container::fsroot::Root;
use wharf_container::overlay::OverlayView;

use super::{Layers, Shared};
use crate::cache::CacheError;
use crate::cache::work::WorkDirectory;
use crate::error::StepError;
use crate::request::{Context, NamedContext};
use crate::tree::digests::Digests;
use crate::tree::ignore::Ignore;
use crate::tree::{Owners, Tree, TreeError};

/// Where files are, before anything is opened.
#[derive(Debug, Clone)]
pub(super) enum Files {
    /// A directory of this host.
    Directory { path: PathBuf, ignore: Arc<Ignore> },
    /// A stack of layers; without any it is an empty directory.
    Layers(Layers),
}

/// An open origin. The fields are dropped in this order: descriptors, then the mount, then its directory.
pub(super) struct OpenFiles {
    pub tree: Tree,
    /// Known digests, for directories of this host.
    pub digests: Option<(PathBuf, Arc<Digests>)>,
    _view: Option<OverlayView>,
    _work: Option<WorkDirectory>,
}

impl Files {
    /// The build context.
    pub fn context(context: &Context, ignore: &Arc<Ignore>) -> Self {
        match context {
            Context::Directory(path) => Self::Directory { path: path.clone(), ignore: ignore.clone() },
            Context::Empty => Self::Layers(Layers::default()),
        }
    }

    /// A named context; the planner only lets directories come here.
    pub fn named(context: Option<&NamedContext>) -> Self {
        match context {
            Some(NamedContext::Directory(path)) => {
                Self::Directory { path: path.clone(), ignore: Arc::default() }
            }
            _ => Self::Layers(Layers::default()),
        }
    }

    /// A stage or an image.
    pub fn layers(layers: &Layers) -> Self {
        Self::Layers(layers.clone())
    }

    /// Names the content when that is known without looking: layers never change.
    pub fn chain(&self) -> Option<String> {
        match self {
            Self::Directory { .. } => None,
            Self::Layers(layers) => Some(layers.chain()),
        }
    }

    /// Opens the files. Blocks.
    pub fn open(&self, shared: &Shared) -> Result<OpenFiles, StepError> {
        match self {
            Self::Directory { path, ignore } => {
                let root = Root::open(path).map_err(TreeError::from)?;
                let digests = Some((path.clone(), shared.cache.files.of(path)));
                let tree = Tree { root, ignore: ignore.as_ref().clone(), owners: Owners::Root };
                Ok(OpenFiles { tree, digests, _view: None, _work: None })
            }
            Self::Layers(layers) => open_layers(shared, layers),
        }
    }
}

/// One layer is looked at where it is; several through a read-only overlay.
fn open_layers(shared: &Shared, layers: &Layers) -> Result<OpenFiles, StepError> {
    let directories = shared.store.directories_of(&layers.ids()).map_err(StepError::Store)?;
    let (path, view, work) = match directories.as_slice() {
        [only] => (only.clone(), None, None),
        [] => {
            let work = shared.cache.work.directory()?;
            (work.files(), None, Some(work))
        }
        several => {
            let work = shared.cache.work.directory()?;
            let view = OverlayView::mount(several, None, &work.view())
                .map_err(CacheError::at("mount a view on", work.view()))?;
            (work.view(), Some(view), Some(work))
        }
    };
    let root = Root::open(&path).map_err(TreeError::from)?;
    let tree = Tree { root, ignore: Ignore::default(), owners: Owners::Kept };
    Ok(OpenFiles { tree, digests: None, _view: view, _work: work })
}
