//! Builds: `wharf_build` with this engine's containers as its step runner.

use std::sync::Arc;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::io::{ByteStream, ProgressStream};
use crate::model::build::BuildRequest;

/// The build calls.
#[derive(Clone)]
pub struct Builds {
    #[expect(dead_code, reason = "used as soon as the calls are there")]
    core: Arc<Core>,
}

impl Builds {
    pub(crate) fn new(core: Arc<Core>) -> Builds {
        Builds { core }
    }

    /// Builds. The archive is the body of the request, read only when the context is [`crate::model::build::BuildContext::Archive`].
    ///
    /// # Errors
    /// The context or the Dockerfile cannot be read.
    pub async fn build(&self, request: BuildRequest, archive: ByteStream) -> Result<ProgressStream> {
        let _ = (request, archive);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes cached steps that no image uses; gives the bytes that came free.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub async fn prune(&self, all: bool) -> Result<u64> {
        let _ = (all,);
        Err(Error::NotImplemented("being written".to_owned()))
    }
}
