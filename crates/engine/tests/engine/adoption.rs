//! Containers outlive the engine's processes.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{TestEngine, engine, eventually};

const COUNTER: &str = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done";

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn answers(engine: &TestEngine) -> bool {
    std::os::unix::net::UnixStream::connect(engine.root().join("engine.sock")).is_ok()
}

/// No line is missing, and there are more than before.
fn count(engine: &TestEngine) -> usize {
    let logs = engine.logs("counter");
    for (at, line) in logs.lines().enumerate() {
        assert_eq!(line, (at + 1).to_string());
    }
    logs.lines().count()
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_nothing_is_lost() {
    let Some(engine) = engine() else { return };
    engine.run(
        "counter",
        &["sh", "-c", COUNTER],
        json!({"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "18081"}]}}}),
    );
    eventually("it counts", || (count(&engine) > 5).then_some(()));
    let before = engine.inspect("counter")["State"]["Pid"].clone();
    let worker = engine.pid("worker");
    kill(worker);
    eventually("a new worker answers", || (engine.pid("worker") != worker && answers(&engine)).then_some(()));
    assert_eq!(engine.inspect("counter")["State"]["Pid"], before);
    let so_far = count(&engine);
    eventually("it goes on", || (count(&engine) > so_far).then_some(()));
    assert_eq!(engine.exec("counter", &["echo", "hi"]), (0, "hi\n".to_owned()));
    assert_eq!(engine.inspect("counter")["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"], "18081");
}

#[test]
fn a_monitor_that_is_killed_leaves_containers_running_for_the_next_engine() {
    let Some(mut engine) = engine() else { return };
    let mut pin = engine.pin_namespace();
    engine.run("counter", &["sh", "-c", COUNTER], json!({}));
    eventually("it counts", || (count(&engine) > 5).then_some(()));
    let before = engine.inspect("counter")["State"]["Pid"].clone();
    let worker = engine.pid("worker");
    kill(engine.pid("monitor"));
    eventually("the worker ends with it", || {
        (!std::path::Path::new(&format!("/proc/{worker}")).exists()).then_some(())
    });
    engine.start_again();
    assert_eq!(engine.inspect("counter")["State"]["Pid"], before);
    let so_far = count(&engine);
    eventually("it goes on", || (count(&engine) > so_far).then_some(()));
    engine.call("DELETE", "/containers/counter?force=1", None);
    drop(engine);
    let _ = pin.kill();
    let _ = pin.wait();
}
