//! Base, later, result.

use super::{enforce_unique, merge};
use crate::project::node::Node;
use crate::project::origin::Origins;
use crate::project::source::FileId;
use crate::project::yaml;

fn tree(text: &str) -> Node {
    yaml::parse(FileId::default(), text, &mut Origins::default()).expect("valid").remove(0).root
}

fn merged(base: &str, later: &str) -> Result<String, String> {
    let service = |body: &str| tree(&format!("services: {{a: {{{body}}}}}"));
    let mut origins = Origins::default();
    let mut result = merge(service(base), service(later), &mut origins).map_err(|error| error.message)?;
    enforce_unique(&mut result, &mut origins);
    let a = result.get("services").and_then(|services| services.get("a")).cloned().expect("service");
    Ok(serde_json::to_string(&a).expect("serializable"))
}

#[test]
fn every_rule_of_the_table() {
    let cases = [
        ("image: x", "image: y", r#"{"image":"y"}"#),
        ("image: x", "image: null", r#"{"image":"x"}"#),
        ("command: [a, b]", "command: c", r#"{"command":"c"}"#),
        ("command: [a]", "command: null", r#"{"command":null}"#),
        ("environment: {A: 1, B: 2}", "environment: [B=3, C]", r#"{"environment":["A=1","B=3","C"]}"#),
        ("labels: [a=1]", "labels: {a: 2}", r#"{"labels":["a=2"]}"#),
        ("ports: ['80:80', 90]", "ports: ['80:80', '81:80']", r#"{"ports":["80:80",90,"81:80"]}"#),
        ("volumes: ['va:/x', 'vb:/y']", "volumes: ['vc:/x:ro']", r#"{"volumes":["vc:/x:ro","vb:/y"]}"#),
        (
            "depends_on: {b: {condition: service_healthy}}",
            "depends_on: [b]",
            r#"{"depends_on":{"b":{"condition":"service_started","required":true}}}"#,
        ),
        ("networks: [n]", "networks: {n: {aliases: [x]}}", r#"{"networks":{"n":{"aliases":["x"]}}}"#),
        ("build: .", "build: {target: t}", r#"{"build":{"context":".","target":"t"}}"#),
        ("build: {args: {A: 1}}", "build: {args: [A=2]}", r#"{"build":{"args":["A=2"]}}"#),
        ("extra_hosts: [a=1, b=2]", "extra_hosts: {a: 1, c: 3}", r#"{"extra_hosts":["a=1","b=2","c=3"]}"#),
        (
            "logging: {driver: x, options: {a: 1}}",
            "logging: {options: {b: 2}}",
            r#"{"logging":{"driver":"x","options":{"a":1,"b":2}}}"#,
        ),
        ("logging: {driver: x, options: {a: 1}}", "logging: {driver: y}", r#"{"logging":{"driver":"y"}}"#),
        (
            "healthcheck: {test: [CMD, a], retries: 3}",
            "healthcheck: {test: b}",
            r#"{"healthcheck":{"test":"b","retries":3}}"#,
        ),
        (
            "ulimits: {nofile: {soft: 1, hard: 2}}",
            "ulimits: {nofile: 5, nproc: 6}",
            r#"{"ulimits":{"nofile":5,"nproc":6}}"#,
        ),
        ("env_file: a", "env_file: [{path: b}, a]", r#"{"env_file":["a",{"path":"b"}]}"#),
        ("tmpfs: /a", "tmpfs: [/b]", r#"{"tmpfs":["/a","/b"]}"#),
        ("security_opt: [a]", "security_opt: [a]", r#"{"security_opt":["a","a"]}"#),
        (
            "secrets: [s]",
            "secrets: [{source: t, target: /run/secrets/s}]",
            r#"{"secrets":[{"source":"t","target":"/run/secrets/s"}]}"#,
        ),
        (
            "devices: ['/a:/x']",
            "devices: [{source: /b, target: /x}]",
            r#"{"devices":[{"source":"/b","target":"/x"}]}"#,
        ),
    ];
    for (base, later, expected) in cases {
        assert_eq!(merged(base, later).as_deref(), Ok(expected), "{base} + {later}");
    }
}

#[test]
fn forms_that_no_rule_brings_together_clash() {
    assert_eq!(merged("gpus: [{count: 1}]", "gpus: all"), Err("cannot override services.a.gpus".into()));
    assert_eq!(
        merged("deploy: {replicas: 1}", "deploy: [x]"),
        Err("cannot override services.a.deploy".into())
    );
}

#[test]
fn address_pools_merge_by_subnet() {
    let base = tree("networks: {n: {ipam: {config: [{subnet: s, gateway: g}, {subnet: t}]}}}");
    let later = tree("networks: {n: {ipam: {config: [{subnet: s, ip_range: r}, {subnet: u}]}}}");
    let result = serde_json::to_string(&merge(base, later, &mut Origins::default()).expect("merges"))
        .expect("serializable");
    assert!(
        result.contains(r#"[{"subnet":"s","gateway":"g","ip_range":"r"},{"subnet":"t"},{"subnet":"u"}]"#),
        "{result}"
    );
}
