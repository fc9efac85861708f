//! Files given to a service: secrets, configs, `env_file`.

use super::{Findings, into_list, object};
use crate::project::node::{Node, Value};
use crate::project::path::Trail;

/// A name alone as a reference to a secret or config.
pub fn reference(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    if matches!(node.value, Value::String(_)) {
        let source = std::mem::take(node);
        *node = object(&source.clone(), [("source", source)]);
    }
}

/// A path or a list of paths as a list of objects.
pub fn env_file(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    into_list(node);
    let Some(items) = node.as_sequence_mut() else { return };
    for item in items {
        if matches!(item.value, Value::String(_)) {
            let path = std::mem::take(item);
            *item = object(&path.clone(), [("path", path)]);
        }
        if item.get("required").is_none() {
            item.set("required", true.into());
        }
    }
}
