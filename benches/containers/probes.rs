//! What health checks cost: the CPU time of the engine's own processes while 20 containers are probed five times a second
//! each.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::processes::own;
use crate::support::{Engine, docker};

const CONTAINERS: u32 = 20;
/// Per container.
const PROBES_PER_SECOND: u32 = 5;
const MEASURED: Duration = Duration::from_secs(10);

/// How a container is probed, as arguments of `docker run`.
const KINDS: [(&str, &[&str]); 3] = [
    ("tcp", &["--label", "dev.wharf.probe=tcp://:8000"]),
    ("http", &["--label", "dev.wharf.probe=http://:8000/passwd"]),
    ("command", &["--health-cmd", "true"]),
];

/// Prints a line for each kind of probe.
pub fn run(engine: &Engine) {
    for (name, arguments) in KINDS {
        let share = measure(engine, arguments);
        let probes = CONTAINERS * PROBES_PER_SECOND;
        println!("{name:<8} {probes} probes/s: {:>5.2} % of one core in the engine", share * 100.0);
    }
}

/// The share of one core that monitor and worker use.
fn measure(engine: &Engine, kind: &[&str]) -> f64 {
    let (host, root) = (engine.host.as_str(), engine.root.as_path());
    let interval = format!("{}ms", 1000 / PROBES_PER_SECOND);
    let common = ["run", "-d", "--health-interval", &interval];
    let server = ["busybox:latest", "httpd", "-f", "-p", "8000", "-h", "/etc"];
    let ids: Vec<String> =
        (0..CONTAINERS).map(|_| docker(host, &[&common[..], kind, &server[..]].concat())).collect();
    wait_until_probed(host, &ids);
    let (before, start) = (engine_time(root), Instant::now());
    std::thread::sleep(MEASURED);
    let used = engine_time(root) - before;
    let share = used.as_secs_f64() / start.elapsed().as_secs_f64();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    docker(host, &[&["rm", "-f"], &ids[..]].concat());
    share
}

/// The first verdict of each: from then on the pace is even.
fn wait_until_probed(host: &str, ids: &[String]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    for id in ids {
        while docker(host, &["inspect", "-f", "{{.State.Health.Status}}", id]) == "starting" {
            assert!(Instant::now() < deadline, "{id} gets no verdict");
        }
    }
}

/// CPU time of monitor and worker (`proc_pid_stat(5)`: fields 14 and 15).
fn engine_time(root: &Path) -> Duration {
    let ticks: u64 = own(root).into_iter().map(ticks_of).sum();
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn ticks_of(pid: u64) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name in parentheses may hold anything.
    let rest = stat.rsplit_once(") ").expect("a name").1;
    rest.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}
