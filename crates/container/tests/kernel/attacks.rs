//! Attacks that worked on other runtimes (contract 10.1 to 10.5), tried on this one. More of them are in `security`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Instant;

use crate::support::{DEADLINE, Engine, PROBE, engine, exec_spec, read_all, skip};
use wharf_container::Stage;
use wharf_container::process::ExitStatus;
use wharf_container::spec::{Mount, Namespace, TerminalSize};
use wharf_container::stdio::{ChildStdio, ParentStdio};

/// Has a container look at all processes that it can see while others join it, until it has met one that is not yet its
/// command; says what it saw.
fn watch_joining(script: &str, init: bool) -> String {
    let mut engine = Engine::ready();
    let go_on = "while [ ! -e /stop ]; do for process in /proc/[0-9]*; do";
    let meet = "[ \"$(cat $process/comm)\" = wharf-monitor ] && : > /met";
    let mut spec = engine.shell(&format!("{go_on} {meet}; {script}; done; done 2> /dev/null | sort -u"));
    spec.init = init;
    let (launched, stdio) = engine.launch(&spec).unwrap();
    let (met, deadline) = (engine.upper(&spec).join("met"), Instant::now() + DEADLINE);
    let mut joined = 0;
    while joined < 25 || !met.exists() {
        assert!(Instant::now() < deadline, "it met nobody in {joined} attempts");
        engine.run_exec("joining", &exec_spec(&spec, &launched, &["/bin/true"])).success();
        joined += 1;
    }
    let (_, last) = engine.exec("joining", &exec_spec(&spec, &launched, &["/bin/touch", "/stop"])).unwrap();
    drop(last);
    let seen = read_all(stdio.stdout);
    // Either may end first.
    let ends = [engine.exited(), engine.exited()];
    assert!(ends.iter().all(|(_, status)| *status == ExitStatus::Code(0)), "{ends:?}");
    seen
}

/// CVE-2019-5736: what joins a container is the host's program until it is the command.
#[test]
fn no_program_of_the_host_can_be_opened_for_writing() {
    if skip() {
        return;
    }
    let before = fs::read(PROBE).unwrap();
    for init in [false, true] {
        // busybox is the container's own.
        let script = "exe=$(readlink $process/exe) && [ $exe != /bin/busybox ] && true >> $process/exe && \
                      echo \"wrote to $exe\"";
        assert_eq!(watch_joining(script, init), "", "init: {init}");
    }
    assert!(fs::read(PROBE).unwrap() == before, "the host's program has changed");
}

/// CVE-2016-9962: through a process that joins, the host's files and descriptors could be reached.
#[test]
fn a_joining_process_shows_nothing_of_the_host() {
    if skip() {
        return;
    }
    let script = "ls -l $process/fd $process/cwd $process/root | grep -e '-> /' | sed 's/.*-> //' | \
                  grep -v -e '^/$' -e '^/proc' -e '^/dev/null$' -e '^/stop$'; \
                  head -c 1 $process/environ | grep -c . | grep -v -e 0 -e 1";
    assert_eq!(watch_joining(script, false), "");
}

/// CVE-2024-21626, by exec.
#[test]
fn an_exec_finds_no_directory_of_the_engine_to_work_in() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("sleep 60");
    let (launched, _stdio) = engine.launch(&spec).unwrap();
    for number in 3..24 {
        let mut inside = exec_spec(&spec, &launched, &["/bin/sh", "-c", "pwd -P; ls -d bin"]);
        inside.process.working_directory = format!("/proc/self/fd/{number}");
        match engine.exec("joining", &inside) {
            Ok((_, stdio)) => {
                assert_eq!(engine.finish(stdio).success(), "/\nbin\n", "the container's own root")
            }
            Err(failure) => assert_eq!(failure.stage, Stage::WorkingDirectory, "{number}: {failure:?}"),
        }
    }
    let text =
        engine.run_exec("joining", &exec_spec(&spec, &launched, &["/bin/ls", "/proc/self/fd"])).success();
    assert_eq!(
        text.split_whitespace().collect::<Vec<_>>(),
        ["0", "1", "2", "3"],
        "3 is the directory itself"
    );
}

/// CVE-2024-21626, by the way through another process, which is only there for one who shares the host's.
#[test]
fn a_directory_of_another_root_is_no_working_directory() {
    let Some(mut engine) = engine() else { return };
    let mut spec = engine.shell("sleep 60");
    spec.make_privileged();
    spec.namespaces.pid = Namespace::Host;
    let (launched, _stdio) = engine.launch(&spec).unwrap();
    let mut inside = exec_spec(&spec, &launched, &["/bin/ls"]);
    inside.process.working_directory = format!("/proc/{}/root", std::process::id());
    let failure = engine.exec("joining", &inside).err().unwrap();
    assert_eq!(failure.stage, Stage::WorkingDirectory, "{failure:?}");
    assert!(failure.message.ends_with("outside of container mount namespace root"), "{failure:?}");
}

/// CVE-2022-24769, CVE-2022-29162: by exec, as root and as a user. Of the start `container` tells.
#[test]
fn no_capability_is_inherited() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("sleep 60");
    let (launched, _stdio) = engine.launch(&spec).unwrap();
    let arguments = ["/bin/grep", "-E", "^Cap(Inh|Amb|Prm|Eff)", "/proc/self/status"];
    for (user, own) in [("", "00000000a80425fb"), ("app", "0000000000000000")] {
        let mut inside = exec_spec(&spec, &launched, &arguments);
        inside.process.user = user.into();
        let text = engine.run_exec("joining", &inside).success();
        let none = "0000000000000000";
        let expected = format!("CapInh:\t{none}\nCapPrm:\t{own}\nCapEff:\t{own}\nCapAmb:\t{none}\n");
        assert_eq!(text, expected, "{user:?}");
    }
}

/// CVE-2025-52565: the terminal is mounted on what `/dev/console` leads to.
#[test]
fn a_link_at_the_console_leads_nowhere() {
    let Some(mut engine) = engine() else { return };
    let own_dev = engine.directory.path().join("dev");
    fs::create_dir(&own_dev).unwrap();
    symlink("/proc/sys/kernel/core_pattern", own_dev.join("console")).unwrap();
    let before = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let mut spec = engine.shell("cat /proc/sys/kernel/core_pattern; grep -c core_pattern /proc/self/mounts");
    spec.mounts.retain(|mount| !mount.destination.starts_with("/dev"));
    spec.mounts.push(Mount::bind(&own_dev, "/dev", false));
    spec.process.terminal = Some(TerminalSize::default());
    engine.link.launch(&spec, ChildStdio::default(), ParentStdio::default(), None).unwrap();
    let event = format!("{:?}", engine.event());
    assert!(event.starts_with("Failed("), "{event}");
    assert_eq!(fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(), before);
}

/// CVE-2022-0492: a v1 hierarchy of one's own has a release_agent that runs on the host.
#[test]
fn no_cgroup_hierarchy_can_be_mounted() {
    let Some(mut engine) = engine() else { return };
    let script = "mkdir /mnt; unshare -Ur mount -t cgroup -o memory none /mnt || mount -t cgroup -o memory none /mnt || \
                  mount -t cgroup2 none /mnt || echo refused; ls /mnt; echo x > /sys/fs/cgroup/memory/release_agent";
    let spec = engine.shell(script);
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "refused\n");
    assert_ne!(output.status, ExitStatus::Code(0), "nothing can be written to the mounts of the container");
}

/// CVE-2023-25153, CVE-2026-47262: an image's account files without end.
#[test]
fn a_huge_account_file_is_refused_and_not_read() {
    let Some(mut engine) = engine() else { return };
    fs::File::create(engine.image().join("etc/passwd")).unwrap().set_len(1 << 30).unwrap();
    let mut spec = engine.shell("true");
    spec.process.user = "app".into();
    // Whoever read it all would not come far.
    spec.cgroup.limits.memory = Some(64 << 20);
    let failure = engine.failure(&spec);
    assert!(failure.message.starts_with("cannot read the container's users"), "{failure:?}");
}

/// CVE-2024-40635, CVE-2016-3697, CVE-2026-46680: numbers that are names, and numbers that are too large.
#[test]
fn a_number_is_a_user_id_and_nothing_else() {
    let Some(mut engine) = engine() else { return };
    let mut passwd = fs::File::options().append(true).open(engine.image().join("etc/passwd")).unwrap();
    passwd.write_all(b"4242:x:0:0::/:/bin/sh\n").unwrap();
    let mut spec = engine.container(&["/bin/id", "-u"]);
    spec.process.user = "4242".into();
    assert_eq!(engine.run(&spec).success(), "4242\n");
    for wrong in ["4294967296", "2147483648", "-1", "0:4294967296"] {
        let mut spec = engine.container(&["/bin/id", "-u"]);
        spec.process.user = wrong.into();
        assert!(engine.failure(&spec).message.contains("must be in range"), "{wrong}");
    }
}

/// CVE-2022-0811: a value that some helper would split into more settings.
#[test]
fn a_sysctl_sets_one_file() {
    let Some(mut engine) = engine() else { return };
    let core_pattern = || fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let before = core_pattern();
    for value in ["1+kernel.core_pattern=|/bin/x", "1\nkernel.core_pattern=|/bin/x"] {
        let mut spec = engine.shell("cat /proc/sys/kernel/shm_rmid_forced");
        spec.sysctls.insert("kernel.shm_rmid_forced".into(), value.into());
        if let Ok((_, stdio)) = engine.launch(&spec) {
            assert!(["0\n", "1\n"].contains(&engine.finish(stdio).success().as_str()));
        }
    }
    assert_eq!(core_pattern(), before);
}
