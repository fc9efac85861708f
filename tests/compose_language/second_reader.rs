//! What `config` prints is YAML to others too: a reader that shares no code with ours finds the values of the JSON form
//! in it.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Number, Value};
use wharf::project::{LoadOptions, Project, load, render};
use yaml_rust2::{Yaml, YamlLoader};

use crate::Output;
use crate::cases::{self, Case};
use crate::golden::Golden;
use crate::round_trip::FILES;

/// Strings per run.
const STRINGS: u32 = 400;

/// The one document in a text, as YAML 1.2 has it.
fn read(text: &str) -> Result<Value, String> {
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let [document] = documents.as_slice() else { return Err(format!("{} documents", documents.len())) };
    value(document)
}

fn value(yaml: &Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(value) => Value::Bool(*value),
        Yaml::Integer(value) => Value::from(*value),
        Yaml::Real(text) => {
            text.parse().ok().and_then(Number::from_f64).map_or_else(|| text.as_str().into(), Value::Number)
        }
        Yaml::String(text) => Value::from(text.as_str()),
        Yaml::Array(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Hash(entries) => {
            let entry = |(key, item): (&Yaml, &Yaml)| match key {
                Yaml::String(key) => Ok((key.clone(), value(item)?)),
                other => Err(format!("the key {other:?} is no text")),
            };
            Value::Object(entries.iter().map(entry).collect::<Result<Map<_, _>, _>>()?)
        }
        other => return Err(format!("{other:?} is no value")),
    })
}

/// An attribute of ours that Compose's JSON has no place for (docs/config-differences.md).
const NOT_IN_JSON: [&str; 1] = ["~ gpus: [{unknown: 1}]"];

/// What a project says at the top level is in both forms; extensions below it are not in Compose's JSON.
fn without_extensions(yaml: Value) -> Value {
    let Value::Object(top) = yaml else { return yaml };
    let below = |key: &str, value: Value| if key.starts_with("x-") { value } else { plain(value) };
    Value::Object(top.into_iter().map(|(key, value)| (key.clone(), below(&key, value))).collect())
}

fn plain(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !key.starts_with("x-"));
            kept.map(|(key, value)| (key, plain(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// How Compose's two forms of one project differ: JSON writes out what is not set, and numbers that YAML has as text.
fn comparable(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (key, comparable(value)));
            entries.filter(|(_, value)| !says_nothing(value)).collect()
        }
        Value::Array(items) => items.into_iter().map(comparable).collect(),
        Value::Number(number) => number.to_string().into(),
        other => other,
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Number(_) => false,
    }
}

/// Where two trees differ first.
fn difference(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                difference(&format!("{path}.{key}"), &of(a), &of(b))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(index, (a, b))| difference(&format!("{path}[{index}]"), a, b)),
        _ => (left != right).then(|| format!("{path}: YAML {left}, JSON {right}")),
    }
}

fn compared(yaml: &str, json: &Value) -> Option<String> {
    match read(yaml) {
        Ok(read) => difference("", &comparable(without_extensions(read)), &comparable(json.clone())),
        Err(error) => Some(error),
    }
}

#[test]
fn every_accepted_case() {
    let (mut checked, mut failed) = (0, String::new());
    for file in FILES {
        let golden = Golden::read(file);
        let whole = |case: &&Case| case.command.is_empty() && !NOT_IN_JSON.contains(&case.title.as_str());
        for case in cases::read(file).iter().filter(whole) {
            let Some(Output::Accepted { yaml, json }) = golden.get(&case.title) else { continue };
            checked += 1;
            if let Some(how) = compared(yaml, json) {
                writeln!(failed, "=== {}\n{how}", case.title).expect("text grows");
            }
        }
    }
    assert!(checked > 500, "only {checked} cases were accepted");
    assert!(failed.is_empty(), "{failed}");
}

/// A project that has the text as a value in four places.
fn project_with(text: &str) -> Project {
    let escaped = text.replace('$', "$$");
    let service = serde_json::json!({
        "image": "x", "environment": { "V": escaped }, "command": [escaped, "end"], "labels": { "l": escaped },
    });
    let more = serde_json::json!({ "list": [escaped], "map": { "k": escaped } });
    let file = serde_json::json!({ "name": "p", "services": { "a": service }, "x-more": more });
    let options = LoadOptions {
        files: vec!["-".into()],
        stdin: Some(readable(&file).into_bytes()),
        current_directory: "/project".into(),
        ..LoadOptions::default()
    };
    load(&options).unwrap_or_else(|failure| panic!("{text:?}: {failure}")).project
}

/// JSON without the characters that may not stand in YAML as they are.
fn readable(json: &Value) -> String {
    let special = |c: char| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let written = |c: char| if special(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    json.to_string().chars().map(written).collect()
}

/// Fails when the other reader does not find the text in what is printed.
fn found_again(text: &str) -> Result<(), String> {
    let project = project_with(text);
    let (yaml, json) = (render::yaml(&project), render::json(&project));
    let json: Value = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    if json["services"]["a"]["environment"]["V"] != text.replace('$', "$$") {
        return Err(format!("{text:?} is not in the JSON:\n{json:#}"));
    }
    compared(&yaml, &json).map_or(Ok(()), |how| Err(format!("{text:?}: {how}\n{yaml}")))
}

const TRAPS: [&str; 46] = [
    "",
    " ",
    "  leading",
    "trailing  ",
    "\ttab",
    "a\tb",
    "tab\t",
    "yes",
    "No",
    "on",
    "y",
    "n",
    "true",
    "~",
    "null",
    "0o7",
    "0x1F",
    "017",
    "1e3",
    "1_000",
    "1:30",
    ".5",
    "+1",
    "-0",
    ".inf",
    ".NaN",
    "2024-01-01",
    ": ",
    "a: b",
    "a:",
    "#",
    "a #b",
    "- a",
    "-",
    "---",
    "...",
    "? a",
    "[a",
    "{a",
    "!tag",
    "&a",
    "*a",
    "%a",
    "@a",
    "`a",
    "<<",
];

#[test]
fn texts_that_look_like_something_else() {
    let long = "word ".repeat(4_000);
    let wide = "漢".repeat(10_000);
    let lines = [
        "a\nb",
        "a\n",
        "\na",
        "a\n\n\nb\n\n",
        " a\n  b\n",
        "a \n b",
        "\n",
        "\n\n",
        " \n ",
        "a\r\nb",
        "a\rb",
        "\r",
        "a\u{85}b",
        "\u{85}",
        "a\u{2028}b",
        "a\u{2029}",
        "\u{a0}a",
        "\u{feff}a",
        "a\u{feff}",
        "🐳",
        "é\n🐳 \n",
        "a\u{7f}b",
        "a\u{1b}[0m",
        "\u{9b}",
        "\u{fffe}",
        "\u{10ffff}",
        "'",
        "''",
        "\"",
        "\\",
        "\\n",
        "a'b\"c",
        "$",
        "${A}",
        "= ",
        "=",
        "a,b",
        "|",
        ">",
        "|\n",
        "#\n#",
        "- a\n- b\n",
        "k: v\n",
        "\t\n",
        "a\n\tb\n",
    ];
    let texts = TRAPS.into_iter().chain(lines).chain([long.as_str(), wide.as_str()]);
    let failed: Vec<String> = texts.filter_map(|text| found_again(text).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn texts_made_at_random() {
    let piece = prop_oneof![
        3 => proptest::sample::select(TRAPS.to_vec()).prop_map(str::to_owned),
        2 => proptest::sample::select(vec!["\n", " ", "\t", "\u{85}", "\u{2028}", "\r\n", "é", "🐳", "'", "\"", "\\", ","])
            .prop_map(str::to_owned),
        2 => "[a-z0-9:#-]{0,12}",
        1 => any::<char>().prop_filter("no file can hold it", |c| *c != '\0').prop_map(String::from),
    ];
    let texts = proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    let config = Config { cases: STRINGS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&texts, |text| found_again(&text).map_err(TestCaseError::fail));
    result.unwrap_or_else(|error| panic!("{error}"));
}
