//! `wharf engine worker`: the process that serves the API.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::signal::unix::{SignalKind, signal};
use wharf_container::cgroup::Cgroup;
use wharf_container::client::MonitorLink;
use wharf_container::process::Identity;

use super::StartError;
use super::idle::{DEFAULT_IDLE, wait_until_idle};
use super::leftovers::{claim, remove_leftovers};
use super::lock::PidFile;
use super::open::open;
use super::stop::AT_ONCE;
use crate::activity::Activity;
use crate::container::StopOptions;
use crate::container::adopt::adopt;
use crate::container::stop::stop;
use crate::core::Core;
use crate::paths::EnginePaths;
use crate::process::Processes;
use crate::{Engine, api, disk};

/// A command must be able to go on after it has found the engine.
const SHORTEST_IDLE: Duration = Duration::from_secs(1);
/// How long connections that were made before the engine's end can still send their request.
const LAST_CALLS: Duration = Duration::from_millis(200);
/// How long open requests can take when the engine ends; those that follow something never end by themselves.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// What can be chosen about a worker.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkerOptions {
    /// How long to wait for the next request when nothing runs; absent is 30 s, and it is never less than 1 s.
    pub idle: Option<Duration>,
}

/// Serves the API until the engine ends. Called in the process that the monitor started. Returns the exit code.
///
/// # Errors
/// Not started by a monitor, or the state cannot be read.
pub fn run_worker(paths: &EnginePaths, options: WorkerOptions) -> Result<i32, StartError> {
    let link =
        MonitorLink::from_inherited().map_err(|error| StartError::new("not started by a monitor", &error))?;
    log_to_stderr();
    let opened = Processes::open(link);
    let (processes, adoption) =
        opened.map_err(|error| StartError::new("cannot talk to the monitor", &error))?;
    listen_to_monitor(&processes)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // Each thread costs memory for as long as it lives: enough for a burst of starts, gone soon after.
        .max_blocking_threads(64)
        .thread_keep_alive(Duration::from_secs(2))
        .enable_all()
        .build()
        .map_err(|error| StartError::new("cannot start the runtime", &error))?;
    runtime.block_on(async {
        let core = open(paths, processes.clone())?;
        adopt(&core, adoption).await;
        serve(&core, options.idle.unwrap_or(DEFAULT_IDLE).max(SHORTEST_IDLE)).await
    })?;
    processes.shutdown().map_err(|error| StartError::new("cannot reach the monitor", &error))?;
    Ok(0)
}

fn log_to_stderr() {
    let format = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).with_target(false);
    // A second one in the same process would be a test's: the first stays.
    let _ = format.with_max_level(tracing::Level::INFO).try_init();
}

fn listen_to_monitor(processes: &Processes) -> Result<(), StartError> {
    let processes = processes.clone();
    let listen = move || {
        if let Err(error) = processes.listen() {
            tracing::error!(%error, "the monitor cannot be heard");
        }
        // Containers go on without monitor and worker; the next engine adopts them.
        std::process::exit(1);
    };
    let thread = std::thread::Builder::new().name("monitor".to_owned()).spawn(listen);
    thread.map(|_| ()).map_err(|error| StartError::new("cannot start a thread", &error))
}

/// Serves until the engine is idle or told to end, then ends it.
async fn serve(core: &Arc<Core>, idle: Duration) -> Result<(), StartError> {
    let paths = &core.paths;
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| StartError::new("cannot watch signals", &error))?;
    let mut at_once = signal(SignalKind::from_raw(AT_ONCE.as_raw()))
        .map_err(|error| StartError::new("cannot watch signals", &error))?;
    let listener = bind(paths)?;
    write_pid_file(paths)?;
    announce(paths);
    let _claim = claim(paths).map_err(|error| StartError::new("cannot claim the run directory", &error))?;
    let swept = core.clone();
    tokio::task::spawn_blocking(move || remove_leftovers(&swept.paths, &swept.hierarchies));
    let activity = Activity::default();
    let server = tokio::spawn(api::serve(Engine::new(core.clone()), listener, activity.clone()));
    tokio::select! {
        () = wait_until_idle(core, activity.watch(), idle) => {}
        _ = terminate.recv() => tokio::select! {
            () = stop_containers(core, StopOptions::default()) => {}
            _ = at_once.recv() => kill_containers(core).await,
        },
        _ = at_once.recv() => kill_containers(core).await,
    }
    core.begin_ending();
    // From here on a client finds no engine and starts the next one; those who came before are served to their end.
    let _ = fs::remove_file(paths.socket());
    tokio::time::sleep(LAST_CALLS).await;
    let mut open = activity.watch();
    let served = open.wait_for(|open| *open == 0);
    let _ = tokio::time::timeout(LAST_ANSWERS, served).await;
    server.abort();
    let _ = fs::remove_file(paths.pid_file());
    leave_host(core);
    Ok(())
}

/// Gives back what is the engine's own on this host, unless a container still runs: it comes back with the next one.
fn leave_host(core: &Core) {
    if core.containers.all().iter().any(|container| container.status().has_process()) {
        return;
    }
    core.connector.close_down();
    // Made again by the next start; the files in it are those of containers that do not run.
    let _ = fs::remove_dir_all(core.paths.run_dir());
    let parent = Cgroup::open(&core.hierarchies, "", &core.paths.name());
    if let Err(error) = parent.and_then(|parent| parent.remove()) {
        tracing::warn!(%error, "the engine's cgroup is left");
    }
}

fn bind(paths: &EnginePaths) -> Result<tokio::net::UnixListener, StartError> {
    let socket = paths.socket();
    let failed = |error: io::Error| StartError::new(format!("cannot listen on {}", socket.display()), &error);
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    // Made under another name: a client never sees a socket that it may not use yet.
    let temporary = socket.with_extension("new");
    let _ = fs::remove_file(&temporary);
    let listener = UnixListener::bind(&temporary).map_err(failed)?;
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o660)).map_err(failed)?;
    fs::rename(&temporary, &socket).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    tokio::net::UnixListener::from_std(listener).map_err(failed)
}

fn write_pid_file(paths: &EnginePaths) -> Result<(), StartError> {
    let failed = |error: io::Error| StartError::new("cannot find out who this process is", &error);
    let parent = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let file = PidFile {
        monitor: Identity::of(parent).map_err(failed)?,
        worker: Identity::of(own).map_err(failed)?,
    };
    disk::save(&paths.pid_file(), &file).map_err(|error| StartError::new("cannot write the pid file", &error))
}

/// The line that a command that starts the engine waits for.
fn announce(paths: &EnginePaths) {
    // Nobody may be reading any more: a worker that was restarted announces itself again.
    let _ = writeln!(io::stdout(), "listening on {}", paths.socket().display());
}

async fn kill_containers(core: &Arc<Core>) {
    let at_once = StopOptions { signal: Some("KILL".to_owned()), timeout: Some(0) };
    stop_containers(core, at_once).await;
}

/// Stops all containers; they come back with the next engine if their policy says so.
async fn stop_containers(core: &Arc<Core>, options: StopOptions) {
    let options = &options;
    core.begin_ending();
    let stops = core.containers.all().into_iter().map(|container| {
        let core = core.clone();
        async move {
            let _operation = container.operation.lock().await;
            if let Err(error) = stop(&core, &container, options).await {
                tracing::warn!(
                    container = container.id(),
                    error = error.message(),
                    "cannot stop a container"
                );
            }
        }
    });
    join_all(stops).await;
}
