//! Attached terminals and pipes, logs, events: what lasts longer than one answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::Engine;

#[test]
fn stdin_is_passed_on_until_it_is_closed() {
    let Some(engine) = Engine::start() else { return };
    let outcome =
        engine.docker_with_input(&["run", "--rm", "--interactive", "busybox", "wc", "-c"], &[b'x'; 300_000]);
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, "300000"));
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sleep", "1000"]);
    let outcome = engine
        .docker_with_input(&["exec", "--interactive", "box", "sh", "-c", "cat; exit 4"], b"through exec");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (4, "through exec"));
}

#[test]
fn a_terminal_is_one_raw_stream() {
    let Some(engine) = Engine::start() else { return };
    let outcome = engine.docker(&["run", "--rm", "--tty", "busybox", "sh", "-c", "tty; echo err >&2"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "/dev/pts/0\r\nerr\r\n"), "{outcome:?}");
}

#[test]
fn much_output_arrives_whole() {
    let Some(engine) = Engine::start() else { return };
    let count = "dd if=/dev/zero bs=1M count=20 2>/dev/null | tr '\\0' 'x'";
    let outcome = engine.docker(&["run", "--rm", "busybox", "sh", "-c", count]);
    assert_eq!((outcome.code, outcome.stdout.len()), (0, 20 << 20));
}

#[test]
fn logs_are_kept_and_followed_to_the_end() {
    let Some(engine) = Engine::start() else { return };
    let script = "echo one; echo two >&2; read line; echo $line";
    engine.ok(&["create", "--interactive", "--name", "box", "busybox", "sh", "-c", script]);
    let mut attached = engine.client(&["start", "--attach", "--interactive", "box"]);
    let mut attached = attached.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(attached.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    assert_eq!(first, "one\n");
    let mut follow = engine.client(&["logs", "--follow", "--timestamps", "box"]);
    let mut follow = follow.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("Z one"));
    attached.stdin.take().unwrap().write_all(b"three\n").unwrap();
    assert!(lines.next().unwrap().unwrap().ends_with("Z three"));
    assert!(lines.next().is_none());
    assert!(follow.wait().unwrap().success() && attached.wait().unwrap().success());

    let outcome = engine.docker(&["logs", "box"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("one\nthree\n", "two\n"));
    assert_eq!(engine.ok(&["logs", "--tail", "1", "box"]), "three");
}

#[test]
fn attach_joins_a_running_container() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--detach", "--interactive", "--name", "box", "busybox", "cat"]);
    let mut attached = engine.client(&["attach", "box"]);
    let mut attached = attached.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = attached.stdin.take().unwrap();
    stdin.write_all(b"echoed\n").unwrap();
    let mut line = String::new();
    BufReader::new(attached.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "echoed\n");
    engine.ok(&["kill", "box"]);
    assert_eq!(attached.wait().unwrap().code(), Some(137));
    assert_eq!(engine.ok(&["logs", "box"]), "echoed");
}

#[test]
fn events_tell_the_life_of_a_container() {
    let Some(engine) = Engine::start() else { return };
    let format = "{{.Type}} {{.Action}} {{index .Actor.Attributes \"name\"}}";
    let mut events =
        engine.client(&["events", "--since", "1", "--filter", "container=box", "--format", format]);
    let mut events = events.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(events.stdout.take().unwrap()).lines();
    engine.ok(&["create", "--name", "box", "busybox", "sh", "-c", "exit 2"]);
    let first = lines.next().unwrap().unwrap();
    assert_eq!(first, "container create box");
    engine.ok(&["start", "box"]);
    assert_eq!(engine.ok(&["wait", "box"]), "2");
    engine.ok(&["rm", "box"]);
    let seen: Vec<String> =
        lines.by_ref().map(Result::unwrap).take_while(|line| !line.contains("destroy")).collect();
    assert_eq!(seen, ["container start box", "container die box"]);
    events.kill().unwrap();
    events.wait().unwrap();

    // The client cuts its times to seconds, which is too coarse for what happened just now.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let until = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
    let filters = "%7B%22event%22%3A%5B%22die%22%5D%7D";
    let (_, past) = engine.http(&format!("GET /events?since=1&until={until}&filters={filters}"));
    assert_eq!(past.matches("\"Action\"").count(), 1, "{past}");
    assert!(past.contains("\"exitCode\":\"2\""), "{past}");
}

/// Sends a request of an old client; gives the connection behind the answer's head.
fn old_client(engine: &Engine, request: &str) -> BufReader<UnixStream> {
    let mut stream = UnixStream::connect(engine.socket()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let wanted = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";
    assert_eq!(head, wanted);
    stream
}

/// Types a line and the end of the input; gives what comes back until the other side closes.
fn type_line(mut stream: BufReader<UnixStream>) -> Vec<u8> {
    stream.get_mut().write_all(b"typed\n").unwrap();
    stream.get_mut().shutdown(Shutdown::Write).unwrap();
    let mut output = Vec::new();
    stream.read_to_end(&mut output).unwrap();
    output
}

#[test]
fn old_clients_take_connections_over_without_asking() {
    const FRAME: &[u8] = b"\x01\0\0\0\0\0\0\x06typed\n";
    let Some(engine) = Engine::start() else { return };
    engine.ok(&[
        "run",
        "--detach",
        "--interactive",
        "--name",
        "box",
        "busybox",
        "sh",
        "-c",
        "cat; sleep 600",
    ]);
    let attach =
        "POST /v1.24/containers/box/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: docker\r\n\r\n";
    let mut stream = old_client(&engine, attach);
    stream.get_mut().write_all(b"typed\n").unwrap();
    let mut output = [0; FRAME.len()];
    stream.read_exact(&mut output).unwrap();
    assert_eq!(output, FRAME);

    let post = |path: &str, connection: &str, body: &str| {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: {connection}\r\n");
        format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let body = r#"{"AttachStdin":true,"AttachStdout":true,"Cmd":["cat"]}"#;
    let mut stream = UnixStream::connect(engine.socket()).unwrap();
    stream.write_all(post("/containers/box/exec", "close", body).as_bytes()).unwrap();
    let created = BufReader::new(stream).lines().map_while(Result::ok).last();
    let created: serde_json::Value = serde_json::from_str(&created.unwrap()).unwrap();
    let start = post(&format!("/exec/{}/start", created["Id"].as_str().unwrap()), "keep-alive", "{}");
    assert_eq!(type_line(old_client(&engine, &start)), FRAME);
}

#[test]
fn detach_keys_leave_a_terminal_and_not_its_process() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--detach", "--tty", "--interactive", "--name", "box", "busybox", "cat"]);
    // The stock client looks for the keys only on a terminal of its own, so this is spoken by hand.
    let mut stream =
        BufReader::new(engine.hijack("POST /containers/box/attach?stream=1&stdin=1&stdout=1&stderr=1"));
    stream.get_mut().write_all(b"typed\n").unwrap();
    let mut echo = String::new();
    stream.read_line(&mut echo).unwrap();
    assert_eq!(echo, "typed\r\n");
    stream.get_mut().write_all(b"\x10\x11").unwrap();
    stream.read_to_string(&mut echo).unwrap();
    assert_eq!(engine.ok(&["inspect", "--format", "{{.State.Running}}", "box"]), "true");
}
