//! What `config` prints loads again to the same project, from YAML and from JSON.

use std::path::{Path, PathBuf};

use wharf::project::{LoadOptions, Project, load, render};

use crate::Output;
use crate::cases::{self, Case};
use crate::golden::Golden;

/// Every case file.
pub const FILES: [&str; 9] = [
    "attributes.services",
    "build.services",
    "merges.services",
    "top.elements",
    "text.strings",
    "files.project",
    "names.project",
    "combining.project",
    "environment.project",
];

/// What Compose prints of these does not say all of it, and we print the same.
const LOSSY: [&str; 8] = [
    "network_mode: ''",
    "build: {dockerfile: ''}",
    "environment: ['=x']",
    "post_start: [{command: null}]",
    "deploy: {resources: {reservations: {devices: [{capabilities: []}]}}}",
    "services: {a: {image: x}}, configs: {c: {content: ''}}",
    "services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}}, b: {image: x, profiles: [p]}}",
    // Without normalisation nothing of it is printed.
    "compatibility",
];

/// A printed project, loaded again with every service and resource of it.
fn loaded(text: &str) -> Result<Project, String> {
    let options = LoadOptions {
        files: vec!["-".into()],
        stdin: Some(text.as_bytes().to_vec()),
        current_directory: "/project".into(),
        profiles: vec!["*".into()],
        all_resources: true,
        ..LoadOptions::default()
    };
    load(&options).map(|loaded| loaded.project).map_err(|failure| format!("{failure}\n{text}"))
}

/// How a printed project differs from itself after another round, through YAML and through JSON.
fn changed(yaml: &str) -> Option<String> {
    let from_yaml = match loaded(yaml) {
        Ok(project) => project,
        Err(error) => return Some(error),
    };
    let (yaml_again, json) = (render::yaml(&from_yaml), render::json(&from_yaml));
    if yaml_again != yaml {
        return Some(format!("printed:\n{yaml}\nagain:\n{yaml_again}"));
    }
    let json_again = loaded(&json).map(|project| render::json(&project));
    (json_again.as_ref() != Ok(&json)).then(|| format!("printed:\n{json}\nagain:\n{json_again:?}"))
}

fn report(failed: &[String], of: usize) {
    assert!(failed.is_empty(), "{} of {of}:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_case() {
    let mut checked = 0;
    let mut failed = Vec::new();
    for file in FILES {
        let golden = Golden::read(file);
        // Other commands print less, and `$` as it is.
        let whole = |case: &&Case| case.command.is_empty() && !LOSSY.contains(&case.title.as_str());
        for case in cases::read(file).iter().filter(whole) {
            let Some(Output::Accepted { yaml, .. }) = golden.get(&case.title) else { continue };
            checked += 1;
            failed.extend(changed(yaml).map(|how| format!("=== {}\n{how}", case.title)));
        }
    }
    assert!(checked > 500, "only {checked} cases were accepted");
    report(&failed, checked);
}

fn compose_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            compose_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_that_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("../shared/corpus");
    if !corpus.is_dir() {
        println!("only the examples are checked: there is no {}", corpus.display());
    }
    let mut files = Vec::new();
    for folder in [corpus, root.join("examples")] {
        compose_files(&folder, &mut files);
    }
    let (mut checked, mut failed) = (0, Vec::new());
    for file in files {
        let options = LoadOptions {
            current_directory: file.parent().expect("a folder").to_path_buf(),
            files: vec![file.clone()],
            profiles: vec!["*".into()],
            ..LoadOptions::default()
        };
        // A Dockerfile named by a variable without a value is printed as none.
        let lossy = file.ends_with("simple-build-test/compose-interpolate.yaml");
        let Some(loaded) = load(&options).ok().filter(|_| !lossy) else { continue };
        checked += 1;
        let yaml = render::yaml(&loaded.project);
        failed.extend(changed(&yaml).map(|how| format!("=== {}\n{how}", file.display())));
    }
    assert!(checked > 0);
    report(&failed, checked);
}
