//! What a project wants, as the requests an engine understands: Compose attributes become Docker API bodies here.
//!
//! Pure: no I/O, no clock. Knows nothing of what exists.

mod container;
mod extension;
mod host;
mod image;
mod mounts;
mod networks;
mod options;
mod ports;
mod pre_start;
mod resources;
mod secrets;
mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};

pub use container::{ContainerSpec, OneOff, condition_text};
pub use image::{BuildRequest, BuildSecret, DesiredImage, SecretSource};
pub use options::{Recreate, UpOptions};
pub use ports::HostPort;
pub use pre_start::PreStart;
pub use secrets::InlineFile;
pub use update::{Pace, UpdatePolicy};

use super::graph::{self, Cycle};
use super::hooks::Hooks;
use super::{hash, labels, names};
use crate::project::Project;
use crate::project::limits::MAX_REPLICAS;
use crate::project::model::{Condition, Service};

/// The wanted state of a project.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Project name.
    pub project: String,
    /// Services, each after what it depends on.
    pub services: Vec<DesiredService>,
    /// Names of all services of the files, those switched off by profiles too.
    pub known_services: BTreeSet<String>,
    /// Networks that some service uses, by key.
    pub networks: BTreeMap<String, DesiredNetwork>,
    /// Volumes that some service uses, by key.
    pub volumes: BTreeMap<String, DesiredVolume>,
    /// Hooks of its services.
    pub hooks: Hooks,
    /// Flags.
    pub options: UpOptions,
}

/// A network.
#[derive(Clone, Debug)]
pub struct DesiredNetwork {
    /// Real name.
    pub name: String,
    /// The request that makes it; `None` for an external one.
    pub request: Option<Arc<NetworkCreateRequest>>,
}

/// A volume.
#[derive(Clone, Debug)]
pub struct DesiredVolume {
    /// Real name.
    pub name: String,
    /// The request that makes it; `None` for an external one.
    pub request: Option<Arc<VolumeCreateRequest>>,
}

/// A service.
#[derive(Clone, Debug)]
pub struct DesiredService {
    /// Name.
    pub name: String,
    /// Replicas.
    pub scale: usize,
    /// Named on the command line (or nothing was named).
    pub selected: bool,
    /// Its image.
    pub image: DesiredImage,
    /// Images that it mounts.
    pub mounted_images: Vec<DesiredImage>,
    /// Images that its `pre_start` hooks name for themselves.
    pub hook_images: Vec<DesiredImage>,
    /// What it waits for.
    pub dependencies: Vec<DesiredDependency>,
    /// Services whose namespaces or mounts it shares.
    pub parents: Vec<String>,
    /// Keys of its networks.
    pub networks: Vec<String>,
    /// Keys of its volumes.
    pub volumes: Vec<String>,
    /// Host ports it publishes, for the check before anything is made.
    pub ports: Vec<HostPort>,
    /// How its replicas are updated; `None`: as Docker Compose does, each stopped and replaced at once.
    pub update: Option<UpdatePolicy>,
    /// Fingerprint.
    pub hash: String,
    /// The service as written.
    pub source: Arc<Service>,
    project: Arc<Project>,
}

/// An edge of the dependency graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredDependency {
    /// The service waited for.
    pub service: String,
    /// What it must have reached.
    pub condition: Condition,
    /// Its failure stops the dependent.
    pub required: bool,
    /// The dependent restarts with it.
    pub restart: bool,
}

/// Why a project cannot be turned into requests.
#[derive(Debug, thiserror::Error)]
pub enum DesiredError {
    /// Services depend on each other in a circle.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// `--scale` or a service argument names nothing.
    #[error("no such service: {0}")]
    NoSuchService(String),
    /// More replicas than names, addresses and processes there can be.
    #[error("service {service}: {scale} replicas are more than the {MAX_REPLICAS} a service may have")]
    TooManyReplicas {
        /// Service.
        service: String,
        /// What was asked for.
        scale: usize,
    },
    /// Containers with one name.
    #[error(
        "service {service}: {scale} replicas cannot all be named {name:?}; remove container_name to scale it"
    )]
    OneName {
        /// Service.
        service: String,
        /// Its `container_name`.
        name: String,
        /// What was asked for.
        scale: usize,
    },
    /// An attribute cannot be translated for an engine.
    #[error("{}service {service}: {problem}", place_prefix(.place))]
    Attribute {
        /// Service.
        service: String,
        /// What is wrong.
        problem: String,
        /// `file:line:column`.
        place: Option<String>,
    },
}

fn place_prefix(place: &Option<String>) -> String {
    place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default()
}

impl Desired {
    /// Translates a loaded project.
    ///
    /// # Errors
    /// A dependency cycle, an unknown service in `options`, or an attribute that no engine request can carry.
    pub fn from_project(project: &Arc<Project>, options: UpOptions) -> Result<Desired, DesiredError> {
        check_names(project, &options)?;
        let order = graph::order(&project.services, &project.sources)?;
        let services: Result<Vec<_>, _> = order
            .iter()
            .map(|name| DesiredService::new(project, &project.services[name], &options))
            .collect();
        let services = services?;
        Ok(Desired {
            project: project.name.clone(),
            networks: used_networks(project, &services),
            volumes: used_volumes(project, &services),
            known_services: project
                .services
                .keys()
                .chain(project.disabled_services.keys())
                .cloned()
                .collect(),
            hooks: Hooks::of(Some(project)),
            services,
            options,
        })
    }

    /// The service with this name.
    pub fn service(&self, name: &str) -> Option<&DesiredService> {
        self.services.iter().find(|service| service.name == name)
    }
}

fn check_names(project: &Project, options: &UpOptions) -> Result<(), DesiredError> {
    let mut named = options.selected.iter().chain(options.scale.keys());
    match named.find(|name| !project.services.contains_key(*name)) {
        Some(name) => Err(DesiredError::NoSuchService(name.clone())),
        None => Ok(()),
    }
}

impl DesiredService {
    fn new(
        project: &Arc<Project>,
        service: &Service,
        options: &UpOptions,
    ) -> Result<DesiredService, DesiredError> {
        let desired = DesiredService {
            name: service.name.clone(),
            scale: scale_of(service, options)?,
            selected: options.selected.is_empty() || options.selected.contains(&service.name),
            image: image::desired_image(project, service, options),
            mounted_images: image::mounted_images(project, service, options),
            hook_images: Vec::new(),
            dependencies: dependencies_of(service, options),
            parents: host::parents(service),
            networks: service.networks.keys().cloned().collect(),
            volumes: mounts::volume_keys(service),
            ports: ports::host_ports(project, service),
            update: update::policy(service),
            hash: hash::service(service),
            source: Arc::new(service.clone()),
            project: Arc::clone(project),
        };
        let own = &desired.image.reference;
        let hook_images = pre_start::images(project, service, own, options);
        let desired = DesiredService { hook_images, ..desired };
        desired.pre_start(1, options)?;
        // Translating once here means that a bad attribute is found before anything happens.
        desired.container(1, options)?;
        Ok(desired)
    }

    /// The container that is replica `number`.
    ///
    /// # Errors
    /// An attribute that no engine request can carry.
    pub fn container(&self, number: u32, options: &UpOptions) -> Result<ContainerSpec, DesiredError> {
        container::replica(&self.project, self, number, options)
    }

    /// All images that its containers need.
    pub fn images(&self) -> impl Iterator<Item = &DesiredImage> {
        std::iter::once(&self.image).chain(&self.mounted_images).chain(&self.hook_images)
    }

    /// What runs before replica `number` starts.
    ///
    /// # Errors
    /// An attribute that no engine request can carry.
    pub fn pre_start(&self, number: u32, options: &UpOptions) -> Result<Vec<PreStart>, DesiredError> {
        pre_start::hooks(&self.project, self, number, options)
    }

    /// A one-off container as `run` makes it.
    ///
    /// # Errors
    /// An attribute that no engine request can carry.
    pub fn one_off(&self, run: &OneOff, options: &UpOptions) -> Result<ContainerSpec, DesiredError> {
        container::one_off(&self.project, self, run, options)
    }

    /// Names of all replicas, whether they exist or not.
    pub fn replica_names(&self, options: &UpOptions) -> Vec<String> {
        let count = u32::try_from(self.scale).unwrap_or(u32::MAX);
        (1..=count)
            .map(|n| names::container(&self.project.name, &self.source, n, options.separator))
            .collect()
    }
}

fn scale_of(service: &Service, options: &UpOptions) -> Result<usize, DesiredError> {
    let in_file = service.scale.or(service.deploy.as_ref().and_then(|deploy| deploy.replicas));
    let in_file = in_file.and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let scale = options.scale.get(&service.name).copied().unwrap_or(in_file);
    if scale > MAX_REPLICAS {
        return Err(DesiredError::TooManyReplicas { service: service.name.clone(), scale });
    }
    if scale > 1 && !service.container_name.is_empty() {
        let (service, name) = (service.name.clone(), service.container_name.clone());
        return Err(DesiredError::OneName { service, name, scale });
    }
    Ok(scale)
}

fn dependencies_of(service: &Service, options: &UpOptions) -> Vec<DesiredDependency> {
    if options.no_dependencies {
        return Vec::new();
    }
    let entries = service.depends_on.iter();
    entries
        .map(|(name, dependency)| DesiredDependency {
            service: name.clone(),
            condition: dependency.condition,
            required: dependency.required,
            restart: dependency.restart,
        })
        .collect()
}

fn used_networks(project: &Project, services: &[DesiredService]) -> BTreeMap<String, DesiredNetwork> {
    let keys: BTreeSet<&String> = services.iter().flat_map(|service| &service.networks).collect();
    let used = keys.into_iter().filter_map(|key| Some((key, project.networks.get(key)?)));
    used.map(|(key, network)| (key.clone(), networks::desired_network(project, key, network))).collect()
}

fn used_volumes(project: &Project, services: &[DesiredService]) -> BTreeMap<String, DesiredVolume> {
    let keys: BTreeSet<&String> = services.iter().flat_map(|service| &service.volumes).collect();
    let used = keys.into_iter().filter_map(|key| Some((key, project.volumes.get(key)?)));
    used.map(|(key, volume)| (key.clone(), mounts::desired_volume(project, key, volume))).collect()
}

/// The labels that every network and volume of a project carries.
fn resource_labels(
    project: &Project,
    own: &BTreeMap<String, String>,
    key_label: &str,
    key: &str,
    hash: String,
) -> std::collections::HashMap<String, String> {
    let mut all: std::collections::HashMap<_, _> = own.clone().into_iter().collect();
    all.insert(labels::PROJECT.to_owned(), project.name.clone());
    all.insert(key_label.to_owned(), key.to_owned());
    all.insert(labels::VERSION.to_owned(), labels::WRITER_VERSION.to_owned());
    all.insert(labels::CONFIG_HASH.to_owned(), hash);
    all
}

/// `file:line:column` of an attribute of a service, or of the service where it has no such attribute.
fn place(project: &Project, service: &Service, attribute: &str) -> Option<String> {
    let written = project.locate(&["services", &service.name, attribute]);
    project.sources.locate(written.unwrap_or(service.span))
}

/// `None` for an empty text: the API tells "unset" by absence.
fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `None` for an empty list.
fn non_empty_list<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// `None` for an empty map.
fn non_empty_map(map: &BTreeMap<String, String>) -> Option<std::collections::HashMap<String, String>> {
    (!map.is_empty()).then(|| map.clone().into_iter().collect())
}

/// `None` for zero.
fn non_zero(number: i64) -> Option<i64> {
    (number != 0).then_some(number)
}
