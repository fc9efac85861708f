//! What health checks cost: the CPU time of the engine's own processes while 20 containers are probed, and that of all that
//! they started and reaped besides (the probes' commands among it). A Docker Engine is probed more slowly, because it needs
//! more than a core for a hundred a second.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::lifecycle::Side;
use crate::processes::{of_docker, own};
use crate::support::{Engine, docker};

const CONTAINERS: u32 = 20;
/// Per container; [`OF_DOCKER`] on a Docker Engine.
const PROBES_PER_SECOND: u32 = 5;
const OF_DOCKER: u32 = 1;
const MEASURED: Duration = Duration::from_secs(10);

/// How a container is probed, as arguments of `docker run`.
const KINDS: [(&str, &[&str]); 3] = [
    ("tcp", &["--label", "dev.wharf.probe=tcp://:8000"]),
    ("http", &["--label", "dev.wharf.probe=http://:8000/passwd"]),
    COMMAND,
];
const COMMAND: (&str, &[&str]) = ("command", &["--health-cmd", "true"]);

/// CPU time, of the engine's processes themselves, and of what they waited for.
#[derive(Clone, Copy, Default)]
struct Used {
    own: Duration,
    children: Duration,
}

/// Prints a line for each kind of probe.
pub fn run(engine: &Engine, sides: &[Side]) {
    for kind in KINDS {
        let used = measure(&engine.host, kind.1, PROBES_PER_SECOND, || own(&engine.root));
        print("wharf", kind.0, PROBES_PER_SECOND, used);
    }
    for side in sides.iter().filter(|side| side.name != "wharf") {
        let used = measure(&side.host, COMMAND.1, OF_DOCKER, of_docker);
        print(side.name, COMMAND.0, OF_DOCKER, used);
    }
}

fn print(engine: &str, kind: &str, per_second: u32, used: Used) {
    let probes = CONTAINERS * per_second;
    let share = |time: Duration| time.as_secs_f64() / MEASURED.as_secs_f64() * 100.0;
    println!(
        "{engine:<8} {kind:<8} {probes:>3} probes/s: {:>5.2} % of one core in the engine, {:>6.2} % with what it starts",
        share(used.own),
        share(used.own + used.children)
    );
}

/// What is used in [`MEASURED`].
fn measure(host: &str, kind: &[&str], per_second: u32, pids: impl Fn() -> Vec<u64>) -> Used {
    let interval = format!("{}ms", 1000 / per_second);
    let common = ["run", "-d", "--health-interval", &interval];
    let server = ["busybox:latest", "httpd", "-f", "-p", "8000", "-h", "/etc"];
    let ids: Vec<String> =
        (0..CONTAINERS).map(|_| docker(host, &[&common[..], kind, &server[..]].concat())).collect();
    wait_until_probed(host, &ids);
    let (pids, start) = (pids(), Instant::now());
    let before = used_by(&pids);
    std::thread::sleep(MEASURED);
    let after = used_by(&pids);
    let scale = MEASURED.as_secs_f64() / start.elapsed().as_secs_f64();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    docker(host, &[&["rm", "-f"], &ids[..]].concat());
    Used {
        own: (after.own - before.own).mul_f64(scale),
        children: (after.children - before.children).mul_f64(scale),
    }
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

fn used_by(pids: &[u64]) -> Used {
    pids.iter().map(|pid| used_by_one(*pid)).fold(Used::default(), |sum, one| Used {
        own: sum.own + one.own,
        children: sum.children + one.children,
    })
}

/// `proc_pid_stat(5)`: fields 14 and 15, and 16 and 17.
fn used_by_one(pid: u64) -> Used {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))
        .expect("the process runs");
    // The name in parentheses may hold anything.
    let rest = stat.rsplit_once(") ").expect("a name").1;
    let ticks: Vec<u64> =
        rest.split(' ').skip(11).take(4).map(|ticks| ticks.parse().expect("a number")).collect();
    let time =
        |ticks: u64| Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64);
    Used { own: time(ticks[0] + ticks[1]), children: time(ticks[2] + ticks[3]) }
}
