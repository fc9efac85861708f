//! Measures a container's create + start + exit + remove with all of Docker's defaults, and the monitor's
//! memory.
//!
//! `cargo run -p wharf-container --example launch_latency [COUNT]` as root. Needs a static busybox.
//! The same program is the monitor and its worker: the worker measures, then ends both.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use wharf_container::cgroup::{Cgroup, Hierarchies};
use wharf_container::client::{Event, MonitorLink};
use wharf_container::monitor::{self, MonitorConfig};
use wharf_container::spec::{ContainerSpec, NetworkNamespace, Process, RootFilesystem, Seccomp};
use wharf_container::stdio::{ChildStdio, ParentStdio};

const CGROUP_PARENT: &str = "wharf-latency";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let result = if arguments.get(1).is_some_and(|role| role == "worker") {
        let count = arguments.get(2).and_then(|count| count.to_str()?.parse().ok()).unwrap_or(200);
        measure(count)
    } else {
        let mut worker_arguments = vec!["launch_latency".into(), "worker".into()];
        worker_arguments.extend(arguments.into_iter().skip(1));
        monitor::run(&MonitorConfig { worker_arguments }).map_err(io::Error::other)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("launch_latency: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(count: usize) -> io::Result<()> {
    let link = MonitorLink::from_inherited()?;
    let directory = std::env::temp_dir().join(format!("wharf-latency-{}", std::process::id()));
    let image = make_image(&directory)?;
    next(&link)?;
    for (name, change) in VARIANTS {
        let mut times = Vec::new();
        for number in 0..count {
            let mut spec = make_spec(&directory, &image, &format!("{name}{number}"))?;
            change(&mut spec);
            times.push(one(&link, &spec)?);
        }
        print_times(name, &times);
    }
    let started = Instant::now();
    all_at_once(&link, &directory, &image, count)?;
    println!("{count} at once: {:?}", started.elapsed());
    print_memory()?;
    fs::remove_dir_all(&directory)?;
    Cgroup::open(Hierarchies::of_this_host()?, "", CGROUP_PARENT)
        .and_then(|group| group.remove())
        .map_err(io::Error::other)?;
    link.shutdown()
}

type Change = fn(&mut ContainerSpec);

/// What each part costs.
const VARIANTS: [(&str, Change); 5] = [
    ("everything", |_| {}),
    ("without seccomp", |spec| spec.process.seccomp = Seccomp::Unconfined),
    ("host network", ContainerSpec::use_host_network),
    ("without masks", |spec| {
        spec.masked_paths.clear();
        spec.read_only_paths.clear();
    }),
    ("with init", |spec| spec.init = true),
];

/// The milestones of one container, from the request on.
struct Times {
    executed: Duration,
    ended: Duration,
    removed: Duration,
}

fn print_times(name: &str, times: &[Times]) {
    let percentile = |of: fn(&Times) -> Duration, percent: usize| {
        let mut sorted: Vec<Duration> = times.iter().map(of).collect();
        sorted.sort_unstable();
        sorted[times.len() * percent / 100]
    };
    println!(
        "{name:>16}: executed after {:.1?}, ended after {:.1?}, removed after {:.1?} (medians); p95 {:.1?}",
        percentile(|times| times.executed, 50),
        percentile(|times| times.ended, 50),
        percentile(|times| times.removed, 50),
        percentile(|times| times.removed, 95),
    );
}

/// Launch, executed, ended, forgotten, cgroup removed.
fn one(link: &MonitorLink, spec: &ContainerSpec) -> io::Result<Times> {
    let started = Instant::now();
    let mut executed = Duration::ZERO;
    link.launch(spec, ChildStdio::default(), ParentStdio::default(), None)?;
    loop {
        match next(link)? {
            Event::Launched(_) => executed = started.elapsed(),
            Event::Exited { id, .. } => {
                let ended = started.elapsed();
                link.forget(&id)?;
                remove_cgroup(spec)?;
                return Ok(Times { executed, ended, removed: started.elapsed() });
            }
            Event::Failed(failure) => return Err(io::Error::other(failure)),
            _ => {}
        }
    }
}

fn all_at_once(link: &MonitorLink, directory: &Path, image: &Path, count: usize) -> io::Result<()> {
    let specs: Vec<ContainerSpec> = (0..count)
        .map(|number| make_spec(directory, image, &format!("all{number}")))
        .collect::<io::Result<_>>()?;
    for spec in &specs {
        link.launch(spec, ChildStdio::default(), ParentStdio::default(), None)?;
    }
    let mut ended = 0;
    while ended < count {
        match next(link)? {
            Event::Exited { id, .. } => {
                link.forget(&id)?;
                ended += 1;
            }
            Event::Failed(failure) => return Err(io::Error::other(failure)),
            _ => {}
        }
    }
    specs.iter().try_for_each(remove_cgroup)
}

fn next(link: &MonitorLink) -> io::Result<Event> {
    link.receive_wait()?.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
}

fn remove_cgroup(spec: &ContainerSpec) -> io::Result<()> {
    let group = Cgroup::open(Hierarchies::of_this_host()?, &spec.cgroup.parent, &spec.cgroup.name);
    group.and_then(|group| group.remove()).map_err(io::Error::other)
}

fn make_image(directory: &Path) -> io::Result<PathBuf> {
    let image = directory.join("image");
    for name in ["bin", "proc", "sys", "dev", "etc", "tmp"] {
        fs::create_dir_all(image.join(name))?;
    }
    fs::copy("/usr/bin/busybox", image.join("bin/true"))?;
    Ok(image)
}

fn make_spec(directory: &Path, image: &Path, name: &str) -> io::Result<ContainerSpec> {
    let own = directory.join(name);
    for part in ["upper", "work", "merged"] {
        fs::create_dir_all(own.join(part))?;
    }
    let root = RootFilesystem::Overlay {
        lower: vec![image.to_owned()],
        upper: own.join("upper"),
        work: own.join("work"),
        target: own.join("merged"),
    };
    let process = Process::docker_defaults(vec!["/bin/true".into()]);
    let mut spec = ContainerSpec::docker_defaults(name, CGROUP_PARENT, root, process);
    spec.namespaces.network = NetworkNamespace::New;
    Ok(spec)
}

fn print_memory() -> io::Result<()> {
    let monitor = rustix::process::getppid().ok_or(io::ErrorKind::NotFound)?;
    let status = fs::read_to_string(format!("/proc/{}/status", monitor.as_raw_nonzero()))?;
    for line in status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("Rss")) {
        println!("monitor {line}");
    }
    Ok(())
}
