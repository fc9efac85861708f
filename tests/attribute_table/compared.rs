//! The same project made by `docker compose create` and by `wharf create` on one Docker Engine.
//!
//! `WHARF_TEST_DOCKER_HOST` says where it listens; it must have the image `busybox:latest`, and `docker compose` must
//! be installed. Without them the test says so and passes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Map, Value, json};

const SERVICES: [&str; 5] = ["db", "web", "min", "plain", "none"];

/// Shortest run of hexadecimal digits that is the id of something made anew each time.
const SHORTEST_ID: usize = 12;

/// A place in the answer of `docker inspect` where the two differ on purpose.
pub struct Difference {
    pub place: &'static str,
    pub compose: &'static str,
    pub wharf: &'static str,
    pub why: &'static str,
}

/// All of them, in the order of the document.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        place: "Config.ExposedPorts",
        compose: "`90-91/udp`, `80`",
        wharf: "`90/udp`, `91/udp`, `80/tcp`",
        why: "the API knows single ports with a protocol",
    },
    Difference {
        place: "Config.Labels.com.docker.compose.version",
        compose: "its version",
        wharf: "its version",
        why: "it names the writer",
    },
    Difference {
        place: "Config.StopTimeout",
        compose: "`stop_grace_period` rounded down",
        wharf: "rounded up",
        why: "half a second is not none",
    },
    Difference {
        place: "HostConfig.VolumesFrom",
        compose: "the id",
        wharf: "the name and the mode",
        why: "`:ro` is kept",
    },
    Difference {
        place: "NetworkSettings.Networks",
        compose: "a fixed address is there before the start",
        wharf: "from the start on",
        why: "the engine gives it from `IPAMConfig`",
    },
];

#[test]
fn containers_are_those_of_docker_compose() {
    let Ok(host) = std::env::var("WHARF_TEST_DOCKER_HOST") else {
        return println!("skipped: no Docker Engine: set WHARF_TEST_DOCKER_HOST");
    };
    if !Command::new("docker")
        .args(["compose", "version"])
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return println!("skipped: docker compose is not installed");
    }
    // Two runs at a time need two subnets.
    let subnet = format!("10.213.{}.", std::process::id() % 250);
    let yaml = include_str!("compared.yaml").replace("10.213.7.", &subnet);
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("compose.yaml", yaml.as_str()),
        ("content.txt", "text\n"),
        ("vars.env", "FROM_FILE=1\n"),
        ("labels.env", "from_file=1\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::create_dir(folder.path().join("app")).unwrap();
    let project = format!("compared-{}", std::process::id());
    let compose = made_by(Command::new("docker").arg("compose"), &host, folder.path(), &project);
    let wharf = made_by(&mut Command::new(env!("CARGO_BIN_EXE_wharf")), &host, folder.path(), &project);
    let differing: BTreeMap<&String, _> = compose
        .keys()
        .chain(wharf.keys())
        .filter(|place| compose.get(*place) != wharf.get(*place))
        .map(|place| (place, (compose.get(place), wharf.get(place))))
        .collect();
    let (known, new): (Vec<_>, Vec<_>) = differing.iter().partition(|(place, _)| known(place).is_some());
    assert!(new.is_empty(), "docker compose and wharf differ: {new:#?}");
    for difference in DIFFERENCES {
        let still = known.iter().any(|(place, _)| place.ends_with(difference.place));
        assert!(still, "{} does not differ any more", difference.place);
    }
}

fn known(place: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|known| place.ends_with(known.place))
}

/// What `docker inspect` says of every container that a program makes, by place.
fn made_by(program: &mut Command, host: &str, folder: &Path, project: &str) -> BTreeMap<String, Value> {
    let mut command = Command::new(program.get_program());
    command.args(program.get_args()).args(["-p", project]);
    let run = |command: &mut Command, args: &[&str]| -> Output {
        command.args(args).current_dir(folder).env("DOCKER_HOST", host).output().unwrap()
    };
    let made = run(&mut command, &["create"]);
    let mut places = BTreeMap::new();
    for service in SERVICES {
        let container = format!("{project}-{service}-1");
        let answer = run(&mut Command::new("docker"), &["inspect", &container]);
        let answer: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap_or_default();
        for section in ["Config", "HostConfig", "NetworkSettings", "Mounts"] {
            let value = answer.first().map(|container| container[section].clone()).unwrap_or_default();
            flatten(value, &format!("{service}.{section}"), &mut places);
        }
    }
    let down = ["down", "-v"];
    let removed = run(Command::new("docker").args(["compose", "-p", project]), &down);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    places
}

/// Members by their place; what is null or empty counts as absent, and lists count as sets.
fn flatten(value: Value, place: &str, places: &mut BTreeMap<String, Value>) {
    match tidy(value) {
        Some(Value::Object(members)) if known(place).is_none() => {
            for (name, member) in members {
                flatten(member, &format!("{place}.{name}"), places);
            }
        }
        Some(value) => _ = places.insert(place.to_owned(), value),
        None => {}
    }
}

fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().filter_map(tidy).collect();
            items.sort_by_key(Value::to_string);
            (!items.is_empty()).then_some(Value::Array(items))
        }
        // Docker writes a set as an object whose members are empty.
        Value::Object(members) if members.values().all(|member| *member == json!({})) => {
            tidy(members.into_iter().map(|(name, _)| Value::String(name)).collect())
        }
        Value::Object(members) => {
            let kept: Map<String, Value> =
                members.into_iter().filter_map(|(name, value)| Some((name, tidy(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::String(text) if has_id(&text) => Some("ID".into()),
        // Docker Compose writes the label of dependencies in any order.
        Value::String(text) if text.contains(":service_") => {
            let mut items: Vec<&str> = text.split(',').collect();
            items.sort_unstable();
            Some(items.into())
        }
        other => Some(other),
    }
}

fn has_id(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_hexdigit()).any(|digits| digits.len() >= SHORTEST_ID)
}
