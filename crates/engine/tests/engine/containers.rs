//! The life of a container.

use serde_json::{Value, json};

use crate::support::{engine, engine_with, eventually};

#[test]
fn a_container_runs_logs_and_goes() {
    let Some(engine) = engine() else { return };
    let id = engine.run("hello", &["sh", "-c", "echo out; echo err >&2; exit 3"], Value::Null);
    assert_eq!(engine.wait("hello"), 3);
    // Two pipes have no order between them.
    let logs = engine.logs("hello");
    let mut lines: Vec<_> = logs.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["err", "out"]);
    let state = &engine.inspect("hello")["State"];
    assert_eq!((state["Status"].as_str(), state["ExitCode"].as_i64()), (Some("exited"), Some(3)));
    assert_eq!(engine.call("DELETE", "/containers/hello", None).status, 204);
    assert_eq!(engine.call("GET", "/containers/hello/json", None).status, 404);
    eventually("its files are removed", || {
        (!engine.root().join("containers").join(&id).exists()).then_some(())
    });
}

#[test]
fn names_are_unique_and_running_containers_are_not_removed() {
    let Some(engine) = engine() else { return };
    engine.run("web", &["sleep", "600"], Value::Null);
    let taken = engine.call(
        "POST",
        "/containers/create?name=web",
        Some(json!({"Image": "busybox", "Cmd": ["true"]})),
    );
    assert_eq!(taken.status, 409);
    assert!(taken.text().contains("is already in use by container"), "{}", taken.text());
    let running = engine.call("DELETE", "/containers/web", None);
    assert_eq!(running.status, 409);
    assert!(running.text().contains("container is running"), "{}", running.text());
    assert_eq!(engine.call("POST", "/containers/web/start", None).status, 304);
}

#[test]
fn stop_sends_the_signal_and_kills_after_the_grace() {
    let Some(engine) = engine() else { return };
    let polite = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.1; done";
    engine.run("polite", &["sh", "-c", polite], Value::Null);
    eventually("the trap is set", || engine.logs("polite").contains("ready").then_some(()));
    engine.post("/containers/polite/stop?t=20", Value::Null);
    assert_eq!(engine.inspect("polite")["State"]["ExitCode"], 5);
    engine.run("deaf", &["sleep", "600"], Value::Null);
    engine.post("/containers/deaf/stop?t=0", Value::Null);
    assert_eq!(engine.inspect("deaf")["State"]["ExitCode"], 137);
    assert_eq!(engine.call("POST", "/containers/deaf/stop", None).status, 304);
}

#[test]
fn exec_joins_the_container() {
    let Some(engine) = engine() else { return };
    let more = json!({"Env": ["A=1"], "User": "app", "WorkingDir": "/data", "Hostname": "box"});
    engine.run("web", &["sleep", "600"], more);
    let (code, output) = engine.exec("web", &["sh", "-c", "id -u; echo $A $HOSTNAME; pwd; exit 7"]);
    assert_eq!((code, output.as_str()), (7, "999\n1 box\n/data\n"));
    let body = json!({"Cmd": ["nope"], "AttachStdout": true});
    let id = engine.post("/containers/web/exec", body)["Id"].as_str().unwrap().to_owned();
    let failed = engine.call("POST", &format!("/exec/{id}/start"), Some(json!({})));
    assert!(failed.text().contains("executable file not found in $PATH"), "{}", failed.text());
    assert_eq!(engine.get(&format!("/exec/{id}/json"))["ExitCode"], 127);
}

#[test]
fn a_failed_start_leaves_nothing_and_says_why() {
    let Some(engine) = engine() else { return };
    let id = engine.create("bad", &["nope"], Value::Null);
    let failed = engine.call("POST", "/containers/bad/start", None);
    assert_eq!(failed.status, 400);
    assert!(failed.text().contains("executable file not found in $PATH"), "{}", failed.text());
    let state = &engine.inspect("bad")["State"];
    assert_eq!((state["Status"].as_str(), state["ExitCode"].as_i64()), (Some("created"), Some(127)));
    assert!(!cgroup_exists(&id), "the cgroup is left");
    let network = engine.get("/networks/bridge");
    assert_eq!(network["Containers"], json!({}), "the address is left");
}

fn cgroup_exists(id: &str) -> bool {
    let find = std::process::Command::new("find").args(["/sys/fs/cgroup", "-name", id]).output().unwrap();
    !find.stdout.is_empty()
}

#[test]
fn a_failing_container_is_restarted_as_often_as_its_policy_says() {
    let Some(engine) = engine() else { return };
    let more = json!({"HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}}});
    engine.run("flaky", &["sh", "-c", "echo run; exit 1"], more);
    let state = eventually("it is given up", || {
        let inspected = engine.inspect("flaky");
        (inspected["State"]["Status"] == "exited").then_some(inspected)
    });
    assert_eq!(state["RestartCount"], 2);
    assert_eq!(engine.logs("flaky"), "run\nrun\nrun\n");
}

#[test]
fn a_stopped_container_is_not_restarted() {
    let Some(engine) = engine() else { return };
    engine.run("web", &["sleep", "600"], json!({"HostConfig": {"RestartPolicy": {"Name": "always"}}}));
    engine.post("/containers/web/stop?t=0", Value::Null);
    assert_eq!(engine.inspect("web")["State"]["Status"], "exited");
    engine.post("/containers/web/start", Value::Null);
    let before = engine.inspect("web")["State"]["Pid"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(before).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    eventually("it comes back", || {
        let state = &engine.inspect("web")["State"];
        let pid = state["Pid"].as_i64().unwrap();
        (state["Status"] == "running" && pid != before).then_some(())
    });
}

#[test]
fn health_follows_the_probe() {
    let Some(engine) = engine() else { return };
    let second = 1_000_000_000_i64;
    let check =
        json!({"Test": ["CMD-SHELL", "echo probed; test -e /tmp/ok"], "Interval": second, "Retries": 1});
    engine.run("web", &["sleep", "600"], json!({"Healthcheck": check}));
    let health = |wanted: &str| {
        eventually(wanted, || {
            let state = engine.inspect("web")["State"].clone();
            (state["Health"]["Status"] == wanted).then_some(state["Health"].clone())
        })
    };
    let unhealthy = health("unhealthy");
    assert_eq!(unhealthy["Log"][0]["Output"], "probed\n");
    assert_eq!(unhealthy["Log"][0]["ExitCode"], 1);
    engine.exec("web", &["touch", "/tmp/ok"]);
    assert_eq!(health("healthy")["FailingStreak"], 0);
    let listed = engine.get("/containers/json");
    assert!(listed[0]["Status"].as_str().unwrap().ends_with("(healthy)"), "{listed}");
}

#[test]
fn an_early_probe_makes_a_container_healthy_long_before_the_first_interval() {
    let Some(engine) = engine() else { return };
    let check = json!({"Test": ["CMD", "true"], "Interval": 3_600_000_000_000_i64});
    engine.run("web", &["sleep", "600"], json!({"Healthcheck": check}));
    eventually("healthy", || (engine.inspect("web")["State"]["Health"]["Status"] == "healthy").then_some(()));
}

#[test]
fn limits_and_rights_are_dockers() {
    let Some(engine) = engine() else { return };
    let more = json!({"HostConfig": {"Memory": 64 << 20, "PidsLimit": 50, "NanoCpus": 500_000_000, "ReadonlyRootfs": true,
        "Tmpfs": {"/run": "size=1m"}, "ExtraHosts": ["db:10.9.9.9"]}});
    engine.run("web", &["sleep", "600"], more);
    let (_, status) = engine.exec("web", &["cat", "/proc/1/status"]);
    assert!(status.contains("CapEff:\t00000000a80425fb"), "{status}");
    assert!(status.contains("Seccomp:\t2"), "{status}");
    let (code, _) = engine.exec("web", &["touch", "/x"]);
    assert_eq!(code, 1, "the root is read-only");
    assert_eq!(engine.exec("web", &["touch", "/run/x"]).0, 0);
    let (_, hosts) = engine.exec("web", &["cat", "/etc/hosts"]);
    assert!(hosts.contains("10.9.9.9\tdb\n"), "{hosts}");
    let (_, groups) = engine.exec("web", &["cat", "/proc/self/cgroup"]);
    assert!(groups.contains("/wharf-"), "{groups}");
}

#[test]
fn shared_memory_is_shared_on_request_only() {
    let Some(engine) = engine() else { return };
    let mode = |mode: &str| json!({"HostConfig": {"IpcMode": mode}});
    engine.run("donor", &["sh", "-c", "echo hi > /dev/shm/x; exec sleep 600"], mode("shareable"));
    eventually("it is written", || (engine.exec("donor", &["cat", "/dev/shm/x"]).0 == 0).then_some(()));
    engine.run("joiner", &["cat", "/dev/shm/x"], mode("container:donor"));
    engine.wait("joiner");
    assert_eq!(engine.logs("joiner"), "hi\n");
    engine.run("private", &["sleep", "600"], Value::Null);
    engine.create("refused", &["true"], mode("container:private"));
    let refused = engine.call("POST", "/containers/refused/start", None);
    assert!(refused.text().contains("non-shareable IPC"), "{}", refused.text());
}

#[test]
fn auto_remove_and_events() {
    let Some(engine) = engine() else { return };
    engine.create("once", &["true"], json!({"HostConfig": {"AutoRemove": true}}));
    engine.post("/containers/once/start", Value::Null);
    eventually("it is removed", || {
        (engine.call("GET", "/containers/once/json", None).status == 404).then_some(())
    });
    let filters = "%7B%22container%22%3A%5B%22once%22%5D%7D";
    let events = engine.call("GET", &format!("/events?since=1&until=1&filters={filters}"), None);
    assert_eq!(events.text(), "", "nothing happened before the year 1971");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 1;
    let events = engine.call("GET", &format!("/events?since=1&until={now}&filters={filters}"), None).text();
    let actions: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<_> = actions.iter().map(|event| event["Action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["create", "start", "die", "destroy"]);
}

#[test]
fn an_idle_engine_ends_and_leaves_nothing() {
    let Some(mut engine) = engine_with(&[("WHARF_ENGINE_IDLE_SECONDS", "1")]) else { return };
    engine.run("short", &["true"], Value::Null);
    engine.wait("short");
    engine.wait_for_end();
    for name in ["engine.sock", "engine.pid"] {
        assert!(!engine.root().join(name).exists(), "{name} is left");
    }
}

#[test]
fn a_commit_takes_a_configuration_before_the_containers() {
    let Some(engine) = engine() else { return };
    let check = json!({"Test": ["CMD", "true"], "Interval": 7_000_000_000_i64});
    let own = json!({"Env": ["A=1", "B=2"], "Healthcheck": check.clone(), "Labels": {"kept": "yes"}, "User": "app"});
    engine.create("donor", &["sleep", "600"], own);
    let asked =
        json!({"Cmd": ["echo", "hi"], "Env": ["A=9"], "User": "root", "ExposedPorts": {"80/tcp": {}}});
    engine.post("/commit?container=donor&repo=made&changes=WORKDIR%20%2Ftmp", asked);
    let config = &engine.get("/images/made/json")["Config"];
    assert_eq!(config["Cmd"], json!(["echo", "hi"]));
    assert_eq!(config["Env"], json!(["A=9", "B=2"]));
    assert_eq!((&config["User"], &config["WorkingDir"]), (&json!("root"), &json!("/tmp")));
    assert_eq!((&config["Healthcheck"], &config["Labels"]["kept"]), (&check, &json!("yes")));
    assert_eq!(config["ExposedPorts"], json!({"80/tcp": {}}));
}
