//! Brings 1, 10, 50 and 200 services up, looks at them, and brings them down on wharf's own engine and, side by side in the same run, on a reference
//! Docker Engine with Docker Compose, and prints the medians and their ratio.
//!
//!     REFERENCE_DOCKER_HOST=unix:///path/docker.sock cargo bench --bench up_down
//!
//! Both engines need the image `busybox:latest`; ours pulls it (`WHARF_BENCH_MIRROR` names a registry mirror). Without
//! `REFERENCE_DOCKER_HOST` only our column is printed. `WHARF_BENCH_ROUNDS` (default 5) rounds are timed after one
//! that is not; `WHARF_BENCH_SERVICES` (default "1 10 50 200") are the sizes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is timed, in the order in which one round runs it.
const WORK: [&str; 5] = ["up -d", "up -d again", "ps", "logs", "down"];

/// One of the two sides.
struct Side {
    name: &'static str,
    program: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Side {
    fn ours(root: &Path) -> Self {
        let program = vec![env!("CARGO_BIN_EXE_wharf").to_owned()];
        Self { name: "wharf", program, environment: vec![("WHARF_ROOT", root.display().to_string())] }
    }

    fn reference(host: String) -> Self {
        let program = ["docker", "compose"].map(str::to_owned).to_vec();
        Self { name: "docker", program, environment: vec![("DOCKER_HOST", host)] }
    }

    /// Runs one command in `folder` and gives its wall time; panics with its output when it fails.
    fn time(&self, folder: &Path, args: &[&str]) -> Duration {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]).args(args).current_dir(folder).stdin(Stdio::null());
        command.env_remove("DOCKER_HOST").envs(self.environment.iter().map(|(k, v)| (k, v)));
        let start = Instant::now();
        let output = command.output().expect("the program starts");
        let took = start.elapsed();
        assert!(
            output.status.success(),
            "{} {args:?}: {}",
            self.name,
            String::from_utf8_lossy(&output.stderr)
        );
        took
    }

    /// One round: the times of `WORK`.
    fn round(&self, folder: &Path) -> [Duration; 5] {
        let up = self.time(folder, &["up", "-d"]);
        let again = self.time(folder, &["up", "-d"]);
        let ps = self.time(folder, &["ps"]);
        let logs = self.time(folder, &["logs"]);
        let down = self.time(folder, &["down", "-t", "0"]);
        [up, again, ps, logs, down]
    }
}

fn main() {
    // `cargo test --benches` runs this too: it is a measurement, not a test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rounds: usize = setting("WHARF_BENCH_ROUNDS", "5").parse().expect("WHARF_BENCH_ROUNDS is a number");
    let root = engine_root();
    let mut sides = vec![Side::ours(&root)];
    sides.extend(std::env::var("REFERENCE_DOCKER_HOST").ok().map(Side::reference));
    println!("{:>8}  {:<12} {:>12} {:>12} {:>8}", "services", "work", "wharf", "docker", "ratio");
    for count in setting("WHARF_BENCH_SERVICES", "1 10 50 200").split_whitespace() {
        let folder = project_of(count.parse().expect("WHARF_BENCH_SERVICES holds numbers"));
        let times = measure(&sides, folder.path(), rounds);
        for (index, work) in WORK.iter().enumerate() {
            print_row(count, work, &times.iter().map(|side| median(side, index)).collect::<Vec<_>>());
        }
    }
    let _ = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .args(["engine", "stop", "--force"])
        .env("WHARF_ROOT", &root)
        .output();
}

/// The rounds of each side, taken in turn so that a drift of the machine's speed meets both.
fn measure(sides: &[Side], folder: &Path, rounds: usize) -> Vec<Vec<[Duration; 5]>> {
    let mut times = vec![Vec::new(); sides.len()];
    for round in 0..=rounds {
        for (side, times) in sides.iter().zip(&mut times) {
            let took = side.round(folder);
            if round > 0 {
                times.push(took);
            }
        }
    }
    times
}

fn median(rounds: &[[Duration; 5]], index: usize) -> Duration {
    let mut times: Vec<_> = rounds.iter().map(|round| round[index]).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn print_row(count: &str, work: &str, medians: &[Duration]) {
    let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let mut row = format!("{count:>8}  {work:<12} {:>12}", milliseconds(medians[0]));
    if let Some(reference) = medians.get(1) {
        let ratio = reference.as_secs_f64() / medians[0].as_secs_f64();
        let _ = write!(row, " {:>12} {ratio:>7.1}x", milliseconds(*reference));
    }
    println!("{row}");
}

/// A folder with a project of `count` services that say a word and sleep.
fn project_of(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut text = format!("name: bench{count}\nservices:\n");
    for number in 0..count {
        let _ = write!(
            text,
            "  s{number}:\n    image: busybox:latest\n    command: sh -c \"echo ready; exec sleep 3600\"\n"
        );
    }
    std::fs::write(folder.path().join("compose.yaml"), text).expect("the compose file is written");
    folder
}

fn engine_root() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-engine");
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
