//! Messages, places and hints.

use super::validate;
use crate::project::origin::Origins;
use crate::project::source::FileId;
use crate::project::yaml;

fn errors(text: &str) -> Vec<String> {
    let root = yaml::parse(FileId::test(), text, &mut Origins::default()).expect("valid YAML").remove(0).root;
    let shown = |error: crate::project::Diagnostic| {
        let help = error.help.map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{}:{} {}{help}", error.span.line, error.span.column, error.message)
    };
    validate(&root).into_iter().map(shown).collect()
}

#[test]
fn messages_are_those_of_compose() {
    let cases = [
        ("image: [x]", "1:23 services.a.image must be a string"),
        ("ports: {a: b}", "1:23 services.a.ports must be a array"),
        (
            "depends_on: {b: {condition: x}}",
            "1:44 services.a.depends_on.b.condition value must be one of \
            'service_started', 'service_healthy', 'service_completed_successfully'",
        ),
        ("depends_on: {b: {}}", "1:29 services.a.depends_on.b missing property 'condition'"),
        ("environment: {a: [b]}", "1:33 services.a.environment.a must be a boolean, null, number or string"),
        ("environment: a", "1:29 services.a.environment must be a array or mapping"),
        ("security_opt: [b, b]", "1:34 services.a.security_opt items at 0 and 1 are equal"),
        (
            "container_name: a",
            "1:32 services.a.container_name 'a' does not match pattern '[a-zA-Z0-9][a-zA-Z0-9_.-]+'",
        ),
        ("oom_score_adj: 5000", "1:31 services.a.oom_score_adj must be 1000 or less, not 5000"),
        ("volumes: [{source: foo}]", "1:26 services.a.volumes.0 missing property 'type'"),
        ("ulimits: {nofile: {soft: 3}}", "1:26 services.a.ulimits.nofile missing property 'hard'"),
    ];
    for (attribute, expected) in cases {
        let found = errors(&format!("services: {{a: {{{attribute}}}}}"));
        let messages: Vec<&str> = found.iter().filter_map(|error| error.split(" | ").next()).collect();
        assert_eq!(messages, [expected], "{attribute}");
    }
}

#[test]
fn unknown_keys_come_with_what_was_probably_meant() {
    let cases = [
        (
            "services: {a: {imge: x}}",
            "1:16 services.a additional properties 'imge' not allowed | did you mean `image`?",
        ),
        (
            "services: {a: {enviroment: {}}}",
            "1:16 services.a additional properties 'enviroment' not allowed | did you mean `environment`?",
        ),
        (
            "services: {a: {replicas: 3}}",
            "1:16 services.a additional properties 'replicas' not allowed | `replicas` belongs under `deploy:`",
        ),
        (
            "services: {a: {dockerfile: x}}",
            "1:16 services.a additional properties 'dockerfile' not allowed | `dockerfile` belongs under `build:`",
        ),
        ("service: {}", "1:1 additional properties 'service' not allowed | did you mean `services`?"),
        (
            "web: {image: x}",
            "1:1 additional properties 'web' not allowed | \"web\" looks like a service: indent it under `services:`",
        ),
        (
            "services: {'a b': {}}",
            "1:12 services additional properties 'a b' not allowed | names may hold letters, digits, `.`, `_` and `-`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), [expected], "{text}");
    }
}

#[test]
fn all_errors_are_found_at_once() {
    let text = "services:\n  a:\n    imge: x\n    ports: 3\n  b:\n    tty: []\n";
    assert_eq!(errors(text).len(), 3);
}

#[test]
fn a_section_under_another_is_named() {
    let found = errors("volumes:\n  store:\n  services:\n    volumes:\n      - store:/models\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("3:3 \"services\" is nested under \"volumes\""), "{found:?}");
    assert!(found[0].contains("comes the name of a service before its attributes"), "{found:?}");
    let found = errors("services:\n  web: {image: x}\n  volumes:\n    data: {}\n");
    assert!(found[0].starts_with("3:3 \"volumes\" is nested under \"services\""), "{found:?}");
}

#[test]
fn names_of_sections_are_good_names_too() {
    assert_eq!(
        errors(
            "services: {models: {image: x}, configs: {build: .}}\nvolumes: {models: , secrets: {driver: local}}"
        ),
        Vec::<String>::new()
    );
}

/// A key that no field takes would land among the extensions (or be refused, where there are none).
#[test]
fn every_attribute_of_the_schema_has_a_field_in_the_model() {
    use crate::project::decode::decode;
    use crate::project::model::{
        Build, Deploy, Develop, FileObject, HealthCheck, Hook, Model, Network, Service, Volume,
    };
    use crate::project::node::{Mapping, Node};

    fn left(schema: &super::Schema, decode: impl Fn(&Node) -> Vec<String>) -> Vec<String> {
        let entry = |key: &String| (key.clone(), crate::project::node::Entry::default());
        let entries: Mapping = schema.properties.keys().map(entry).collect();
        assert!(!entries.is_empty());
        decode(&Node::mapping(entries, Default::default()))
    }
    macro_rules! check {
        ($schema:expr, $type:ty) => {
            let unknown = left($schema, |node| {
                let value: $type = decode(node).expect("nulls decode");
                value.extensions.0.keys().cloned().collect()
            });
            assert_eq!(unknown, Vec::<String>::new(), stringify!($type));
        };
    }
    let definition = |name: &str| &super::COMPOSE.definitions[name];
    check!(definition("service"), Service);
    check!(&definition("service").properties["build"].one_of[1], Build);
    check!(definition("deployment"), Deploy);
    check!(definition("development"), Develop);
    check!(definition("healthcheck"), HealthCheck);
    check!(definition("service_hook"), Hook);
    check!(definition("pre_start_hook"), Hook);
    check!(definition("network"), Network);
    check!(definition("volume"), Volume);
    check!(definition("secret"), FileObject);
    check!(definition("config"), FileObject);
    check!(definition("model"), Model);
}

#[test]
fn what_is_valid_stays_silent() {
    let text = "x-a: 1\nservices:\n  a:\n    image: x\n    x-b: {c: d}\n    ports: [80, '81:81', {target: 82}]\n    \
        command: null\n    cpus: 0.5\n    deploy:\n    networks: {n: null}\nvolumes: {v: }\nnetworks: {n: {driver_opts: {a: 1}}}\n";
    assert_eq!(errors(text), Vec::<String>::new());
}
