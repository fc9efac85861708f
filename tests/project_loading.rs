//! Loading whole projects from disk: which files and variables count, and how documents come together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wharf::project::model::Condition;
use wharf::project::{LoadFailure, LoadOptions, Project, load, render};

/// A directory with files, removed at the end.
struct Disk(TempDir);

impl Disk {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, text).expect("a file");
        }
        Self(root)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn options(&self, directory: &str) -> LoadOptions {
        let name = "test".to_owned();
        LoadOptions {
            current_directory: self.path(directory),
            project_name: Some(name),
            ..LoadOptions::default()
        }
    }

    fn load(&self, directory: &str) -> Project {
        loaded(&self.options(directory))
    }
}

fn loaded(options: &LoadOptions) -> Project {
    load(options).map_err(|failure| failure.to_string()).expect("a project that loads").project
}

fn environment(project: &Project, service: &str, name: &str) -> Option<String> {
    project.services[service].environment.get(name).cloned().flatten()
}

#[test]
fn the_nearest_env_file_beats_that_of_the_project_and_the_process_beats_both() {
    let disk = Disk::new(&[
        ("compose.yaml", "services: {a: {image: x, environment: [V, W, P]}}"),
        (".env", "V=root\nW=root\nP=root"),
        ("sub/.env", "V=sub"),
    ]);
    let mut options = disk.options("sub");
    options.environment = [("P".to_owned(), "process".to_owned())].into();
    let project = loaded(&options);
    let value = |name| environment(&project, "a", name);
    assert_eq!(
        (value("V"), value("W"), value("P")),
        (Some("sub".into()), Some("root".into()), Some("process".into()))
    );
    assert_eq!(project.directory, disk.path(""));
}

#[test]
fn env_file_stands_under_environment_and_a_name_alone_is_inherited() {
    let disk = Disk::new(&[
        (
            "compose.yaml",
            "services: {a: {image: x, env_file: [one.env, two.env], environment: {A: own, HOST: , GONE: }}}",
        ),
        ("one.env", "A=1\nB=1\nC=$A"),
        ("two.env", "B=2\nD=${B}${HOST}"),
        (".env", "HOST=outer"),
    ]);
    let project = disk.load("");
    let value = |name| environment(&project, "a", name);
    assert_eq!(
        (value("A"), value("B"), value("C")),
        (Some("own".into()), Some("2".into()), Some("own".into()))
    );
    assert_eq!(
        (value("D"), value("HOST"), value("GONE")),
        (Some("2outer".into()), Some("outer".into()), None)
    );
    assert!(project.services["a"].environment.contains_key("GONE"), "it unsets what the image sets");
    assert!(project.services["a"].env_file.is_empty());
}

#[test]
fn override_files_and_further_documents_merge_in_order() {
    let disk = Disk::new(&[
        ("docker-compose.yml", "services: {a: {image: x, ports: ['80:80'], labels: {l: '1'}, command: run}}"),
        (
            "docker-compose.override.yml",
            "services: {a: {ports: !override ['81:81'], labels: [m=2]}}\n---\nservices: {a: {image: y, command: !reset null}}",
        ),
    ]);
    let project = disk.load("");
    let service = &project.services["a"];
    assert_eq!(
        (service.image.as_str(), service.ports.len(), service.ports[0].published.as_str()),
        ("y", 1, "81")
    );
    assert_eq!(service.labels, BTreeMap::from([("l".into(), "1".into()), ("m".into(), "2".into())]));
    assert_eq!(service.command.0, None);
    assert_eq!(project.files.len(), 2);
}

#[test]
fn an_included_model_has_its_own_directory_and_variables() {
    let disk = Disk::new(&[
        (
            "compose.yaml",
            "include: [team/compose.yaml]\nservices: {app: {image: a, depends_on: [db]}, db: {restart: always}}",
        ),
        (
            "team/compose.yaml",
            "services: {db: {image: 'db:${TAG}', volumes: ['./d:/d', 'data:/x']}}\nvolumes: {data: }",
        ),
        ("team/.env", "TAG=9"),
    ]);
    let project = disk.load("");
    let db = &project.services["db"];
    assert_eq!((db.image.as_str(), db.restart.as_str()), ("db:9", "always"));
    assert_eq!(Path::new(&db.volumes[0].source), disk.path("team/d"));
    assert_eq!(project.volumes["data"].name, "test_data");
    assert_eq!(project.sources.locate(db.volumes[0].span).as_deref(), Some("team/compose.yaml:1:47"));
}

#[test]
fn a_service_extends_one_of_another_file_with_its_paths() {
    let disk = Disk::new(&[
        (
            "compose.yaml",
            "services: {a: {extends: {file: lib/base.yml, service: mid}, environment: {B: '3'}}}",
        ),
        (
            "lib/base.yml",
            "services: {base: {build: ./ctx, environment: [A=1, B=2], healthcheck: {test: x}}, mid: {extends: base, init: true}}",
        ),
    ]);
    let project = disk.load("");
    let service = &project.services["a"];
    assert_eq!(Path::new(&service.build.as_ref().expect("a build").context), disk.path("lib/ctx"));
    assert_eq!(
        (environment(&project, "a", "A"), environment(&project, "a", "B")),
        (Some("1".into()), Some("3".into()))
    );
    assert_eq!(service.init, Some(true));
    assert_eq!(service.healthcheck.as_ref().expect("a check").test, ["CMD-SHELL", "x"]);
}

#[test]
fn profiles_and_named_services_choose_what_is_active() {
    let disk = Disk::new(&[(
        "compose.yaml",
        "services:\n  web: {image: x}\n  dev: {image: x, profiles: [d], depends_on: [web], volumes: ['data:/x']}\n  other: {image: x}\nvolumes: {data: }\n",
    )]);
    let names = |project: &Project| project.services.keys().cloned().collect::<Vec<_>>();
    let project = disk.load("");
    assert_eq!(names(&project), ["other", "web"]);
    assert!(
        project.disabled_services.contains_key("dev") && project.volumes.is_empty(),
        "unused volumes are pruned"
    );
    let mut options = disk.options("");
    options.profiles = vec!["d".into()];
    assert_eq!(names(&loaded(&options)), ["dev", "other", "web"]);
    let mut options = disk.options("");
    options.services = vec!["dev".into()];
    assert_eq!(names(&loaded(&options)), ["dev", "web"]);
    options.services = vec!["de".into()];
    let failure = load(&options).expect_err("no such service");
    assert_eq!(failure.to_string(), "no such service: de");
}

#[test]
fn standard_input_is_a_file() {
    let disk = Disk::new(&[]);
    let mut options = disk.options("");
    options.files = vec!["-".into()];
    options.stdin = Some(b"services: {a: {image: x}}".to_vec());
    assert_eq!(loaded(&options).services["a"].image, "x");
    options.stdin = Some(vec![b'a', b'\n', 0xff]);
    let failure = load(&options).expect_err("binary");
    let message = "-: is not UTF-8 text: this is no character of it; save the file as UTF-8";
    assert_eq!(failure.to_string(), message);
    let place = failure.diagnostics.last().expect("an error").span;
    assert_eq!((place.line, place.column), (2, 1));
}

#[test]
fn what_is_no_file_is_refused() {
    let disk = Disk::new(&[("directory/x", "")]);
    let mut options = disk.options("");
    options.files = vec!["directory".into()];
    let message = load(&options).expect_err("a directory").to_string();
    assert!(message.ends_with("/directory: is not a regular file but a directory"), "{message}");
    options.files = vec!["/dev/zero".into()];
    let message = load(&options).expect_err("a device").to_string();
    assert_eq!(message, "/dev/zero: is not a regular file but a device");
}

#[test]
fn implied_dependencies_and_names_are_filled_in() {
    let disk = Disk::new(&[(
        "compose.yaml",
        "services:\n  a: {image: x, links: ['b:bb'], volumes_from: [c], network_mode: 'service:d'}\n  b: {image: x}\n  c: {image: x}\n  d: {image: x}\n",
    )]);
    let project = disk.load("");
    let dependencies = &project.services["a"].depends_on;
    assert_eq!(dependencies.keys().collect::<Vec<_>>(), ["b", "c", "d"]);
    assert!(dependencies["b"].restart && !dependencies["c"].restart);
    assert_eq!(dependencies["d"].condition, Condition::ServiceStarted);
    assert_eq!(project.networks["default"].name, "test_default");
}

#[test]
fn printed_projects_load_again_to_the_same() {
    let disk = Disk::new(&[(
        "compose.yaml",
        "services:\n  a:\n    build: {context: ., args: [A=1], ssh: [default]}\n    command: 'run $$X'\n    ports: ['80-81:90-91', '5000-5010:1/udp']\n    \
         volumes: ['./a:/b:ro,z', {type: bind, source: /x, target: /y, bind: {create_host_path: false}}, {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 01777}}]\n    \
         healthcheck: {test: 'a b', interval: 1d, retries: 2}\n    deploy: {resources: {limits: {cpus: '0.1', memory: 1g}}}\n    ulimits: {nproc: 3, nofile: {soft: 1, hard: 2}}\n    \
         gpus: all\n    secrets: [s]\n    x-own: {b: [1, 2.5], a: null}\n    extra_hosts: {h: [1.1.1.1, '::1']}\nsecrets: {s: {file: ./s}}\n",
    )]);
    let first = render::yaml(&disk.load(""));
    let mut options = disk.options("");
    options.files = vec!["-".into()];
    options.stdin = Some(first.clone().into_bytes());
    let second = render::yaml(&loaded(&options));
    assert_eq!(first, second);
    options.stdin = Some(render::json(&disk.load("")).into_bytes());
    let from_json =
        load(&options).map_err(|failure: Box<LoadFailure>| failure.to_string()).expect("JSON is YAML");
    assert_eq!(from_json.project.services["a"].ports.len(), 3);
}
