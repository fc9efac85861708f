//! What the benches of containers share: an engine of ours with a folder of its own, and the stock client.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// An engine of ours; ended with everything in it when dropped.
pub struct Engine {
    /// Its folder.
    pub root: PathBuf,
    /// For the client.
    pub host: String,
    process: Child,
}

impl Engine {
    /// Starts one in the folder `name` and pulls `busybox:latest`. `WHARF_BENCH_MIRROR` names a registry mirror.
    pub fn start(name: &str) -> Engine {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&root).expect("the engine's folder");
        if let Ok(mirror) = std::env::var("WHARF_BENCH_MIRROR") {
            let config = format!("{{\"registry-mirrors\": [\"{mirror}\"]}}");
            std::fs::write(root.join("engine.json"), config).expect("engine.json is written");
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_wharf"))
            .args(["engine", "run"])
            .env("WHARF_ROOT", &root)
            // While the other engine is measured, nobody asks this one.
            .env("WHARF_ENGINE_IDLE_SECONDS", "3600")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("wharf starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it has an output");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let socket = line.trim().strip_prefix("listening on ").expect("it says where it listens");
        let engine = Engine { root, host: format!("unix://{socket}"), process };
        docker(&engine.host, &["pull", "-q", "busybox:latest"]);
        engine
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let mut stop = Command::new(env!("CARGO_BIN_EXE_wharf"));
        stop.args(["engine", "stop", "--force"]).env("WHARF_ROOT", &self.root);
        // A bench that has failed says so itself.
        let _ = stop.output();
        let _ = self.process.wait();
    }
}

/// Runs the client, which must succeed; gives what it printed, trimmed.
pub fn docker(host: &str, arguments: &[&str]) -> String {
    let output = docker_quietly(host, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?} on {host}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs the client.
pub fn docker_quietly(host: &str, arguments: &[&str]) -> Output {
    Command::new("docker").args(["--host", host]).args(arguments).output().expect("the docker client starts")
}
