//! How fast the lines of a container get into its log, on wharf's own engine and, side by side in the same run, on a reference
//! Docker Engine; and that none is missing.
//!
//!     REFERENCE_DOCKER_HOST=unix:///path/docker.sock cargo bench --bench logs
//!
//! One container writes `WHARF_BENCH_MEGABYTES` (default 1000) of lines of 100 bytes as fast as they are taken; timed is from its start to its end.
//! Both engines need the image `busybox:latest`; ours pulls it (`WHARF_BENCH_MIRROR` names a registry mirror). Needs the `docker` client.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const CONTAINER: &str = "wharf-bench-logs";
/// Bytes of a line with its newline.
const LINE: usize = 100;

fn main() {
    // `cargo test --benches` runs this too: it is a measurement, not a test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let megabytes: usize =
        setting("WHARF_BENCH_MEGABYTES", "1000").parse().expect("WHARF_BENCH_MEGABYTES is a number");
    let root = engine_root();
    let ours = format!("unix://{}", start_engine(&root));
    docker(&ours, &["pull", "-q", "busybox:latest"]);
    let sides =
        [Some(("wharf", ours)), std::env::var("REFERENCE_DOCKER_HOST").ok().map(|host| ("docker", host))];
    for (driver, options) in [("json-file", "max-size=-1"), ("local", "max-file=100")] {
        for (name, host) in sides.iter().flatten() {
            let speed = measure(host, megabytes, driver, options);
            println!("{name:<8} {driver:<10} {megabytes} MB of lines: {speed:>7.1} MB/s, none missing");
        }
    }
    let stop = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .args(["engine", "stop", "--force"])
        .env("WHARF_ROOT", &root)
        .output();
    assert!(stop.is_ok_and(|output| output.status.success()), "the engine ends");
}

/// Megabytes (of 1,000,000 bytes) in a second.
fn measure(host: &str, megabytes: usize, driver: &str, option: &str) -> f64 {
    let lines = megabytes * 1_000_000 / LINE;
    // Numbered in blocks: what is cheap to write is dear to check otherwise.
    let block = 10_000;
    let script = format!(
        "i=0; while [ $i -lt {block} ]; do printf '%0{}d\\n' $i; i=$((i+1)); done > /block; \
         n=0; while [ $n -lt {} ]; do cat /block; n=$((n+1)); done",
        LINE - 1,
        lines / block
    );
    docker_quietly(host, &["rm", "-f", CONTAINER]);
    let create =
        ["create", "--name", CONTAINER, "--network", "none", "--log-driver", driver, "--log-opt", option];
    docker(host, &[&create[..], &["busybox:latest", "sh", "-c", &script]].concat());
    let start = Instant::now();
    docker(host, &["start", CONTAINER]);
    docker(host, &["wait", CONTAINER]);
    let seconds = start.elapsed().as_secs_f64();
    check(host, lines, block);
    docker(host, &["rm", CONTAINER]);
    (lines * LINE) as f64 / 1_000_000.0 / seconds
}

/// Reads the log back: each line is the one that follows the one before.
fn check(host: &str, lines: usize, block: usize) {
    let mut child = Command::new("docker")
        .args(["--host", host, "logs", CONTAINER])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the docker client starts");
    let mut output = BufReader::with_capacity(1 << 20, child.stdout.take().expect("it has an output"));
    let mut line = Vec::with_capacity(LINE);
    let mut count = 0;
    while output.read_until(b'\n', &mut line).expect("the log is read") > 0 {
        let number = std::str::from_utf8(&line[..LINE - 1]).ok().and_then(|text| text.parse::<usize>().ok());
        assert_eq!(number, Some(count % block), "line {count}");
        count += 1;
        line.clear();
    }
    assert_eq!(count, lines, "lines in the log");
    assert!(child.wait().is_ok_and(|status| status.success()), "docker logs succeeds");
}

fn docker(host: &str, arguments: &[&str]) {
    let output = docker_quietly(host, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?} on {host}: {error}");
}

fn docker_quietly(host: &str, arguments: &[&str]) -> std::process::Output {
    Command::new("docker").args(["--host", host]).args(arguments).output().expect("the docker client starts")
}

/// Starts our engine; gives its socket.
fn start_engine(root: &Path) -> String {
    let mut engine = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .args(["engine", "run"])
        .env("WHARF_ROOT", root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("wharf starts");
    let mut line = String::new();
    BufReader::new(engine.stdout.take().expect("it has an output"))
        .read_line(&mut line)
        .expect("it says where it listens");
    line.trim().strip_prefix("listening on ").expect("it says where it listens").to_owned()
}

fn engine_root() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-logs");
    std::fs::create_dir_all(&root).expect("the engine's folder");
    if let Ok(mirror) = std::env::var("WHARF_BENCH_MIRROR") {
        let config = format!("{{\"registry-mirrors\": [\"{mirror}\"]}}");
        std::fs::write(root.join("engine.json"), config).expect("engine.json is written");
    }
    root
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}
