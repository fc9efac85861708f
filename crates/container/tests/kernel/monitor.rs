//! The monitor outlives the worker, and containers outlive both.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::time::Instant;

use crate::support::{DEADLINE, Engine, adopted, engine, kill, read_all, wait_readable};
use wharf_container::client::Event;
use wharf_container::process::ExitStatus;
use wharf_container::stdio::{self, ChildStdio, ParentStdio};

#[test]
fn a_new_worker_gets_running_containers_with_their_streams() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("echo before; read line; echo after $line; exit 6");
    let (launched, stdio) = engine.launch(&spec).unwrap();
    drop(stdio);
    engine.crash_worker();
    let adopted = adopted(engine.adoption(), &spec.id);
    assert_eq!((&adopted.identity, adopted.status), (&launched.identity, None));
    assert!(adopted.pidfd.is_some());
    File::from(adopted.stdio.stdin.unwrap()).write_all(b"the crash\n").unwrap();
    assert_eq!(read_all(adopted.stdio.stdout), "before\nafter the crash\n");
    assert_eq!(engine.exited(), (spec.id, ExitStatus::Code(6)));
}

#[test]
fn an_end_is_told_until_it_is_forgotten() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("exit 11");
    let (_, stdio) = engine.launch(&spec).unwrap();
    engine.exited();
    drop(stdio);
    for _ in 0..2 {
        engine.crash_worker();
        let adopted = adopted(engine.adoption(), &spec.id);
        assert_eq!(adopted.status, Some(ExitStatus::Code(11)));
    }
    engine.link.forget(&spec.id).unwrap();
    // The monitor serves in order: an answer to a later request means that the earlier one is done.
    let other = engine.shell("true");
    engine.run(&other).success();
    engine.crash_worker();
    assert!(engine.adoption().is_empty());
}

#[test]
fn held_descriptors_come_back() {
    let Some(mut engine) = engine() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    engine.link.hold("port", listener.into()).unwrap();
    engine.link.hold("other", File::open("/dev/null").unwrap().into()).unwrap();
    engine.link.release("other").unwrap();
    let spec = engine.shell("true");
    engine.run(&spec);
    engine.crash_worker();
    let mut events = engine.adoption();
    assert_eq!(events.len(), 1);
    let Some(Event::Held { key, descriptor }) = events.pop() else { panic!("nothing held") };
    assert_eq!(key, "port");
    let listener = std::net::TcpListener::from(descriptor);
    assert_eq!(listener.local_addr().unwrap(), address);
}

#[test]
fn stdin_ends_when_both_copies_are_closed() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("cat");
    let (_, mut stdio) = engine.launch(&spec).unwrap();
    drop(stdio.stdin.take());
    engine.link.close_stdin(&spec.id).unwrap();
    assert_eq!(engine.finish(stdio).status, ExitStatus::Code(0));
}

#[test]
fn an_id_runs_once_at_a_time() {
    let Some(mut engine) = engine() else { return };
    let spec = engine.shell("read line");
    let (launched, stdio) = engine.launch(&spec).unwrap();
    assert_eq!(engine.failure(&spec).message, "it is already running");
    launched.pidfd.send_signal(9).unwrap();
    engine.finish(stdio);
    let (launched, _stdio) = engine.launch(&spec).unwrap();
    assert!(launched.identity.is_alive(), "and again after its end");
}

#[test]
fn many_launches_at_once() {
    let Some(mut engine) = engine() else { return };
    let specs: Vec<_> = (0..20).map(|_| engine.shell("exit 3")).collect();
    for spec in &specs {
        engine.link.launch(spec, ChildStdio::default(), ParentStdio::default(), None).unwrap();
    }
    let mut exited = 0;
    while exited < specs.len() {
        match engine.event() {
            Event::Launched(_) => {}
            Event::Exited { status, .. } => {
                assert_eq!(status, ExitStatus::Code(3));
                exited += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    for spec in &specs {
        engine.cgroup(spec).remove().unwrap();
    }
}

#[test]
fn the_monitor_ends_with_a_worker_that_says_so() {
    let Some(mut engine) = engine() else { return };
    engine.link.shutdown().unwrap();
    engine.end_worker();
    assert!(engine.monitor_status().success());
}

#[test]
fn a_container_survives_the_monitor() {
    let Some(mut engine) = engine() else { return };
    let fifo = engine.directory.path().join("out");
    let (write, read) = stdio::create_fifo(&fifo).unwrap();
    let go = engine.directory.path().join("go");
    fs::create_dir(&go).unwrap();
    let mut spec = engine.shell("echo one; while [ ! -e /go/file ]; do sleep 0.01; done; echo two; exit 12");
    spec.mounts.push(wharf_container::spec::Mount::bind(&go, "/go", false));
    let child = ChildStdio { stdout: Some(write), ..ChildStdio::default() };
    engine.link.launch(&spec, child, ParentStdio::default(), None).unwrap();
    let Event::Launched(launched) = engine.event() else { panic!("not launched") };
    let worker = wharf_container::process::Pidfd::open(engine.worker).unwrap();
    drop(read);
    kill(engine.monitor_pid());
    wait_readable(&worker, "the worker to end with the monitor");
    assert!(!engine.monitor_status().success());

    // What the next engine does.
    assert!(launched.identity.is_alive());
    let pidfd = launched.identity.open().unwrap();
    let mut lines = BufReader::new(File::from(stdio::open_fifo(&fifo).unwrap()));
    let mut text = String::new();
    lines.read_line(&mut text).unwrap();
    fs::write(go.join("file"), "").unwrap();
    lines.read_line(&mut text).unwrap();
    assert_eq!(text, "one\ntwo\n", "nothing is lost, and no SIGPIPE");
    wait_readable(&pidfd, "the end of the container");
    let deadline = Instant::now() + DEADLINE;
    while launched.identity.is_alive() {
        assert!(Instant::now() < deadline);
    }
    // From kernel 6.15 on the status can be read as well, once somebody has reaped the process.
    if let Some(status) = pidfd.exit_status().unwrap() {
        assert_eq!(status, ExitStatus::Code(12));
    }
}

#[test]
fn the_monitor_keeps_nothing_of_what_is_over() {
    let Some(mut engine) = engine() else { return };
    let descriptors =
        |engine: &Engine| fs::read_dir(format!("/proc/{}/fd", engine.monitor_pid())).unwrap().count();
    let children = |engine: &Engine| {
        fs::read_to_string(format!("/proc/{0}/task/{0}/children", engine.monitor_pid())).unwrap()
    };
    let before = descriptors(&engine);
    for script in ["true", "exit 3"] {
        let spec = engine.shell(script);
        engine.run(&spec);
    }
    let mut failing = engine.shell("true");
    failing.process.user = "nobody-knows".into();
    engine.failure(&failing);
    let deadline = Instant::now() + DEADLINE;
    while descriptors(&engine) != before || children(&engine).trim() != engine.worker.to_string() {
        assert!(
            Instant::now() < deadline,
            "{} descriptors, {before} before; {}",
            descriptors(&engine),
            children(&engine)
        );
        std::thread::yield_now();
    }
}
