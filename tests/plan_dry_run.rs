//! Dry runs change nothing: each one is looked at on its way to the engine, and only reads may pass.
//!
//! On the built-in engine, and on a Docker Engine where `WHARF_TEST_DOCKER_HOST` says where it listens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use support::{Run, TestEngine, schema, skip};

const STACK: &str = "services:
  db:
    image: busybox
    init: true
    command: sleep inf
    stop_grace_period: 0s
    volumes: [data:/data, /scratch]
    healthcheck: {test: 'true', interval: 200ms}
  web:
    image: busybox
    init: true
    command: sleep inf
    stop_grace_period: 0s
    environment: {LEVEL: info, DB_PASSWORD: hunter2}
    secrets: [token]
    depends_on: {db: {condition: service_healthy}}
    post_start: [{command: 'true'}]
    pre_stop: [{command: 'true'}]
  built:
    build: .
    command: sleep inf
    develop: {watch: [{path: ./src, action: sync, target: /src}]}
volumes:
  data: {}
secrets:
  token: {environment: TOKEN}
";

/// Every command that changes something, and those that only look.
const COMMANDS: [&str; 27] = [
    "up",
    "up -d --force-recreate -V --remove-orphans",
    "up -d --build --pull always",
    "create --force-recreate",
    "down -v --rmi all --remove-orphans",
    "down web",
    "start",
    "stop",
    "restart",
    "kill",
    "rm -s -f -v",
    "pause",
    "unpause",
    "scale web=3",
    "run --rm web true",
    "build --push",
    "pull",
    "push",
    "cp compose.yaml web:/tmp/",
    "exec web touch /x",
    "commit web image-of-web",
    "attach web",
    "export -o export.tar web",
    "wait web",
    "watch",
    "watch --no-up",
    "plan",
];

/// A socket that leads to an engine's, and lets only reads through.
struct Guard {
    path: PathBuf,
    refused: Arc<Mutex<Vec<String>>>,
    passed: Arc<Mutex<usize>>,
}

impl Guard {
    fn new(folder: &Path, engine: PathBuf) -> Guard {
        let path = folder.join("guard.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (refused, passed) = (Arc::default(), Arc::default());
        let guard = Guard { path, refused: Arc::clone(&refused), passed: Arc::clone(&passed) };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (engine, refused, passed) = (engine.clone(), Arc::clone(&refused), Arc::clone(&passed));
                // A client that went away is nobody's problem: commands drop connections when they end.
                std::thread::spawn(move || drop(serve(&client, &engine, &refused, &passed)));
            }
        });
        guard
    }
}

/// One request per connection: the engine is told to close it after its answer.
fn serve(
    client: &UnixStream,
    engine: &Path,
    refused: &Mutex<Vec<String>>,
    passed: &Mutex<usize>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut head = format!("{request}Connection: close\r\n");
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head += &line;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut client = client;
    if !request.starts_with("GET ") && !request.starts_with("HEAD ") {
        refused.lock().unwrap().push(request.trim().to_owned());
        return client.write_all(b"HTTP/1.1 405 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
    *passed.lock().unwrap() += 1;
    let mut upstream = UnixStream::connect(engine)?;
    upstream.write_all(head.as_bytes())?;
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = upstream.read(&mut buffer) {
        client.write_all(&buffer[..count])?;
    }
    client.shutdown(std::net::Shutdown::Both)
}

/// A project on an engine, reached directly or through the guard.
struct Project {
    folder: tempfile::TempDir,
    name: String,
    host: String,
    guard: Guard,
}

impl Project {
    fn new(name: &str, socket: PathBuf) -> Project {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), STACK).unwrap();
        std::fs::write(folder.path().join("Dockerfile"), "FROM busybox\n").unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        let host = format!("unix://{}", socket.display());
        let guard = Guard::new(folder.path(), socket);
        Project { name: format!("{name}-{}", std::process::id()), folder, host, guard }
    }

    fn run(&self, host: &str, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.args(["-p", &self.name, "--host", host]).args(args).current_dir(self.folder.path());
        command.env("TOKEN", "s3cr3t").env_remove("COMPOSE_FILE").stdin(Stdio::null());
        Run::of(command)
    }

    fn direct(&self, args: &[&str]) -> Run {
        self.run(&self.host, args)
    }

    fn guarded(&self, args: &[&str]) -> Run {
        self.run(&format!("unix://{}", self.guard.path.display()), args)
    }

    /// What is there, with what changes by itself left out.
    fn state(&self) -> String {
        let containers =
            self.direct(&["ps", "-a", "--format", "{{.ID}} {{.Name}} {{.State}} {{.Health}}"]).ok();
        let volumes = self.direct(&["volumes", "-q"]).ok();
        let images = self.direct(&["images", "-q"]).ok();
        format!("{}{}{}", containers.stdout, volumes.stdout, images.stdout)
    }

    fn check(&self) {
        self.direct(&["up", "-d", "--wait", "web"]).ok();
        let before = self.state();
        // Something to be made anew, so that plans have more to look up.
        let changed = STACK.replace("LEVEL: info", "LEVEL: debug").replace("hunter2", "hunter3");
        std::fs::write(self.folder.path().join("compose.yaml"), changed).unwrap();
        for line in COMMANDS {
            let words: Vec<&str> = line.split_whitespace().collect();
            let text = self.guarded(&[&["--dry-run"], &words[..]].concat()).ok();
            let json = self.guarded(&[&["--dry-run=json"], &words[..]].concat()).ok();
            let document =
                serde_json::from_str(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json}"));
            schema::fits("plan.json", &document);
            for run in [&text, &json] {
                for secret in ["hunter2", "hunter3", "s3cr3t"] {
                    let shown = run.stdout.contains(secret) || run.stderr.contains(secret);
                    assert!(!shown, "{secret} is shown by\n{run}");
                }
            }
            let refused = std::mem::take(&mut *self.guard.refused.lock().unwrap());
            assert!(refused.is_empty(), "{line} asked for {refused:?}");
        }
        assert!(*self.guard.passed.lock().unwrap() > COMMANDS.len(), "the guard was in the way of all");
        assert_eq!(self.state(), before);
        assert!(!self.folder.path().join("export.tar").exists());
        self.check_readers();
        self.check_texts();
    }

    /// Commands that only look need no flag.
    fn check_readers(&self) {
        for (args, file) in [
            (vec!["plan", "--format", "json"], "plan.json"),
            (vec!["graph", "--format", "json"], "graph.json"),
            (vec!["why", "web", "--format", "json"], "why.json"),
        ] {
            let run = self.guarded(&args).ok();
            schema::fits(file, &serde_json::from_str(&run.stdout).unwrap());
            assert!(!run.stdout.contains("hunter"), "{run}");
        }
        assert_eq!(*self.guard.refused.lock().unwrap(), Vec::<String>::new());
    }

    /// What a reader gets to know.
    fn check_texts(&self) {
        let plan = self.guarded(&["plan", "--detailed-exitcode"]).exits(2);
        let plan = plan.prints("environment.LEVEL: info → debug").prints("compose.yaml:14:");
        let plan = plan.prints("environment.DB_PASSWORD: changed (hidden)").prints("(configuration changed)");
        assert!(plan.stdout.contains(&format!("keep container {}-db-1", self.name)), "{plan}");
        let down = self.guarded(&["--dry-run", "down", "-v"]).ok();
        down.prints(&format!("destroys volume {}_data (", self.name)).prints("B)");
        let why = self.guarded(&["why", "web"]).ok();
        why.prints("db (service_healthy): ").prints("environment.LEVEL: info → debug");
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.direct(&["down", "-v", "--remove-orphans", "-t", "0"]);
    }
}

#[test]
fn on_the_built_in_engine() {
    let Some(engine) = TestEngine::with_images("dry-run") else { return };
    let folder = tempfile::tempdir().unwrap();
    // Starts it, so that its socket is there.
    engine.wharf(folder.path(), &["ls"]).ok();
    let socket = engine.wharf(folder.path(), &["engine", "socket"]).ok().stdout;
    Project::new("dry", socket.trim().into()).check();
}

#[test]
fn on_a_docker_engine() {
    let host = std::env::var("WHARF_TEST_DOCKER_HOST").ok();
    let Some(host) = host.or_else(|| skip("no Docker Engine: set WHARF_TEST_DOCKER_HOST")) else { return };
    let Some(socket) = host.strip_prefix("unix://") else { return };
    Project::new("dry", socket.into()).check();
}
