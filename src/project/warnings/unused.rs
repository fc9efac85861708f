//! Volumes, networks, secrets and configs that no service uses, of whatever profile.

use std::collections::BTreeSet;

use crate::project::diagnostic::Diagnostic;
use crate::project::model::{MountKind, Project, Service};
use crate::project::schema::did_you_mean;

pub fn check(project: &Project, warnings: &mut Vec<Diagnostic>) {
    let services: Vec<&Service> =
        project.services.values().chain(project.disabled_services.values()).collect();
    // A file of nothing but resources is there for other files to include.
    if services.is_empty() {
        return;
    }
    for (section, used) in [
        ("networks", networks(&services)),
        ("volumes", volumes(&services)),
        ("secrets", secrets(&services)),
        ("configs", configs(&services)),
    ] {
        let Some(entries) = project.tree.get(section).and_then(|node| node.as_mapping()) else { continue };
        for (name, entry) in entries.iter().filter(|(name, _)| !used.contains(name.as_str())) {
            // What normalisation added was written nowhere.
            if entry.key_span.is_known() {
                warnings.push(unused(section, name, entry.key_span, &used));
            }
        }
    }
}

fn unused(
    section: &str,
    name: &str,
    span: crate::project::source::Span,
    used: &BTreeSet<&str>,
) -> Diagnostic {
    let kind = section.trim_end_matches('s');
    let diagnostic = Diagnostic::warning("unused", span, format!("no service uses the {kind} {name:?}"));
    let help = did_you_mean(name, used.iter().copied());
    diagnostic
        .with_help(help.unwrap_or_else(|| format!("name it under a service's `{section}:`, or remove it")))
}

fn networks<'a>(services: &[&'a Service]) -> BTreeSet<&'a str> {
    services.iter().flat_map(|service| service.networks.keys()).map(String::as_str).collect()
}

fn volumes<'a>(services: &[&'a Service]) -> BTreeSet<&'a str> {
    let mounts = services.iter().flat_map(|service| &service.volumes);
    mounts.filter(|mount| mount.kind == MountKind::Volume).map(|mount| mount.source.as_str()).collect()
}

fn secrets<'a>(services: &[&'a Service]) -> BTreeSet<&'a str> {
    let builds = services.iter().filter_map(|service| service.build.as_ref());
    let own = services.iter().flat_map(|service| &service.secrets);
    own.chain(builds.flat_map(|build| &build.secrets)).map(|secret| secret.source.as_str()).collect()
}

fn configs<'a>(services: &[&'a Service]) -> BTreeSet<&'a str> {
    let mounted = services.iter().flat_map(|service| &service.configs).map(|config| config.source.as_str());
    let credentials = services.iter().filter_map(|service| service.credential_spec.as_ref());
    mounted.chain(credentials.map(|credential| credential.config.as_str())).collect()
}
