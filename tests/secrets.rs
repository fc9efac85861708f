//! Where the values of secrets and configs are, and where they must not be.
//!
//! One that comes from a file is bound into its container: nothing of it is kept anywhere else. One that comes from a variable is
//! written into the container's own files, as Docker Compose does, so it is there too, until the container is gone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use support::TestEngine;

const FROM_FILE: &str = "value-of-the-file-5d1f";
const FROM_VARIABLE: &str = "value-of-the-variable-77ab";
const PROJECT: &str = "
name: wharf-test-secrets
services:
  app:
    image: busybox
    init: true
    command: sh -c 'echo started; sleep inf'
    stop_grace_period: 0s
    healthcheck: {test: test -s /run/secrets/filed -a -s /run/secrets/told, interval: 1s}
    secrets: [filed, {source: told, uid: '7', gid: '8', mode: 0400}]
    configs: [{source: settings, target: /etc/settings}]
secrets:
  filed: {file: ./filed.txt}
  told: {environment: TOLD_BY_THE_TEST}
configs:
  settings: {file: ./filed.txt}
";

/// The project in a folder of its own, and an engine that does not know it yet.
struct Stack {
    engine: TestEngine,
    folder: tempfile::TempDir,
}

impl Stack {
    fn wharf(&self, arguments: &[&str]) -> String {
        let mut command = self.engine.command(self.folder.path(), arguments);
        let run = support::Run::of({
            command.env("TOLD_BY_THE_TEST", FROM_VARIABLE);
            command
        });
        let run = run.ok();
        run.stdout + &run.stderr
    }

    /// What the engine's API answers, head and all.
    fn api(&self, request: &str) -> Vec<u8> {
        let mut stream = UnixStream::connect(self.engine.root().join("engine.sock")).unwrap();
        let head = "HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(format!("{request} {head}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 2"), "{request}: {}", String::from_utf8_lossy(&answer));
        answer
    }

    /// Files below the engine's folder with this text.
    fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(self.engine.root(), text, &mut found);
        found
    }
}

fn search(folder: &Path, text: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // What is gone by now has no text.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            search(&entry.path(), text, found);
        } else if kind.is_file() && fs::read(entry.path()).is_ok_and(|bytes| contains(&bytes, text)) {
            found.push(entry.path());
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Processes of this machine whose command line or environment has this text.
fn processes_with(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let shows = |path: &PathBuf| {
        let file = |name| fs::read(path.join(name)).unwrap_or_default();
        contains(&file("cmdline"), text) || contains(&file("environ"), text)
    };
    processes
        .filter(|path| path.join("environ").exists())
        .filter(shows)
        .map(|path| path.display().to_string())
        .collect()
}

#[test]
fn values_are_in_their_containers_and_nowhere_else() {
    let Some(engine) = TestEngine::with_images("secrets") else { return };
    let stack = Stack { engine, folder: tempfile::tempdir().unwrap() };
    fs::write(stack.folder.path().join("compose.yaml"), PROJECT).unwrap();
    fs::write(stack.folder.path().join("filed.txt"), FROM_FILE).unwrap();
    // What a killed run left.
    stack.wharf(&["down"]);
    let mut said = stack.wharf(&["plan"]);
    said += &stack.wharf(&["up", "-d", "--wait"]);

    // There they are, as they were asked for.
    let look =
        "cat /run/secrets/filed /run/secrets/told /etc/settings; stat -c ' %u %g %a' /run/secrets/told";
    let seen = stack.wharf(&["exec", "-T", "app", "sh", "-c", look]);
    assert_eq!(seen.trim(), format!("{FROM_FILE}{FROM_VARIABLE}{FROM_FILE} 7 8 400"));

    // Nothing that is shown, listed or streamed tells them.
    let id = stack.wharf(&["ps", "-q"]).trim().to_owned();
    for command in
        [&["ps", "--format", "json"][..], &["logs"], &["plan"], &["why", "app"], &["graph"], &["top"]]
    {
        said += &stack.wharf(command);
    }
    for request in [
        format!("GET /containers/{id}/json"),
        "GET /containers/json?all=1".to_owned(),
        format!("GET /containers/{id}/logs?stdout=1&stderr=1"),
        format!("GET /containers/{id}/top"),
        format!("GET /containers/{id}/changes"),
        "GET /events?since=0&until=1".to_owned(),
        "GET /images/json".to_owned(),
        "GET /system/df".to_owned(),
    ] {
        said += &String::from_utf8_lossy(&stack.api(&request));
    }
    for value in [FROM_FILE, FROM_VARIABLE] {
        assert!(!said.contains(value), "{value} in\n{said}");
        assert_eq!(processes_with(value), [] as [String; 0]);
    }

    // An archive of the container and an image made of it have what is the container's own, and no file of the host.
    let exported = stack.api(&format!("GET /containers/{id}/export"));
    stack.api(&format!("POST /commit?container={id}&repo=wharf-test-secrets&tag=1"));
    let saved = stack.api("GET /images/wharf-test-secrets:1/get");
    for archive in [&exported, &saved] {
        assert!(!contains(archive, FROM_FILE));
    }
    stack.api("DELETE /images/wharf-test-secrets:1");

    // On the engine's disk, too, one is nowhere and the other in the container's own files, until the container is gone.
    let own = |path: &PathBuf| path.ends_with("upper/run/secrets/told");
    let check = || {
        assert_eq!(stack.files_with(FROM_FILE), [] as [PathBuf; 0]);
        assert!(stack.files_with(FROM_VARIABLE).iter().all(own), "{:?}", stack.files_with(FROM_VARIABLE));
    };
    check();
    stack.wharf(&["stop"]);
    check();
    stack.wharf(&["down"]);
    assert_eq!(stack.files_with(FROM_VARIABLE), [] as [PathBuf; 0]);
}
