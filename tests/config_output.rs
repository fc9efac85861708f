//! What `config` prints is YAML to other programs too: an independent parser reads the same values from it as from the
//! JSON form.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// `wharf config ARGS` of the example stack.
fn config(args: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ml-stack");
    let output = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .arg("config")
        .args(args)
        .current_dir(folder)
        .env_remove("COMPOSE_FILE")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The JSON form writes out what is not set; the YAML form leaves it away.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, without_empty(value)))
            .filter(|(_, value)| !value.is_null() && *value != Value::Object(serde_json::Map::new()))
            .collect(),
        Value::Array(list) => list.into_iter().map(without_empty).collect(),
        other => other,
    }
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml: Value = serde_yaml::from_str(&config(&[])).unwrap();
    let json: Value = serde_json::from_str(&config(&["--format", "json"])).unwrap();
    assert!(yaml["services"]["api"]["depends_on"]["db"]["condition"] == "service_healthy", "{yaml:#}");
    assert_eq!(without_empty(yaml), without_empty(json));
}
