//! Limits and counters of groups: each value reaches its file, on cgroup v1 and on v2, also in a group that has no real root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::support::{Engine, engine, skip};
use wharf_container::cgroup::{Cgroup, Hierarchies};
use wharf_container::spec::{BlockDeviceRate, CgroupLimits, CgroupSpec};

/// A group without processes; dropping it removes it and its parent.
struct EmptyGroup {
    parent: String,
    group: Cgroup,
}

impl EmptyGroup {
    fn with(purpose: &str, limits: CgroupLimits) -> Self {
        let parent = format!("wharf-test-{purpose}-{}", std::process::id());
        let spec = CgroupSpec { parent: parent.clone(), name: "x".into(), limits, device_rules: Vec::new() };
        let group = Cgroup::create(Hierarchies::of_this_host().unwrap(), &spec).unwrap();
        Self { parent, group }
    }

    /// What a file of the group says; with the name of the v1 file where that controller is on v1.
    fn read(&self, controller: &str, unified: &str, legacy: &str) -> String {
        let (directory, file) = match legacy_mount(controller) {
            Some(mount) => (mount, legacy),
            None => (PathBuf::from("/sys/fs/cgroup"), unified),
        };
        let path = directory.join(&self.parent).join("x").join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.trim().to_owned()
    }
}

impl Drop for EmptyGroup {
    fn drop(&mut self) {
        let _the_test_has_failed_already = self.group.remove();
        let parent = Cgroup::open(Hierarchies::of_this_host().unwrap(), "", &self.parent).unwrap();
        let _the_test_has_failed_already = parent.remove();
    }
}

/// Where the v1 hierarchy with `controller` is mounted.
fn legacy_mount(controller: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let found =
        mounts.find(|fields| fields[2] == "cgroup" && fields[3].split(',').any(|word| word == controller));
    found.map(|fields| PathBuf::from(fields[1]))
}

#[test]
fn every_limit_reaches_its_file() {
    if skip() {
        return;
    }
    let mut limits = CgroupLimits {
        memory: Some(64 << 20),
        memory_swap: Some(96 << 20),
        memory_reservation: Some(32 << 20),
        cpu_shares: Some(512),
        cpuset_cpus: Some("0".into()),
        cpuset_mems: Some("0".into()),
        pids: Some(33),
        ..CgroupLimits::default()
    };
    limits.set_nano_cpus(1_500_000_000);
    let group = EmptyGroup::with("limits", limits);
    let is_legacy = |controller| legacy_mount(controller).is_some();
    assert_eq!(group.read("memory", "memory.max", "memory.limit_in_bytes"), (64 << 20).to_string());
    assert_eq!(group.read("memory", "memory.low", "memory.soft_limit_in_bytes"), (32 << 20).to_string());
    // Memory and swap together on v1, swap alone on v2 (contract 1.13.3).
    let swap = if is_legacy("memory") { 96 << 20 } else { 32 << 20 };
    if swap_is_limited() {
        assert_eq!(group.read("memory", "memory.swap.max", "memory.memsw.limit_in_bytes"), swap.to_string());
    }
    let quota = if is_legacy("cpu") { "150000" } else { "150000 100000" };
    assert_eq!(group.read("cpu", "cpu.max", "cpu.cfs_quota_us"), quota);
    let weight = if is_legacy("cpu") { "512" } else { "59" };
    assert_eq!(group.read("cpu", "cpu.weight", "cpu.shares"), weight);
    assert_eq!(group.read("cpuset", "cpuset.cpus", "cpuset.cpus"), "0");
    assert_eq!(group.read("cpuset", "cpuset.mems", "cpuset.mems"), "0");
    assert_eq!(group.read("pids", "pids.max", "pids.max"), "33");

    let open = CgroupLimits {
        pids: Some(-1),
        cpu_quota: Some(-1),
        memory_swap: Some(-1),
        ..CgroupLimits::default()
    };
    group.group.set_limits(&open).unwrap();
    assert_eq!(group.read("pids", "pids.max", "pids.max"), "max");
    let quota = if is_legacy("cpu") { "-1" } else { "max 100000" };
    assert_eq!(group.read("cpu", "cpu.max", "cpu.cfs_quota_us"), quota);
}

/// v2 with swap in the kernel, or v1 where the host was booted with swap accounting.
fn swap_is_limited() -> bool {
    let limits =
        CgroupLimits { memory: Some(1 << 30), memory_swap: Some(1 << 30), ..CgroupLimits::default() };
    Hierarchies::of_this_host().unwrap().unsupported(&limits).is_empty()
}

#[test]
fn swap_is_what_is_left_of_the_sum_when_only_the_sum_changes() {
    if skip() || legacy_mount("memory").is_some() {
        return eprintln!("skipped: only cgroup v2 limits swap apart from memory");
    }
    let limits =
        CgroupLimits { memory: Some(64 << 20), memory_swap: Some(64 << 20), ..CgroupLimits::default() };
    let group = EmptyGroup::with("swap", limits);
    assert_eq!(group.read("memory", "memory.swap.max", ""), "0");
    let sum = CgroupLimits { memory_swap: Some(80 << 20), ..CgroupLimits::default() };
    group.group.set_limits(&sum).unwrap();
    assert_eq!(group.read("memory", "memory.swap.max", ""), (16 << 20).to_string());
}

/// Any disk of the host, not a part of one: only whole disks can be throttled.
fn disk() -> Option<(u32, u32)> {
    let found = ["/dev/vda", "/dev/sda", "/dev/nvme0n1"].iter().find_map(|path| fs::metadata(path).ok())?;
    Some((rustix::fs::major(found.rdev()), rustix::fs::minor(found.rdev())))
}

#[test]
fn block_devices_are_throttled() {
    if skip() {
        return;
    }
    let Some((major, minor)) = disk() else { return eprintln!("skipped: no disk to throttle") };
    let rate = |rate| vec![BlockDeviceRate { major, minor, rate }];
    let limits = CgroupLimits {
        device_read_bps: rate(1 << 20),
        device_write_bps: rate(2 << 20),
        device_read_iops: rate(100),
        device_write_iops: rate(200),
        ..CgroupLimits::default()
    };
    let group = EmptyGroup::with("block", limits);
    if legacy_mount("blkio").is_some() {
        assert_eq!(
            group.read("blkio", "", "blkio.throttle.read_bps_device"),
            format!("{major}:{minor} 1048576")
        );
        assert_eq!(
            group.read("blkio", "", "blkio.throttle.write_iops_device"),
            format!("{major}:{minor} 200")
        );
    } else {
        let all = format!("{major}:{minor} rbps=1048576 wbps=2097152 riops=100 wiops=200");
        assert_eq!(group.read("blkio", "io.max", ""), all);
    }
}

#[test]
fn what_a_group_uses_is_counted() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("dd if=/dev/zero of=/tmp/x bs=1M count=20 2>/dev/null; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done; read line");
    let (_, mut stdio) = engine.launch(&spec).unwrap();
    let mut line = [0; 5];
    std::io::Read::read_exact(&mut fs::File::from(stdio.stdout.take().unwrap()), &mut line).unwrap();
    let stats = engine.cgroup(&spec).stats();
    let unified = Hierarchies::of_this_host().unwrap().is_unified();
    assert!(stats.cpu.total > 1_000_000, "{stats:?}");
    // Version 1 guesses these two from who runs at a clock tick: of a moment's work that may be anything.
    assert!(!unified || stats.cpu.user + stats.cpu.system <= stats.cpu.total, "{stats:?}");
    assert!(stats.memory.usage > 10 << 20, "the page cache counts: {stats:?}");
    assert!(stats.memory.detail("inactive_file").is_some() && stats.memory.detail("pgfault").is_some());
    assert_eq!(stats.memory.unified, unified);
    assert_eq!((stats.pids.current, stats.pids.limit), (1, None));
    std::io::Write::write_all(&mut fs::File::from(stdio.stdin.take().unwrap()), b"go\n").unwrap();
    engine.exited();
}

#[test]
fn an_engine_in_a_group_of_its_own_makes_room_for_containers() {
    if skip() || !Hierarchies::of_this_host().unwrap().is_unified() {
        return eprintln!("skipped: only cgroup v2 forbids processes beside groups");
    }
    let mut engine = Engine::start_nested();
    engine.adoption();
    let mut spec = engine.shell("cat /sys/fs/cgroup/memory.max /proc/self/cgroup");
    spec.cgroup.limits.memory = Some(32 << 20);
    assert_eq!(engine.run(&spec).success(), "33554432\n0::/\n");
}
