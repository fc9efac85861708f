//! The acceptance test: `examples/ml-stack` through its life, as its user types it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use support::{Run, TestEngine, copy_of, free_port, http, repository, signal, wait_for};

const FLOWER: &str = r#"{"sepal_length": 6.3, "sepal_width": 3.3, "petal_length": 6.0, "petal_width": 2.5}"#;

/// A copy of the example with a free port in its `.env`, and an engine to run it.
struct Stack {
    engine: TestEngine,
    folder: tempfile::TempDir,
    port: u16,
    project: String,
}

impl Stack {
    fn new(name: &str) -> Option<Self> {
        let engine = TestEngine::with_images("ml-stack")?;
        let folder = copy_of(&repository("examples/ml-stack"));
        let port = free_port();
        let settings = folder.path().join(".env");
        let text = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(&settings, text.replace("API_PORT=8000", &format!("API_PORT={port}"))).unwrap();
        let stack = Self { engine, folder, port, project: name.to_owned() };
        // What an earlier, killed run of this test left behind.
        stack.run(&["down", "-v", "--remove-orphans"]).ok();
        Some(stack)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, args: &[&str]) -> Run {
        let all = [&["-p", &self.project], args].concat();
        self.engine.wharf(self.path(), &all)
    }

    fn predict(&self) -> Value {
        let answer = http::post(self.port, "/predict", FLOWER);
        serde_json::from_str(&answer.expect("/predict answers")).unwrap()
    }

    fn stored_predictions(&self) -> usize {
        let answer = http::get(self.port, "/predictions").expect("/predictions answers");
        serde_json::from_str::<Value>(&answer).unwrap().as_array().unwrap().len()
    }

    fn containers(&self) -> Vec<Value> {
        let listed = self.run(&["ps", "-a", "--format", "json"]).ok().stdout;
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn state(&self, service: &str) -> Option<String> {
        let container = self.containers().into_iter().find(|c| c["Service"] == service)?;
        container["State"].as_str().map(str::to_owned)
    }

    /// How many of `requests` each replica answered.
    fn shares(&self, requests: usize) -> BTreeMap<String, usize> {
        let mut shares = BTreeMap::new();
        for _ in 0..requests {
            let answer = http::get(self.port, "/health").expect("/health answers");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            *shares.entry(answer["replica"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        shares
    }
}

#[test]
fn the_stack_lives_its_life() {
    let Some(stack) = Stack::new("mlstack-life") else { return };

    stack.run(&["up", "-d", "--build", "--wait"]).ok();
    let first = stack.predict();
    assert_eq!(first["species"], "virginica");
    assert_eq!(first["cached"], false);
    assert_eq!(stack.predict()["cached"], true, "the second answer comes from Redis");
    assert_eq!(stack.stored_predictions(), 1, "the first answer is recorded in Postgres");

    nothing_to_do_the_second_time(&stack);
    looking_at_it(&stack);
    three_replicas_share_the_port(&stack);
    stopping_and_starting(&stack);
    data_outlives_down_but_not_down_v(&stack);
}

fn nothing_to_do_the_second_time(stack: &Stack) {
    let ids = |s: &Stack| s.run(&["ps", "-q", "api", "db", "cache"]).ok().stdout;
    let before = ids(stack);
    // The one-shot `migrate` runs again, as with Docker Compose; what runs stays as it is.
    stack.run(&["up", "-d"]).ok().says("Container mlstack-life-api-1").says("Running");
    assert_eq!(ids(stack), before);
}

fn looking_at_it(stack: &Stack) {
    stack.run(&["ps"]).ok().prints("mlstack-life-api-1").prints("(healthy)");
    let api = stack.containers().into_iter().find(|c| c["Service"] == "api").unwrap();
    assert_eq!(api["Publishers"][0]["PublishedPort"], stack.port);
    assert_eq!(api["Health"], "healthy");

    stack.run(&["logs", "migrate"]).ok().prints("migrate-1  | schema is up to date");
    let tail = stack.run(&["logs", "--tail", "1", "-t", "--no-log-prefix", "migrate"]).ok().stdout;
    assert_eq!(tail.lines().count(), 1, "{tail}");
    assert!(tail.starts_with("20") && tail.contains("Z schema"), "a timestamp, then the line: {tail}");

    stack
        .run(&["exec", "-T", "db", "psql", "-U", "ml", "-tAc", "SELECT count(*) FROM predictions"])
        .ok()
        .prints("1");
    stack.run(&["exec", "-T", "api", "sh", "-c", "id -un; exit 7"]).exits(7).prints("appuser");
    stack.run(&["config", "--services"]).ok().prints("cache");
    stack.run(&["port", "api", "8000"]).ok().prints(&format!(":{}", stack.port));
    stack.run(&["version", "--short"]).ok().prints(".");
}

fn three_replicas_share_the_port(stack: &Stack) {
    stack.run(&["up", "-d", "--wait", "--scale", "api=3"]).ok();
    let shares = stack.shares(300);
    assert_eq!(shares.len(), 3, "{shares:?}");
    assert!(shares.values().all(|n| (80..=120).contains(n)), "evenly: {shares:?}");

    // A replica that turns unhealthy gets no connections.
    let gone = break_one_replica(stack);
    let shares = stack.shares(60);
    assert!(!shares.contains_key(&gone), "{gone} is unhealthy: {shares:?}");
    assert_eq!(shares.len(), 2, "{shares:?}");
    stack.run(&["up", "-d", "--wait", "--scale", "api=1"]).ok();
    assert_eq!(stack.shares(10).len(), 1);
}

/// Freezes the server process of replica 3 (its health probes then time out) and gives its host name.
fn break_one_replica(stack: &Stack) -> String {
    let third = |s: &Stack| s.containers().into_iter().find(|c| c["Name"] == "mlstack-life-api-3").unwrap();
    let id = third(stack)["ID"].as_str().unwrap().to_owned();
    // PID 1 cannot be stopped from inside its own namespace; from the host it can.
    rustix::process::kill_process(main_process_of(&id), rustix::process::Signal::STOP).unwrap();
    wait_for("replica 3 is unhealthy", 60, || (third(stack)["Health"] == "unhealthy").then_some(()));
    id
}

/// The process on this host whose host name is that of container `id` and which is PID 1 in its namespace.
fn main_process_of(id: &str) -> rustix::process::Pid {
    let pid = std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
        let namespaced = status.lines().find(|l| l.starts_with("NSpid:"))?;
        let groups = std::fs::read_to_string(entry.path().join("cgroup")).ok()?;
        (namespaced.ends_with("\t1") && groups.contains(id)).then_some(pid)
    });
    rustix::process::Pid::from_raw(pid.expect("the container's first process")).unwrap()
}

fn stopping_and_starting(stack: &Stack) {
    stack.run(&["stop", "api"]).ok();
    assert_eq!(stack.state("api").as_deref(), Some("exited"));
    assert!(http::get(stack.port, "/health").is_none(), "nobody listens on the port of a stopped service");
    stack.run(&["start", "api"]).ok();
    wait_for("the api answers after start", 30, || http::get(stack.port, "/health"));
    stack.run(&["restart", "api"]).ok();
    wait_for("the api answers after restart", 30, || http::get(stack.port, "/health"));
}

fn data_outlives_down_but_not_down_v(stack: &Stack) {
    stack.run(&["down"]).ok();
    assert!(stack.containers().is_empty());
    stack.run(&["up", "-d", "--wait"]).ok();
    assert_eq!(stack.stored_predictions(), 1, "the database volume outlives `down`");
    assert_eq!(stack.predict()["cached"], true, "so does the append-only file of the cache");
    stack.run(&["down", "-v"]).ok();
    stack.run(&["up", "-d", "--wait"]).ok();
    assert_eq!(stack.stored_predictions(), 0, "`down -v` deletes the data");
    stack.run(&["down", "-v"]).ok();
}

#[test]
fn one_service_brings_its_dependencies() {
    let Some(stack) = Stack::new("mlstack-one") else { return };
    stack.run(&["up", "-d", "migrate"]).ok();
    let services: Vec<_> =
        stack.containers().iter().map(|c| c["Service"].as_str().unwrap().to_owned()).collect();
    assert_eq!(services, ["db", "migrate"]);
    stack.run(&["down", "-v"]).ok();
}

#[test]
fn attached_up_stops_on_ctrl_c() {
    let Some(stack) = Stack::new("mlstack-attached") else { return };
    let mut command = stack.engine.command(stack.path(), &["-p", &stack.project, "up", "cache"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the cache is healthy", 90, || {
        let cache = stack.containers().into_iter().find(|c| c["Service"] == "cache")?;
        (cache["Health"] == "healthy").then_some(())
    });
    signal(&child, rustix::process::Signal::INT);
    let status = wait_for("`up` ends after Ctrl-C", 30, || child.try_wait().unwrap());
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(status.code(), Some(130), "{stdout}");
    assert!(stdout.contains("cache-1  | ") && stdout.contains("Ready to accept connections"), "{stdout}");
    assert_eq!(stack.state("cache").as_deref(), Some("exited"), "stopped, not removed");
    stack.run(&["down", "-v"]).ok();
}
