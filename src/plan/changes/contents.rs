//! Contents of configs and secrets that are written into a container: digests in a label tell whether they changed.

use std::collections::BTreeMap;

use super::Existing;
use crate::plan::desired::{ContainerSpec, InlineFile};
use crate::plan::hash;
use crate::plan::labels;
use crate::plan::step::Change;

/// Digits of a digest that are kept: enough to see a change, too few to give a weak secret away for certain.
const DIGITS: usize = 12;

/// Value of the label: `path=digest`, joined by commas; `None` when nothing is written into the container.
pub fn label(files: &[InlineFile]) -> Option<String> {
    let digests: BTreeMap<&str, String> =
        files.iter().map(|file| (file.path.as_str(), digest(file))).collect();
    let entries: Vec<String> = digests.iter().map(|(path, digest)| format!("{path}={digest}")).collect();
    (!entries.is_empty()).then(|| entries.join(","))
}

fn digest(file: &InlineFile) -> String {
    let mut digest = hash::text(&format!("{}\0{}\0{:o}\0{}", file.uid, file.gid, file.mode, file.content));
    digest.truncate(DIGITS);
    digest
}

/// The files whose content differs. Nothing of a content is shown, whatever it is.
pub(super) fn changes(existing: &Existing, spec: &ContainerSpec) -> Vec<Change> {
    let labels = existing.container.config.as_ref().and_then(|config| config.labels.as_ref());
    let Some(written) = labels.and_then(|labels| labels.get(labels::CONTENTS)) else { return Vec::new() };
    let wanted = label(&spec.files).unwrap_or_default();
    let (old, new) = (entries(written), entries(&wanted));
    let differing = new.iter().filter(|(path, digest)| old.get(*path).is_some_and(|old| old != *digest));
    differing
        .map(|(path, digest)| Change {
            field: format!("content of {path}"),
            old: old.get(path).map(|old| format!("digest {old}")),
            new: Some(format!("digest {digest}")),
            place: None,
        })
        .collect()
}

fn entries(label: &str) -> BTreeMap<&str, &str> {
    label.split(',').filter_map(|entry| entry.rsplit_once('=')).collect()
}
