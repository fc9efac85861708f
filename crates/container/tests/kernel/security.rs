//! What must not be possible (contract 10.1, 10.2).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Engine, PROBE, engine, skip};
use wharf_container::Stage;
use wharf_container::process::ExitStatus;
use wharf_container::seccomp::Profile;
use wharf_container::spec::{Mount, Seccomp, TmpfsMount};

#[test]
fn a_leaked_directory_is_no_working_directory() {
    let Some(mut engine) = engine() else { return };
    for number in 3..24 {
        let mut spec = engine.shell("ls ..");
        spec.process.working_directory = format!("/proc/self/fd/{number}");
        let failure = engine.failure(&spec);
        assert_eq!(failure.stage, Stage::WorkingDirectory, "{failure:?}");
    }
}

#[test]
fn the_hosts_executable_cannot_be_written() {
    let Some(mut engine) = engine() else { return };
    // Becomes the monitor's program, which a container could then try to overwrite (CVE-2019-5736).
    let mut spec = engine.shell("sleep 30");
    spec.init = true;
    let (_, _stdio) = engine.launch(&spec).unwrap();
    let monitor = format!("/proc/{}/exe", engine.monitor_pid());
    let error = fs::File::options().write(true).open(monitor).unwrap_err();
    assert!([libc_text("EROFS"), libc_text("ETXTBSY")].contains(&error.raw_os_error()), "{error}");
}

fn libc_text(name: &str) -> Option<i32> {
    Some(match name {
        "EROFS" => rustix::io::Errno::ROFS.raw_os_error(),
        _ => rustix::io::Errno::TXTBSY.raw_os_error(),
    })
}

#[test]
fn nothing_can_be_mounted_over_proc() {
    let Some(mut engine) = engine() else { return };
    let outside = engine.directory.path().join("decoy");
    fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink("/proc", engine.image().join("link")).unwrap();
    for destination in ["/proc", "/proc/self", "/link", "/link/sys"] {
        let mut spec = engine.shell("true");
        spec.mounts.push(Mount::bind(&outside, destination, false));
        let failure = engine.failure(&spec);
        assert!(failure.message.contains("inside /proc"), "{destination}: {failure:?}");
    }
    let mut spec = engine.shell("cat /proc/meminfo");
    fs::write(outside.join("meminfo"), "little\n").unwrap();
    spec.mounts.push(Mount::bind(outside.join("meminfo"), "/proc/meminfo", true));
    assert_eq!(engine.run(&spec).success(), "little\n");
}

#[test]
fn an_image_cannot_send_mounts_or_devices_outside() {
    let Some(mut engine) = engine() else { return };
    let image = engine.image();
    let trap = engine.directory.path().join("trap");
    fs::create_dir(&trap).unwrap();
    fs::remove_dir(image.join("dev")).unwrap();
    std::os::unix::fs::symlink(&trap, image.join("dev")).unwrap();
    std::os::unix::fs::symlink("../../../../../..", image.join("up")).unwrap();
    let mut spec = engine.shell("ls /up/bin/busybox; readlink /dev");
    spec.mounts.push(Mount::tmpfs("/up/up/made", TmpfsMount::default()));
    let text = engine.run(&spec).success();
    assert_eq!(text.lines().next(), Some("/up/bin/busybox"));
    assert_eq!(fs::read_dir(&trap).unwrap().count(), 0);
    assert!(engine.upper(&spec).join("made").is_dir());
}

#[test]
fn a_rename_race_on_a_shared_volume_stays_inside() {
    let Some(mut engine) = engine() else { return };
    let volume = engine.directory.path().join("volume");
    let decoy = engine.directory.path().join("decoy");
    fs::create_dir_all(volume.join("real")).unwrap();
    fs::create_dir(&decoy).unwrap();
    std::os::unix::fs::symlink(&decoy, volume.join("link")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&volume, &stop));
        for _ in 0..60 {
            let mut spec = engine.shell("true");
            spec.mounts.push(Mount::bind(&volume, "/volume", false));
            spec.mounts.push(Mount::tmpfs("/volume/real/deep/er", TmpfsMount::default()));
            // It may fail when it meets the link in the wrong moment; it must not get out.
            if let Ok((_, stdio)) = engine.launch(&spec) {
                engine.finish(stdio);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs::read_dir(&decoy).unwrap().count(), 0, "a mount point was made outside of the container");
}

/// Exchanges a directory and a link to the outside as fast as it can.
fn swap(volume: &Path, stop: &AtomicBool) {
    let (real, link) = (volume.join("real"), volume.join("link"));
    let directory = rustix::fs::CWD;
    while !stop.load(Ordering::Relaxed) {
        let exchange = rustix::fs::RenameFlags::EXCHANGE;
        rustix::fs::renameat_with(directory, &real, directory, &link, exchange).unwrap();
    }
}

#[test]
fn a_replaced_null_device_does_not_unmask() {
    let Some(mut engine) = engine() else { return };
    let own_dev = engine.directory.path().join("dev");
    fs::create_dir(&own_dev).unwrap();
    std::os::unix::fs::symlink("/proc/sys/kernel/core_pattern", own_dev.join("null")).unwrap();
    let mut spec = engine.shell("true");
    spec.mounts.retain(|mount| !mount.destination.starts_with("/dev"));
    spec.mounts.push(Mount::bind(&own_dev, "/dev", false));
    let failure = engine.failure(&spec);
    assert!(matches!(failure.stage, Stage::Mounts | Stage::Terminal), "{failure:?}");
}

#[test]
fn no_new_privileges_and_a_profile_of_ones_own() {
    let Some(mut engine) = engine() else { return };
    let script =
        "grep -E '^(NoNewPrivs|Seccomp:|CapEff)' /proc/self/status | tr '\\t' ' '; mkdir /x; chown 5 /tmp";
    let mut spec = engine.shell(script);
    let json = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":99}]}"#;
    spec.process.seccomp = Seccomp::Profile(Box::new(Profile::parse(json).unwrap()));
    spec.process.no_new_privileges = true;
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "CapEff: 00000000a80425fb\nNoNewPrivs: 1\nSeccomp: 2\n");
    assert!(output.stderr.contains("Cannot assign requested address"), "errno 99: {}", output.stderr);
    assert_eq!(output.status, ExitStatus::Code(0), "{}", output.stderr);

    let mut spec = engine.shell("grep Seccomp: /proc/self/status; unshare -m true && echo mounted");
    spec.process.seccomp = Seccomp::Unconfined;
    spec.process.capabilities =
        wharf_container::capabilities::Capabilities::docker_with(&["SYS_ADMIN".into()], &[]).unwrap();
    assert_eq!(engine.run(&spec).success(), "Seccomp:\t0\nmounted\n");
}

#[test]
fn the_filter_denies_what_docker_denies() {
    let Some(mut engine) = engine() else { return };
    let spec =
        engine.shell("unshare -U true; mount -t tmpfs x /tmp; hostname other; date -s 2000-01-01; true");
    let output = engine.run(&spec);
    assert_eq!(
        output.stderr.matches("Operation not permitted").count()
            + output.stderr.matches("permission denied").count(),
        4,
        "{}",
        output.stderr
    );
}

#[test]
fn privileged_containers_get_all_of_it() {
    let Some(mut engine) = engine() else { return };
    let script = "grep -E '^(CapEff|Seccomp:)' /proc/self/status | tr '\\t' ' '; cut -d ' ' -f 2,4 /proc/mounts | grep -E '^/(sys|proc/sys) '; \
                  mknod /tmp/kmsg c 1 11 && exec 3< /tmp/kmsg && echo opened";
    let mut spec = engine.shell(script);
    spec.make_privileged();
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
    let expected = format!("CapEff: {own}\nSeccomp: 0\n/sys rw,nosuid,nodev,noexec,relatime\nopened\n");
    assert_eq!(engine.run(&spec).success(), expected);
}

/// Keys that one container makes must be out of the reach of others.
#[test]
fn a_container_has_a_keyring_of_its_own() {
    let Some(mut engine) = engine() else { return };
    let mut spec = engine.shell("grep -o '_ses[.a-z0-9]*' /proc/keys");
    if fs::metadata("/proc/keys").is_err() {
        return eprintln!("skipped: this kernel has no keys");
    }
    spec.masked_paths.clear();
    let name = format!("_ses.{}", spec.id);
    let shown = engine.run(&spec).stdout;
    assert!(shown.lines().any(|line| line == name), "{shown}");
}

#[test]
fn on_cgroup2_devices_are_denied_and_the_group_is_private() {
    if skip() || !std::fs::read_to_string("/proc/mounts").unwrap().contains(" cgroup2 ") {
        return eprintln!("skipped: this host has no cgroup2");
    }
    let mut engine = Engine::start_unified();
    engine.adoption();
    let script = "mknod /tmp/kmsg c 1 11; cat /tmp/kmsg; head -c 2 /dev/urandom | wc -c; cat /proc/self/cgroup | grep 0::; \
                  grep /sys/fs/cgroup /proc/mounts; ls /sys/fs/cgroup | grep -c cgroup.procs; touch /sys/fs/cgroup/x";
    let spec = engine.shell(script);
    let output = engine.run(&spec);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines[..2], ["2", "0::/"], "{output:?}");
    assert!(lines[2].starts_with("cgroup /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec"), "{output:?}");
    assert_eq!(lines[3], "1");
    assert!(output.stderr.contains("cat: can't open '/tmp/kmsg': Operation not permitted"), "{output:?}");
    assert!(output.stderr.contains("/sys/fs/cgroup/x: Read-only file system"), "{output:?}");
}

#[test]
fn a_worker_that_never_starts_ends_the_monitor() {
    if skip() {
        return;
    }
    let output = Command::new(PROBE).args(["monitor", "/no/such/socket"]).output().unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("the worker does not stay up; its last end: exit status 1"), "{message}");
}
