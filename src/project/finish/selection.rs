//! Which services are part of this run, and which resources they need.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::diagnostic::Diagnostic;
use crate::project::model::{MountKind, Project, Service};
use crate::project::options::LoadOptions;
use crate::project::pattern;
use crate::project::schema::nearest;
use crate::project::source::Span;

/// Moves services without an active profile aside. Naming a service activates its profiles.
pub fn activate(project: &mut Project, options: &LoadOptions) {
    let mut profiles = profiles(project, options);
    for name in &options.services {
        if let Some(service) = project.services.get(name).filter(|service| !is_enabled(service, &profiles)) {
            profiles.extend(service.profiles.iter().cloned());
        }
    }
    let services = std::mem::take(&mut project.services);
    let (enabled, disabled) = services.into_iter().partition(|(_, service)| is_enabled(service, &profiles));
    project.services = enabled;
    project.disabled_services = disabled;
    project.profiles = profiles;
}

fn profiles(project: &Project, options: &LoadOptions) -> Vec<String> {
    if !options.profiles.is_empty() {
        return options.profiles.clone();
    }
    let variable = project.environment.get("COMPOSE_PROFILES").map(String::as_str).unwrap_or_default();
    variable.split(',').map(str::trim).filter(|profile| !profile.is_empty()).map(str::to_owned).collect()
}

fn is_enabled(service: &Service, profiles: &[String]) -> bool {
    service.profiles.is_empty()
        || profiles.iter().any(|profile| profile == "*" || service.profiles.contains(profile))
}

/// Keeps the services named in the options, by patterns too, and what they depend on; the others are set aside.
///
/// # Errors
/// A name that no service has.
pub fn select(project: &mut Project, options: &LoadOptions) -> Result<(), Box<Diagnostic>> {
    if options.services.is_empty() {
        return Ok(());
    }
    let named = pattern::expand(&options.services, project.services.keys().map(String::as_str));
    project.selected = named.map_err(|name| Box::new(unknown(project, name)))?;
    let mut wanted = BTreeSet::new();
    for name in &project.selected {
        collect(&project.services, name, options.with_dependencies, &mut wanted);
    }
    let services = std::mem::take(&mut project.services);
    let (kept, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        services.into_iter().partition(|(name, _)| wanted.contains(name));
    project.services = kept;
    project.disabled_services.extend(rest);
    Ok(())
}

fn unknown(project: &Project, name: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::error("no-such-service", Span::default(), format!("no such service: {name}"));
    let known = project.services.keys().chain(project.disabled_services.keys());
    match nearest(name, known.map(String::as_str)) {
        Some(nearest) => diagnostic.with_help(format!("did you mean `{nearest}`?")),
        None => diagnostic,
    }
}

fn collect(
    services: &BTreeMap<String, Service>,
    name: &str,
    dependencies: bool,
    wanted: &mut BTreeSet<String>,
) {
    let mut waiting = vec![name];
    while let Some(name) = waiting.pop() {
        let Some(service) = services.get(name) else { continue };
        if wanted.insert(name.to_owned()) && dependencies {
            waiting.extend(service.depends_on.keys().map(String::as_str));
        }
    }
}

/// Takes away networks, volumes, secrets, configs and models that no active service uses.
pub fn prune(project: &mut Project) {
    let Project { services, networks, volumes, secrets, configs, models, .. } = project;
    let services: Vec<&Service> = services.values().collect();
    retain(networks, services.iter().flat_map(|service| service.networks.keys()));
    let mounts =
        services.iter().flat_map(|service| &service.volumes).filter(|mount| mount.kind == MountKind::Volume);
    retain(volumes, mounts.map(|mount| &mount.source));
    let build_secrets =
        services.iter().filter_map(|service| service.build.as_ref()).flat_map(|build| &build.secrets);
    let own_secrets = services.iter().flat_map(|service| &service.secrets);
    retain(secrets, own_secrets.chain(build_secrets).map(|secret| &secret.source));
    retain(configs, services.iter().flat_map(|service| &service.configs).map(|config| &config.source));
    retain(models, services.iter().flat_map(|service| service.models.keys()));
}

fn retain<'a, T>(resources: &mut BTreeMap<String, T>, used: impl Iterator<Item = &'a String>) {
    let used: BTreeSet<&String> = used.collect();
    resources.retain(|name, _| used.contains(name));
}
