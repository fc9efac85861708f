//! Starting the engine when a command needs it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::process::{Command, Stdio};

use super::StartError;
use super::client::answers;
use super::lock::{make_root, require_root};
use crate::paths::EnginePaths;

/// A log of this size is begun anew when the engine starts, in bytes.
const LARGEST_LOG: u64 = 10_000_000;
/// How much of the log an error shows, in lines.
const TAIL: usize = 20;

/// What of the caller's environment is the engine's business: where programs and certificates are, how to get to registries, what
/// to log. The rest may hold secrets of a project, and the engine outlives the command that starts it.
const PASSED_ON: [&str; 16] = [
    "PATH",
    "TMPDIR",
    "TZ",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "WHARF_ENGINE_IDLE_SECONDS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// Starts the engine unless it answers already; returns when it answers.
///
/// # Errors
/// It cannot be started; the text ends with the last lines of its log.
pub async fn ensure_running(paths: &EnginePaths) -> Result<(), StartError> {
    if answers(paths).await {
        return Ok(());
    }
    require_root()?;
    make_root(paths)?;
    let _starting = lock_start(paths).await?;
    if answers(paths).await {
        return Ok(());
    }
    let owned = paths.clone();
    let started = tokio::task::spawn_blocking(move || start(&owned)).await;
    let started = started.unwrap_or_else(|error| Err(StartError::new("cannot start the engine", &error)));
    // The one that was there may be back: its worker had been killed, and its monitor has started the next.
    if started.is_err() && answers(paths).await { Ok(()) } else { started }
}

/// Only one command starts the engine; the others wait for it.
async fn lock_start(paths: &EnginePaths) -> Result<File, StartError> {
    let path = paths.start_lock_file();
    let lock = move || -> std::io::Result<File> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    };
    let locked =
        tokio::task::spawn_blocking(lock).await.map_err(std::io::Error::other).and_then(|result| result);
    locked.map_err(|error| {
        StartError::new(format!("cannot lock {}", paths.start_lock_file().display()), &error)
    })
}

/// Starts the engine in the background and waits for the line that says that it listens.
fn start(paths: &EnginePaths) -> Result<(), StartError> {
    let failed = |error: std::io::Error| StartError::new("cannot start the engine", &error);
    let log = open_log(paths).map_err(failed)?;
    let begin = log.metadata().map_err(failed)?.len();
    let mut child = Command::new("/proc/self/exe")
        .args(["engine", "run"])
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| PASSED_ON.iter().any(|passed| name == passed)))
        .env("WHARF_ROOT", paths.root())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(failed)?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line).map_err(failed)?;
    }
    if line.is_empty() {
        // It has ended, or is about to: the end of its output says so.
        let _ = child.wait();
        return Err(StartError(format!("the engine did not start{}", tail(paths, begin))));
    }
    Ok(())
}

fn open_log(paths: &EnginePaths) -> std::io::Result<File> {
    let log = OpenOptions::new().create(true).append(true).open(paths.log_file())?;
    if log.metadata()?.len() > LARGEST_LOG {
        log.set_len(0)?;
    }
    Ok(log)
}

/// What the engine wrote from `begin` on, its last lines.
fn tail(paths: &EnginePaths, begin: u64) -> String {
    let mut text = String::new();
    let read = File::open(paths.log_file()).and_then(|mut log| {
        log.seek(SeekFrom::Start(begin))?;
        log.take(LARGEST_LOG).read_to_string(&mut text)
    });
    let lines: Vec<&str> = text.lines().collect();
    match read {
        Ok(_) if !lines.is_empty() => format!(":\n{}", lines[lines.len().saturating_sub(TAIL)..].join("\n")),
        _ => format!("; see {}", paths.log_file().display()),
    }
}
