//! Volumes, bind mounts, tmpfs, and files from secrets and configs as mounts.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{
    Mount, MountBindOptions, MountBindOptionsPropagationEnum, MountImageOptions, MountTmpfsOptions,
    MountType, MountVolumeOptions, VolumeCreateRequest,
};

use super::{DesiredError, DesiredVolume, non_empty, non_empty_map, non_zero, resource_labels, secrets};
use crate::plan::{hash, labels};
use crate::project::Project;
use crate::project::model::{self, BindOptions, MountKind, Service, Volume};

/// A service's mounts in the three forms that the API has.
#[derive(Debug, Default)]
pub(super) struct TranslatedMounts {
    /// `source:target:options`: the form that makes a missing source a directory.
    pub binds: Vec<String>,
    /// The precise form.
    pub mounts: Vec<Mount>,
    /// `tmpfs:`, options by path.
    pub tmpfs: Option<HashMap<String, String>>,
}

/// The request that makes a volume.
pub(super) fn desired_volume(project: &Project, key: &str, volume: &Volume) -> DesiredVolume {
    let request = (!volume.external).then(|| {
        Arc::new(VolumeCreateRequest {
            name: Some(volume.name.clone()),
            driver: non_empty(&volume.driver),
            driver_opts: non_empty_map(&volume.driver_opts),
            labels: Some(resource_labels(project, &volume.labels, labels::VOLUME, key, hash::volume(volume))),
            ..VolumeCreateRequest::default()
        })
    });
    DesiredVolume { name: volume.name.clone(), request }
}

/// Keys of the named volumes that a service mounts.
pub(super) fn volume_keys(service: &Service) -> Vec<String> {
    let named = service.volumes.iter().filter(|m| m.kind == MountKind::Volume && !m.source.is_empty());
    let mut keys: Vec<String> = named.map(|mount| mount.source.clone()).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// All mounts of a service.
pub(super) fn translate(project: &Project, service: &Service) -> Result<TranslatedMounts, DesiredError> {
    let mut all = TranslatedMounts { tmpfs: tmpfs(service), ..TranslatedMounts::default() };
    for mount in &service.volumes {
        match short_form(project, mount) {
            Some(bind) => all.binds.push(bind),
            None => all.mounts.push(long_form(project, service, mount)?),
        }
    }
    all.mounts.extend(secrets::file_mounts(project, service)?);
    Ok(all)
}

fn tmpfs(service: &Service) -> Option<HashMap<String, String>> {
    let entry = |item: &String| {
        let (path, options) = item.split_once(':').unwrap_or((item, ""));
        (path.to_owned(), options.to_owned())
    };
    (!service.tmpfs.is_empty()).then(|| service.tmpfs.iter().map(entry).collect())
}

/// The short form where it can say everything: it makes missing host directories, and takes SELinux flags.
fn short_form(project: &Project, mount: &model::Mount) -> Option<String> {
    let (source, mut options) = match mount.kind {
        MountKind::Bind => (mount.source.clone(), bind_options(mount.bind.as_ref())?),
        MountKind::Volume if !mount.source.is_empty() && !has_options(mount) => {
            (volume_name(project, &mount.source), Vec::new())
        }
        _ => return None,
    };
    options.insert(0, if mount.read_only { "ro" } else { "rw" }.to_owned());
    Some(format!("{source}:{}:{}", mount.target, options.join(",")))
}

fn bind_options(bind: Option<&BindOptions>) -> Option<Vec<String>> {
    let Some(bind) = bind else { return Some(Vec::new()) };
    if bind.create_host_path == Some(false) || !bind.recursive.is_empty() {
        return None;
    }
    Some([&bind.selinux, &bind.propagation].into_iter().filter(|o| !o.is_empty()).cloned().collect())
}

fn has_options(mount: &model::Mount) -> bool {
    let volume = mount.volume.as_ref();
    volume.is_some_and(|volume| volume.nocopy || !volume.subpath.is_empty() || !volume.labels.is_empty())
}

fn volume_name(project: &Project, key: &str) -> String {
    project.volumes.get(key).map_or_else(|| key.to_owned(), |volume| volume.name.clone())
}

fn long_form(project: &Project, service: &Service, mount: &model::Mount) -> Result<Mount, DesiredError> {
    let source = match mount.kind {
        MountKind::Volume => volume_name(project, &mount.source),
        _ => mount.source.clone(),
    };
    let form = Mount {
        target: Some(mount.target.clone()),
        source: non_empty(&source),
        typ: Some(mount_type(mount.kind)),
        read_only: mount.read_only.then_some(true),
        consistency: non_empty(&mount.consistency),
        ..Mount::default()
    };
    Ok(match mount.kind {
        MountKind::Bind => Mount { bind_options: Some(precise_bind(project, service, mount)?), ..form },
        MountKind::Volume => Mount { volume_options: mount.volume.as_ref().map(precise_volume), ..form },
        MountKind::Tmpfs => Mount { tmpfs_options: mount.tmpfs.as_ref().map(precise_tmpfs), ..form },
        MountKind::Image => Mount { image_options: mount.image.as_ref().map(precise_image), ..form },
        MountKind::Npipe | MountKind::Cluster => form,
    })
}

fn mount_type(kind: MountKind) -> MountType {
    match kind {
        MountKind::Volume => MountType::VOLUME,
        MountKind::Bind => MountType::BIND,
        MountKind::Tmpfs => MountType::TMPFS,
        MountKind::Image => MountType::IMAGE,
        MountKind::Npipe => MountType::NPIPE,
        MountKind::Cluster => MountType::CLUSTER,
    }
}

fn precise_bind(
    project: &Project,
    service: &Service,
    mount: &model::Mount,
) -> Result<MountBindOptions, DesiredError> {
    let bind = mount.bind.clone().unwrap_or_default();
    let bad = |problem: String| DesiredError::Attribute {
        service: service.name.clone(),
        problem,
        place: project.sources.locate(mount.span),
    };
    if !bind.selinux.is_empty() {
        return Err(bad(
            "bind.selinux cannot be combined with create_host_path: false or recursive".to_owned()
        ));
    }
    let propagation = propagation(&bind.propagation);
    if propagation.is_none() && !bind.propagation.is_empty() {
        return Err(bad(format!("unknown bind.propagation {}", bind.propagation)));
    }
    Ok(MountBindOptions {
        propagation,
        create_mountpoint: Some(bind.create_host_path != Some(false)),
        non_recursive: (bind.recursive == "disabled").then_some(true),
        read_only_non_recursive: (bind.recursive == "writable").then_some(true),
        read_only_force_recursive: (bind.recursive == "readonly").then_some(true),
    })
}

fn propagation(name: &str) -> Option<MountBindOptionsPropagationEnum> {
    use MountBindOptionsPropagationEnum as P;
    Some(match name {
        "private" => P::PRIVATE,
        "rprivate" => P::RPRIVATE,
        "shared" => P::SHARED,
        "rshared" => P::RSHARED,
        "slave" => P::SLAVE,
        "rslave" => P::RSLAVE,
        _ => return None,
    })
}

fn precise_volume(volume: &model::VolumeOptions) -> MountVolumeOptions {
    MountVolumeOptions {
        no_copy: volume.nocopy.then_some(true),
        labels: non_empty_map(&volume.labels),
        subpath: non_empty(&volume.subpath),
        ..MountVolumeOptions::default()
    }
}

fn precise_tmpfs(tmpfs: &model::TmpfsOptions) -> MountTmpfsOptions {
    MountTmpfsOptions {
        size_bytes: non_zero(tmpfs.size.0),
        mode: non_zero(i64::from(tmpfs.mode)),
        ..MountTmpfsOptions::default()
    }
}

fn precise_image(image: &model::ImageOptions) -> MountImageOptions {
    MountImageOptions { subpath: non_empty(&image.subpath) }
}
