//! What containers cost, on wharf's own engine and, side by side in the same run, on a reference Docker Engine: one from
//! creation to removal, 50 at once, the memory of everybody but the containers themselves while 50 are idle, and the CPU
//! time of health checks.
//!
//!     REFERENCE_DOCKER_HOST=unix:///path/docker.sock cargo bench --bench containers
//!
//! Needs root, the `docker` client, and the image `busybox:latest` (`WHARF_BENCH_MIRROR` names a registry mirror). The
//! memory of the reference is right only while it looks after nothing else, and after one round of it is idle.
//! `WHARF_BENCH_ROUNDS` (default 11) rounds are timed after one that is not.

#[path = "../support/mod.rs"]
mod support;

mod lifecycle;
mod probes;
mod processes;

use std::time::Duration;

use lifecycle::{MANY, Side};
use support::Engine;
use tokio::runtime::Runtime;

fn main() {
    // `cargo test --benches` runs this too: it is a measurement, not a test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = std::env::var("WHARF_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(11);
    let engine = Engine::start("bench-containers");
    let mut sides = vec![Side::new("wharf", &engine.host)];
    sides.extend(std::env::var("REFERENCE_DOCKER_HOST").ok().map(|host| Side::new("docker", &host)));
    let runtime = Runtime::new().expect("a runtime");
    println!("{:<8} {:<34} {:>10}", "engine", "work", "median");
    for (side, time) in sides.iter().zip(runtime.block_on(one_by_one(&sides, rounds))) {
        print_time(side, "run, exit, remove", time);
    }
    for side in &sides {
        runtime.block_on(many(side, &engine));
    }
    probes::run(&engine, &sides);
}

/// In turn, so that a drift of the machine's speed meets both.
async fn one_by_one(sides: &[Side], rounds: usize) -> Vec<Duration> {
    let mut times = vec![Vec::new(); sides.len()];
    for round in 0..=rounds {
        for (side, times) in sides.iter().zip(&mut times) {
            let time = side.run_exit_remove().await;
            if round > 0 {
                times.push(time);
            }
        }
    }
    times.into_iter().map(median).collect()
}

async fn many(side: &Side, engine: &Engine) {
    let (up, ids) = side.many().await;
    let pids = if side.name == "wharf" { processes::own(&engine.root) } else { processes::of_docker() };
    let memory = processes::memory(&pids);
    let down = side.remove_all(&ids).await;
    print_time(side, &format!("{MANY} at once until all run"), up);
    print_time(side, &format!("{MANY} at once killed and removed"), down);
    println!(
        "{:<8} {:<34} {:>7.1} MB",
        side.name,
        format!("its processes, {MANY} idle"),
        memory as f64 / 1e6
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn print_time(side: &Side, work: &str, time: Duration) {
    println!("{:<8} {work:<34} {:>7.1} ms", side.name, time.as_secs_f64() * 1e3);
}
