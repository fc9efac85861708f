//! What a reader of a plan wants to know and running it does not need: how containers are made now, and how large data is.
//!
//! Only reads.

use std::collections::BTreeMap;

use bollard::query_parameters::InspectContainerOptions;
use futures::future;
use serde::Deserialize;

use super::{Engine, EngineError, is_not_found};
use crate::plan::Plan;
use crate::plan::changes::{self, Existing, Facts};

/// Looks up what explains a plan.
///
/// # Errors
/// The engine fails. What is gone meanwhile is left out.
pub async fn facts(engine: &Engine, project: &str, plan: &Plan) -> Result<Facts, EngineError> {
    let ids = changes::containers_to_look_up(project, plan);
    let containers = future::try_join_all(ids.iter().map(|id| existing(engine, id))).await?;
    let found = ids.into_iter().zip(containers).filter_map(|(id, existing)| Some((id, existing?)));
    let mut facts = Facts { containers: found.collect(), ..Facts::default() };
    if changes::destroys_data(plan) {
        let usage: DiskUsage = engine.get("/system/df?type=volume&type=image").await?;
        facts.volumes = usage.volumes.into_iter().filter_map(VolumeUsage::entry).collect();
        facts.images = usage.images.into_iter().flat_map(ImageUsage::entries).collect();
    }
    Ok(facts)
}

/// A container and what its image sets.
///
/// # Errors
/// The engine fails; one that is gone is `None`.
pub async fn existing(engine: &Engine, id: &str) -> Result<Option<Existing>, EngineError> {
    let answer = engine.docker().inspect_container(id, None::<InspectContainerOptions>).await;
    let container = match answer {
        Ok(container) => container,
        Err(error) if is_not_found(&error) => return Ok(None),
        Err(error) => return Err(EngineError::call(format!("inspect container {id}"), &error)),
    };
    let image = match engine.docker().inspect_image(container.image.as_deref().unwrap_or_default()).await {
        Ok(image) => image.config,
        Err(error) if is_not_found(&error) => None,
        Err(error) => return Err(EngineError::call("inspect an image", &error)),
    };
    Ok(Some(Existing { container, image }))
}

/// `/system/df` as engines answer it up to API 1.51.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct DiskUsage {
    #[serde(deserialize_with = "null_is_empty")]
    volumes: Vec<VolumeUsage>,
    #[serde(deserialize_with = "null_is_empty")]
    images: Vec<ImageUsage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeUsage {
    name: String,
    usage_data: Option<UsageData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UsageData {
    size: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageUsage {
    #[serde(deserialize_with = "null_is_empty", default)]
    repo_tags: Vec<String>,
    size: i64,
}

fn null_is_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

impl VolumeUsage {
    /// Name and bytes; an engine says -1 where it does not know.
    fn entry(self) -> Option<(String, u64)> {
        Some((self.name, u64::try_from(self.usage_data?.size).ok()?))
    }
}

impl ImageUsage {
    fn entries(self) -> BTreeMap<String, u64> {
        let size = u64::try_from(self.size).unwrap_or(0);
        let forms = self.repo_tags.iter().flat_map(|tag| super::observe::familiar_forms(tag));
        forms.map(|reference| (reference, size)).collect()
    }
}
