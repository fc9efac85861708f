//! Creating a container: everything is checked and resolved first, then made; what was made goes again when a later step fails.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use wharf_container::fsroot::Root;
use wharf_container::overlay::OverlayView;

use super::instance::Container;
use super::mounts::{MountRecord, check_sources, collect, fill_volumes, find_images, make_volumes};
use super::record::Record;
use super::requests::CreateRequest;
use super::state::State;
use super::{files, limits, merge, validate};
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::image::local::LocalImage;
use crate::model::config::{Config, Created};
use crate::model::{EndpointSettings, HostConfig, NetworkingConfig};
use crate::network::{endpoint, publish};
use crate::{names, volume};

/// Docker's default size of `/dev/shm` in bytes (contract 1.3.2).
const SHM_SIZE: i64 = 67_108_864;

/// Creates a container.
///
/// # Errors
/// The request is wrong, its image, a network or a container it names does not exist, or its name is taken.
pub async fn create(core: &Arc<Core>, request: CreateRequest) -> Result<Created> {
    let (body, id) = (request.body, names::new_id()?);
    validate::validate(&body.config, &body.host_config, &body.networking_config)?;
    files::check_extra_hosts(body.host_config.extra_hosts.as_deref())?;
    let image = core.images.find(&body.config.image)?;
    image.check_platform(request.platform.as_deref())?;
    let config = merge::merge(&body.config, &image.defaults)?;
    let is_images = |name: &&String| !body.config.labels.contains_key(*name);
    let image_labels = config.labels.keys().filter(is_images).cloned().collect();
    let mut host_config = resolve_modes(core, body.host_config)?;
    let warnings = warnings(core, &mut host_config)?;
    let endpoints = endpoints(core, &config, &host_config, body.networking_config)?;
    let mut mounts = collect(&config, &host_config, |reference| {
        Ok(core.containers.get(reference)?.record().mounts.clone())
    })?;
    check_sources(&mounts)?;
    find_images(&mut mounts, core)?;
    publish::publications(&config, &host_config)?;
    let name = core.containers.take_name(request.name.as_deref(), &id)?;
    let record = Record {
        name: name.clone(),
        created: Timestamp::now(),
        image_id: image.id.clone(),
        platform: "linux".to_owned(),
        config,
        image_labels,
        host_config,
        mounts,
        endpoints,
        id: id.clone(),
    };
    let made = make(core, record, image).await;
    let container = made.inspect_err(|_| core.containers.free_name(&name))?;
    core.containers.insert(container.clone());
    container.publish(&core.events, "create", &[]);
    Ok(Created { id, warnings })
}

/// Names of other containers become ids (contract 1.1.5), defaults become visible.
fn resolve_modes(core: &Core, mut host: HostConfig) -> Result<HostConfig> {
    for mode in [&mut host.network_mode, &mut host.pid_mode, &mut host.ipc_mode] {
        if let Some(donor) = mode.strip_prefix("container:") {
            *mode = format!("container:{}", core.containers.get(donor)?.id());
        }
    }
    let fill = |text: &mut String, default: &str| {
        if text.is_empty() {
            default.clone_into(text);
        }
    };
    if host.network_mode == "default" {
        host.network_mode.clear();
    }
    fill(&mut host.network_mode, "bridge");
    fill(&mut host.restart_policy.name, "no");
    fill(&mut host.log_config.driver, "json-file");
    fill(&mut host.ipc_mode, "private");
    fill(&mut host.cgroupns_mode, if core.hierarchies.is_unified() { "private" } else { "host" });
    fill(&mut host.runtime, "runc");
    // Docker clients send 0 for "not set", and -1 is no limit either.
    host.resources.pids_limit = host.resources.pids_limit.filter(|limit| *limit > 0);
    // Memory and swap together are bounded where memory is (contract 1.13.1).
    if host.resources.memory > 0 && host.resources.memory_swap == 0 {
        host.resources.memory_swap = host.resources.memory.saturating_mul(2);
    }
    if host.shm_size == 0 {
        host.shm_size = SHM_SIZE;
    }
    unlabelled(&mut host);
    if host.masked_paths.is_none() && !host.privileged {
        host.masked_paths = Some(wharf_container::spec::default_masked_paths());
    }
    if host.readonly_paths.is_none() && !host.privileged {
        host.readonly_paths = Some(wharf_container::spec::default_read_only_paths());
    }
    Ok(host)
}

/// Containers that see the host's processes or memory have no label of their own (SELinux), which Docker writes down.
fn unlabelled(host: &mut HostConfig) {
    let labelled = host.security_opt.iter().flatten().any(|option| option.starts_with("label"));
    let sees_host = host.privileged || host.pid_mode == "host" || host.ipc_mode == "host";
    if sees_host && !labelled {
        host.security_opt.get_or_insert_default().push("label=disable".to_owned());
    }
}

/// What this host cannot do is dropped and told (contract 1.13.2).
fn warnings(core: &Core, host: &mut HostConfig) -> Result<Vec<String>> {
    // Docker clients send -1 for "not set".
    if host.resources.memory_swappiness == Some(-1) {
        host.resources.memory_swappiness = None;
    }
    let mut warnings = core.hierarchies.unsupported(&limits::for_kernel(&host.resources)?);
    if host.resources.oom_kill_disable == Some(true)
        && host.resources.memory == 0
        && !core.hierarchies.is_unified()
    {
        let text = "OOM killer is disabled for the container, but no memory limit is set, this can result in the system \
                    running out of resources.";
        warnings.push(text.to_owned());
    }
    if host.network_mode == "host" && !host.port_bindings.is_empty() {
        warnings.push("Published ports are discarded when using host network mode".to_owned());
    }
    Ok(warnings)
}

/// The networks by name; the one of the network mode is always among them.
fn endpoints(
    core: &Core,
    config: &Config,
    host: &HostConfig,
    networking: NetworkingConfig,
) -> Result<IndexMap<String, EndpointSettings>> {
    let mode = host.network_mode.as_str();
    let exclusive = matches!(mode, "host" | "none") || mode.starts_with("container:");
    if exclusive && networking.endpoints_config.keys().any(|name| name != mode) {
        let text = "conflicting options: cannot attach both user-defined and non-user-defined network-modes";
        return Err(Error::BadParameter(text.to_owned()));
    }
    if mode.starts_with("container:") {
        return Ok(IndexMap::new());
    }
    let mut endpoints = IndexMap::new();
    let first = core.connector.network_name(mode)?;
    for (reference, settings) in networking.endpoints_config {
        let reference = if reference == "default" { "bridge" } else { &reference };
        endpoints.insert(core.connector.network_name(reference)?, settings);
    }
    let primary = endpoints.entry(first).or_default();
    if primary.mac_address.is_empty() {
        primary.mac_address.clone_from(&config.mac_address);
    }
    for (name, settings) in &endpoints {
        let network = core.connector.networks().inspect(name)?;
        let invalid = |why| Error::BadParameter(format!("invalid config for network {name}: {why}"));
        endpoint::check(&network, settings).map_err(invalid)?;
        endpoint::spec(name, settings)?;
    }
    Ok(endpoints)
}

/// Makes volumes, directories and files.
async fn make(core: &Arc<Core>, record: Record, image: LocalImage) -> Result<Arc<Container>> {
    let core = core.clone();
    blocking(move || {
        let mut record = record;
        let directory = core.containers.directory_of(&record.id);
        let made = make_volumes(&mut record.mounts, &core.volumes)?;
        let volumes: Vec<String> = made.iter().map(|volume| volume.name.clone()).collect();
        let container = make_container(&core, record, &image);
        match &container {
            Ok(_) => volumes.iter().for_each(|name| volume::publish(&core.events, "create", name)),
            Err(_) => undo(&core, &directory, &volumes),
        }
        container
    })
    .await
}

fn make_container(core: &Core, record: Record, image: &LocalImage) -> Result<Arc<Container>> {
    let directory = core.containers.directory_of(&record.id);
    let make = |name: &str, mode: u32| {
        let path = directory.join(name);
        DirBuilder::new().recursive(true).mode(mode).create(&path).map_err(Error::io("make", &path))
    };
    make("", 0o710)?;
    make("upper", 0o755)?;
    make("work", 0o700)?;
    fill(core, &record.mounts, &directory, image)?;
    let run_directory = core.containers.run_directory_of(&record.id);
    let container = Container::new(directory, run_directory, record, State::default())?;
    container.save()?;
    Ok(Arc::new(container))
}

/// Fills empty volumes from a view of the image that exists only meanwhile.
fn fill(core: &Core, mounts: &[MountRecord], directory: &std::path::Path, image: &LocalImage) -> Result<()> {
    let mut view = None;
    fill_volumes(mounts, &core.volumes, || {
        let lower: Vec<_> =
            std::iter::once(core.init_layer.clone()).chain(image.layers.iter().cloned()).collect();
        // Any empty directory of the container does as a mount point.
        let target = directory.join("work");
        let mounted =
            OverlayView::mount(&lower, None, &target).map_err(Error::io("mount the image on", &target))?;
        let root = Root::open(mounted.path()).map_err(|error| Error::Internal(error.to_string()))?;
        view = Some(mounted);
        Ok(Some(root))
    })
}

/// The first error is the one to tell; what cannot be removed now is removed at the next start of the engine.
fn undo(core: &Core, directory: &std::path::Path, volumes: &[String]) {
    let _ = std::fs::remove_dir_all(directory);
    for name in volumes {
        let _ = core.volumes.remove(name);
    }
}
