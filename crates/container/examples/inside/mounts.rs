//! The mount table, and whether what must not be read or written can be.

use std::fs::{self, File};
use std::io::Read;

use crate::report::{Report, error_name, outcome, text_of};

/// Of process and device data: masked, read-only, or both (contract 1.5).
const GUARDED: [&str; 24] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/devices/system/cpu/cpu0/thermal_throttle",
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/key-users",
    "/proc/kmsg",
    "/proc/kpagecount",
    "/proc/mtrr",
    "/proc/config.gz",
    "/proc/version",
];

/// Files that a program in a container may want to write, and mostly must not.
const WRITTEN: [&str; 22] = [
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/shmmax",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/vm/drop_caches",
    "/proc/irq/default_smp_affinity",
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/self/oom_score_adj",
    "/proc/1/oom_score_adj",
    "/proc/1/mem",
    "/proc/1/exe",
    "/proc/mtrr",
    "/sys/kernel/uevent_helper",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/devices/devices.allow",
    "/sys/fs/cgroup/pids/cgroup.procs",
    "/sys/fs/cgroup/cgroup.procs",
];

/// Where a program may want to make a directory.
const PARENTS: [&str; 14] = [
    "/",
    "/etc",
    "/tmp",
    "/run",
    "/var",
    "/dev",
    "/dev/shm",
    "/dev/mqueue",
    "/dev/pts",
    "/proc",
    "/proc/sys",
    "/sys",
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/memory",
];

pub fn describe(report: &mut Report) {
    for line in text_of("/proc/self/mountinfo").lines() {
        mount(report, line);
    }
    for path in GUARDED {
        report.note(format!("read {path}"), readable(path));
    }
    for path in WRITTEN {
        report.note(format!("open for writing {path}"), outcome(File::options().write(true).open(path)));
    }
    for parent in PARENTS {
        let made = format!("{}/.inside-made", parent.trim_end_matches('/'));
        let result = fs::create_dir(&made);
        if result.is_ok() {
            let _cannot_stay = fs::remove_dir(&made);
        }
        report.note(format!("make a directory in {parent}"), outcome(result));
    }
}

/// One line of mountinfo (`proc(5)`): what is where, with its options in order and whether it propagates.
fn mount(report: &mut Report, line: &str) {
    let Some((mount, file_system)) = line.split_once(" - ") else { return };
    let fields: Vec<&str> = mount.split(' ').collect();
    let [_, _, _, root, target, options, propagation @ ..] = &fields[..] else { return };
    let file_system: Vec<&str> = file_system.splitn(3, ' ').collect();
    let [kind, source, super_options] = file_system[..] else { return };
    // Group numbers differ from one mount to the next.
    let propagation: Vec<&str> = propagation.iter().filter_map(|field| field.split(':').next()).collect();
    let value = format!(
        "{kind} {source} root={root} {} [{}] super={}",
        sorted(options),
        propagation.join(" "),
        sorted(super_options)
    );
    report.note(format!("mount {target}"), value);
}

fn sorted(options: &str) -> String {
    let mut options: Vec<&str> = options.split(',').collect();
    options.sort_unstable();
    options.join(",")
}

/// What reading gives: whether there is anything behind a name, not what.
fn readable(path: &str) -> String {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return error_name(&error),
    };
    if metadata.is_dir() {
        return match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
            Ok(true) => "a directory".into(),
            Ok(false) => "an empty directory".into(),
            Err(error) => error_name(&error),
        };
    }
    // Not `/proc/kmsg`: reading takes from it, and waits.
    if path.ends_with("kmsg") {
        return outcome(File::open(path));
    }
    match File::open(path).and_then(|mut file| file.read(&mut [0])) {
        Ok(0) => "an empty file".into(),
        Ok(_) => "a file".into(),
        Err(error) => error_name(&error),
    }
}
