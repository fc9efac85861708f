//! What goes wrong for users, one test each: a clear message, the right exit code, and nothing half-made left behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::Stdio;

use support::{Run, TestEngine, free_port, signal, wait_for};

/// A project folder with one compose file, on an engine of its own.
struct Project {
    engine: TestEngine,
    folder: tempfile::TempDir,
    name: String,
}

impl Project {
    fn new(name: &str, compose: &str) -> Option<Self> {
        let engine = TestEngine::with_images("bad-input")?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let project = Self { engine, folder, name: name.to_owned() };
        project.run(&["down", "-v", "--remove-orphans"]);
        Some(project)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path().join(file), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Run {
        self.engine.wharf(self.path(), &[&["-p", &self.name], args].concat())
    }

    /// Fails the test unless the project owns no container, network or volume.
    #[track_caller]
    fn owns_nothing(&self) {
        assert_eq!(self.run(&["ps", "-aq"]).ok().stdout, "");
        let docker = self.run(&["ls", "-a", "-q"]).ok().stdout;
        assert!(!docker.contains(&self.name), "{docker}");
    }
}

#[test]
fn a_taken_port_is_named_before_anything_is_created() {
    let port = free_port();
    let compose = format!(
        "services:\n  web:\n    image: busybox\n    command: sleep inf\n    ports:\n      - \"{port}:80\"\n"
    );
    let Some(project) = Project::new("badport", &compose) else { return };
    let holder = std::net::TcpListener::bind(("0.0.0.0", port)).unwrap();
    let run = project.run(&["up", "-d"]).exits(1).says(&port.to_string()).says("compose.yaml:6").says("web");
    assert!(run.stderr.contains(&std::process::id().to_string()), "the holder's pid is named\n{run}");
    project.owns_nothing();
    drop(holder);
    project.run(&["up", "-d"]).ok();
    project.run(&["down"]).ok();
}

#[test]
fn an_image_that_does_not_exist_is_named_with_its_line() {
    let compose = "services:\n  web:\n    image: nobody-has-this:ever\n";
    let Some(project) = Project::new("badimage", compose) else { return };
    project.run(&["up", "-d"]).exits(1).says("nobody-has-this:ever").says("compose.yaml:3").says("web");
    project.owns_nothing();
}

#[test]
fn a_failing_run_shows_its_last_lines_and_exit_code() {
    let Some(project) = Project::new("badrun", "services:\n  web:\n    build: .\n") else { return };
    project.write("Dockerfile", "FROM busybox\nRUN echo the-reason >&2; exit 42\n");
    project.run(&["up", "-d"]).exits(1).says("the-reason").says("42").says("Dockerfile:2");
    project.owns_nothing();
}

#[test]
fn yaml_that_does_not_parse_points_at_the_line() {
    let Some(project) = Project::new("badyaml", "services:\n  web:\n    image: [busybox\n  db: {}\n") else {
        return;
    };
    project.run(&["up", "-d"]).exits(1).says("compose.yaml:").says("image: [busybox");
}

#[test]
fn an_unset_variable_is_warned_of_by_name() {
    let compose = "services:\n  web:\n    image: busybox\n    command: echo ${NOBODY_SET_THIS}\n";
    let Some(project) = Project::new("badvariable", compose) else { return };
    project.run(&["up", "-d"]).ok().says("NOBODY_SET_THIS");
    project.run(&["down"]).ok();
}

#[test]
fn an_unhealthy_dependency_shows_its_last_probe() {
    let compose = "services:
  db:
    image: busybox
    command: sleep inf
    init: true
    healthcheck:
      test: echo probe-says-no; exit 1
      interval: 100ms
      retries: 2
  web:
    image: busybox
    command: sleep inf
    depends_on:
      db:
        condition: service_healthy
";
    let Some(project) = Project::new("badhealth", compose) else { return };
    project.run(&["up", "-d"]).exits(1).says("badhealth-db-1 is unhealthy").says("probe-says-no");
    assert!(!project.run(&["ps", "--services"]).ok().stdout.contains("web"), "web was never started");
    project.run(&["down", "-t", "0"]).ok();
    project.owns_nothing();
}

#[test]
fn a_dependency_cycle_is_written_out() {
    let compose = "services:
  a:
    image: busybox
    depends_on: [b]
  b:
    image: busybox
    depends_on: [a]
";
    let Some(project) = Project::new("badcycle", compose) else { return };
    project.run(&["up", "-d"]).exits(1).says("a -> b -> a").says("compose.yaml:");
    project.owns_nothing();
}

#[test]
fn ctrl_c_in_the_middle_of_up_leaves_something_the_next_up_finishes() {
    let compose = "services:
  slow:
    image: busybox
    init: true
    command: sleep inf
    healthcheck:
      test: test -e /tmp/ready
      interval: 200ms
      retries: 1000
  web:
    image: busybox
    init: true
    command: sleep inf
    depends_on:
      slow:
        condition: service_healthy
";
    let Some(project) = Project::new("badctrlc", compose) else { return };
    let mut command = project.engine.command(project.path(), &["-p", "badctrlc", "up", "-d"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("slow runs", 60, || project.run(&["ps", "--services"]).stdout.contains("slow").then_some(()));
    signal(&child, rustix::process::Signal::INT);
    let status = wait_for("`up` ends after Ctrl-C", 20, || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130));
    project.run(&["exec", "-T", "slow", "touch", "/tmp/ready"]).code.expect("exec ends");
    project.run(&["start", "slow"]);
    project.run(&["exec", "-T", "slow", "touch", "/tmp/ready"]).ok();
    project.run(&["up", "-d"]).ok();
    assert!(project.run(&["ps", "--services"]).ok().stdout.contains("web"));
    project.run(&["down", "-t", "0", "-v"]).ok();
    project.owns_nothing();
}
