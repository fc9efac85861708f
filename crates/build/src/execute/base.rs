//! Base images: from the store, or through the puller.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;

use wharf_image::store::{Image, ImageStore};
use wharf_image::{ImageConfig, Platform, Reference};

use super::step::Reporter;
use super::{Layers, blocking};
use crate::error::{BuildError, ImageError};
use crate::plan::graph::ImageNeed;
use crate::puller::ImagePuller;

/// An image that is in the store.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedImage {
    pub config: Arc<ImageConfig>,
    pub layers: Layers,
}

/// Gets images.
pub(crate) struct BaseImages<'a> {
    pub store: &'a ImageStore,
    pub puller: &'a dyn ImagePuller,
    pub reporter: &'a Reporter<'a>,
    pub platform: &'a Platform,
    /// Ask the registry even when the image is here.
    pub pull: bool,
}

/// An image to get, and where it is asked for.
pub(crate) struct Wanted {
    pub need: ImageNeed,
    /// The step's name, e.g. `[builder 1/4] FROM python:3.11`.
    pub name: String,
    /// File and line.
    pub place: String,
}

impl BaseImages<'_> {
    /// Gets all of them, side by side.
    pub async fn resolve(
        &self,
        wanted: Vec<Wanted>,
    ) -> Result<BTreeMap<ImageNeed, ResolvedImage>, BuildError> {
        let resolved = try_join_all(wanted.into_iter().map(|wanted| self.one(wanted))).await?;
        Ok(resolved.into_iter().collect())
    }

    async fn one(&self, wanted: Wanted) -> Result<(ImageNeed, ResolvedImage), BuildError> {
        let step = self.reporter.start(wanted.name);
        match self.image(&wanted.need, step.number).await {
            Ok((image, cached)) => {
                if cached {
                    step.cached()
                } else {
                    step.finished()
                }
                Ok((wanted.need, image))
            }
            Err(source) => {
                step.failed(&source, Vec::new());
                Err(BuildError::Image {
                    place: wanted.place,
                    reference: wanted.need.reference,
                    source: Box::new(source),
                })
            }
        }
    }

    /// The image, and whether it was here already.
    async fn image(&self, need: &ImageNeed, step: usize) -> Result<(ResolvedImage, bool), ImageError> {
        let explicit: Option<Platform> = match &need.platform {
            Some(text) => Some(text.parse().map_err(|_| ImageError::Platform(text.clone()))?),
            None => None,
        };
        if !self.pull
            && let Some(image) = self.local(&need.reference, explicit.as_ref()).await
        {
            return Ok((self.with_layers(image)?, true));
        }
        let reference: Reference = need.reference.parse()?;
        let platform = explicit.as_ref().unwrap_or(self.platform);
        let progress = |message: String| self.reporter.pull(step, message);
        let image = self.puller.pull(&reference, platform, &progress).await?;
        Ok((self.with_layers(image)?, false))
    }

    /// The image in the store, if it fits the platform that was asked for.
    async fn local(&self, reference: &str, platform: Option<&Platform>) -> Option<Image> {
        let (store, name) = (self.store.clone(), reference.to_owned());
        let image = blocking(move || store.resolve(&name)).await.ok()?;
        platform.is_none_or(|platform| platform.rank(&image.config.platform()).is_some()).then_some(image)
    }

    fn with_layers(&self, image: Image) -> Result<ResolvedImage, ImageError> {
        let layers = image.layers.iter().map(|id| {
            let missing = || wharf_image::store::StoreError::NoSuchLayer { id: id.clone() };
            self.store.layer(id).ok_or_else(missing).map_err(ImageError::Store)
        });
        Ok(ResolvedImage { layers: Layers(layers.collect::<Result<_, _>>()?), config: image.config })
    }
}
