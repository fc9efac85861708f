//! The built-in engine alone, without the orchestrator: what the tests of this crate start.
//!
//! `WHARF_ROOT=/tmp/x engine engine run` serves the API on `/tmp/x/engine.sock` until it is idle or gets SIGTERM.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use wharf_engine::{EnginePaths, StartError, WorkerOptions, run_monitor, run_worker};

fn main() -> ExitCode {
    let root = env::var_os("WHARF_ROOT").map(PathBuf::from);
    let paths = EnginePaths::new(root.as_deref());
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match words[..] {
        ["engine", "run"] => run_monitor(&paths),
        ["engine", "worker"] => run_worker(&paths, WorkerOptions { idle: idle() }),
        _ => Err(StartError("usage: engine engine run|worker".to_owned())),
    };
    match ended {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn idle() -> Option<Duration> {
    env::var("WHARF_ENGINE_IDLE_SECONDS").ok()?.parse().ok().map(Duration::from_secs)
}
