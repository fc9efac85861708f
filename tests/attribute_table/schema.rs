//! The places that the Compose schema knows, with the types a value may have there.

use std::collections::BTreeMap;

use serde_json::Value;

/// Every place (`services.*.ports.[].target`), through references, alternatives and patterns, with its types.
pub fn paths() -> BTreeMap<String, Vec<String>> {
    let root: Value = serde_json::from_str(include_str!("../../schema/compose-spec.json")).unwrap();
    let mut paths = BTreeMap::new();
    walk(&root, &root, "", &mut paths);
    paths
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            resolve(root, root.pointer(reference.trim_start_matches('#')).expect("a definition"))
        }
        None => schema,
    }
}

fn walk(root: &Value, schema: &Value, path: &str, paths: &mut BTreeMap<String, Vec<String>>) {
    let schema = resolve(root, schema);
    for branch in schema["oneOf"].as_array().into_iter().flatten() {
        walk(root, branch, path, paths);
    }
    note_types(schema, path, paths);
    for (key, child) in schema["properties"].as_object().into_iter().flatten() {
        walk(root, child, &below(path, key), paths);
    }
    for (pattern, child) in schema["patternProperties"].as_object().into_iter().flatten() {
        if pattern != "^x-" {
            walk(root, child, &below(path, "*"), paths);
        }
    }
    if schema["items"].is_object() {
        walk(root, &schema["items"], &below(path, "[]"), paths);
    }
}

fn note_types(schema: &Value, path: &str, paths: &mut BTreeMap<String, Vec<String>>) {
    if path.is_empty() {
        return;
    }
    let known = paths.entry(path.to_owned()).or_default();
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => Vec::from_iter(one.as_str()),
    };
    for kind in types {
        if !known.iter().any(|other| other == kind) {
            known.push(kind.to_owned());
        }
    }
}

fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}
