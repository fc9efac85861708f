//! Short form in, long form out.

use super::canonicalize;
use crate::project::origin::Origins;
use crate::project::source::{FileId, SourceMap};
use crate::project::yaml;

fn long(attribute: &str) -> String {
    let text = format!("services: {{a: {{{attribute}}}}}");
    let mut root =
        yaml::parse(FileId::default(), &text, &mut Origins::default()).expect("valid").remove(0).root;
    let sources = SourceMap::default();
    let findings = canonicalize(&mut root, &sources, false);
    if let Some(error) = findings.errors.first() {
        return error.message.clone();
    }
    let a = root.get("services").and_then(|services| services.get("a")).expect("service");
    serde_json::to_string(a).expect("serializable")
}

#[test]
fn short_forms_become_long() {
    let cases = [
        ("build: .", r#"{"build":{"context":"."}}"#),
        ("build: {ssh: [default, 'k=/p']}", r#"{"build":{"ssh":{"default":null,"k":"/p"}}}"#),
        ("depends_on: [b]", r#"{"depends_on":{"b":{"condition":"service_started","required":true}}}"#),
        (
            "depends_on: {b: {condition: service_healthy}}",
            r#"{"depends_on":{"b":{"condition":"service_healthy","required":true}}}"#,
        ),
        ("networks: [n]", r#"{"networks":{"n":null}}"#),
        ("env_file: .env", r#"{"env_file":[{"path":".env","required":true}]}"#),
        (
            "ports: ['127.0.0.1:80:81/udp']",
            r#"{"ports":[{"mode":"ingress","target":81,"protocol":"udp","host_ip":"127.0.0.1","published":"80"}]}"#,
        ),
        ("ports: [{target: 80, published: 8080}]", r#"{"ports":[{"target":80,"published":"8080"}]}"#),
        (
            "volumes: ['./a:/b:ro']",
            r#"{"volumes":[{"type":"bind","source":"./a","target":"/b","read_only":true,"bind":{"create_host_path":true}}]}"#,
        ),
        (
            "volumes: ['data:/b']",
            r#"{"volumes":[{"type":"volume","source":"data","target":"/b","volume":{}}]}"#,
        ),
        ("devices: [/dev/a]", r#"{"devices":[{"source":"/dev/a","target":"/dev/a","permissions":"rwm"}]}"#),
        ("gpus: all", r#"{"gpus":[{"count":"all"}]}"#),
        ("secrets: [s]", r#"{"secrets":[{"source":"s"}]}"#),
        ("dns: 1.1.1.1", r#"{"dns":["1.1.1.1"]}"#),
        ("dns: [1.1.1.1, '']", r#"{"dns":["1.1.1.1"]}"#),
    ];
    for (short, expected) in cases {
        assert_eq!(long(short), expected, "{short}");
    }
}

#[test]
fn what_has_no_long_form_is_an_error() {
    let cases = [
        ("ports: ['a:b']", "services.a.ports: Invalid containerPort: b"),
        ("ports: [80.0]", "services.a.ports: invalid type float64 for port"),
        ("ports: [{published: 80}]", "services.a.ports: service port is missing a target port"),
        (
            "devices: ['a:b:c:d']",
            "services.a.devices.[]: confusing device mapping, please use long syntax: a:b:c:d",
        ),
    ];
    for (short, expected) in cases {
        assert_eq!(long(short), expected, "{short}");
    }
}
