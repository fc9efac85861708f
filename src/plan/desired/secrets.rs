//! Secrets and configs in containers: a file is bound read-only, a value is written into the container (3.14).

use bollard::models::{Mount, MountBindOptions, MountType};

use super::DesiredError;
use crate::project::Project;
use crate::project::model::{FileObject, FileReference, Service};

/// A file that is written into a container before its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineFile {
    /// Absolute path in the container.
    pub path: String,
    /// Content.
    pub content: String,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Permission bits.
    pub mode: u32,
}

struct Entry<'p> {
    reference: &'p FileReference,
    object: &'p FileObject,
    target: String,
    kind: &'static str,
}

/// Mounts of those that come from files.
pub(super) fn file_mounts(project: &Project, service: &Service) -> Result<Vec<Mount>, DesiredError> {
    let entries = entries(project, service)?;
    let files = entries.iter().filter(|entry| !entry.object.file.is_empty());
    Ok(files
        .map(|entry| Mount {
            target: Some(entry.target.clone()),
            source: Some(entry.object.file.clone()),
            typ: Some(MountType::BIND),
            read_only: Some(true),
            bind_options: Some(MountBindOptions { create_mountpoint: Some(false), ..Default::default() }),
            ..Mount::default()
        })
        .collect())
}

/// Files of those that come from variables or the compose file.
pub(super) fn inline_files(project: &Project, service: &Service) -> Result<Vec<InlineFile>, DesiredError> {
    let entries = entries(project, service)?;
    let values = entries.iter().filter(|entry| entry.object.file.is_empty());
    values.map(|entry| inline_file(project, service, entry)).collect()
}

fn inline_file(project: &Project, service: &Service, entry: &Entry<'_>) -> Result<InlineFile, DesiredError> {
    let bad = |problem: String| attribute(project, service, entry.reference, problem);
    if service.read_only {
        let source = &entry.reference.source;
        return Err(bad(format!(
            "{} {source} has no file, so it cannot enter a read_only container",
            entry.kind
        )));
    }
    let id = |text: &str, what: &str| match text {
        "" => Ok(0),
        text => text.parse().map_err(|_| bad(format!("{what} {text:?} of {} is no number", entry.kind))),
    };
    Ok(InlineFile {
        path: entry.target.clone(),
        content: entry.object.environment_value.clone().unwrap_or_else(|| entry.object.content.clone()),
        uid: id(&entry.reference.uid, "uid")?,
        gid: id(&entry.reference.gid, "gid")?,
        mode: entry.reference.mode.map_or(0o444, |mode| mode.0),
    })
}

fn entries<'p>(project: &'p Project, service: &'p Service) -> Result<Vec<Entry<'p>>, DesiredError> {
    let mut all = Vec::new();
    for reference in &service.secrets {
        let object = find(project, service, reference, project.secrets.get(&reference.source), "secret")?;
        all.push(Entry { reference, object, target: secret_target(reference), kind: "secret" });
    }
    for reference in &service.configs {
        let object = find(project, service, reference, project.configs.get(&reference.source), "config")?;
        all.push(Entry { reference, object, target: config_target(reference), kind: "config" });
    }
    Ok(all)
}

fn find<'p>(
    project: &Project,
    service: &Service,
    reference: &FileReference,
    object: Option<&'p FileObject>,
    kind: &str,
) -> Result<&'p FileObject, DesiredError> {
    let problem = match object {
        Some(object) => return Ok(object),
        None => format!("undefined {kind} {}", reference.source),
    };
    Err(attribute(project, service, reference, problem))
}

fn attribute(
    project: &Project,
    service: &Service,
    reference: &FileReference,
    problem: String,
) -> DesiredError {
    let place = project.sources.locate(reference.span);
    DesiredError::Attribute { service: service.name.clone(), problem, place }
}

fn secret_target(reference: &FileReference) -> String {
    let name = if reference.target.is_empty() { &reference.source } else { &reference.target };
    if name.starts_with('/') { name.clone() } else { format!("/run/secrets/{name}") }
}

fn config_target(reference: &FileReference) -> String {
    let name = if reference.target.is_empty() { &reference.source } else { &reference.target };
    if name.starts_with('/') { name.clone() } else { format!("/{name}") }
}
