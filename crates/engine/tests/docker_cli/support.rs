//! An engine for one test, and ways to talk to it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What every run of a client may take; none of them takes a tenth of it.
const DEADLINE: &str = "60";
const BUSYBOX: &str = "/bin/busybox";

/// A running engine; ended with everything in it when dropped.
pub struct Engine {
    root: TempDir,
    monitor: Child,
}

/// What a client did.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Engine {
    /// Starts an engine with the image `busybox:latest`; `None` when this machine cannot.
    pub fn start() -> Option<Engine> {
        if let Some(reason) = missing() {
            println!("skipped: {reason}");
            return None;
        }
        let root = TempDir::with_prefix("wharf-cli-").unwrap();
        let engine = Engine { monitor: spawn(root.path()), root };
        engine.import_busybox();
        Some(engine)
    }

    /// Sends a signal to the monitor and waits for its end.
    pub fn end(&mut self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.monitor), signal).unwrap();
        self.monitor.wait().unwrap();
    }

    /// Starts the engine anew after its end, in another network namespace.
    pub fn start_again(&mut self) {
        self.monitor = spawn(self.root.path());
    }

    /// The process that serves the API.
    pub fn worker(&self) -> i32 {
        let file = std::fs::read(self.root.path().join("engine.pid")).unwrap();
        let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
        i32::try_from(file["worker"]["pid"].as_i64().unwrap()).unwrap()
    }

    /// Where the engine keeps everything.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    fn import_busybox(&self) {
        let arguments = ["import", "--change", "CMD [\"/bin/sh\"]", "-", "busybox:latest"];
        let imported = self.docker_with_input(&arguments, &root_filesystem());
        assert_eq!(imported.code, 0, "{imported:?}");
    }

    /// A new directory for files of the test.
    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.path().join("test").join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("test.log")).unwrap_or_default()
    }

    pub fn socket(&self) -> PathBuf {
        self.root.path().join("engine.sock")
    }

    /// The client as a command, to be run in another way than [`Engine::docker`] does.
    pub fn client(&self, arguments: &[&str]) -> Command {
        let mut command = client_of(&format!("unix://{}", self.socket().display()), arguments);
        // Neither the user's contexts and logins nor BuildKit decide what is tested here.
        command.env("DOCKER_CONFIG", self.directory("docker-config")).env("DOCKER_BUILDKIT", "0");
        command
    }

    /// Runs the client.
    pub fn docker(&self, arguments: &[&str]) -> Outcome {
        self.client(arguments).output().unwrap().into()
    }

    /// Runs the client with something on its standard input.
    pub fn docker_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut command = self.client(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // A client that does not want all of it is that client's business.
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().unwrap().into()
        })
    }

    /// Runs the client, which must succeed; gives what it printed, trimmed.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.docker(arguments);
        assert_eq!(outcome.code, 0, "docker {arguments:?}: {outcome:?}\n{}", self.log());
        outcome.stdout.trim().to_owned()
    }

    /// Runs the client, which must fail; gives what it said.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let outcome = self.docker(arguments);
        assert_ne!(outcome.code, 0, "docker {arguments:?}: {outcome:?}");
        outcome.stderr
    }

    /// Waits until `docker inspect` of a container shows `wanted` for a template.
    #[track_caller]
    pub fn wait_for(&self, container: &str, template: &str, wanted: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let shown = self.ok(&["inspect", "--format", template, container]);
            if shown == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "{template} of {container} stays {shown:?}");
        }
    }

    /// Sends one request as it stands; gives the status and the whole answer.
    pub fn http(&self, request: &str) -> (u16, String) {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head =
            format!("{request} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, answer)
    }
}

impl Engine {
    /// Takes a connection over, as `attach` does; gives it without the head of the answer.
    pub fn hijack(&self, request: &str) -> UnixStream {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head =
            format!("{request} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        stream
    }
}

impl Engine {
    /// An engine keeps its cgroup parent for its next start; there is none after a test.
    fn remove_cgroups(&self) {
        let name = wharf_engine::EnginePaths::new(Some(self.root.path())).name();
        let hierarchies = std::fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
        for hierarchy in hierarchies.map(|entry| entry.path()).chain(["/sys/fs/cgroup".into()]) {
            // Most of them have no such group.
            let _ = std::fs::remove_dir(hierarchy.join(&name));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let all = self.docker(&["ps", "--all", "--quiet"]).stdout;
        let all: Vec<&str> = all.split_whitespace().collect();
        if !all.is_empty() {
            self.docker(&[&["rm", "--force", "--volumes"], &all[..]].concat());
        }
        let pid = rustix::process::Pid::from_child(&self.monitor);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.monitor.wait();
        self.remove_cgroups();
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Starts an engine in a network namespace of its own.
fn spawn(root: &Path) -> Child {
    let script = "ip link set lo up && exec \"$0\" engine run";
    let log = root.join("test.log");
    let mut monitor = Command::new("unshare")
        .args(["--net", "sh", "-c", script])
        .arg(engine_binary())
        .env("WHARF_ROOT", root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(monitor.stdout.take().unwrap());
    let announced = stdout.lines().map_while(Result::ok).any(|line| line.starts_with("listening on"));
    assert!(announced, "the engine did not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
    monitor
}

/// A client of the engine at this address.
pub fn client_of(host: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=1", DEADLINE, "docker", "--host", host]).args(arguments);
    command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT").stdin(Stdio::null());
    command
}

fn missing() -> Option<&'static str> {
    let runs = |program: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let checks = [
        (rustix::process::geteuid().is_root(), "containers need root"),
        (runs("docker"), "no docker client here"),
        (runs("unshare"), "no unshare (util-linux) here"),
        (Command::new("ip").arg("-V").output().is_ok(), "no ip (iproute2) here"),
        (is_static(Path::new(BUSYBOX)), "no static busybox here: apt-get install busybox-static"),
    ];
    checks.into_iter().find(|(there, _)| !there).map(|(_, reason)| reason)
}

/// A dynamic program names its loader in its first page.
fn is_static(program: &Path) -> bool {
    let mut start = [0; 4096];
    File::open(program).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && !start.windows(4).any(|bytes| bytes == b"ld-l")
}

/// The example `engine` of this crate, which cargo builds together with its tests.
fn engine_binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("examples/engine");
    assert!(binary.exists(), "{} is missing: cargo build -p wharf-engine --examples", binary.display());
    binary
}

/// A root filesystem with busybox and nothing else, as a tar archive.
pub fn root_filesystem() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for directory in ["bin", "etc", "root", "tmp"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(if directory == "tmp" { 0o1777 } else { 0o755 });
        header.set_size(0);
        archive.append_data(&mut header, directory, std::io::empty()).unwrap();
    }
    archive.append_path_with_name(BUSYBOX, "bin/busybox").unwrap();
    let applets = Command::new(BUSYBOX).arg("--list").output().unwrap().stdout;
    for applet in String::from_utf8(applets).unwrap().lines().filter(|name| *name != "busybox") {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, format!("bin/{applet}"), "busybox").unwrap();
    }
    let passwd = b"root:x:0:0:root:/root:/bin/sh\n";
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(passwd.len() as u64);
    archive.append_data(&mut header, "etc/passwd", &passwd[..]).unwrap();
    archive.into_inner().unwrap()
}
