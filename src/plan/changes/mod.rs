//! Which settings of a container that is made anew differ from those of the one it replaces, and what a plan destroys.
//!
//! A pass over a finished plan, for whoever reads it: running a plan needs none of this. Pure: what exists was looked up
//! before (`engine::facts`). Compares requests, not files, so that a container made by Docker Compose is explained as well
//! as one made here.

mod contents;
mod destroyed;
mod host;
mod mask;
mod settings;

use std::collections::BTreeMap;

use bollard::models::{ContainerInspectResponse, ImageConfig};

pub use contents::label as contents_label;
pub use mask::masked;

use super::desired::ContainerSpec;
use super::step::{Action, Change, Plan, Reason};
use super::{labels, names};
use crate::project::Project;

/// What was looked up about the objects that a plan replaces or removes.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Containers by id.
    pub containers: BTreeMap<String, Existing>,
    /// Sizes of volumes in bytes, by name.
    pub volumes: BTreeMap<String, u64>,
    /// Sizes of images in bytes, by reference.
    pub images: BTreeMap<String, u64>,
}

/// A container that exists.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// The engine's description.
    pub container: ContainerInspectResponse,
    /// What its image sets by itself; `None` when the image is gone.
    pub image: Option<ImageConfig>,
}

/// Ids of the containers that must be looked up to explain a plan.
pub fn containers_to_look_up(project: &str, plan: &Plan) -> Vec<String> {
    let replaced = plan.steps.iter().filter_map(|step| replaced_id(project, plan, &step.action));
    let emptied = plan.steps.iter().filter_map(|step| match &step.action {
        Action::RemoveContainer { container, volumes: true, .. } => Some(container.id.as_str()),
        _ => None,
    });
    let mut ids: Vec<String> = replaced.chain(emptied).map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Whether the sizes of volumes and images must be looked up to explain a plan.
pub fn destroys_data(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| {
        matches!(
            step.action,
            Action::RemoveVolume(_) | Action::RemoveImage(_) | Action::RemoveContainer { volumes: true, .. }
        )
    })
}

/// Adds to each step what it changes and what it destroys. `project` gives the places of changed settings.
pub fn explain(plan: &mut Plan, project_name: &str, facts: &Facts, project: Option<&Project>) {
    for id in 0..plan.steps.len() {
        let action = &plan.steps[id].action;
        let destroyed = destroyed::of(action, facts);
        let existing = replaced_id(project_name, plan, action).and_then(|old| facts.containers.get(old));
        let changes = match (action, existing) {
            (Action::CreateContainer { spec, .. }, Some(existing)) => {
                let image = image_change(&plan.steps[id].reason, existing, spec);
                image.into_iter().chain(between(existing, spec, project)).collect()
            }
            _ => Vec::new(),
        };
        let step = &mut plan.steps[id];
        step.changes = changes;
        step.destroyed = destroyed;
    }
}

/// The settings in which a container differs from what `spec` asks for.
pub fn between(existing: &Existing, spec: &ContainerSpec, project: Option<&Project>) -> Vec<Change> {
    let old = settings::of_existing(existing);
    let new = settings::of_spec(spec, existing.image.as_ref());
    let mut fields: Vec<&settings::Field> = old.keys().chain(new.keys()).collect();
    fields.sort();
    fields.dedup();
    // Without the image nobody knows which of the old settings were its own.
    let comparable = |field: &&settings::Field| existing.image.is_some() || new.contains_key(*field);
    let differing = fields.into_iter().filter(comparable).filter(|field| old.get(*field) != new.get(*field));
    let mut changes: Vec<Change> = differing
        .map(|field| {
            let shown = |text: Option<&String>| text.map(|text| masked(field, text));
            Change {
                place: place(project, &spec.service, field),
                field: field.join("."),
                old: shown(old.get(field)),
                new: shown(new.get(field)),
            }
        })
        .collect();
    changes.extend(contents::changes(existing, spec));
    changes
}

/// The image under the same name is another one.
fn image_change(reason: &Reason, existing: &Existing, spec: &ContainerSpec) -> Option<Change> {
    if *reason != Reason::ImageChanged {
        return None;
    }
    let label = |labels: Option<&std::collections::HashMap<String, String>>| {
        labels.and_then(|labels| labels.get(labels::IMAGE)).map(|id| short_id(id).to_owned())
    };
    let old = label(existing.container.config.as_ref().and_then(|config| config.labels.as_ref()));
    let from = old.or_else(|| existing.container.image.as_deref().map(|id| short_id(id).to_owned()));
    Some(Change {
        field: "image id".to_owned(),
        old: from,
        new: label(spec.body.labels.as_ref()),
        place: None,
    })
}

fn short_id(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

/// The container that `action` makes a replacement for, found by the name that the replacement's label has.
fn replaced_id<'p>(project: &str, plan: &'p Plan, action: &'p Action) -> Option<&'p str> {
    let Action::CreateContainer { spec, .. } = action else { return None };
    let replaced = spec.body.labels.as_ref()?.get(labels::REPLACE)?;
    plan.steps.iter().find_map(|step| match &step.action {
        Action::RemoveContainer { container, .. } | Action::StopContainer(container, _) => {
            (names::short(project, &container.name) == replaced).then_some(container.id.as_str())
        }
        _ => None,
    })
}

/// Where the setting was written, or the nearest thing around it that was.
fn place(project: Option<&Project>, service: &str, field: &[String]) -> Option<String> {
    let project = project?;
    let mut path = vec!["services", service];
    path.extend(field.iter().map(String::as_str));
    let nearest = (3..=path.len()).rev().find_map(|length| project.locate(&path[..length]));
    project.sources.locate(nearest?)
}
