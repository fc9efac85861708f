//! A command that is killed at any point leaves nothing that the next one cannot finish.
//!
//! The points are the lines of its progress: each says that an effect begins or is done. The real `wharf` on an engine of
//! its own; `tests/plan/properties.rs` has the same of plans alone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{Run, TestEngine};

const COMPOSE: &str = "
x-idle: &idle {image: busybox, init: true, command: sleep inf, stop_grace_period: 0s}
services:
  db:
    <<: *idle
    environment: {VERSION: \"${VERSION:-one}\"}
    volumes: [data:/data]
    healthcheck: {test: \"true\", interval: 100ms}
  web:
    <<: *idle
    environment: {VERSION: \"${VERSION:-one}\"}
    scale: 2
    depends_on: {db: {condition: service_healthy}}
    networks: {default: , front: }
networks: {front: }
volumes: {data: }
";
const PROJECT: &str = "killed-commands";
/// Rounds begin only within this time: how many points that is depends on the machine.
const TIME: Duration = Duration::from_secs(20);

struct Project {
    engine: TestEngine,
    folder: tempfile::TempDir,
}

impl Project {
    fn command(&self, version: &str, args: &[&str]) -> std::process::Command {
        let all = [&["--progress", "plain", "-p", PROJECT], args].concat();
        let mut command = self.engine.command(self.folder.path(), &all);
        command.env("VERSION", version);
        command
    }

    fn wharf(&self, version: &str, args: &[&str]) -> Run {
        Run::of(self.command(version, args))
    }

    /// Runs a command and kills it as soon as it printed so many lines; false when it ended before.
    fn killed(&self, version: &str, args: &[&str], lines: usize) -> bool {
        let mut command = self.command(version, args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
        let reached = progress.by_ref().take(lines).count() == lines;
        // It may have ended by itself after its last line.
        let _ = child.kill();
        child.wait().unwrap();
        reached
    }

    /// What was killed is finished by the same command: everything runs as the files say.
    fn is_finished(&self, version: &str) {
        self.wharf(version, &["up", "-d", "--wait"]).ok();
        self.wharf(version, &["plan", "--detailed-exitcode"]).ok();
        let running =
            self.wharf(version, &["ps", "--status", "running", "--format", "{{.Name}}"]).ok().stdout;
        let mut names: Vec<&str> = running.lines().collect();
        names.sort_unstable();
        assert_eq!(names, ["db-1", "web-1", "web-2"].map(|name| format!("{PROJECT}-{name}")));
        let seen =
            self.wharf(version, &["exec", "-T", "--index", "2", "web", "sh", "-c", "echo $VERSION"]).ok();
        assert_eq!(seen.stdout.trim(), version);
    }

    fn is_gone(&self) {
        self.wharf("one", &["down", "-v"]).ok();
        let left = self.wharf("one", &["ps", "-aq"]).ok().stdout;
        assert_eq!(left, "", "containers are left");
        self.wharf("one", &["--dry-run", "down", "-v"]).ok().prints("nothing to do");
    }
}

#[test]
fn the_next_command_finishes_what_a_killed_one_began() {
    let Some(engine) = TestEngine::with_images("killed") else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
    let project = Project { engine, folder };
    // What an earlier, killed run of this test left behind.
    project.is_gone();
    let begun = Instant::now();
    let mut points = (1..6).flat_map(|first| (first..60).step_by(5));
    // From early to late ones, and then those in between. What no command reaches is not tried again.
    let mut last = usize::MAX;
    let mut killed = 0;
    while let Some(lines) = points.find(|lines| *lines < last) {
        let up = project.killed("one", &["up", "-d"], lines);
        project.is_finished("one");
        let update = project.killed("two", &["up", "-d"], lines);
        project.is_finished("two");
        let down = project.killed("two", &["down", "-v"], lines);
        project.is_gone();
        killed += [up, update, down].into_iter().filter(|reached| *reached).count();
        if !(up || update || down) {
            last = lines;
        }
        if begun.elapsed() > TIME {
            break;
        }
    }
    eprintln!("{killed} commands were killed in {:?}", begun.elapsed());
    assert!(killed >= 3, "{killed}");
}
