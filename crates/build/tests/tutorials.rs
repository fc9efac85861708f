//! The Dockerfiles that people paste from tutorials must parse, with the stages that they mean.

use std::fs;
use std::path::PathBuf;

use wharf_build::dockerfile::{self, Dockerfile, InstructionKind};

fn directory() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/tutorials/dockerfiles");
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn parse(name: &str) -> Option<Dockerfile> {
    let text = fs::read_to_string(directory()?.join(name)).expect("readable");
    Some(dockerfile::parse(name, &text).unwrap_or_else(|error| panic!("{error}")))
}

/// Base and name of each stage, with the stages it copies from.
fn stages(file: &Dockerfile) -> Vec<(String, Option<String>, Vec<String>)> {
    let copied = |kind: &InstructionKind| match kind {
        InstructionKind::Copy(copy) => copy.from.clone(),
        _ => None,
    };
    let stages = file.stages.iter().map(|stage| {
        let mut from: Vec<String> =
            stage.instructions.iter().filter_map(|instruction| copied(&instruction.kind)).collect();
        from.dedup();
        (stage.base.clone(), stage.name.clone(), from)
    });
    stages.collect()
}

fn single(base: &str) -> Vec<(String, Option<String>, Vec<String>)> {
    vec![(base.to_owned(), None, Vec::new())]
}

fn two(builder: &str, last: &str) -> Vec<(String, Option<String>, Vec<String>)> {
    vec![
        (builder.to_owned(), Some("builder".to_owned()), Vec::new()),
        (last.to_owned(), None, vec!["builder".to_owned()]),
    ]
}

#[test]
fn every_tutorial_parses_to_its_stages() {
    let expected = [
        ("basic-python.Dockerfile", single("python:3.10-slim")),
        ("fastapi-1.Dockerfile", single("python:3.9-slim")),
        ("fastapi-2.Dockerfile", two("python:3.9", "python:3.9-slim")),
        ("fastapi-3.Dockerfile", two("python:3.9", "python:3.9-slim")),
        ("fastapi-4.Dockerfile", single("nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04")),
        ("ml-model.Dockerfile", single("python:3.10-slim")),
        ("multi-stage.Dockerfile", two("python:3.10", "python:3.10-slim")),
    ];
    for (name, expected) in expected {
        let Some(file) = parse(name) else { return };
        assert_eq!(stages(&file), expected, "{name}");
        assert!(file.warnings.is_empty(), "{name}: {:?}", file.warnings);
    }
}

#[test]
fn no_tutorial_is_forgotten() {
    let Some(directory) = directory() else { return };
    for entry in fs::read_dir(directory).expect("readable") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        if name.ends_with("Dockerfile") {
            assert!(parse(&name).is_some(), "{name}");
        }
    }
}

#[test]
fn the_long_one_in_detail() {
    let Some(file) = parse("fastapi-3.Dockerfile") else { return };
    let last = &file.stages[1].instructions;
    let check = last.iter().find_map(|instruction| match &instruction.kind {
        InstructionKind::Healthcheck(check) => Some(check),
        _ => None,
    });
    assert_eq!(check.and_then(|check| check.retries), Some(3));
    let names = last.iter().find_map(|instruction| match &instruction.kind {
        InstructionKind::Env(pairs) => Some(pairs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(names, Some(vec!["PATH", "PYTHONUNBUFFERED", "MODEL_PATH"]));
}
