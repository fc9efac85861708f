//! The keys of an attached `up`, on a terminal.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;
use std::process::Child;

use rustix::process::Signal;
use support::{TestEngine, signal, wait_for};
use terminal::Terminal;

const COMPOSE: &str = "
services:
  web:
    image: busybox
    command: [sh, -c, 'echo ready; trap exit TERM; while :; do sleep 0.1; done']
    develop: {watch: [{path: ./src, target: /src, action: sync}]}
";

/// An attached `up` on a terminal.
struct Up {
    engine: TestEngine,
    folder: tempfile::TempDir,
    project: &'static str,
    terminal: Terminal,
    child: Child,
}

impl Up {
    fn begin(project: &'static str, flags: &[&str], variables: &[(&str, &str)]) -> Option<Self> {
        let engine = TestEngine::with_images("menu")?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        engine.wharf(folder.path(), &["-p", project, "down", "-t0"]).ok();
        let mut command = engine.command(folder.path(), &["-p", project, "up"]);
        command.args(flags).env_remove("NO_COLOR").envs(variables.iter().copied());
        let terminal = Terminal::new();
        let child = terminal.begin(&command);
        let up = Self { engine, folder, project, terminal, child };
        up.terminal.shows("ready");
        Some(up)
    }

    fn wharf(&self, args: &[&str]) -> support::Run {
        self.engine.wharf(self.folder.path(), &[&["-p", self.project], args].concat())
    }

    /// The exit code; the terminal is then as it was.
    #[track_caller]
    fn ends(&mut self) -> Option<i32> {
        let child = &mut self.child;
        let status = wait_for("up ends", 60, || child.try_wait().unwrap());
        assert!(self.terminal.is_usual(), "{}", self.terminal.raw());
        status.code()
    }

    fn is_running(&self) -> bool {
        !self.wharf(&["ps", "-q", "--status", "running"]).ok().stdout.is_empty()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.wharf(&["down", "-t0"]);
    }
}

#[test]
fn d_leaves_and_the_containers_go_on() {
    let Some(mut up) = Up::begin("menu-detach", &[], &[]) else { return };
    up.terminal.shows("d Detach   w Enable Watch");
    assert!(!up.terminal.is_usual());
    up.terminal.press("\nxd");
    assert_eq!(up.ends(), Some(0), "{}", up.terminal.text());
    assert!(up.terminal.raw().ends_with("\r\u{1b}[K"), "the line is taken away: {:?}", up.terminal.raw());
    assert!(up.is_running());
}

#[test]
fn w_switches_the_watch() {
    let Some(mut up) = Up::begin("menu-watch", &[], &[]) else { return };
    let source = up.folder.path().join("src/file");
    up.terminal.shows("w Enable Watch");
    up.terminal.press("w");
    up.terminal.shows("Watch enabled");
    up.terminal.shows("w Disable Watch");
    std::fs::write(&source, "one").unwrap();
    up.terminal.shows("Syncing service \"web\"");
    let copied = || up.wharf(&["exec", "-T", "web", "cat", "/src/file"]).stdout == "one";
    wait_for("the file is in the container", 60, || copied().then_some(()));
    up.terminal.press("w");
    up.terminal.shows("Watch disabled");
    up.terminal.press("\u{3}");
    assert_eq!(up.ends(), Some(130));
}

#[test]
fn a_watch_that_was_asked_for_can_be_switched_off() {
    let Some(mut up) = Up::begin("menu-off", &["--watch", "--menu"], &[("NO_COLOR", "1")]) else { return };
    up.terminal.shows("w Disable Watch");
    up.terminal.press("w");
    up.terminal.shows("w Enable Watch");
    assert!(!up.terminal.raw().contains("\u{1b}[1m"), "{:?}", up.terminal.raw());
    up.terminal.press("d");
    assert_eq!(up.ends(), Some(0));
}

#[test]
fn every_end_gives_the_terminal_back() {
    for (sent, code, running) in
        [(Signal::TERM, 130, false), (Signal::HUP, 129, true), (Signal::QUIT, 131, true)]
    {
        let Some(mut up) = Up::begin("menu-ends", &[], &[]) else { return };
        up.terminal.shows("d Detach");
        signal(&up.child, sent);
        assert_eq!(up.ends(), Some(code), "{sent:?}: {}", up.terminal.text());
        assert_eq!(up.is_running(), running, "{sent:?}");
    }
}

#[test]
fn a_stopped_job_that_goes_on_takes_the_keys_again() {
    let Some(mut up) = Up::begin("menu-job", &[], &[]) else { return };
    up.terminal.shows("d Detach");
    signal(&up.child, Signal::STOP);
    wait_for("it is stopped", 60, || is_stopped(&up.child).then_some(()));
    up.terminal.make_usual();
    signal(&up.child, Signal::CONT);
    wait_for("it has the keys again", 60, || (!up.terminal.is_usual()).then_some(()));
    up.terminal.press("d");
    assert_eq!(up.ends(), Some(0));
}

fn is_stopped(child: &Child) -> bool {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(child.id().to_string()).join("stat")).unwrap();
    status.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

#[test]
fn no_menu_where_none_is_wanted() {
    for (flags, variables) in [
        (["--menu=false"].as_slice(), [].as_slice()),
        (&[], &[("COMPOSE_MENU", "false")]),
        (&[], &[("COMPOSE_ANSI", "never")]),
    ] {
        let Some(mut up) = Up::begin("menu-none", flags, variables) else { return };
        up.terminal.press("d\n\u{3}");
        assert_eq!(up.ends(), Some(130), "{}", up.terminal.text());
        assert!(!up.terminal.text().contains("Detach"), "{}", up.terminal.text());
    }
}

#[test]
fn a_menu_that_was_asked_for_and_cannot_be_is_told_of() {
    let Some(engine) = TestEngine::with_images("menu") else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), "services: {a: {image: busybox, command: 'true'}}")
        .unwrap();
    engine.wharf(folder.path(), &["-p", "menu-pipe", "up", "--menu"]).ok().says("there is no menu of keys");
    engine.wharf(folder.path(), &["-p", "menu-pipe", "down"]).ok();
}
