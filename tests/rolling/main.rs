//! Updates under load: three replicas behind one port get a new configuration while they are asked 200 times a second, and no
//! request fails; a new configuration that does not work is rolled back, and no request fails either.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod load;
#[path = "../support/mod.rs"]
mod support;

use std::process::Stdio;

use load::{Load, Report};
use rustix::process::Signal;
use serde_json::Value;
use support::{Run, TestEngine, free_port, repository, signal, wait_for};

/// Three replicas of a server behind one port.
struct Service {
    engine: TestEngine,
    folder: tempfile::TempDir,
    port: u16,
    project: String,
    /// `deploy.update_config`.
    update: &'static str,
    /// Lines of the service.
    more: &'static str,
}

/// A health check as most projects have one.
const HEALTH: &str = "healthcheck:
      test: [CMD, python3, -c, 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:8000/\")']
      interval: 1s
      retries: 3";

impl Service {
    fn new(project: &str, update: &'static str, more: &'static str) -> Option<Self> {
        let engine = TestEngine::with_images("rolling")?;
        let folder = tempfile::tempdir().unwrap();
        let service = Self { engine, folder, port: free_port(), project: project.to_owned(), update, more };
        service.answers("one");
        service.run(&["down", "-v", "-t", "0"]).ok();
        service.run(&["up", "-d", "--wait"]).ok();
        assert_eq!(service.versions(), ["one", "one", "one"]);
        Some(service)
    }

    /// Writes the file: replicas answer with `answer`.
    fn answers(&self, answer: &str) {
        let server = repository("tests/rolling/server.py");
        let text = format!(
            "services:
  web:
    image: python:3.11-slim
    init: true
    command: [python3, /server.py]
    environment: {{ANSWER: {answer}}}
    volumes: [\"{}:/server.py:ro\"]
    ports: [\"127.0.0.1:{}:8000\"]
    {}
    deploy:
      replicas: 3
      update_config: {}
",
            server.display(),
            self.port,
            self.more,
            self.update
        );
        std::fs::write(self.folder.path().join("compose.yaml"), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Run {
        let all = [&["-p", &self.project], args].concat();
        self.engine.wharf(self.folder.path(), &all)
    }

    fn containers(&self) -> Vec<Value> {
        let listed = self.run(&["ps", "-a", "--format", "json"]).ok().stdout;
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The version of each container that there is, by name; all of them run.
    fn versions(&self) -> Vec<String> {
        let containers = self.containers();
        for (number, container) in containers.iter().enumerate() {
            assert_eq!(container["State"], "running", "{container}");
            assert_eq!(container["Name"], format!("{}-web-{}", self.project, number + 1));
        }
        let index = |number: usize| (number + 1).to_string();
        let version = |number| {
            let asked = self.run(&["exec", "-T", "--index", &index(number), "web", "printenv", "ANSWER"]);
            asked.ok().stdout.trim().to_owned()
        };
        (0..containers.len()).map(version).collect()
    }

    /// Asks all the time while `work` is done.
    fn under_load<T>(&self, work: impl FnOnce(&Load) -> T) -> (T, Report) {
        let load = Load::begin(self.port);
        wait_for("the first answers", 30, || (load.so_far().answered() > 100).then_some(()));
        let done = work(&load);
        let before = load.so_far().answered();
        wait_for("further answers", 30, || (load.so_far().answered() > before + 100).then_some(()));
        (done, load.end())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.run(&["down", "-v", "-t", "0"]);
    }
}

#[track_caller]
fn nothing_failed(report: &Report) {
    println!("{} answers {:?}, {} failures", report.answered(), report.answers, report.failures.len());
    assert!(report.failures.is_empty(), "{} failed: {:?}", report.failures.len(), report.failures);
}

#[track_caller]
fn updates_without_a_failed_request(project: &str, update: &'static str, more: &'static str) {
    let Some(service) = Service::new(project, update, more) else { return };
    let ((), report) = service.under_load(|_| {
        service.answers("two");
        service.run(&["up", "-d"]).ok();
    });
    nothing_failed(&report);
    assert!(report.answers["two"] >= 100, "{report:?}");
    assert_eq!(service.versions(), ["two", "two", "two"]);
}

#[test]
fn an_update_that_starts_first_fails_no_request() {
    updates_without_a_failed_request("rolling-start", "{order: start-first}", HEALTH);
}

#[test]
fn an_update_that_stops_first_fails_no_request() {
    updates_without_a_failed_request("rolling-stop", "{order: stop-first}", HEALTH);
}

#[test]
fn without_a_health_check_a_new_replica_is_asked_when_it_listens() {
    updates_without_a_failed_request("rolling-unchecked", "{order: start-first, monitor: 1s}", "");
}

#[track_caller]
fn is_rolled_back_without_a_failed_request(project: &str, update: &'static str) {
    let Some(service) = Service::new(project, update, HEALTH) else { return };
    let (run, report) = service.under_load(|_| {
        service.answers("broken");
        service.run(&["up", "-d"])
    });
    let run = run.exits(1).says("the update failed").says("it ended with 3").says("no such table: users");
    run.says("rolled back");
    nothing_failed(&report);
    assert_eq!(report.answers.keys().collect::<Vec<_>>(), ["one"]);
    assert_eq!(service.versions(), ["one", "one", "one"]);
}

#[test]
fn what_does_not_start_is_rolled_back_before_an_old_one_leaves() {
    is_rolled_back_without_a_failed_request("rolling-back", "{order: start-first, failure_action: rollback}");
}

#[test]
fn what_does_not_start_gives_its_place_back() {
    is_rolled_back_without_a_failed_request("rolling-back-stop", "{failure_action: rollback}");
}

/// Killed when the first new replica answers; the next `up` finishes, and nothing is left of the first.
#[test]
fn an_update_that_was_killed_is_finished_by_the_next_up() {
    let Some(service) = Service::new("rolling-killed", "{order: start-first}", HEALTH) else { return };
    let ((), report) = service.under_load(|load| {
        service.answers("two");
        let args = ["-p", &service.project, "up", "-d"];
        let mut command = service.engine.command(service.folder.path(), &args);
        let mut up = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the first new replica", 60, || load.so_far().answers.contains_key("two").then_some(()));
        signal(&up, Signal::KILL);
        up.wait().unwrap();
        service.run(&["up", "-d"]).ok();
    });
    nothing_failed(&report);
    assert_eq!(service.versions(), ["two", "two", "two"]);
}
