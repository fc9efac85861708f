//! The seam to the registry: getting a base image that is not in the store.

use futures::future::BoxFuture;
use wharf_image::store::Image;
use wharf_image::{Platform, Reference};

use crate::error::PullError;

/// Fetches images into the store that the builder uses.
pub trait ImagePuller: Send + Sync {
    /// Pulls an image for a platform and returns it. `progress` is called with lines to show, e.g.
    /// `4f4fb700ef54: Pull complete`.
    ///
    /// # Errors
    /// When it cannot be had; the message says why and where it was looked for.
    fn pull<'a>(
        &'a self,
        reference: &'a Reference,
        platform: &'a Platform,
        progress: &'a PullSink<'a>,
    ) -> BoxFuture<'a, Result<Image, PullError>>;
}

/// Receives the progress of a pull.
pub type PullSink<'a> = dyn Fn(String) + Send + Sync + 'a;
