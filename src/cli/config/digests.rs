//! Images pinned to digests: the engine asks their registries.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use crate::cli::{Context, Failure};
use crate::engine::{Engine, image_digest};
use crate::plan::names::pinned_image;
use crate::project::Project;
use crate::project::model::Service;

/// Questions to registries at the same time.
const PARALLEL: usize = 8;

/// Pins the image of every service that names one.
///
/// # Errors
/// No engine answers, or a registry does not know an image.
pub(in crate::cli) async fn resolve(context: &Context, project: &mut Project) -> Result<(), Failure> {
    let images: Vec<String> = unpinned(project);
    let digests =
        if images.is_empty() { BTreeMap::new() } else { ask(&*context.engine().await?, images).await? };
    for service in project.services.values_mut().filter(|service| !service.image.is_empty()) {
        let digest = digests.get(&service.image).map(String::as_str);
        service.image = pinned_image(&service.image, digest);
    }
    Ok(())
}

fn unpinned(project: &Project) -> Vec<String> {
    let mut images: Vec<String> = project.services.values().map(|service| service.image.clone()).collect();
    images.retain(|image| !image.is_empty() && !image.contains('@'));
    images.sort();
    images.dedup();
    images
}

async fn ask(engine: &Engine, images: Vec<String>) -> Result<BTreeMap<String, String>, Failure> {
    let questions = images.into_iter().map(async |image| {
        let digest = image_digest(engine, &image).await?;
        Ok::<_, Failure>((image, digest))
    });
    stream::iter(questions).buffer_unordered(PARALLEL).try_collect().await
}

/// An override file: each service with its image and nothing else.
pub(in crate::cli) fn only_images(project: &Project) -> Project {
    let services = project.services.iter().map(|(name, service)| {
        (name.clone(), Service { name: name.clone(), image: service.image.clone(), ..Service::default() })
    });
    Project { services: services.collect(), ..Project::default() }
}
