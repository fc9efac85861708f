//! Service arguments that are patterns, in commands on containers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use support::TestEngine;

fn project(compose: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    folder
}

/// The services that `ps` shows with these arguments.
fn services(engine: &TestEngine, folder: &Path, args: &[&str]) -> Vec<String> {
    let run = engine.wharf(folder, &[&["ps", "--services"], args].concat()).ok();
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn patterns_name_services_in_every_command() {
    let Some(engine) = TestEngine::with_images("service-patterns") else { return };
    let sleeper = "{image: busybox, init: true, command: sleep inf}";
    let folder = project(&format!("services:\n  web: {sleeper}\n  worker: {sleeper}\n  db: {sleeper}\n"));
    let folder = folder.path();
    engine.wharf(folder, &["up", "-d", "x*"]).exits(1).says("no such service: x*");
    engine.wharf(folder, &["up", "-d", "w*"]).ok();
    assert_eq!(services(&engine, folder, &[]), ["web", "worker"]);
    engine.wharf(folder, &["up", "-d"]).ok();
    assert_eq!(services(&engine, folder, &["[dw]*b"]), ["db", "web"]);
    engine.wharf(folder, &["stop", "-t", "1", "w*"]).ok();
    assert_eq!(services(&engine, folder, &[]), ["db"]);
    engine.wharf(folder, &["start", "wor*"]).ok();
    assert_eq!(services(&engine, folder, &[]), ["db", "worker"]);
    engine.wharf(folder, &["restart", "-t", "1", "w?b"]).ok();
    assert_eq!(services(&engine, folder, &[]), ["db", "web", "worker"]);
    engine.wharf(folder, &["kill", "x*"]).exits(1).says("no such service: x*");
    engine.wharf(folder, &["down", "-t", "1", "w*"]).ok();
    assert_eq!(services(&engine, folder, &["-a"]), ["db"]);
    // A name without a container takes nothing else down.
    engine.wharf(folder, &["down", "-t", "1", "web"]).ok();
    assert_eq!(services(&engine, folder, &["-a"]), ["db"]);
    engine.wharf(folder, &["down", "-t", "1"]).ok();
}
