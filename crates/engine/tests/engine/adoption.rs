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

#[test]
fn a_worker_killed_under_full_output_neither_loses_nor_repeats_a_line() {
    kill_under_output(600_000, false, "\\n");
}

#[test]
fn nor_does_one_killed_under_the_output_of_a_terminal() {
    // A terminal is not made for throughput.
    kill_under_output(60_000, true, "\\r\\n");
}

fn kill_under_output(lines: usize, tty: bool, line_end: &str) {
    let Some(engine) = engine() else { return };
    // awk writes whole buffers, so lines are cut anywhere; the kills meet reads, writes and everything between.
    let script = format!("BEGIN {{ for (i = 1; i <= {lines}; i++) printf \"%d and some more\\n\", i }}");
    let log = json!({"Type": "json-file", "Config": {"max-size": "-1"}});
    let options = json!({"Tty": tty, "HostConfig": {"LogConfig": log}});
    let id = engine.run("writer", &["/bin/busybox", "awk", &script], options);
    let log = engine.root().join("containers").join(&id).join(format!("{id}-json.log"));
    let length = || std::fs::metadata(&log).map_or(0, |file| file.len());
    for _ in 0..3 {
        let before = length();
        let is_over = || engine.inspect("writer")["State"]["Running"] == false;
        eventually("it writes", || (length() > before + 200_000 || is_over()).then_some(()));
        let worker = engine.pid("worker");
        kill(worker);
        eventually("a new worker answers", || {
            (engine.pid("worker") != worker && answers(&engine)).then_some(())
        });
    }
    assert_eq!(engine.wait("writer"), 0);
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(text.lines().count(), lines);
    for (at, line) in text.lines().enumerate() {
        let expected = format!("{{\"log\":\"{} and some more{line_end}\",", at + 1);
        assert!(line.starts_with(&expected), "line {at}: {line}");
    }
}
