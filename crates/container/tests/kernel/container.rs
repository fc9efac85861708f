//! What a container with Docker's defaults looks like from the inside, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Engine, engine, skip};
use wharf_container::capabilities::Capabilities;
use wharf_container::process::ExitStatus;
use wharf_container::spec::{CgroupLimits, Mount, Namespace, ResourceLimit, TmpfsMount};
use wharf_container::{LaunchFailure, Stage};

#[test]
fn status_and_streams_come_back() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("echo hello; echo oops >&2; exit 3");
    let output = engine.run(&spec);
    assert_eq!(output.status, ExitStatus::Code(3));
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("hello\n", "oops\n"));

    let spec = engine.shell("sleep 30");
    let (launched, stdio) = engine.launch(&spec).unwrap();
    launched.pidfd.send_signal(9).unwrap();
    assert_eq!(engine.finish(stdio).status, ExitStatus::Signal(9));
    assert_eq!(launched.pidfd.send_signal(9).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

/// Runs a script with Docker's defaults.
fn output(script: &str) -> String {
    let mut engine = Engine::ready();
    let spec = engine.shell(script);
    engine.run(&spec).success()
}

#[test]
fn capabilities_and_filter_are_dockers() {
    if skip() {
        return;
    }
    let status = output("grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status | tr -s '\\t' ' '");
    let expected = "CapInh: 0000000000000000\nCapPrm: 00000000a80425fb\nCapEff: 00000000a80425fb\n\
                    CapBnd: 00000000a80425fb\nCapAmb: 0000000000000000\nNoNewPrivs: 0\nSeccomp: 2\n";
    assert_eq!(status, expected);
}

#[test]
fn the_defaults_are_mounted() {
    if skip() {
        return;
    }
    let mounts = output("cut -d ' ' -f 2-4 /proc/mounts");
    for expected in [
        "/proc proc rw,nosuid,nodev,noexec,relatime",
        "/dev tmpfs rw,nosuid,size=65536k,mode=755",
        "/dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666",
        "/sys sysfs ro,nosuid,nodev,noexec,relatime",
        "/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime",
        "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k",
        "/proc/sys proc ro,nosuid,nodev,noexec,relatime",
        "/proc/keys tmpfs rw,nosuid,size=65536k,mode=755",
    ] {
        assert!(mounts.lines().any(|line| line.starts_with(expected)), "{expected:?} is not in\n{mounts}");
    }
    let cgroups = mounts.lines().filter(|line| line.starts_with("/sys/fs/cgroup"));
    assert!(cgroups.clone().count() > 0 && cgroups.clone().all(|line| line.contains(" ro,")), "{mounts}");
    let host = mounts.lines().filter(|line| line.starts_with("/mnt") || line.starts_with("/tmp"));
    assert_eq!(host.count(), 0, "nothing of the host is left: {mounts}");
}

#[test]
fn what_must_not_be_seen_or_written_is_not() {
    if skip() {
        return;
    }
    let script = "wc -c < /proc/timer_list; wc -c < /proc/keys; ls /proc/acpi /sys/firmware 2>&1 | grep -v : | grep . ; \
                  echo 1 > /proc/irq/x; echo x > /proc/sys/kernel/core_pattern; touch /sys/x /sys/fs/cgroup/x; true";
    let mut engine = Engine::ready();
    let spec = engine.shell(script);
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "0\n0\n");
    assert_eq!(
        output.stderr.matches("Read-only file system").count() + output.stderr.matches("nonexistent").count(),
        4,
        "{}",
        output.stderr
    );
}

#[test]
fn devices_are_dockers_and_others_are_denied() {
    let Some(mut engine) = engine() else { return };
    let script = "ls /dev | tr '\\n' ' '; stat -c '%F %t:%T %a' /dev/null; readlink /dev/stdout; readlink /dev/ptmx; \
                  mknod /tmp/disk b 254 0; mknod /tmp/kmsg c 1 11; cat /tmp/kmsg; head -c 1 /tmp/disk; \
                  head -c 3 /dev/zero | wc -c";
    let spec = engine.shell(script);
    let output = engine.run(&spec);
    let lines: Vec<_> = output.stdout.lines().collect();
    let (names, node) = lines[0].split_at(lines[0].find("character").unwrap());
    let expected = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero";
    assert_eq!(names.trim().replace("core ", ""), expected);
    assert_eq!(node, "character special file 1:3 666");
    assert_eq!(lines[1..], ["/proc/self/fd/1", "pts/ptmx", "3"]);
    assert_eq!(output.stderr.matches("Operation not permitted").count(), 2, "{}", output.stderr);
}

#[test]
fn it_is_alone() {
    if skip() {
        return;
    }
    let script = "hostname; ps -o pid,args | tail -n +2; ls /sys/class/net; ls -l /proc/self/fd | wc -l; \
                  cat /proc/sys/net/ipv4/ip_unprivileged_port_start; umask; pwd";
    let mut engine = Engine::ready();
    let mut spec = engine.shell(script);
    spec.hostname = Some("box".into());
    spec.domainname = Some("example".into());
    let text = engine.run(&spec).success();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "box");
    let processes = lines.iter().filter(|line| line.contains("/bin/sh -c")).count();
    assert!(lines[1].trim().starts_with("1 /bin/sh") && processes <= 3, "only its own are seen: {text}");
    // A header line, 0 to 2, and the directory that ls reads.
    assert_eq!(lines[lines.len() - 5..], ["lo", "5", "0", "0022", "/"], "{text}");

    let spec = engine.container(&["env"]);
    let environment = engine.run(&spec).success();
    assert_eq!(environment, format!("PATH={}\nHOME=/root\n", wharf_container::spec::DEFAULT_PATH));
}

#[test]
fn users_groups_and_the_working_directory() {
    let Some(mut engine) = engine() else { return };
    let script = "id -u; id -g; id -G; echo $HOME; pwd; stat -c %u .; grep CapEff /proc/self/status; echo x > /dev/stdout";
    let mut spec = engine.shell(script);
    spec.process.user = "app".into();
    spec.process.additional_groups = vec!["77".into()];
    spec.process.working_directory = "/work/dir".into();
    let text = engine.run(&spec).success();
    assert_eq!(
        text,
        "1000\n1001\n50 77 1001\n/home/app\n/work/dir\n0\nCapEff:\t0000000000000000\nx\n"
            .replace("50 77 1001", "1001 50 77")
    );

    // Only root can go there, but the user may begin there.
    spec = engine.shell("pwd; ls 2> /dev/null || echo closed");
    spec.process.user = "app".into();
    spec.process.capabilities = Capabilities::none();
    spec.process.working_directory = "/closed".into();
    fs::create_dir(engine.image().join("closed")).unwrap();
    fs::set_permissions(engine.image().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(engine.run(&spec).success(), "/closed\nclosed\n");

    let mut spec = engine.shell("id -u; id -G; echo $HOME");
    spec.process.user = "4242:7".into();
    assert_eq!(engine.run(&spec).success(), "4242\n7\n/\n");

    spec = engine.shell("true");
    spec.process.user = "ghost".into();
    let failure = engine.failure(&spec);
    assert_eq!(failure.message, "unable to find user ghost: no matching entries in passwd file");
    assert_eq!((failure.stage, failure.exit_code), (Stage::User, 128));
}

fn failure_of(arguments: &[&str]) -> LaunchFailure {
    let mut engine = Engine::ready();
    fs::write(engine.image().join("etc/broken"), "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(
        engine.image().join("etc/broken"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let spec = engine.container(arguments);
    engine.failure(&spec)
}

#[test]
fn commands_that_cannot_run_fail_with_dockers_words_and_codes() {
    if skip() {
        return;
    }
    let cases = [
        ("nope", 127, "exec: \"nope\": executable file not found in $PATH"),
        ("/bin/nope", 127, "exec: \"/bin/nope\": stat /bin/nope: no such file or directory"),
        ("/etc/passwd", 126, "exec: \"/etc/passwd\": permission denied"),
        ("/etc", 126, "exec: \"/etc\": is a directory: permission denied"),
        ("/etc/broken", 127, "exec /etc/broken: no such file or directory"),
    ];
    for (command, code, message) in cases {
        let failure = failure_of(&[command]);
        assert_eq!((failure.exit_code, failure.message.as_str()), (code, message));
        assert_eq!(failure.stage, Stage::Execute);
    }
}

#[test]
fn read_only_root_and_tmpfs() {
    let Some(mut engine) = engine() else { return };
    let script = "touch /x; touch /scratch/x && stat -c %a /scratch /tmp /made; touch /dev/shm/x && echo shm; \
                  cp /bin/busybox /scratch/b; /scratch/b true; df -k /scratch | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2";
    let mut spec = engine.shell(script);
    spec.read_only = true;
    let scratch = TmpfsMount { size: Some(8 << 20), mode: Some(0o700), ..TmpfsMount::default() };
    spec.mounts.push(Mount::tmpfs("/scratch", scratch));
    spec.mounts.push(Mount::tmpfs("/tmp", TmpfsMount::default()));
    spec.mounts.push(Mount::tmpfs("/made", TmpfsMount::default()));
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "700\n1777\n1777\nshm\n8192\n", "{}", output.stderr);
    assert!(output.stderr.contains("/x: Read-only file system"), "{}", output.stderr);
    assert!(output.stderr.contains("Permission denied"), "noexec: {}", output.stderr);
}

#[test]
fn binds_keep_their_options_and_their_depth() {
    let Some(mut engine) = engine() else { return };
    let outside = engine.directory.path().join("outside");
    fs::create_dir_all(outside.join("inner")).unwrap();
    fs::write(outside.join("file"), "content").unwrap();
    let mut spec = engine.shell("cat /a/b/file /new/file; touch /a/x && touch /a/b/x; ls /a/b");
    // The deeper one first: the order of the list does not matter.
    spec.mounts.insert(0, Mount::bind(&outside, "/a/b", true));
    spec.mounts.insert(1, Mount::bind(outside.join("inner"), "/a", false));
    spec.mounts.push(Mount::bind(outside.join("file"), "/new/file", true));
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "contentcontentfile\ninner\n", "{}", output.stderr);
    assert!(output.stderr.contains("/a/b/x: Read-only file system"), "{}", output.stderr);
    assert!(outside.join("inner/x").exists());

    let mut spec = engine.shell("true");
    spec.mounts.push(Mount::bind("/no/such/path", "/x", false));
    let failure = engine.failure(&spec);
    assert_eq!(failure.message, "bind source path /no/such/path: no such file or directory");
}

#[test]
fn limits_hold() {
    let Some(mut engine) = engine() else { return };
    let mut spec =
        engine.shell("ulimit -n; ulimit -c; cat /proc/self/oom_score_adj; tail /dev/zero; exit $?");
    spec.process.resource_limits = vec![
        ResourceLimit { name: "nofile".into(), soft: 100, hard: 200 },
        ResourceLimit { name: "CORE".into(), soft: 0, hard: 0 },
    ];
    spec.process.oom_score_adj = Some(300);
    spec.cgroup.limits = CgroupLimits {
        memory: Some(16 << 20),
        memory_swap: Some(16 << 20),
        pids: Some(20),
        cpu_shares: Some(512),
        ..CgroupLimits::default()
    };
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "100\n0\n300\n");
    assert_eq!(output.status, ExitStatus::Code(137), "the shell saw its child die: {}", output.stderr);
    let cgroup = engine.cgroup(&spec);
    assert_eq!(cgroup.memory_events().oom_kills, 1);
    let stats = cgroup.stats();
    assert_eq!((stats.memory.limit, stats.pids.limit), (Some(16 << 20), Some(20)));
    assert!(stats.cpu.total > 0 && stats.memory.max_usage.is_some_and(|bytes| bytes > 8 << 20), "{stats:?}");

    let mut spec = engine.shell("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait");
    spec.cgroup.limits.pids = Some(5);
    let output = engine.run(&spec);
    assert!(output.stderr.contains("can't fork"), "{}", output.stderr);
}

#[test]
fn sysctls_must_be_the_containers_own() {
    let Some(mut engine) = engine() else { return };
    let mut spec = engine.shell("cat /proc/sys/kernel/shmmni /proc/sys/net/core/somaxconn");
    spec.sysctls.insert("kernel.shmmni".into(), "123".into());
    spec.sysctls.insert("net/core/somaxconn".into(), "77".into());
    assert_eq!(engine.run(&spec).success(), "123\n77\n");
    for (name, value) in [("vm.swappiness", "1"), ("kernel.core_pattern", "|/x"), ("kernel.hostname", "x")] {
        let mut spec = engine.shell("true");
        spec.sysctls.insert(name.into(), value.into());
        let failure = engine.failure(&spec);
        assert!(failure.message.contains("not in a separate kernel namespace"), "{failure:?}");
    }
}

#[test]
fn namespaces_can_be_shared() {
    let Some(mut engine) = engine() else { return };
    let donor_spec = engine.shell("sleep 30");
    let (donor, _stdio) = engine.launch(&donor_spec).unwrap();
    let mut spec = engine.shell("ps -o args | grep -c '[s]leep 30'; hostname; kill -9 1; echo still");
    spec.namespaces.pid = Namespace::Join(donor.identity.clone());
    spec.namespaces.uts = Namespace::Join(donor.identity.clone());
    spec.hostname = None;
    let text = engine.run(&spec).success();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], &donor_spec.id[..12]);
    assert_eq!((lines[0], lines[2]), ("1", "still"));
    let mut spec = engine.shell("ls /proc | grep -c '^[0-9]'");
    spec.namespaces.pid = Namespace::Host;
    let count: u32 = engine.run(&spec).success().trim().parse().unwrap();
    assert!(count > 5, "{count} processes of the host");
}
