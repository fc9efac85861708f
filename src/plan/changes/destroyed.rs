//! Data that is gone for good after a step: volumes, named and anonymous, and images.

use super::Facts;
use crate::plan::step::{Action, Destroyed, DestroyedKind};

/// What a step destroys. External volumes and those of other projects are in no plan.
pub(super) fn of(action: &Action, facts: &Facts) -> Vec<Destroyed> {
    match action {
        Action::RemoveVolume(name) => vec![volume(name, facts)],
        Action::RemoveImage(image) => {
            let bytes = facts.images.get(image).copied();
            vec![Destroyed { kind: DestroyedKind::Image, name: image.clone(), bytes }]
        }
        Action::RemoveContainer { container, volumes: true, .. } => {
            anonymous_volumes(&container.id, facts).iter().map(|name| volume(name, facts)).collect()
        }
        _ => Vec::new(),
    }
}

fn volume(name: &str, facts: &Facts) -> Destroyed {
    Destroyed { kind: DestroyedKind::Volume, name: name.to_owned(), bytes: facts.volumes.get(name).copied() }
}

/// Names that an engine gave: 64 hexadecimal digits.
fn anonymous_volumes(id: &str, facts: &Facts) -> Vec<String> {
    let mounts = facts.containers.get(id).and_then(|existing| existing.container.mounts.as_ref());
    let names = mounts.into_iter().flatten().filter_map(|mount| mount.name.clone());
    let mut anonymous: Vec<String> = names.filter(|name| is_generated(name)).collect();
    anonymous.sort();
    anonymous
}

/// Whether an engine made the name up.
pub(super) fn is_generated(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
