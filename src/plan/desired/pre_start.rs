//! `pre_start`: containers that run to their end before a service starts, each as the service is but for what the hook says.

use std::sync::Arc;

use super::{ContainerSpec, DesiredError, DesiredImage, DesiredService, UpOptions, container};
use crate::plan::labels;
use crate::plan::names;
use crate::plan::step::ImageUser;
use crate::project::Project;
use crate::project::model::{Command, Hook, Service};

/// A container of a hook.
#[derive(Clone, Debug)]
pub struct PreStart {
    /// Position in the list.
    pub index: usize,
    /// Once per replica instead of once for all.
    pub per_replica: bool,
    /// What it will be; the volumes are those of the replica that it runs for.
    pub spec: ContainerSpec,
}

/// The hooks of a service, for replica `number`.
pub(super) fn hooks(
    project: &Project,
    desired: &DesiredService,
    number: u32,
    options: &UpOptions,
) -> Result<Vec<PreStart>, DesiredError> {
    let hooks = desired.source.pre_start.iter().enumerate();
    hooks
        .map(|(index, hook)| {
            let service = adapted(desired, hook);
            let replica = names::container(&project.name, &desired.source, number, options.separator);
            let name = format!("{replica}-pre_start-{index}");
            let spec = container::pre_start(project, &service, name, options)?;
            Ok(PreStart { index, per_replica: hook.per_replica, spec })
        })
        .collect()
}

/// Images that hooks name for themselves.
pub(super) fn images(
    project: &Project,
    service: &Service,
    own: &str,
    options: &UpOptions,
) -> Vec<DesiredImage> {
    let others = service.pre_start.iter().filter(|hook| !hook.image.is_empty() && hook.image != own);
    let image = |hook: &Hook| DesiredImage {
        reference: hook.image.clone(),
        pullable: true,
        platform: String::new(),
        pull_policy: options.pull.clone().unwrap_or_default(),
        build: None,
        user: ImageUser { service: service.name.clone(), place: project.sources.locate(hook.span) },
    };
    others.map(image).collect()
}

/// The service as the hook's container sees it: nothing published, nobody finds it under the service's name or address,
/// nothing starts it again. Another image comes with its own user and entry point.
fn adapted(desired: &DesiredService, hook: &Hook) -> Service {
    let mut service = (*desired.source).clone();
    let own_image = hook.image.is_empty() || hook.image == desired.image.reference;
    service.image = if own_image { desired.image.reference.clone() } else { hook.image.clone() };
    if !own_image {
        (service.user, service.entrypoint) = (String::new(), Command(None));
    }
    service.command = hook.command.clone();
    if !hook.user.is_empty() {
        service.user.clone_from(&hook.user);
    }
    if !hook.working_dir.is_empty() {
        service.working_dir.clone_from(&hook.working_dir);
    }
    service.privileged |= hook.privileged;
    service.environment.extend(hook.environment.clone());
    (service.volumes, service.tmpfs, service.ports) = Default::default();
    (service.tty, service.stdin_open) = (false, false);
    service.restart = "no".to_owned();
    if let Some(deploy) = &mut service.deploy {
        deploy.restart_policy = None;
    }
    service.healthcheck = None;
    (service.container_name, service.mac_address) = Default::default();
    for network in service.networks.values_mut().flatten() {
        (network.ipv4_address, network.ipv6_address, network.mac_address) = Default::default();
        network.aliases.clear();
    }
    service
}

impl PreStart {
    /// The hook for a container that exists: with its volumes.
    pub fn beside(self, container: &str) -> Arc<ContainerSpec> {
        let mut spec = self.spec;
        let host = spec.body.host_config.get_or_insert_default();
        host.volumes_from.get_or_insert_default().push(container.to_owned());
        Arc::new(spec)
    }
}

/// Value of [`labels::HOOK`].
pub(super) const MOMENT: &str = "pre_start";

/// The labels of a hook's container: without a fingerprint it is none of the project's replicas.
pub(super) fn labels_of(project: &Project, service: &Service) -> std::collections::HashMap<String, String> {
    let mut all: std::collections::HashMap<_, _> = service.labels.clone().into_iter().collect();
    all.insert(labels::PROJECT.to_owned(), project.name.clone());
    all.insert(labels::SERVICE.to_owned(), service.name.clone());
    all.insert(labels::VERSION.to_owned(), labels::WRITER_VERSION.to_owned());
    all.insert(labels::HOOK.to_owned(), MOMENT.to_owned());
    all
}
