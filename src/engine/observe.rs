//! Reading what exists: one filtered list per kind of object, all at once, and nothing per container.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerSummary, ImageSummary, Network, Volume};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptions, ListVolumesOptions,
};

use super::{Engine, EngineError};
use crate::plan::labels;
use crate::plan::observed::{Observed, ObservedContainer, ObservedResource};

/// A `filters` parameter that asks for labels (`key` or `key=value`), all of which must match.
pub fn labels_filter(wanted: &[String]) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), wanted.to_vec())])
}

/// Everything that concerns a project.
///
/// # Errors
/// A list that the engine cannot give.
pub async fn observe(engine: &Engine, project: &str) -> Result<Observed, EngineError> {
    let (containers, networks, volumes, images) =
        tokio::try_join!(engine.containers(project), networks(engine), volumes(engine), images(engine))?;
    Ok(Observed { containers, networks, volumes, images })
}

impl Engine {
    /// The containers of a project, whatever their state, by name.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn containers(&self, project: &str) -> Result<Vec<ObservedContainer>, EngineError> {
        let list = containers(self, project).await?;
        let mut containers: Vec<_> = list.iter().map(ObservedContainer::from_summary).collect();
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(containers)
    }

    /// Containers of a project's hooks. Each goes when its hook has run, unless the command that ran it was killed.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn hook_containers(&self, project: &str) -> Result<Vec<ObservedContainer>, EngineError> {
        let list =
            labelled(self, &[format!("{}={project}", labels::PROJECT), labels::HOOK.to_owned()]).await?;
        Ok(list.iter().map(ObservedContainer::from_summary).collect())
    }

    /// The containers of all projects, whatever their state, by project. Those of `run` are left out.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn projects(&self) -> Result<BTreeMap<String, Vec<ObservedContainer>>, EngineError> {
        let list = labelled(self, &[labels::PROJECT.to_owned(), labels::CONFIG_HASH.to_owned()]).await?;
        let mut projects: BTreeMap<String, Vec<ObservedContainer>> = BTreeMap::new();
        for container in list.iter().map(ObservedContainer::from_summary).filter(|c| !c.one_off) {
            let name = container.labels.get(labels::PROJECT).cloned().unwrap_or_default();
            projects.entry(name).or_default().push(container);
        }
        Ok(projects)
    }
}

async fn containers(engine: &Engine, project: &str) -> Result<Vec<ContainerSummary>, EngineError> {
    // A container without a fingerprint (a hook's) is none of the project's replicas.
    labelled(engine, &[format!("{}={project}", labels::PROJECT), labels::CONFIG_HASH.to_owned()]).await
}

async fn labelled(engine: &Engine, labels: &[String]) -> Result<Vec<ContainerSummary>, EngineError> {
    let filter = labels_filter(labels);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filter).build();
    let answer = engine.docker().list_containers(Some(options)).await;
    answer.map_err(|error| EngineError::call("list containers", &error))
}

/// All networks: those that the project would use by name count, labelled or not.
async fn networks(engine: &Engine) -> Result<BTreeMap<String, ObservedResource>, EngineError> {
    let answer = engine.docker().list_networks(None::<ListNetworksOptions>).await;
    let list = answer.map_err(|error| EngineError::call("list networks", &error))?;
    Ok(list.into_iter().map(network).collect())
}

fn network(network: Network) -> (String, ObservedResource) {
    let labels = network.labels.unwrap_or_default();
    let resource = resource(network.id.unwrap_or_default(), &labels, labels::NETWORK);
    (network.name.unwrap_or_default(), resource)
}

async fn volumes(engine: &Engine) -> Result<BTreeMap<String, ObservedResource>, EngineError> {
    let answer = engine.docker().list_volumes(None::<ListVolumesOptions>).await;
    let list = answer.map_err(|error| EngineError::call("list volumes", &error))?;
    Ok(list.volumes.unwrap_or_default().into_iter().map(volume).collect())
}

fn volume(volume: Volume) -> (String, ObservedResource) {
    let resource = resource(volume.name.clone(), &volume.labels, labels::VOLUME);
    (volume.name, resource)
}

fn resource(id: String, labels: &HashMap<String, String>, key_label: &str) -> ObservedResource {
    ObservedResource {
        id,
        project: labels.get(labels::PROJECT).cloned(),
        key: labels.get(key_label).cloned(),
        config_hash: labels.get(labels::CONFIG_HASH).cloned(),
    }
}

async fn images(engine: &Engine) -> Result<BTreeMap<String, String>, EngineError> {
    let options = ListImagesOptionsBuilder::default().build();
    let answer = engine.docker().list_images(Some(options)).await;
    let list = answer.map_err(|error| EngineError::call("list images", &error))?;
    Ok(list.into_iter().flat_map(references).collect())
}

/// Every text by which a compose file may name the image, with the image's id.
fn references(image: ImageSummary) -> Vec<(String, String)> {
    let mut all = vec![image.id.clone()];
    for tag in image.repo_tags.iter().chain(&image.repo_digests) {
        all.extend(familiar_forms(tag));
    }
    all.into_iter().map(|reference| (reference, image.id.clone())).collect()
}

/// `redis:latest` is also `redis`, `library/redis`, `docker.io/library/redis` and so on.
pub(super) fn familiar_forms(tag: &str) -> Vec<String> {
    let tags = match tag.strip_suffix(":latest") {
        Some(bare) => vec![bare.to_owned(), tag.to_owned()],
        None => vec![tag.to_owned()],
    };
    let mut forms = Vec::new();
    for tag in tags {
        let first = tag.split('/').next().unwrap_or_default();
        let has_registry = tag.contains('/') && (first.contains(['.', ':']) || first == "localhost");
        if !has_registry {
            let library = if tag.contains('/') { "" } else { "library/" };
            forms.push(format!("docker.io/{library}{tag}"));
            if !library.is_empty() {
                forms.push(format!("library/{tag}"));
            }
        }
        forms.push(tag);
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_official_image_has_many_names() {
        let forms = familiar_forms("redis:latest");
        for name in ["redis", "redis:latest", "library/redis", "docker.io/library/redis:latest"] {
            assert!(forms.iter().any(|form| form == name), "{name} in {forms:?}");
        }
        assert_eq!(familiar_forms("localhost:5000/app:1"), ["localhost:5000/app:1"]);
        assert_eq!(familiar_forms("team/app:1"), ["docker.io/team/app:1", "team/app:1"]);
    }
}
