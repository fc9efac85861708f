//! The orchestrator on a Docker Engine: the same commands, the other engine.
//!
//! `WHARF_TEST_DOCKER_HOST` says where it listens; it must have the image `busybox:latest`. Without it these tests say
//! so and pass.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Run, free_port, signal, skip, wait_for};

const STACK: &str = "services:
  db:
    image: busybox
    init: true
    command: sh -c 'echo db is up; exec sleep inf'
    volumes: [data:/data]
    healthcheck:
      test: 'true'
      interval: 200ms
  migrate:
    image: busybox
    command: sh -c 'echo migrated'
    depends_on:
      db: {condition: service_healthy}
  web:
    image: busybox
    init: true
    command: sh -c 'echo ${GREETING:-hello}; exec sleep inf'
    depends_on:
      migrate: {condition: service_completed_successfully}
volumes:
  data: {}
";

/// A project in a folder of its own; taken down when it is dropped.
struct Project {
    host: String,
    folder: tempfile::TempDir,
    name: String,
}

impl Project {
    fn new(name: &str, compose: &str) -> Option<Project> {
        let Ok(host) = std::env::var("WHARF_TEST_DOCKER_HOST") else {
            return skip("no Docker Engine: set WHARF_TEST_DOCKER_HOST");
        };
        let folder = tempfile::tempdir().unwrap();
        let project = Project { host, folder, name: format!("{name}-{}", std::process::id()) };
        project.write("compose.yaml", compose);
        Some(project)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.args(["--host", &self.host, "-p", &self.name]).args(args).stdin(Stdio::null());
        command.current_dir::<&Path>(self.folder.path()).env_remove("COMPOSE_FILE");
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args))
    }

    fn containers(&self) -> Vec<Value> {
        let listed = self.run(&["ps", "-a", "--format", "json"]).ok().stdout;
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn ids(&self) -> String {
        self.run(&["ps", "-aq"]).ok().stdout
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.run(&["down", "-v", "-t", "0", "--remove-orphans"]);
    }
}

#[test]
fn a_stack_comes_up_in_order_and_stays() {
    let Some(project) = Project::new("wt-stack", STACK) else { return };
    project.run(&["up", "-d"]).ok().says("db-1 Healthy").says("migrate-1 Exited").says("web-1 Started");
    let before = project.ids();
    project.run(&["up", "-d"]).ok().says("web-1 Running");
    assert_eq!(project.ids(), before, "nothing is made anew");
    project.run(&["logs", "web"]).ok().prints("web-1  | hello");
    project.run(&["exec", "-T", "web", "sh", "-c", "exit 7"]).exits(7);
    let ended =
        |p: &Project| p.containers().iter().any(|c| c["Service"] == "migrate" && c["State"] == "exited");
    wait_for("the second run of migrate ends", 20, || ended(&project).then_some(()));
    project.run(&["plan", "--detailed-exitcode"]).exits(2).prints("start container");
    project.run(&["down", "-v"]).ok();
    assert_eq!(project.ids(), "");
}

#[test]
fn only_what_changed_is_made_anew() {
    let Some(project) = Project::new("wt-change", STACK) else { return };
    project.run(&["up", "-d"]).ok();
    let id = |service: &str| {
        let containers = project.containers();
        containers.into_iter().find(|c| c["Service"] == service).unwrap()["ID"].clone()
    };
    let (db, web) = (id("db"), id("web"));
    project.write(".env", "GREETING=good morning\n");
    project.run(&["plan"]).ok().prints("configuration changed");
    project.run(&["up", "-d"]).ok().says("web-1 Recreated");
    assert_eq!(id("db"), db);
    assert_ne!(id("web"), web);
    project.run(&["logs", "web"]).ok().prints("good morning");
}

#[test]
fn replicas_come_and_go() {
    let Some(project) = Project::new("wt-scale", STACK) else { return };
    project.run(&["up", "-d", "--scale", "web=3"]).ok();
    let webs = |p: &Project| p.containers().iter().filter(|c| c["Service"] == "web").count();
    assert_eq!(webs(&project), 3);
    project.run(&["scale", "web=1"]).ok();
    assert_eq!(webs(&project), 1);
    project.run(&["up", "-d", "--scale", "nosuch=2"]).exits(1).says("no such service: nosuch");
}

#[test]
fn a_dry_run_changes_nothing() {
    let Some(project) = Project::new("wt-dry", STACK) else { return };
    project.run(&["--dry-run", "up", "-d"]).ok().prints("create container");
    assert_eq!(project.ids(), "");
    project.run(&["up", "-d"]).ok();
    let before = project.ids();
    project.run(&["down", "-v", "--dry-run"]).ok().prints("remove volume");
    assert_eq!(project.ids(), before);
}

#[test]
fn the_first_end_decides_the_exit_code() {
    let compose = "services:
  a: {image: busybox, init: true, command: sleep inf}
  b: {image: busybox, command: sh -c 'sleep 1; exit 3'}
";
    let Some(project) = Project::new("wt-abort", compose) else { return };
    project.run(&["up", "--abort-on-container-exit"]).exits(3).prints("b-1 exited with code 3");
    project.run(&["up", "--exit-code-from", "a", "-t", "0"]).exits(143);
}

#[test]
fn following_logs_goes_on_through_a_restart() {
    let compose = "services:
  web:
    image: busybox
    init: true
    command: sh -c 'echo begin; exec sleep inf'
";
    let Some(project) = Project::new("wt-follow", compose) else { return };
    project.run(&["up", "-d"]).ok();
    let child = project.command(&["logs", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    project.run(&["restart", "-t", "0"]).ok();
    let begun = |p: &Project| p.run(&["logs", "--no-log-prefix"]).ok().stdout.matches("begin").count();
    wait_for("the second begin", 20, || (begun(&project) == 2).then_some(()));
    project.run(&["stop", "-t", "0"]).ok();
    let followed = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&followed.stdout), "web-1  | begin\nweb-1  | begin\n");
}

#[test]
fn one_off_containers_leave_with_their_code() {
    let Some(project) = Project::new("wt-run", STACK) else { return };
    project
        .run(&["run", "--rm", "-T", "web", "sh", "-c", "echo from run; exit 5"])
        .exits(5)
        .prints("from run");
    let services: Vec<_> = project.containers().iter().map(|c| c["Service"].clone()).collect();
    assert_eq!(services, ["db", "migrate"], "dependencies stay, the one-off container is gone");
}

#[test]
fn a_taken_port_stops_everything_before_it_begins() {
    let port = free_port();
    let compose = format!(
        "services:\n  web:\n    image: busybox\n    command: sleep inf\n    ports: [\"{port}:80\"]\n"
    );
    let Some(project) = Project::new("wt-port", &compose) else { return };
    let holder = std::net::TcpListener::bind(("0.0.0.0", port)).unwrap();
    project.run(&["up", "-d"]).exits(1).says("compose.yaml:5").says(&format!("(pid {})", std::process::id()));
    assert_eq!(project.ids(), "");
    drop(holder);
}

#[test]
fn a_failed_build_says_what_it_ran() {
    let Some(project) = Project::new("wt-build", "services:\n  web:\n    build: .\n") else { return };
    project.write("Dockerfile", "FROM busybox\nRUN echo the-reason >&2; exit 42\n");
    project.run(&["up", "-d"]).exits(1).says("the-reason").says("42").says("compose.yaml:3");
    assert_eq!(project.ids(), "");
    project.write("Dockerfile", "FROM busybox\nCOPY compose.yaml /copied\nCMD [\"sleep\", \"inf\"]\n");
    project.run(&["up", "-d", "--build"]).ok();
    project.run(&["exec", "-T", "web", "cat", "/copied"]).ok().prints("build: .");
    project.run(&["down", "--rmi", "local", "-t", "0"]).ok().says("Removed");
}

#[test]
fn an_interrupted_up_is_finished_by_the_next() {
    let compose = "services:
  slow:
    image: busybox
    init: true
    command: sleep inf
    healthcheck: {test: test -e /tmp/ready, interval: 200ms, retries: 1000}
  web:
    image: busybox
    init: true
    command: sleep inf
    depends_on:
      slow: {condition: service_healthy}
";
    let Some(project) = Project::new("wt-ctrlc", compose) else { return };
    let mut child =
        project.command(&["up", "-d"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("slow runs", 60, || project.run(&["ps", "--services"]).stdout.contains("slow").then_some(()));
    signal(&child, rustix::process::Signal::INT);
    let status = wait_for("`up` ends after Ctrl-C", 20, || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130));
    project.run(&["exec", "-T", "slow", "touch", "/tmp/ready"]).ok();
    project.run(&["up", "-d"]).ok().says("web-1 Started");
}
