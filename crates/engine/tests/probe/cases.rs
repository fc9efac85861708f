//! The matrix: one line of options, or a few commands, per case.
//!
//! `{a}` and `{b}` stand for names of containers, `{v}` for a volume, `{n}` for a network, `{d}` for a folder of the
//! host (see `side`), `{disk}` for a disk of the host, `{i}` for a plain image, `{rich}` for one with every setting that
//! an image can have, `{bare}` for one without a command. What counts is what the last command of a case shows.

/// A case: its name and its commands for the `docker` client.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub steps: Vec<String>,
}

/// Cases of one container whose options are all there is to it; `calls` tries all system calls too.
const OPTIONS: &[(&str, &str)] = &[
    ("calls", ""),
    // Rights.
    ("calls privileged", "--privileged"),
    ("privileged with dropped capabilities", "--privileged --cap-drop ALL"),
    ("privileged and read-only", "--privileged --read-only"),
    ("privileged user", "--privileged --user 1000"),
    ("privileged with profile", "--privileged --security-opt seccomp={d}/profile.json"),
    ("calls cap-add ALL", "--cap-add ALL"),
    ("calls cap-drop ALL", "--cap-drop ALL"),
    ("cap-drop ALL and cap-add", "--cap-drop ALL --cap-add NET_BIND_SERVICE"),
    ("cap-add ALL and cap-drop", "--cap-add ALL --cap-drop MKNOD"),
    ("cap-add ALL and cap-drop ALL", "--cap-add ALL --cap-drop ALL"),
    ("cap-add in lower case", "--cap-add cap_net_admin --cap-drop mknod"),
    ("cap-add unknown", "--cap-add FLY"),
    ("cap-add for a user", "--user 1000 --cap-add NET_ADMIN"),
    ("calls cap-add SYS_ADMIN", "--cap-add SYS_ADMIN"),
    ("calls cap-add SYS_PTRACE", "--cap-add SYS_PTRACE"),
    ("calls cap-add SYS_NICE", "--cap-add SYS_NICE"),
    ("calls cap-add DAC_READ_SEARCH", "--cap-add DAC_READ_SEARCH"),
    ("calls cap-add SYS_MODULE", "--cap-add SYS_MODULE"),
    ("calls cap-add SYS_TIME", "--cap-add SYS_TIME"),
    ("calls cap-add SYS_RAWIO", "--cap-add SYS_RAWIO"),
    ("calls cap-add SYS_PACCT", "--cap-add SYS_PACCT"),
    ("calls cap-add SYS_BOOT", "--cap-add SYS_BOOT"),
    ("calls cap-add SYS_TTY_CONFIG", "--cap-add SYS_TTY_CONFIG"),
    ("calls cap-add SYSLOG", "--cap-add SYSLOG"),
    ("calls cap-add BPF", "--cap-add BPF"),
    ("calls cap-add PERFMON", "--cap-add PERFMON"),
    ("calls cap-drop SYS_CHROOT", "--cap-drop SYS_CHROOT"),
    ("calls seccomp unconfined", "--security-opt seccomp=unconfined"),
    ("calls seccomp profile", "--security-opt seccomp={d}/profile.json"),
    ("seccomp profile that is none", "--security-opt seccomp={d}/file.txt"),
    ("no-new-privileges", "--security-opt no-new-privileges"),
    ("no-new-privileges for a user", "--security-opt no-new-privileges:true --user app"),
    ("no-new-privileges off", "--security-opt no-new-privileges:false"),
    ("systempaths unconfined", "--security-opt systempaths=unconfined"),
    ("label disabled", "--security-opt label=disable"),
    ("security-opt unknown", "--security-opt nosuch=1"),
    // Users.
    ("user name", "--user app"),
    ("user number", "--user 1000"),
    ("user without an account", "--user 4242"),
    ("user and group", "--user 1000:50"),
    ("user and group names", "--user app:extra"),
    ("group alone", "--user :50"),
    ("user unknown", "--user nosuch"),
    ("group unknown", "--user app:nosuch"),
    ("user too large", "--user 4294967296"),
    ("user negative", "--user -1"),
    ("group-add", "--group-add extra --group-add 4711"),
    ("group-add for a user", "--user app --group-add audio"),
    ("group-add unknown", "--group-add nosuch"),
    // Namespaces.
    ("network none", "--network none"),
    ("network host", "--network host"),
    ("network host with hostname", "--network host --hostname box"),
    ("network host with add-host", "--network host --add-host other:1.2.3.4"),
    ("network unknown", "--network nosuch-network"),
    ("ipc host", "--ipc host"),
    ("ipc none", "--ipc none"),
    ("ipc private", "--ipc private"),
    ("ipc shareable", "--ipc shareable"),
    ("ipc of nobody", "--ipc container:nosuch"),
    ("pid host", "--pid host"),
    ("uts host", "--uts host"),
    ("uts host with hostname", "--uts host --hostname box"),
    ("cgroupns private", "--cgroupns private"),
    ("cgroupns host", "--cgroupns host"),
    ("userns host", "--userns host"),
    ("userns unknown", "--userns private"),
    // Names.
    ("hostname", "--hostname box"),
    ("hostname with domain", "--hostname box.example.com"),
    ("domainname", "--hostname box --domainname example.com"),
    ("hostname too long", "--hostname aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg"),
    ("dns", "--dns 192.0.2.53 --dns 192.0.2.54"),
    ("dns-search", "--dns-search one.example --dns-search two.example"),
    ("dns-search none", "--dns-search ."),
    ("dns-option", "--dns-option ndots:3 --dns-option timeout:1"),
    ("dns on host network", "--network host --dns 192.0.2.53"),
    ("add-host", "--add-host one:192.0.2.1 --add-host six:2001:db8::1"),
    ("add-host gateway", "--add-host outside:host-gateway"),
    ("add-host wrong", "--add-host nothing"),
    // Files.
    ("read-only", "--read-only"),
    ("read-only with tmpfs", "--read-only --tmpfs /tmp"),
    ("tmpfs", "--tmpfs /t"),
    ("tmpfs options", "--tmpfs /t:exec,size=1m,mode=700,uid=1000"),
    ("tmpfs over an image's directory", "--tmpfs /owned"),
    ("tmpfs by mount", "--mount type=tmpfs,dst=/t,tmpfs-size=1048576,tmpfs-mode=1770"),
    ("tmpfs read-only", "--mount type=tmpfs,dst=/t,readonly"),
    ("tmpfs wrong option", "--tmpfs /t:nosuch=1"),
    ("shm-size", "--shm-size 8m"),
    ("working directory", "--workdir /tmp"),
    ("working directory missing", "--workdir /new/deep --user app"),
    ("working directory closed to the user", "--workdir /root --user app --cap-drop ALL"),
    ("working directory relative", "--workdir here"),
    ("working directory a file", "--workdir /etc/passwd"),
    // Devices.
    ("device", "--device /dev/fuse"),
    ("device elsewhere", "--device /dev/full:/dev/given:r"),
    ("device for reading", "--device /dev/kmsg:/dev/kmsg:r"),
    ("device missing", "--device /dev/nosuch"),
    ("device wrong permissions", "--device /dev/null:/dev/given:x"),
    ("device-cgroup-rule", "--device-cgroup-rule 'c 1:11 rwm' --device-cgroup-rule 'b 254:* r'"),
    ("device-cgroup-rule of all", "--device-cgroup-rule 'a *:* rwm'"),
    ("device-cgroup-rule of a kind", "--device-cgroup-rule 'c *:* r' --device-cgroup-rule 'b 7:* m'"),
    ("device-cgroup-rule wrong", "--device-cgroup-rule 'x 1:1 rwm'"),
    // Limits.
    ("ulimit", "--ulimit nofile=1024:2048 --ulimit core=0 --ulimit nproc=500"),
    ("ulimit unlimited", "--ulimit memlock=-1:-1 --ulimit stack=67108864"),
    ("ulimit wrong", "--ulimit nofile=2048:1024"),
    ("memory", "--memory 64m"),
    ("memory and swap", "--memory 64m --memory-swap 128m"),
    ("memory and no swap", "--memory 64m --memory-swap 64m"),
    ("memory and all swap", "--memory 64m --memory-swap -1"),
    ("memory-reservation", "--memory 64m --memory-reservation 32m"),
    ("memory-swappiness", "--memory-swappiness 10"),
    ("memory-reservation alone", "--memory-reservation 32m"),
    ("memory-reservation too little", "--memory-reservation 1m"),
    ("memory-swap alone", "--memory-swap 64m"),
    ("memory too little", "--memory 1m"),
    ("memory-swap below memory", "--memory 64m --memory-swap 32m"),
    ("memory-reservation above memory", "--memory 32m --memory-reservation 64m"),
    ("oom-kill-disable", "--memory 64m --oom-kill-disable"),
    ("oom-score-adj", "--oom-score-adj 500"),
    ("oom-score-adj too much", "--oom-score-adj 2000"),
    ("cpus", "--cpus 1.5"),
    ("cpus too many", "--cpus 1000"),
    ("cpu-shares", "--cpu-shares 512"),
    ("cpu-period and cpu-quota", "--cpu-period 50000 --cpu-quota 25000"),
    ("cpu-period wrong", "--cpu-period 10"),
    ("cpuset", "--cpuset-cpus 0 --cpuset-mems 0"),
    ("cpuset wrong", "--cpuset-cpus 999"),
    ("cpuset too large", "--cpuset-cpus 99999999"),
    ("cpuset no list", "--cpuset-cpus 0-"),
    ("cpu-shares least", "--cpu-shares 1"),
    ("cpu-shares most", "--cpu-shares 262144"),
    ("cpu-quota alone", "--cpu-quota 20000"),
    ("cpu-quota unlimited", "--cpu-quota -1"),
    ("pids-limit", "--pids-limit 100"),
    ("pids-limit none", "--pids-limit -1"),
    ("blkio-weight", "--blkio-weight 300"),
    ("blkio-weight wrong", "--blkio-weight 5"),
    (
        "blkio rates",
        "--device-read-bps {disk}:1mb --device-write-bps {disk}:2mb --device-read-iops {disk}:300 --device-write-iops {disk}:400",
    ),
    ("blkio rate of no device", "--device-read-bps /dev/nosuch:1mb"),
    // Settings.
    (
        "sysctl of the network",
        "--sysctl net.core.somaxconn=1024 --sysctl net.ipv4.ip_unprivileged_port_start=1024",
    ),
    ("sysctl with slashes", "--sysctl net/ipv4/ip_forward=0"),
    (
        "sysctl of ipc",
        "--sysctl kernel.msgmax=4096 --sysctl kernel.shm_rmid_forced=1 --sysctl fs.mqueue.msg_max=20",
    ),
    ("sysctl of the host", "--sysctl vm.swappiness=10"),
    ("sysctl unknown", "--sysctl net.nosuch=1"),
    ("sysctl hostname", "--sysctl kernel.hostname=box"),
    ("sysctl domainname", "--sysctl kernel.domainname=example.com"),
    ("sysctl of the host's network", "--network host --sysctl net.core.somaxconn=1024"),
    ("sysctl of the host's ipc", "--ipc host --sysctl kernel.msgmax=4096"),
    ("init", "--init"),
    ("init with the host's processes", "--init --pid host"),
    ("terminal", "--tty"),
    ("terminal for a user", "--tty --user app"),
    ("runtime unknown", "--runtime nosuch"),
    ("env", "--env A=b --env EMPTY= --env 'SPACE=a b'"),
    ("env of the engine", "--env PATH=/bin --env HOME= --env HOSTNAME=mine --env TERM=dumb"),
    ("env of a file", "--env-file {d}/env.list"),
];

/// Cases that look at paths or take more than one command.
const STEPS: &[(&str, &[&str])] = &[
    // Mounts.
    ("volume filled", &["run --rm -v {v}:/owned {i} /inside /owned /owned/seed"]),
    ("volume empty", &["run --rm -v {v}:/new {i} /inside /new"]),
    ("volume read-only", &["run --rm -v {v}:/owned:ro {i} /inside /owned"]),
    ("volume nocopy", &["run --rm -v {v}:/owned:nocopy {i} /inside /owned"]),
    ("volume over a file", &["run --rm -v {v}:/etc/passwd {i} /inside"]),
    (
        "volume subpath",
        &[
            "run --rm -v {v}:/all {i} mkdir -p /all/sub/deep",
            "run --rm --mount type=volume,src={v},dst=/part,volume-subpath=sub {i} /inside /part",
        ],
    ),
    (
        "volume subpath missing",
        &["run --rm --mount type=volume,src={v},dst=/part,volume-subpath=nosuch {i} /inside /part"],
    ),
    (
        "volume kept",
        &["run --rm -v {v}:/owned {i} rm /owned/seed", "run --rm -v {v}:/owned {i} /inside /owned"],
    ),
    ("volume anonymous", &["run --rm -v /owned {i} /inside /owned"]),
    (
        "volume of tmpfs",
        &[
            "volume create --driver local --opt type=tmpfs --opt device=tmpfs --opt o=size=1m,uid=1000 {v}",
            "run --rm -v {v}:/new {i} /inside /new",
        ],
    ),
    (
        "volumes-from",
        &[
            "create --name {b} -v {v}:/new -v {d}/bound:/bound:ro {i} true",
            "run --rm --volumes-from {b} {i} /inside /new /bound",
        ],
    ),
    ("bind", &["run --rm -v {d}/bound:/bound {i} /inside /bound"]),
    ("bind read-only", &["run --rm -v {d}/bound:/bound:ro {i} /inside /bound"]),
    ("bind rslave", &["run --rm -v {d}/bound:/bound:rslave {i} /inside /bound"]),
    ("bind private", &["run --rm -v {d}/bound:/bound:private {i} /inside /bound"]),
    ("bind file", &["run --rm -v {d}/file.txt:/new/file.txt {i} /inside /new /new/file.txt"]),
    ("bind missing", &["run --rm -v {d}/made:/bound {i} /inside /bound"]),
    ("bind missing by mount", &["run --rm --mount type=bind,src={d}/nosuch,dst=/bound {i} /inside"]),
    ("bind over hosts", &["run --rm -v {d}/file.txt:/etc/hosts {i} /inside /etc/hosts"]),
    ("bind over shm", &["run --rm -v {d}/bound:/dev/shm {i} /inside /dev/shm"]),
    ("bind over proc", &["run --rm -v {d}/bound:/proc {i} /inside"]),
    ("bind below proc", &["run --rm -v {d}/bound:/proc/sys {i} /inside"]),
    ("bind over the root", &["run --rm -v {d}/bound:/ {i} /inside"]),
    ("bind relative target", &["run --rm -v {d}/bound:here {i} /inside"]),
    ("two mounts at one place", &["run --rm -v {d}/bound:/x -v {v}:/x {i} /inside"]),
    ("mounts in one another", &["run --rm -v {v}:/x/y -v {d}/bound:/x {i} /inside /x /x/y"]),
    // Namespaces of another container.
    (
        "network of a container",
        &[
            "run -d --name {b} --hostname donor {i} sleep 1000",
            "exec {b} /inside",
            "run --rm --network container:{b} {i} /inside",
        ],
    ),
    (
        "network of a container with hostname",
        &["run -d --name {b} {i} sleep 1000", "run --rm --network container:{b} --hostname box {i} /inside"],
    ),
    (
        "ipc of a container",
        &[
            "run -d --name {b} --ipc shareable {i} sleep 1000",
            "exec {b} /inside",
            "run --rm --ipc container:{b} {i} /inside",
        ],
    ),
    (
        "ipc of a private container",
        &["run -d --name {b} {i} sleep 1000", "run --rm --ipc container:{b} {i} /inside"],
    ),
    (
        "pid of a container",
        &["run -d --name {b} {i} sleep 1000", "exec {b} /inside", "run --rm --pid container:{b} {i} /inside"],
    ),
    (
        "pid of a stopped container",
        &["create --name {b} {i} true", "run --rm --pid container:{b} {i} /inside"],
    ),
    // Networks.
    ("user network", &["network create {n}", "run --rm --network {n} --name {a} {i} /inside"]),
    (
        "user network with names",
        &[
            "network create {n}",
            "run --rm --network {n} --hostname box --domainname example.com --dns 192.0.2.53 --dns-search one.example {i} /inside",
        ],
    ),
    ("internal network", &["network create --internal {n}", "run --rm --network {n} {i} /inside"]),
    (
        "two networks",
        &[
            "network create {n}",
            "create --name {a} --network {n} {i} /inside",
            "network connect bridge {a}",
            "start --attach {a}",
        ],
    ),
    // What is run.
    ("image settings", &["run --rm {rich}"]),
    ("image command replaced", &["run --rm {rich} /tmp"]),
    ("image entrypoint replaced", &["run --rm --entrypoint /inside {rich}"]),
    ("image entrypoint removed", &["run --rm --entrypoint= {rich} /inside /tmp"]),
    ("image user and directory replaced", &["run --rm --user 0 --workdir / --env A=other {rich}"]),
    ("image variable removed", &["run --rm --env A {rich}"]),
    ("no command", &["run --rm {bare}"]),
    ("command not found", &["run --rm {i} nosuch"]),
    ("command path not found", &["run --rm {i} /nosuch"]),
    ("command a directory", &["run --rm {i} /etc"]),
    ("command not executable", &["run --rm {i} /etc/passwd"]),
    ("command without its interpreter", &["run --rm {i} /scripts/no-interpreter"]),
    ("command of no format", &["run --rm {i} /scripts/no-format"]),
    ("command not for this user", &["run --rm --user app {i} /scripts/private"]),
    ("command not found by exec", &["run -d --name {a} {i} sleep 1000", "exec {a} nosuch"]),
    ("command a directory by exec", &["run -d --name {a} {i} sleep 1000", "exec {a} /etc"]),
    ("exit code", &["run --rm {i} sh -c 'echo out; echo err >&2; exit 7'"]),
    ("name taken", &["create --name {a} {i} true", "run --rm --name {a} {i} true"]),
    ("name wrong", &["run --rm --name a/b {i} true"]),
    // Ends.
    ("killed", &["run -d --name {a} {i} sleep 1000", "kill {a}", "wait {a}"]),
    ("terminated with init", &["run -d --init --name {a} {i} sleep 1000", "stop {a}", "wait {a}"]),
    (
        "stopped by its signal",
        &[
            "run -d --name {a} --stop-signal USR1 {i} /scripts/trap USR1",
            "exec {a} /scripts/await /ready",
            "stop {a}",
            "wait {a}",
        ],
    ),
    ("stopped by force", &["run -d --stop-timeout 0 --name {a} {i} sleep 1000", "stop {a}", "wait {a}"]),
    (
        "out of memory",
        &[
            "run -d --name {a} --memory 16m --memory-swap 16m {i} tail /dev/zero",
            "wait {a}",
            "inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' {a}",
        ],
    ),
    (
        "out of processes",
        &["run --rm --pids-limit 3 {i} sh -c 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait'"],
    ),
    // More processes in a container.
    ("exec", &["run -d --name {a} {i} sleep 1000", "exec {a} /inside syscalls"]),
    ("exec as a user", &["run -d --name {a} {i} sleep 1000", "exec --user app {a} /inside"]),
    (
        "exec as a user and group",
        &["run -d --name {a} --group-add audio {i} sleep 1000", "exec --user 1000:50 {a} /inside"],
    ),
    ("exec of an unknown user", &["run -d --name {a} {i} sleep 1000", "exec --user nosuch {a} /inside"]),
    ("exec elsewhere", &["run -d --name {a} {i} sleep 1000", "exec --workdir /tmp --env A=b {a} /inside"]),
    (
        "exec in a missing directory",
        &["run -d --name {a} {i} sleep 1000", "exec --workdir /nosuch {a} /inside"],
    ),
    ("exec with all rights", &["run -d --name {a} {i} sleep 1000", "exec --privileged {a} /inside syscalls"]),
    ("exec with a terminal", &["run -d --name {a} {i} sleep 1000", "exec --tty {a} /inside"]),
    (
        "exec with the container's options",
        &[
            "run -d --name {a} --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges --ulimit nofile=512 --oom-score-adj 100 --env A=b --workdir /tmp --user app {i} sleep 1000",
            "exec {a} /inside",
        ],
    ),
    (
        "exec in a privileged container",
        &["run -d --name {a} --privileged {i} sleep 1000", "exec {a} /inside"],
    ),
    ("exec in a stopped container", &["create --name {a} {i} true", "exec {a} /inside"]),
    (
        "killed while paused",
        &[
            "run -d --name {a} {i} sleep 1000",
            "pause {a}",
            "kill {a}",
            "wait {a}",
            "inspect --format '{{.State.Status}} {{.State.Paused}} {{.State.ExitCode}} {{.State.OOMKilled}}' {a}",
        ],
    ),
    // Limits that change.
    (
        "memory updated",
        &[
            "run -d --name {a} --memory 64m --memory-swap 96m {i} sleep 1000",
            "update --memory 128m --memory-swap 256m --memory-reservation 32m {a}",
            "exec {a} /inside",
        ],
    ),
    (
        "memory updated above swap",
        &["run -d --name {a} --memory 64m --memory-swap 96m {i} sleep 1000", "update --memory 128m {a}"],
    ),
    (
        "memory updated alone",
        &[
            "run -d --name {a} --memory 64m --memory-swap 96m {i} sleep 1000",
            "update --memory 32m {a}",
            "exec {a} /inside",
        ],
    ),
    (
        "cpu and pids updated",
        &[
            "run -d --name {a} --cpus 1 --pids-limit 50 {i} sleep 1000",
            "update --cpus 0.5 --cpu-shares 2048 --cpuset-cpus 0 --pids-limit 20 {a}",
            "exec {a} /inside",
        ],
    ),
    (
        "device after an update",
        &[
            "run -d --name {a} --device /dev/fuse {i} sleep 1000",
            "update --pids-limit 20 {a}",
            "exec {a} /inside",
        ],
    ),
    ("exec in a paused container", &["run -d --name {a} {i} sleep 1000", "pause {a}", "exec {a} /inside"]),
];

impl Case {
    fn of_options(name: &'static str, options: &str) -> Case {
        let calls = if name.starts_with("calls") { " syscalls" } else { "" };
        let place = if options.contains("/t") || options.contains("/owned") { " /t /owned" } else { "" };
        Case { name, steps: vec![format!("run --rm {options} {{i}} /inside{calls}{place}")] }
    }
}

/// All cases, or those that `WHARF_TEST_CASES` picks.
pub fn chosen() -> Vec<Case> {
    let single = OPTIONS.iter().map(|(name, options)| Case::of_options(name, options));
    let several = STEPS
        .iter()
        .map(|(name, steps)| Case { name, steps: steps.iter().map(|step| (*step).to_owned()).collect() });
    let words = std::env::var("WHARF_TEST_CASES").unwrap_or_default();
    let words: Vec<&str> = words.split(',').filter(|word| !word.is_empty()).collect();
    let names =
        |word: &str, name: &str| word.strip_prefix('=').map_or(name.contains(word), |whole| name == whole);
    let is_chosen = |case: &Case| words.is_empty() || words.iter().any(|word| names(word, case.name));
    single.chain(several).filter(is_chosen).collect()
}

/// The words of a command; what stands in single quotes is one.
pub fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
