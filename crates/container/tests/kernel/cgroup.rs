//! Groups as such: freezing, killing, devices on cgroup2, clean removal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;

use crate::support::{engine, skip};
use wharf_container::cgroup::{Cgroup, Hierarchies};
use wharf_container::process::ExitStatus;
use wharf_container::spec::{CgroupLimits, CgroupSpec};

#[test]
fn freezing_and_killing() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("sleep 60 & sleep 60 & wait");
    let (_, _stdio) = engine.launch(&spec).unwrap();
    let cgroup = engine.cgroup(&spec);
    cgroup.freeze().unwrap();
    assert!(cgroup.is_frozen());
    cgroup.thaw().unwrap();
    assert!(!cgroup.is_frozen());
    cgroup.freeze().unwrap();
    cgroup.kill().unwrap();
    assert_eq!(engine.exited().1, ExitStatus::Signal(9));
    cgroup.remove().unwrap();
    assert!(cgroup.processes().is_err(), "it is gone");
    cgroup.kill().unwrap();
    cgroup.thaw().unwrap();
    cgroup.remove().unwrap();
}

#[test]
fn limits_can_change_while_it_runs() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("read line; grep Cpus_allowed_list /proc/self/status | cut -f 2");
    let (_, mut stdio) = engine.launch(&spec).unwrap();
    let limits = CgroupLimits { cpuset_cpus: Some("0".into()), pids: Some(50), ..CgroupLimits::default() };
    engine.cgroup(&spec).set_limits(&limits).unwrap();
    assert_eq!(engine.cgroup(&spec).stats().pids.limit, Some(50));
    for megabytes in [64, 128, 32] {
        let limits = CgroupLimits {
            memory: Some(megabytes << 20),
            memory_swap: Some((megabytes << 20) as i64),
            ..CgroupLimits::default()
        };
        engine.cgroup(&spec).set_limits(&limits).unwrap();
        assert_eq!(engine.cgroup(&spec).stats().memory.limit, Some(megabytes << 20));
    }
    std::io::Write::write_all(&mut fs::File::from(stdio.stdin.take().unwrap()), b"go\n").unwrap();
    assert_eq!(engine.finish(stdio).success(), "0\n");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let Ok(hierarchies) = Hierarchies::of_this_host() else { return };
    for (parent, name) in [("..", "x"), ("a/../..", "x"), ("wharf", ""), ("wharf", "a/b"), ("wharf", "..")] {
        assert!(Cgroup::open(hierarchies, parent, name).is_err(), "{parent}/{name}");
    }
    assert!(Cgroup::open(hierarchies, "/a/b", "x").is_ok());
}

#[test]
fn a_refused_limit_names_the_file() {
    if skip() {
        return;
    }
    let hierarchies = Hierarchies::of_this_host().unwrap();
    let spec = CgroupSpec {
        parent: format!("wharf-test-refused-{}", std::process::id()),
        name: "x".into(),
        limits: CgroupLimits { cpu_quota: Some(5), cpu_period: Some(1), ..CgroupLimits::default() },
        device_rules: Vec::new(),
    };
    let error = Cgroup::create(hierarchies, &spec).unwrap_err();
    Cgroup::open(hierarchies, &spec.parent, &spec.name).unwrap().remove().unwrap();
    Cgroup::open(hierarchies, "", &spec.parent).unwrap().remove().unwrap();
    assert!(error.to_string().starts_with("write \"") && error.to_string().contains("/cpu."), "{error}");
}

/// The first groups below a new parent find it half made by each other.
#[test]
fn groups_made_at_once_below_a_new_parent_take_processes() {
    if skip() {
        return;
    }
    let cpusets = Path::new("/sys/fs/cgroup/cpuset");
    if !cpusets.join("cpuset.mems").exists() {
        eprintln!("skipped: needs the cpuset controller of cgroup v1");
        return;
    }
    let hierarchies = Hierarchies::of_this_host().unwrap();
    for round in 0..40 {
        let parent = format!("wharf-test-cpusets-{}-{round}", std::process::id());
        let names = ["a", "b", "c", "d"];
        let start = Barrier::new(names.len());
        let groups = std::thread::scope(|threads| {
            let made = names.map(|name| {
                let (start, parent) = (&start, parent.clone());
                threads.spawn(move || {
                    let spec = CgroupSpec { parent, name: name.into(), ..CgroupSpec::default() };
                    start.wait();
                    Cgroup::create(hierarchies, &spec).unwrap()
                })
            });
            made.map(|thread| thread.join().unwrap())
        });
        // Whoever could write to it could make groups in it.
        let mode = fs::metadata(cpusets.join(&parent).join("a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        let empty = |name: &&str| {
            let file = |file| fs::read_to_string(cpusets.join(&parent).join(name).join(file)).unwrap();
            file("cpuset.cpus").trim().is_empty() || file("cpuset.mems").trim().is_empty()
        };
        let unusable: Vec<&str> = names.into_iter().filter(empty).collect();
        groups.iter().for_each(|group| group.remove().unwrap());
        Cgroup::open(hierarchies, "", &parent).unwrap().remove().unwrap();
        assert!(unusable.is_empty(), "round {round}: no process can enter {unusable:?}");
    }
}
