//! Attributes that cannot be honoured: refused when the project would not be what its author wrote, else warned of.

use super::{DesiredError, place};
use crate::project::Project;
use crate::project::model::{Deploy, Service};

/// Refuses a service with an attribute that nothing here implements.
pub(super) fn refuse(project: &Project, service: &Service) -> Result<(), DesiredError> {
    let attributes = [
        ("provider", service.provider.is_some()),
        ("models", !service.models.is_empty()),
        ("pre_start", !service.pre_start.is_empty()),
        ("credential_spec", service.credential_spec.is_some()),
        ("use_api_socket", service.use_api_socket),
    ];
    match attributes.into_iter().find(|(_, used)| *used) {
        None => Ok(()),
        Some((attribute, _)) => Err(DesiredError::Attribute {
            service: service.name.clone(),
            problem: format!("{attribute} is not supported"),
            place: place(project, service, attribute),
        }),
    }
}

/// What a cluster would do and one host does not.
pub(super) fn warnings(project: &Project, service: &Service) -> Option<String> {
    let ignored = ignored(service.deploy.as_ref()?);
    if ignored.is_empty() {
        return None;
    }
    let place = place(project, service, "deploy").map(|place| format!("{place}: ")).unwrap_or_default();
    Some(format!("{place}service {}: deploy.{} has no effect here", service.name, ignored.join(", deploy.")))
}

fn ignored(deploy: &Deploy) -> Vec<&'static str> {
    let placement = &deploy.placement;
    let reservations = deploy.resources.reservations.as_ref();
    let policy = deploy.restart_policy.as_ref();
    let attributes = [
        ("mode", !matches!(deploy.mode.as_str(), "" | "replicated")),
        ("endpoint_mode", !deploy.endpoint_mode.is_empty()),
        ("update_config", deploy.update_config.is_some()),
        ("rollback_config", deploy.rollback_config.is_some()),
        ("placement", !placement.constraints.is_empty() || !placement.preferences.is_empty()),
        ("placement.max_replicas_per_node", placement.max_replicas_per_node != 0),
        ("restart_policy.delay", policy.is_some_and(|policy| policy.delay.is_some())),
        ("restart_policy.window", policy.is_some_and(|policy| policy.window.is_some())),
        ("resources.reservations.cpus", reservations.is_some_and(|r| r.cpus.0 != 0.0)),
        (
            "resources.reservations.generic_resources",
            reservations.is_some_and(|r| !r.generic_resources.is_empty()),
        ),
    ];
    attributes.into_iter().filter(|(_, used)| *used).map(|(name, _)| name).collect()
}
