//! Every option of `docker create` and `docker run`, right, wrong and next to others that contradict it: what the client says, and
//! what `docker inspect` shows of the container, on this engine and on Docker Engine.
//!
//! `options.txt` has the cases and `options-ledger.txt` the differences that are meant. What a program in such a container
//! sees is the business of [`crate::cases`].

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::cases::Case;
use crate::compare::options_differences;
use crate::ledger::Ledger;
use crate::side::{Done, Seen, Shown, Side, in_parallel};
use crate::{image, support};

const CASES: &str = include_str!("options.txt");
const LEDGER: &str = include_str!("options-ledger.txt");

/// The addresses of the network as the cases have them.
const SUBNET: &str = "10.247.1.";

/// Its addresses: another run of this test may be going on.
fn subnet() -> String {
    format!("10.247.{}.", std::process::id() % 256)
}

#[test]
fn options_are_taken_refused_and_shown_as_dockers() {
    let Ok(host) = std::env::var("WHARF_TEST_DOCKER_HOST") else {
        return println!("skipped: WHARF_TEST_DOCKER_HOST names no Docker Engine to compare with");
    };
    let Some(program) = image::program() else { return };
    let theirs = show_all(&Side::new("Docker Engine", |words| crate::reference(&host, words), &program));
    // Only now: an engine that has nothing to do for a while ends.
    let Some(engine) = support::Engine::start() else { return };
    let ours = show_all(&Side::new("ours", |words| engine.client(words), &program));
    let found = options_differences(&theirs, &ours);
    let cases: Vec<Case> = lines().map(|name| Case { name, steps: Vec::new() }).collect();
    println!("{} cases, {} differences from Docker Engine", cases.len(), found.len());
    let complaints = Ledger::read(LEDGER).check(&found, &cases, true);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

fn lines() -> impl Iterator<Item = &'static str> {
    CASES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Runs all cases; then looks at all containers at once, which is where the time would go.
fn show_all<C: Fn(&[&str]) -> Command + Sync>(side: &Side<C>) -> Shown {
    let network = side.fill_in("{n}", "options");
    let made = side.run(&format!("network create --subnet {}0/24 {network}", subnet()), "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let mut shown = in_parallel(lines().enumerate(), |(number, line)| {
        let command = line.replacen(' ', " --name {a} ", 1);
        let command = command.replace("{n}", &network).replace(SUBNET, &subnet());
        (line, said(side, &side.run(&command, &number.to_string())))
    });
    for (number, container) in inspect(side) {
        let line = lines().nth(number).unwrap();
        shown.get_mut(line).unwrap().extend(container);
    }
    remove_all(side, &network);
    shown
}

/// What the client said.
fn said<C: Fn(&[&str]) -> Command + Sync>(side: &Side<C>, done: &Done) -> Seen {
    Seen::from([
        ("exit code".to_owned(), done.code.to_string()),
        ("stdout".to_owned(), side.normal(done.stdout.trim())),
        ("stderr".to_owned(), side.message(&done.stderr).replace(&subnet(), SUBNET)),
    ])
}

fn names<C: Fn(&[&str]) -> Command + Sync>(side: &Side<C>, name: &str) -> String {
    let all = (0..lines().count()).map(|number| side.fill_in(name, &number.to_string()));
    all.collect::<Vec<_>>().join(" ")
}

/// The containers that there are, by the numbers of their cases.
fn inspect<C: Fn(&[&str]) -> Command + Sync>(side: &Side<C>) -> BTreeMap<usize, Seen> {
    let done = side.run(&format!("inspect --type container {}", names(side, "{a}")), "");
    let all: Vec<Value> = serde_json::from_str(&done.stdout).unwrap();
    let containers = all.iter().map(|container| {
        let mut seen = Seen::new();
        flatten(container, "", &mut seen);
        let number = seen["Name"].split('-').rev().nth(1).unwrap().parse().unwrap();
        let seen = seen
            .into_iter()
            .map(|(key, value)| (side.normal(&key), side.normal(&value).replace(&subnet(), SUBNET)));
        (number, seen.filter(|(key, _)| !key.starts_with("GraphDriver.Data")).collect())
    });
    containers.collect()
}

/// `{"A": {"B": 1}}` is `A.B` with the value 1; lists stay whole.
fn flatten(value: &Value, key: &str, seen: &mut Seen) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(member, &key, seen);
            }
        }
        _ => _ = seen.insert(key.to_owned(), leaf(key, value)),
    }
}

/// Without what is another one in each run or on each engine.
fn leaf(key: &str, value: &Value) -> String {
    let name = key.rsplit('.').next().unwrap_or_default();
    let in_network = key.starts_with("NetworkSettings.");
    match (name, value) {
        ("Pid", Value::Number(number)) if number.as_i64() != Some(0) => "{a process}".to_owned(),
        ("Created" | "StartedAt" | "FinishedAt", Value::String(time)) if !time.starts_with("0001-") => {
            "{a time}".to_owned()
        }
        ("SandboxKey", Value::String(path)) if !path.is_empty() => "{a namespace}".to_owned(),
        ("IPAddress" | "MacAddress", Value::String(address)) if in_network && !address.is_empty() => {
            "{an address}".to_owned()
        }
        ("LogPath" | "HostsPath" | "HostnamePath" | "ResolvConfPath", Value::String(path)) => {
            path.rsplit('/').next().unwrap_or_default().to_owned()
        }
        ("Mounts" | "Binds" | "Env", Value::Array(items)) => in_any_order(items),
        (_, Value::Array(items)) if key.starts_with("NetworkSettings.Ports.") => {
            items.iter().map(|item| format!("{} {{a port}}", item["HostIp"])).collect::<Vec<_>>().join(" ")
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// Clients and Docker keep these in maps without an order. A folder of the engine counts by what is in it.
fn in_any_order(items: &[Value]) -> String {
    let mut all: Vec<String> = items.iter().map(own_folder).collect();
    all.sort();
    all.join(" ")
}

fn own_folder(item: &Value) -> String {
    let mut item = item.clone();
    if let Some(source) = item.get_mut("Source")
        && let Some(at) = source.as_str().and_then(|path| path.find("/volumes/"))
    {
        *source = format!("{{root}}{}", &source.as_str().unwrap()[at..]).into();
    }
    item.to_string()
}

fn remove_all<C: Fn(&[&str]) -> Command + Sync>(side: &Side<C>, network: &str) {
    for command in [
        format!("rm --force --volumes {}", names(side, "{a}")),
        format!("volume rm --force {}", names(side, "{v}")),
        format!("network rm {network}"),
    ] {
        side.run(&command, "");
    }
}
