//! Limits, counters and the view of cgroups through the API: the part that differs between cgroup v1 and v2. The virtual machine of
//! `tests/vm` runs these tests on both.

use serde_json::{Value, json};

use crate::support::{TestEngine, engine, eventually};

fn is_v2(engine: &TestEngine) -> bool {
    engine.get("/info")["CgroupVersion"] == "2"
}

/// What a file of the container's own group says, seen from inside; named as on v2 or as on v1.
fn inside(engine: &TestEngine, name: &str, v2: &str, v1: &str) -> String {
    let file = if is_v2(engine) { v2 } else { v1 };
    let script = if is_v2(engine) {
        format!("cat /sys/fs/cgroup/{file}")
    } else {
        format!("cat /sys/fs/cgroup/*/{file} | head -n 1")
    };
    let (code, text) = engine.exec(name, &["/bin/busybox", "sh", "-c", &script]);
    assert_eq!(code, 0, "{text}");
    text.trim().to_owned()
}

#[test]
fn limits_are_seen_inside_and_can_be_changed() {
    let Some(engine) = engine() else { return };
    let limits = json!({"Memory": 64 << 20, "PidsLimit": 50, "CpuShares": 2048, "CpusetCpus": "0", "NanoCpus": 500_000_000});
    engine.run("web", &["sleep", "600"], json!({"HostConfig": limits}));
    assert_eq!(inside(&engine, "web", "memory.max", "memory.limit_in_bytes"), (64 << 20).to_string());
    assert_eq!(inside(&engine, "web", "pids.max", "pids.max"), "50");
    let weight = if is_v2(&engine) { "174" } else { "2048" };
    assert_eq!(inside(&engine, "web", "cpu.weight", "cpu.shares"), weight);
    assert_eq!(inside(&engine, "web", "cpuset.cpus", "cpuset.cpus"), "0");

    let changed = json!({"Memory": 128 << 20, "MemorySwap": 256 << 20, "PidsLimit": -1, "CpuShares": 512});
    engine.post("/containers/web/update", changed);
    assert_eq!(inside(&engine, "web", "memory.max", "memory.limit_in_bytes"), (128 << 20).to_string());
    assert_eq!(inside(&engine, "web", "pids.max", "pids.max"), "max");
    let weight = if is_v2(&engine) { "59" } else { "512" };
    assert_eq!(inside(&engine, "web", "cpu.weight", "cpu.shares"), weight);
    let quota = if is_v2(&engine) { "50000 100000" } else { "50000" };
    assert_eq!(inside(&engine, "web", "cpu.max", "cpu.cfs_quota_us"), quota, "it was not changed");
}

#[test]
fn what_v2_does_not_know_is_warned_of() {
    let Some(engine) = engine() else { return };
    let body = json!({"Image": "busybox", "Cmd": ["true"], "HostConfig":
        {"Memory": 64 << 20, "MemorySwappiness": 10, "OomKillDisable": true}});
    let warnings = engine.post("/containers/create?name=odd", body)["Warnings"].clone();
    assert_eq!(warnings.as_array().map_or(0, Vec::len), if is_v2(&engine) { 2 } else { 0 }, "{warnings}");
}

#[test]
fn memory_that_runs_out_is_told() {
    let Some(engine) = engine() else { return };
    let limits = json!({"HostConfig": {"Memory": 16 << 20, "MemorySwap": 16 << 20}});
    engine.run("greedy", &["/bin/busybox", "tail", "/dev/zero"], limits);
    assert_eq!(engine.wait("greedy"), 137);
    let state = &engine.inspect("greedy")["State"];
    assert_eq!((state["OOMKilled"].as_bool(), state["ExitCode"].as_i64()), (Some(true), Some(137)));
}

#[test]
fn a_paused_container_stands_still() {
    let Some(engine) = engine() else { return };
    let script = "while :; do echo x >> /tmp/count; done";
    engine.run("busy", &["sh", "-c", script], Value::Null);
    let used = || stats(&engine, "busy")["cpu_stats"]["cpu_usage"]["total_usage"].as_u64().unwrap();
    let before = used();
    eventually("it uses time", || (used() > before).then_some(()));
    engine.post("/containers/busy/pause", Value::Null);
    assert_eq!(engine.inspect("busy")["State"]["Status"], "paused");
    let standing = used();
    assert_eq!(used(), standing, "it stands");
    engine.post("/containers/busy/unpause", Value::Null);
    eventually("it goes on", || (used() > standing).then_some(()));
    engine.post("/containers/busy/pause", Value::Null);
    engine.post("/containers/busy/kill", Value::Null);
    assert_eq!(engine.wait("busy"), 137);
}

fn stats(engine: &TestEngine, name: &str) -> Value {
    engine.get(&format!("/containers/{name}/stats?stream=0&one-shot=1"))
}

#[test]
fn counters_have_dockers_shape() {
    let Some(engine) = engine() else { return };
    let limits = json!({"HostConfig": {"Memory": 64 << 20}});
    engine.run("web", &["sh", "-c", "echo ready; exec sleep 600"], limits);
    eventually("it runs", || engine.logs("web").contains("ready").then_some(()));
    let stats = stats(&engine, "web");
    let memory = &stats["memory_stats"];
    assert_eq!(memory["limit"], 64 << 20, "{stats}");
    assert!(memory["usage"].as_u64().unwrap() > 0, "{stats}");
    assert_eq!(stats["pids_stats"]["current"], 1, "{stats}");
    let names = if is_v2(&engine) { ["anon", "inactive_file"] } else { ["rss", "total_inactive_file"] };
    assert!(names.iter().all(|name| memory["stats"][name].is_u64()), "{stats}");
    assert_eq!(memory.get("max_usage").is_some(), !is_v2(&engine), "{stats}");
    assert_eq!(stats["pids_stats"].get("limit").is_some(), is_v2(&engine), "{stats}");
    assert_eq!(stats["blkio_stats"]["io_serviced_recursive"].is_null(), is_v2(&engine), "{stats}");
}

#[test]
fn the_view_of_the_groups_is_private_on_v2() {
    let Some(engine) = engine() else { return };
    engine.run("default", &["cat", "/proc/self/cgroup"], Value::Null);
    engine.wait("default");
    let default = engine.logs("default");
    engine.run("host", &["cat", "/proc/self/cgroup"], json!({"HostConfig": {"CgroupnsMode": "host"}}));
    engine.wait("host");
    assert!(engine.logs("host").contains("/wharf-"), "{}", engine.logs("host"));
    if is_v2(&engine) {
        assert_eq!(default, "0::/\n");
    } else {
        assert!(default.contains("/wharf-"), "{default}");
    }
}

#[test]
fn a_disk_of_the_host_is_out_of_reach_however_it_is_named() {
    let Some(engine) = engine() else { return };
    let script = "/bin/busybox mknod /disk b 7 0 && cat /disk; /bin/busybox mknod /fuse c 10 229 && cat /fuse; \
                  /bin/busybox mknod /zero c 1 5 && /bin/busybox head -c 4 /zero | /bin/busybox wc -c";
    engine.run("web", &["sh", "-c", script], Value::Null);
    engine.wait("web");
    let logs = engine.logs("web");
    assert_eq!(logs.matches("Operation not permitted").count(), 2, "{logs}");
    assert!(logs.contains("\n4\n") || logs.starts_with("4\n"), "{logs}");
}
