//! `wharf run`: one container of a service for one command (compose-surface 3.13).

mod arguments;

pub use arguments::RunArgs;

use bollard::container::AttachContainerResults;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, KillContainerOptionsBuilder, ResizeContainerTTYOptionsBuilder,
    StartContainerOptions, WaitContainerOptionsBuilder,
};
use futures::StreamExt;
use tokio::signal::unix::{SignalKind, signal};

use super::reconcile::{load, reconcile};
use super::session::{Session, separator};
use super::terminal::{self, RawTerminal};
use super::{Context, Failure, stdio};
use crate::engine::{Engine, EngineError};
use crate::plan::desired::{ContainerSpec, Desired, OneOff, UpOptions};
use crate::plan::step::{Action, ContainerTarget, Plan, Reason};

/// Runs `run`.
///
/// # Errors
/// The service is unknown, the engine fails, or the command ends with another code than 0.
pub async fn run(context: &Context, args: RunArgs) -> Result<(), Failure> {
    let service = args.words[0].clone();
    let project = load(context, std::slice::from_ref(&service), !args.no_deps)?;
    let one_off = args.one_off(context, &project.environment)?;
    let mut session = Session::open(context, &project.name, "run").await?;
    session.runner.quiet_pull = args.quiet_pull || args.quiet;
    session.runner.build.quiet = args.quiet_build || args.quiet;
    let options = UpOptions {
        selected: [service.clone()].into(),
        keep_replicas: true,
        no_dependencies: args.no_deps,
        remove_orphans: args.remove_orphans,
        ignore_orphans: true,
        build: args.build,
        pull: args.pull.clone(),
        separator: separator(context),
        ..UpOptions::default()
    };
    let desired = reconcile(&session, &project, options).await?;
    if session.dry_run() {
        return Ok(());
    }
    let spec = spec(&desired, &service, &one_off)?;
    create(&session, &spec).await?;
    if args.detach { detached(&session, &spec).await } else { attached(&session, &spec, &one_off).await }
}

fn spec(desired: &Desired, service: &str, one_off: &OneOff) -> Result<ContainerSpec, Failure> {
    let found =
        desired.service(service).ok_or_else(|| Failure::message(format!("no such service: {service}")))?;
    Ok(found.one_off(one_off, &desired.options)?)
}

/// Makes the container; it is the only step that a plan would have.
async fn create(session: &Session, spec: &ContainerSpec) -> Result<(), Failure> {
    let mut plan = Plan::default();
    let action = Action::CreateContainer { spec: std::sync::Arc::new(spec.clone()), name: spec.name.clone() };
    plan.push(action, Reason::Asked, Vec::new());
    session.run(&plan).await
}

async fn detached(session: &Session, spec: &ContainerSpec) -> Result<(), Failure> {
    let mut plan = Plan::default();
    let target =
        ContainerTarget { id: spec.name.clone(), name: spec.name.clone(), service: spec.service.clone() };
    plan.push(Action::StartContainer(target), Reason::Asked, Vec::new());
    session.run(&plan).await?;
    let options = None::<bollard::query_parameters::InspectContainerOptions>;
    let answer = session.engine().docker().inspect_container(&spec.name, options).await;
    let container = answer.map_err(|e| EngineError::call(format!("inspect container {}", spec.name), &e))?;
    crate::output::lines([container.id.unwrap_or_default()]);
    Ok(())
}

async fn attached(session: &Session, spec: &ContainerSpec, one_off: &OneOff) -> Result<(), Failure> {
    let (engine, name) = (session.engine(), spec.name.as_str());
    let call = |verb: &str, error: &bollard::errors::Error| {
        EngineError::call(format!("cannot {verb} container {name}"), error)
    };
    let attach =
        AttachContainerOptionsBuilder::default().stream(true).stdout(true).stderr(true).stdin(one_off.stdin);
    let attached = engine.docker().attach_container(name, Some(attach.build())).await;
    let AttachContainerResults { output, input } = attached.map_err(|e| call("attach to", &e))?;
    // Asked before the start: a container that removes itself is gone right after its end.
    let condition = if one_off.auto_remove { "removed" } else { "next-exit" };
    let wait = WaitContainerOptionsBuilder::default().condition(condition).build();
    let mut exit = Box::pin(engine.docker().wait_container(name, Some(wait)));
    let exit = tokio::spawn(async move { exit.next().await });
    tokio::task::yield_now().await;
    let started = engine.docker().start_container(name, None::<StartContainerOptions>).await;
    started.map_err(|e| call("start", &e))?;
    let raw = one_off.tty.then(RawTerminal::enter).transpose()?;
    if one_off.stdin {
        stdio::forward_input(input);
    }
    tokio::select! {
        result = stdio::print_output(output) => result.map_err(|e| call("read the output of", &e))?,
        result = forward_signals(engine, name, one_off.tty) => result?,
    }
    drop(raw);
    finish(exit.await.ok().flatten())
}

fn finish(
    answer: Option<Result<bollard::models::ContainerWaitResponse, bollard::errors::Error>>,
) -> Result<(), Failure> {
    let code = match answer {
        Some(Ok(response)) => response.status_code,
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
        Some(Err(error)) => return Err(EngineError::call("wait for the container", &error).into()),
        None => return Err(Failure::message("the engine did not say how the container ended")),
    };
    if code == 0 { Ok(()) } else { Err(Failure::Exit(u8::try_from(code).unwrap_or(1))) }
}

/// Passes signals and the terminal's size on for as long as the container runs.
async fn forward_signals(engine: &Engine, name: &str, tty: bool) -> Result<(), Failure> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut sizes = signal(SignalKind::window_change())?;
    if tty {
        resize(engine, name).await;
    }
    loop {
        let signal = tokio::select! {
            Some(()) = interrupts.recv() => "SIGINT",
            Some(()) = terminations.recv() => "SIGTERM",
            Some(()) = sizes.recv(), if tty => { resize(engine, name).await; continue; }
        };
        let options = KillContainerOptionsBuilder::default().signal(signal).build();
        // A container that ended meanwhile needs no signal.
        let _ = engine.docker().kill_container(name, Some(options)).await;
    }
}

async fn resize(engine: &Engine, name: &str) {
    let (height, width) = terminal::size();
    let options =
        ResizeContainerTTYOptionsBuilder::default().h(i32::from(height)).w(i32::from(width)).build();
    // A container that ended meanwhile has no size.
    let _ = engine.docker().resize_container_tty(name, options).await;
}
