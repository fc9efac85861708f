//! Images as containers need them: id, inherited configuration, layer directories.

use std::path::PathBuf;

use wharf_image::registry::Registry;
use wharf_image::store::{Image, ImageStore, StoreError};
use wharf_image::{Digest, ImageConfig, Platform, Reference};

use crate::container::merge::ImageDefaults;
use crate::error::{Error, Result};
use crate::model::HealthConfig;
use crate::model::config::{Config, Empty};

/// An image on this host.
#[derive(Debug, Clone)]
pub struct LocalImage {
    /// `sha256:…`
    pub id: String,
    /// What containers inherit.
    pub defaults: ImageDefaults,
    /// Directories, top first.
    pub layers: Vec<PathBuf>,
    /// What it was made for.
    pub platform: Platform,
}

impl LocalImage {
    /// Refuses an image for another platform than the one asked for (contract 1.15.4).
    ///
    /// # Errors
    /// Docker's text.
    pub fn check_platform(&self, wanted: Option<&str>) -> Result<()> {
        let Some(text) = wanted.filter(|text| !text.is_empty()) else { return Ok(()) };
        let platform: Platform = parse_platform(text)?;
        if platform.rank(&self.platform).is_some() {
            return Ok(());
        }
        let text = format!(
            "image with reference {} was found but does not provide the specified platform ({text})",
            self.id
        );
        Err(Error::NotFound(text))
    }
}

/// `os/architecture[/variant]`, or an architecture alone.
///
/// # Errors
/// It has too many parts.
pub fn parse_platform(text: &str) -> Result<Platform> {
    match text.split('/').collect::<Vec<_>>()[..] {
        ["linux"] => Ok(Platform::host()),
        [architecture] => Ok(Platform::new("linux", architecture, None)),
        [os, architecture] => Ok(Platform::new(os, architecture, None)),
        [os, architecture, variant] => Ok(Platform::new(os, architecture, Some(variant))),
        _ => Err(Error::BadParameter(format!("{text:?} is an invalid platform"))),
    }
}

/// The images on this host.
#[derive(Clone)]
pub struct LocalImages {
    store: ImageStore,
    registry: Registry,
}

impl LocalImages {
    /// Reads images from the store that `registry` fills.
    pub fn new(registry: Registry) -> LocalImages {
        LocalImages { store: registry.store().clone(), registry }
    }

    /// Where images come from.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The store itself.
    pub fn store(&self) -> &ImageStore {
        &self.store
    }

    /// All of them, newest first.
    ///
    /// # Errors
    /// A configuration cannot be read.
    pub fn images(&self) -> Result<Vec<Image>> {
        self.store.list().map_err(|error| store_error("", error))
    }

    /// The image of a name or id, as the store knows it.
    ///
    /// # Errors
    /// `No such image: name:tag`.
    pub fn resolve(&self, name: &str) -> Result<Image> {
        self.store.resolve(name).map_err(|error| store_error(name, error))
    }

    /// The directories of an image's layers, topmost first.
    ///
    /// # Errors
    /// A layer is not there.
    pub fn layer_directories(&self, image: &Image) -> Result<Vec<PathBuf>> {
        self.store.layer_dirs(&image.id).map_err(|error| store_error(&image.id.to_string(), error))
    }

    /// The image of a name or id that a user wrote.
    ///
    /// # Errors
    /// `No such image: name:tag`.
    pub fn find(&self, name: &str) -> Result<LocalImage> {
        if name.is_empty() {
            return Err(Error::BadParameter("no image specified".to_owned()));
        }
        let image = self.store.resolve(name).map_err(|error| store_error(name, error))?;
        self.local(&image.id, &image.config)
    }

    /// The image of an id.
    ///
    /// # Errors
    /// It was removed.
    pub fn get(&self, id: &str) -> Result<LocalImage> {
        let digest: Digest = id.parse().map_err(|_| Error::NoSuchImage(id.to_owned()))?;
        let image = self.store.image(&digest).map_err(|error| store_error(id, error))?;
        self.local(&image.id, &image.config)
    }

    fn local(&self, id: &Digest, config: &ImageConfig) -> Result<LocalImage> {
        let layers = self.store.layer_dirs(id).map_err(|error| store_error(&id.to_string(), error))?;
        let defaults = ImageDefaults { config: defaults(&config.config) };
        Ok(LocalImage { id: id.to_string(), defaults, layers, platform: config.platform() })
    }

    /// How a list names a container's image: as asked, unless that name belongs to another image now.
    pub fn display_name(&self, asked: &str, id: &str) -> String {
        match self.store.resolve(asked) {
            Ok(image) if image.id.to_string() == id => asked.to_owned(),
            _ => id.to_owned(),
        }
    }
}

/// The store's errors as the API tells them.
pub fn store_error(name: &str, error: StoreError) -> Error {
    match error {
        StoreError::NoSuchImage { .. } => Error::NoSuchImage(familiar(name)),
        StoreError::Conflict(text) => Error::Conflict(text),
        StoreError::Reference(error) => Error::BadParameter(error.to_string()),
        StoreError::Ambiguous { .. } | StoreError::TagIsDigest => Error::BadParameter(error.to_string()),
        other => Error::Image(Box::new(other)),
    }
}

/// With the tag that an omitted one means.
fn familiar(name: &str) -> String {
    name.parse::<Reference>().map_or_else(|_| name.to_owned(), |reference| reference.familiar())
}

fn defaults(image: &wharf_image::Config) -> Config {
    let set = |names: &std::collections::BTreeSet<String>| {
        names.iter().map(|name| (name.clone(), Empty {})).collect()
    };
    Config {
        user: image.user.clone(),
        exposed_ports: set(&image.exposed_ports),
        env: image.env.clone(),
        cmd: image.cmd.clone(),
        healthcheck: image.healthcheck.as_ref().map(health),
        volumes: Some(set(&image.volumes)).filter(|volumes: &crate::model::config::Set| !volumes.is_empty()),
        working_dir: image.working_dir.clone(),
        entrypoint: image.entrypoint.clone(),
        labels: image.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        stop_signal: image.stop_signal.clone().unwrap_or_default(),
        shell: image.shell.clone(),
        ..Config::default()
    }
}

fn health(image: &wharf_image::Healthcheck) -> HealthConfig {
    HealthConfig {
        test: image.test.clone(),
        interval: image.interval,
        timeout: image.timeout,
        start_period: image.start_period,
        start_interval: image.start_interval,
        retries: image.retries,
    }
}
