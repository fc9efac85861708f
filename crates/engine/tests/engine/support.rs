//! Starting engines and talking to them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_container::namespace::in_network_namespace;

const BUSYBOX: &str = "/bin/busybox";
/// Nothing that a test waits for takes longer on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running engine; dropping it ends it and removes what it left.
pub struct TestEngine {
    process: Child,
    directory: tempfile::TempDir,
}

/// An answer: status, and the body as JSON or text.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An engine with the image `busybox`; `None` where tests cannot run.
pub fn engine() -> Option<TestEngine> {
    engine_with(&[])
}

/// The same with additional environment variables.
pub fn engine_with(environment: &[(&str, &str)]) -> Option<TestEngine> {
    let present = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let root = rustix::process::geteuid().is_root();
    if !root || !Path::new(BUSYBOX).exists() || !present("nsenter") || !Path::new("/usr/sbin/ip").exists() {
        println!("skipped: this test needs root, {BUSYBOX}, nsenter and ip");
        return None;
    }
    let directory = tempfile::Builder::new().prefix("wharf-test").tempdir().unwrap();
    let process = start(directory.path(), environment);
    let engine = TestEngine { process, directory };
    engine.import_busybox();
    Some(engine)
}

fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples/engine")
}

fn start(root: &Path, environment: &[(&str, &str)]) -> Child {
    let mut child = Command::new("unshare")
        .args(["-n", "sh", "-c", "ip link set lo up && exec \"$0\" engine run"])
        .arg(program())
        .env("WHARF_ROOT", root)
        .env("WHARF_ENGINE_IDLE_SECONDS", "600")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0; 12];
    child.stdout.as_mut().unwrap().read_exact(&mut line).expect("the engine did not start");
    assert_eq!(&line, b"listening on");
    child
}

impl TestEngine {
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The process id of `monitor` or `worker`.
    pub fn pid(&self, which: &str) -> i32 {
        let file: Value = serde_json::from_slice(&fs::read(self.root().join("engine.pid")).unwrap()).unwrap();
        i32::try_from(file[which]["pid"].as_i64().unwrap()).unwrap()
    }

    /// Kills monitor and worker, which leaves everything as it is.
    pub fn kill(&mut self) {
        // The worker ends by itself when its monitor is gone.
        let worker = self.pid("worker");
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let gone = || !Path::new(&format!("/proc/{worker}")).exists();
        eventually("the worker has ended", || gone().then_some(()));
    }

    /// Waits until the engine has ended by itself.
    pub fn wait_for_end(&mut self) {
        assert!(self.process.wait().unwrap().success());
    }

    /// Starts the engine again after its monitor was killed.
    pub fn start_again(&mut self) {
        let new = start_in_namespace_of(self.root(), self.namespace());
        let mut old = std::mem::replace(&mut self.process, new);
        let _ = old.kill();
        let _ = old.wait();
    }

    fn namespace(&self) -> PathBuf {
        self.root().join("netns")
    }

    /// Keeps the engine's network namespace for [`TestEngine::start_again`].
    pub fn pin_namespace(&self) -> Child {
        let pid = self.pid("monitor").to_string();
        let pin = Command::new("nsenter").args(["-t", &pid, "-n", "sleep", "600"]).spawn().unwrap();
        fs::write(self.namespace(), pin.id().to_string()).unwrap();
        pin
    }

    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.send(method, path, "application/json", &body)
    }

    pub fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text());
        answer.json()
    }

    /// A POST that must succeed.
    pub fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.call("POST", path, Some(body));
        assert!(answer.status < 300, "POST {path}: {} {}", answer.status, answer.text());
        answer.json()
    }

    pub fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let mut stream = UnixStream::connect(self.root().join("engine.sock")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")
            .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        parse(&answer)
    }

    fn import_busybox(&self) {
        let answer = self.send(
            "POST",
            "/images/create?fromSrc=-&repo=busybox&tag=latest",
            "application/x-tar",
            &busybox_archive(),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!answer.text().contains("error"), "{}", answer.text());
    }

    /// Creates a container of `busybox`; gives its id.
    pub fn create(&self, name: &str, command: &[&str], more: Value) -> String {
        let mut body = json!({ "Image": "busybox", "Cmd": command });
        merge(&mut body, more);
        self.post(&format!("/containers/create?name={name}"), body)["Id"].as_str().unwrap().to_owned()
    }

    /// Creates and starts.
    pub fn run(&self, name: &str, command: &[&str], more: Value) -> String {
        let id = self.create(name, command, more);
        self.post(&format!("/containers/{id}/start"), Value::Null);
        id
    }

    /// Waits for the container's end; gives its exit code.
    pub fn wait(&self, name: &str) -> i64 {
        self.post(&format!("/containers/{name}/wait"), Value::Null)["StatusCode"].as_i64().unwrap()
    }

    /// Runs a command in a container; gives exit code and output.
    pub fn exec(&self, name: &str, command: &[&str]) -> (i64, String) {
        let body = json!({ "Cmd": command, "AttachStdout": true, "AttachStderr": true });
        let id = self.post(&format!("/containers/{name}/exec"), body)["Id"].as_str().unwrap().to_owned();
        let output = self.call("POST", &format!("/exec/{id}/start"), Some(json!({ "Detach": false })));
        let text = frames(&output.body);
        (self.get(&format!("/exec/{id}/json"))["ExitCode"].as_i64().unwrap(), text)
    }

    /// What the container wrote.
    pub fn logs(&self, name: &str) -> String {
        frames(&self.call("GET", &format!("/containers/{name}/logs?stdout=1&stderr=1"), None).body)
    }

    pub fn inspect(&self, name: &str) -> Value {
        self.get(&format!("/containers/{name}/json"))
    }

    /// Fetches `/` from the engine's host network, as a client outside of all containers; empty when nobody answers.
    pub fn fetch(&self, address: &str) -> String {
        let namespace = fs::File::open(format!("/proc/{}/ns/net", self.pid("monitor"))).unwrap();
        let page = in_network_namespace(namespace.as_fd(), || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(parse(&answer).text())
        });
        page.unwrap().unwrap_or_default().trim().to_owned()
    }
}

fn start_in_namespace_of(root: &Path, pin: PathBuf) -> Child {
    let pid = fs::read_to_string(pin).unwrap();
    let mut child = Command::new("nsenter")
        .args(["-t", &pid, "-n"])
        .arg(program())
        .args(["engine", "run"])
        .env("WHARF_ROOT", root)
        .env("WHARF_ENGINE_IDLE_SECONDS", "600")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0; 12];
    child.stdout.as_mut().unwrap().read_exact(&mut line).expect("the engine did not start again");
    child
}

impl Drop for TestEngine {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        for container in self.get("/containers/json?all=1").as_array().into_iter().flatten() {
            let id = container["Id"].as_str().unwrap_or_default();
            self.call("DELETE", &format!("/containers/{id}?force=1&v=1"), None);
        }
        if let Some(pid) = rustix::process::Pid::from_raw(self.pid("monitor")) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

/// Waits until `condition` gives something.
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}

fn merge(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

/// Takes the frames of a multiplexed stream apart (contract 1.12.5).
fn frames(mut body: &[u8]) -> String {
    let mut text = String::new();
    while body.len() >= 8 {
        let length = u32::from_be_bytes([body[4], body[5], body[6], body[7]]) as usize;
        text.push_str(&String::from_utf8_lossy(&body[8..8 + length]));
        body = &body[8 + length..];
    }
    text
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP answer") + 4;
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = &answer[end..];
    let body = if head.contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_vec() };
    Answer { status, body }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap().trim(), 16).unwrap();
        if length == 0 {
            break;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
    whole
}

fn busybox_archive() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, mode: u32, content: &[u8], link: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        header.set_size(content.len() as u64);
        if link.is_empty() {
            archive.append_data(&mut header, path, content).unwrap();
        } else {
            archive.append_link(&mut header, path, link).unwrap();
        }
    };
    for directory in ["bin", "etc", "tmp", "data"] {
        add(directory, tar::EntryType::Directory, 0o755, &[], "");
    }
    add("bin/busybox", tar::EntryType::Regular, 0o755, &fs::read(BUSYBOX).unwrap(), "");
    for applet in [
        "sh", "cat", "echo", "sleep", "true", "false", "id", "env", "ls", "test", "wget", "httpd",
        "hostname", "mkdir", "touch", "nslookup",
    ] {
        add(&format!("bin/{applet}"), tar::EntryType::Symlink, 0o777, &[], "busybox");
    }
    add(
        "etc/passwd",
        tar::EntryType::Regular,
        0o644,
        b"root:x:0:0:root:/root:/bin/sh\napp:x:999:999::/data:/bin/sh\n",
        "",
    );
    add("data/seed", tar::EntryType::Regular, 0o600, b"from the image", "");
    archive.into_inner().unwrap()
}
