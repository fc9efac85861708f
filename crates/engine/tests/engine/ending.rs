//! The end of an engine that looks after containers.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use wharf_engine::EnginePaths;

use crate::support::{TestEngine, engine, eventually};

/// It does not hear SIGTERM, and may take ten minutes to end.
fn run_stubborn(engine: &TestEngine) {
    let script = "trap '' TERM; echo ready; while :; do sleep 1; done";
    let options = json!({"StopTimeout": 600, "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}});
    engine.run("stubborn", &["sh", "-c", script], options);
    eventually("it is deaf", || engine.logs("stubborn").contains("ready").then_some(()));
}

fn stop(engine: &TestEngine, force: bool) -> Result<bool, wharf_engine::StartError> {
    let paths = EnginePaths::new(Some(engine.root()));
    tokio::runtime::Runtime::new().unwrap().block_on(wharf_engine::stop(&paths, force))
}

fn worker(paths: &EnginePaths) -> Option<i32> {
    let status = tokio::runtime::Runtime::new().unwrap().block_on(wharf_engine::status(paths)).unwrap();
    status.map(|status| status.worker)
}

#[test]
fn by_force_it_does_not_wait_for_containers_and_they_come_back() {
    let Some(mut engine) = engine() else { return };
    let mut pin = engine.pin_namespace();
    run_stubborn(&engine);
    assert!(stop(&engine, false).unwrap_err().to_string().contains("stubborn"), "it runs");
    let start = Instant::now();
    assert!(stop(&engine, true).unwrap());
    assert!(start.elapsed() < Duration::from_secs(60), "no grace: {:?}", start.elapsed());
    engine.start_again();
    eventually("it runs again", || (engine.inspect("stubborn")["State"]["Running"] == true).then_some(()));
    drop(engine);
    let _ = pin.kill();
    let _ = pin.wait();
}

#[test]
fn force_ends_a_graceful_end() {
    let Some(engine) = engine() else { return };
    run_stubborn(&engine);
    kill_process(Pid::from_raw(engine.pid("monitor")).unwrap(), Signal::TERM).unwrap();
    let start = Instant::now();
    assert!(stop(&engine, true).unwrap());
    assert!(start.elapsed() < Duration::from_secs(60), "no grace: {:?}", start.elapsed());
}

#[test]
fn an_engine_whose_worker_dies_while_it_ends_ends() {
    let Some(engine) = engine() else { return };
    run_stubborn(&engine);
    let paths = EnginePaths::new(Some(engine.root()));
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| stop(&engine, true).unwrap());
        // Until it has ended, or three of them are dead.
        let mut last = 0;
        for _ in 0..3 {
            let next = eventually("a worker, or the end", || {
                let pid = worker(&paths).unwrap_or(0);
                (pid != last).then_some(pid)
            });
            let Some(worker) = Pid::from_raw(next) else { break };
            let _ = kill_process(worker, Signal::KILL);
            last = next;
        }
        assert!(ended.join().unwrap());
    });
}
