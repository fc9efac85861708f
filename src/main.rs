//! The `wharf` binary: picks what this process is before any thread exists.
//!
//! `wharf engine run` and `wharf engine worker` are the built-in engine; everything else is the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use wharf_engine::{EnginePaths, WorkerOptions};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let words: Vec<&str> = arguments.iter().skip(1).filter_map(|word| word.to_str()).collect();
    match words.as_slice() {
        ["engine", "run"] => engine(wharf_engine::run_monitor),
        ["engine", "worker"] => engine(|paths| wharf_engine::run_worker(paths, worker_options())),
        _ => ExitCode::from(wharf::cli::main(arguments)),
    }
}

fn engine<E: std::fmt::Display>(run: impl FnOnce(&EnginePaths) -> Result<i32, E>) -> ExitCode {
    let root = std::env::var_os("WHARF_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from);
    match run(&EnginePaths::new(root.as_deref())) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("wharf engine: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `WHARF_ENGINE_IDLE_SECONDS`: how long an engine that looks after nothing waits for the next request.
fn worker_options() -> WorkerOptions {
    let seconds = std::env::var("WHARF_ENGINE_IDLE_SECONDS").ok().and_then(|text| text.parse().ok());
    WorkerOptions { idle: seconds.map(Duration::from_secs) }
}
