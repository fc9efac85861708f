//! How fast the lines of a container get into its log, on wharf's own engine and, side by side in the same run, on a reference
//! Docker Engine; and that none is missing.
//!
//!     REFERENCE_DOCKER_HOST=unix:///path/docker.sock cargo bench --bench logs
//!
//! One container writes `WHARF_BENCH_MEGABYTES` (default 1000) of lines of 100 bytes as fast as they are taken; timed is from its start to its end.
//! Both engines need the image `busybox:latest`; ours pulls it (`WHARF_BENCH_MIRROR` names a registry mirror). Needs the `docker` client.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use support::{Engine, docker, docker_quietly};

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
    let engine = Engine::start("bench-logs");
    let sides = [
        Some(("wharf", engine.host.clone())),
        std::env::var("REFERENCE_DOCKER_HOST").ok().map(|host| ("docker", host)),
    ];
    for (driver, options) in [("json-file", "max-size=100g"), ("local", "max-file=100")] {
        for (name, host) in sides.iter().flatten() {
            let speed = measure(host, megabytes, driver, options);
            println!("{name:<8} {driver:<10} {megabytes} MB of lines: {speed:>7.1} MB/s, none missing");
        }
    }
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

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}
