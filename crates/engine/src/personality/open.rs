//! From the files of a root directory to a working engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use wharf_build::Builder;
use wharf_container::cgroup::Hierarchies;
use wharf_image::registry::{Registry, RegistryConfig};
use wharf_image::store::ImageStore;

use super::StartError;
use crate::apparmor::AppArmor;
use crate::container::init_layer;
use crate::container::store::ContainerStore;
use crate::core::Core;
use crate::events::Bus;
use crate::exec::table::ExecTable;
use crate::files;
use crate::image::local::LocalImages;
use crate::network::connector::Connector;
use crate::paths::EnginePaths;
use crate::process::Processes;
use crate::volume::store::VolumeStore;

/// `engine.json`: optional, with keys of Docker's `daemon.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EngineConfig {
    /// Tried for docker.io before the Hub.
    pub registry_mirrors: Vec<String>,
    /// Registries without verified TLS.
    pub insecure_registries: Vec<String>,
}

impl EngineConfig {
    /// Reads the file; a missing one is an empty one.
    ///
    /// # Errors
    /// It cannot be read, or has an unknown key; the text names the file.
    pub fn read(paths: &EnginePaths) -> Result<EngineConfig, StartError> {
        let path = paths.config_file();
        let failed =
            |error: &dyn std::error::Error| StartError::new(format!("cannot use {}", path.display()), error);
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(&error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(EngineConfig::default()),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Docker's own place, so that certificates are installed once for both.
const CERTIFICATES: &str = "/etc/docker/certs.d";

/// Opens all stores.
///
/// # Errors
/// One cannot be read.
pub fn open(paths: &EnginePaths, processes: Processes) -> Result<Arc<Core>, StartError> {
    let config = EngineConfig::read(paths)?;
    let at = |what: &str| format!("cannot open the {what} in {}", paths.root().display());
    let _ = std::fs::remove_dir_all(paths.temporary());
    std::fs::create_dir_all(paths.temporary())
        .map_err(|error| StartError::new(at("temporary directory"), &error))?;
    for directory in [paths.rootfs(), paths.empty()] {
        std::fs::create_dir_all(directory).map_err(|error| StartError::new(at("mount point"), &error))?;
    }
    files::remove_views(&paths.views());
    let hierarchies =
        Hierarchies::detect().map_err(|error| StartError::new("cannot find the host's cgroups", &error))?;
    let containers = ContainerStore::open(paths.containers(), paths.run_containers())
        .map_err(|error| StartError::new(at("containers"), &error))?;
    let volumes =
        VolumeStore::open(paths.volumes()).map_err(|error| StartError::new(at("volumes"), &error))?;
    let images = ImageStore::open(&paths.images()).map_err(|error| StartError::new(at("images"), &error))?;
    let init_layer =
        init_layer::prepare(paths.root()).map_err(|error| StartError::new(at("init layer"), &error))?;
    let connector = Connector::open_all(paths).map_err(|error| StartError::new(at("networks"), &error))?;
    let bad_registry =
        |error| StartError::new(format!("cannot use {}", paths.config_file().display()), &error);
    let registries =
        RegistryConfig::new(&config.registry_mirrors, &config.insecure_registries).map_err(bad_registry)?;
    let registries = registries.with_certificates(PathBuf::from(CERTIFICATES));
    let builder = Builder::open(&paths.build(), images.clone())
        .map_err(|error| StartError::new(at("build cache"), &error))?;
    let images = LocalImages::new(Registry::new(images, registries));
    Ok(Arc::new(Core {
        paths: paths.clone(),
        hierarchies,
        apparmor: AppArmor::detect(),
        processes,
        events: Bus::default(),
        containers,
        volumes,
        images,
        connector,
        builder,
        execs: ExecTable::default(),
        init_layer,
        ending: AtomicBool::new(false),
    }))
}
