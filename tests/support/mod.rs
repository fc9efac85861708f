//! What the scenario tests share: an engine of the test's own, running the binary, waiting for states, plain HTTP.
//!
//! Every engine lives in a `WHARF_ROOT` below cargo's target folder and is stopped when its value is dropped. Tests
//! that cannot run on this machine say why and pass.
#![expect(dead_code, reason = "each test binary uses its own part of this module")]

pub mod http;
pub mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// An engine of the test's own: its state folder and the environment that leads the binary to it.
///
/// Tests of one binary that ask for the same name share the engine; it ends with the last of them.
pub struct TestEngine {
    shared: Arc<Shared>,
}

/// The part that all users of one engine hold together.
struct Shared {
    root: PathBuf,
}

/// Engines in use by this process, by name.
static ENGINES: Mutex<BTreeMap<String, Weak<Shared>>> = Mutex::new(BTreeMap::new());

impl TestEngine {
    /// An engine named `name`, with the stack's images in reach; `None` (and a printed reason) where this machine
    /// cannot run it. `tests/run.sh` sets what is needed.
    pub fn with_images(name: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return skip("containers need root");
        }
        if std::env::var_os("WHARF_TEST_IMAGES").is_none() {
            return skip(
                "no images in reach: run tests/run.sh, or set WHARF_TEST_IMAGES=1 and WHARF_TEST_MIRROR",
            );
        }
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = engines.get(name).and_then(Weak::upgrade) {
            return Some(Self { shared });
        }
        let root = state_folder().join(name);
        std::fs::create_dir_all(&root).unwrap();
        let shared = Arc::new(Shared { root });
        // An engine of an earlier, killed run would have the old binary.
        shared.stop();
        shared.configure_mirror();
        engines.insert(name.to_owned(), Arc::downgrade(&shared));
        Some(Self { shared })
    }

    /// The state folder.
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    /// `wharf ARGS` in `folder`, not yet started.
    pub fn command(&self, folder: &Path, args: &[&str]) -> Command {
        self.shared.command(folder, args)
    }

    /// Runs `wharf ARGS` in `folder` to its end.
    pub fn wharf(&self, folder: &Path, args: &[&str]) -> Run {
        Run::of(self.command(folder, args))
    }
}

impl Shared {
    fn configure_mirror(&self) {
        let config = match std::env::var("WHARF_TEST_MIRROR") {
            Ok(mirror) => format!("{{\"registry-mirrors\": [\"{mirror}\"]}}"),
            Err(_) => "{}".to_owned(),
        };
        std::fs::write(self.root.join("engine.json"), config).unwrap();
    }

    fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.args(args).current_dir(folder).env("WHARF_ROOT", &self.root).stdin(Stdio::null());
        for name in ["DOCKER_HOST", "WHARF_HOST", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"]
        {
            command.env_remove(name);
        }
        command
    }

    /// Ends the engine and every container it still runs.
    fn stop(&self) {
        let _ = self.command(Path::new("/"), &["engine", "stop", "--force"]).output();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Nobody may start the engine anew while it ends; and one who just did has ended this one already.
        let engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        if !engines.values().filter_map(Weak::upgrade).any(|other| other.root == self.root) {
            self.stop();
        }
    }
}

/// Where engines of tests keep their state: below cargo's target folder, or in `WHARF_TEST_ROOT` where overlays cannot
/// be laid on that (because it is one).
fn state_folder() -> PathBuf {
    std::env::var_os("WHARF_TEST_ROOT").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from)
}

/// What a finished command printed and how it ended.
pub struct Run {
    what: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(mut command: Command) -> Self {
        let what = format!("{command:?}");
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { what, code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Fails the test, showing everything, unless the command ended with 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Fails the test, showing everything, unless the command ended with `code`.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Fails the test unless standard error has `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "standard error lacks {text:?}\n{self}");
        self
    }

    /// Fails the test unless standard output has `text`.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "standard output lacks {text:?}\n{self}");
        self
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}\nexit {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.what, self.code, self.stdout, self.stderr
        )
    }
}

/// Asks `check` until it has an answer; panics with `what` after `seconds`.
#[track_caller]
pub fn wait_for<T>(what: &str, seconds: u64, mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = check() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends `signal` to a running command.
pub fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).unwrap();
}

/// A port on which nothing listens now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The folder `path` of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Copies the folder `from` to a new temporary folder, so that a test can change it.
pub fn copy_of(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(folder.path()).status().unwrap();
    assert!(copied.success(), "cannot copy {}", from.display());
    folder
}

/// Prints why a test does not run here.
pub fn skip<T>(why: &str) -> Option<T> {
    eprintln!("skipped: {why}");
    None
}
