//! The image of a service: its reference, when to pull it, how to build it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::UpOptions;
use crate::plan::names;
use crate::plan::step::ImageUser;
use crate::project::Project;
use crate::project::model::{Build, Environment, FileReference, Mount, MountKind, Service};

/// Where a service's image comes from.
#[derive(Clone, Debug)]
pub struct DesiredImage {
    /// Reference.
    pub reference: String,
    /// Named in the file, so that a registry may have it.
    pub pullable: bool,
    /// `os/arch[/variant]`; empty is the engine's own.
    pub platform: String,
    /// `always`, `missing`, `never`, `build`, `daily`, …; empty is `missing`.
    pub pull_policy: String,
    /// How to build it.
    pub build: Option<Arc<BuildRequest>>,
    /// For messages.
    pub user: ImageUser,
}

/// A build, independent of how an engine wants to hear of it.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// Service.
    pub service: String,
    /// Reference of the result.
    pub image: String,
    /// Further references of the result.
    pub tags: Vec<String>,
    /// Absolute path, or an address that the engine fetches.
    pub context: String,
    /// Dockerfile, relative to the context or absolute.
    pub dockerfile: String,
    /// Dockerfile written in the compose file.
    pub dockerfile_inline: Option<String>,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Labels of the result.
    pub labels: BTreeMap<String, String>,
    /// Stage; empty is the last.
    pub target: String,
    /// Secrets.
    pub secrets: Vec<BuildSecret>,
    /// Network of `RUN`; empty is the default.
    pub network: String,
    /// `host:address` entries for `RUN`.
    pub extra_hosts: Vec<String>,
    /// `/dev/shm` of `RUN` in bytes; 0 is the default.
    pub shm_size: i64,
    /// Ignore the cache.
    pub no_cache: bool,
    /// Refresh base images.
    pub pull: bool,
    /// `os/arch[/variant]`; empty is the engine's own.
    pub platform: String,
    /// Images whose layers may be reused.
    pub cache_from: Vec<String>,
    /// `file:line:column` of `build`.
    pub place: Option<String>,
}

/// A secret for `RUN --mount=type=secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSecret {
    /// Id in the Dockerfile.
    pub id: String,
    /// Where its content is.
    pub source: SecretSource,
}

/// Where a build secret's content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A file on this host.
    File(String),
    /// A value.
    Value(String),
}

/// The image of a service.
pub(super) fn desired_image(project: &Project, service: &Service, options: &UpOptions) -> DesiredImage {
    let reference = names::image(&project.name, service, options.separator);
    let build = service.build.as_ref().filter(|_| !options.no_build);
    DesiredImage {
        build: build.map(|build| Arc::new(request(project, service, build, &reference))),
        pullable: !service.image.is_empty(),
        platform: service.platform.clone(),
        pull_policy: options.pull.clone().unwrap_or_else(|| service.pull_policy.clone()),
        user: ImageUser {
            service: service.name.clone(),
            place: super::place(project, service, if service.image.is_empty() { "build" } else { "image" }),
        },
        reference,
    }
}

/// The images of mounts of the type `image`; another service may build them.
pub(super) fn mounted_images(project: &Project, service: &Service, options: &UpOptions) -> Vec<DesiredImage> {
    let mounts = service.volumes.iter().filter(|mount| mount.kind == MountKind::Image);
    let image = |mount: &Mount| DesiredImage {
        reference: mount.source.clone(),
        pullable: true,
        platform: String::new(),
        pull_policy: options.pull.clone().unwrap_or_default(),
        build: None,
        user: ImageUser { service: service.name.clone(), place: project.sources.locate(mount.span) },
    };
    mounts.map(image).collect()
}

fn request(project: &Project, service: &Service, build: &Build, image: &str) -> BuildRequest {
    BuildRequest {
        service: service.name.clone(),
        image: image.to_owned(),
        tags: build.tags.clone(),
        context: build.context.clone(),
        dockerfile: build.dockerfile.clone(),
        dockerfile_inline: super::non_empty(&build.dockerfile_inline),
        args: values(&build.args),
        labels: build.labels.clone(),
        target: build.target.clone(),
        secrets: build.secrets.iter().filter_map(|secret| build_secret(project, secret)).collect(),
        network: build.network.clone(),
        extra_hosts: build.extra_hosts.iter().map(|entry| entry.replacen('=', ":", 1)).collect(),
        shm_size: build.shm_size.0,
        no_cache: build.no_cache,
        pull: build.pull,
        platform: build.platforms.first().unwrap_or(&service.platform).clone(),
        cache_from: build.cache_from.clone(),
        place: project.sources.locate(build.span.or(service.span)),
    }
}

fn values(args: &Environment) -> BTreeMap<String, String> {
    args.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}

fn build_secret(project: &Project, reference: &FileReference) -> Option<BuildSecret> {
    let object = project.secrets.get(&reference.source)?;
    let source = match &object.environment_value {
        _ if !object.file.is_empty() => SecretSource::File(object.file.clone()),
        Some(value) => SecretSource::Value(value.clone()),
        None => SecretSource::Value(object.content.clone()),
    };
    let id = if reference.target.is_empty() { &reference.source } else { &reference.target };
    Some(BuildSecret { id: id.clone(), source })
}
