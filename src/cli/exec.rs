//! `wharf exec`: runs a command in a running container.

use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::detach_keys::DetachKeys;
use super::dry_run::announced;
use super::terminal::{self, TerminalMode};
use super::{Context, Failure, selection, stdio};
use crate::engine::{Engine, EngineError};
use crate::output::plan::Row;

/// Arguments of `exec`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ExecArgs {
    /// Run in the background
    #[arg(short, long)]
    detach: bool,
    /// Variables, as NAME=VALUE
    #[arg(short, long)]
    env: Vec<String>,
    /// Which replica
    #[arg(long)]
    index: Option<u32>,
    /// Extended privileges
    #[arg(long)]
    privileged: bool,
    /// User
    #[arg(short, long)]
    user: Option<String>,
    /// No terminal
    #[arg(short = 'T', long, alias = "no-TTY")]
    no_tty: bool,
    /// Working directory
    #[arg(short, long)]
    workdir: Option<String>,
    /// Keep standard input open
    #[arg(short, long, hide = true, default_value = "true")]
    interactive: bool,
    /// Give it a terminal, when there is one
    #[arg(short, long, hide = true, default_value = "true")]
    tty: bool,
    /// Service, command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_names = ["SERVICE", "COMMAND"])]
    words: Vec<String>,
}

/// Runs `exec`.
///
/// # Errors
/// The service does not run, the engine fails, or the command ends with another code than 0.
pub async fn run(context: &Context, args: ExecArgs) -> Result<(), Failure> {
    let (service, command) = args.words.split_first().ok_or_else(|| Failure::message("no service given"))?;
    if command.is_empty() {
        return Err(Failure::message("no command given"));
    }
    let engine = context.engine().await?;
    let container = selection::running_container(context, &engine, service, args.index).await?;
    let row = || {
        let text = format!("run {} in container {}", command.join(" "), container.name);
        vec![Row::asked("exec", "container", &container.name, text)]
    };
    if announced(context, &context.project_name()?, row) {
        return Ok(());
    }
    let tty = args.tty && !args.no_tty && !args.detach && terminal::is_interactive();
    let stdin = args.interactive && !args.detach;
    let options = CreateExecOptions {
        attach_stdin: Some(stdin),
        attach_stdout: Some(!args.detach),
        attach_stderr: Some(!args.detach),
        tty: Some(tty),
        env: Some(args.env.clone()),
        cmd: Some(command.to_vec()),
        privileged: Some(args.privileged),
        user: args.user.clone(),
        working_dir: args.workdir.clone(),
        ..CreateExecOptions::default()
    };
    let failed = |error| {
        EngineError::call(format!("cannot run {} in container {}", command[0], container.name), &error)
    };
    let exec = engine.docker().create_exec(&container.id, options).await.map_err(failed)?.id;
    let start = StartExecOptions { detach: args.detach, tty, output_capacity: None };
    match engine.docker().start_exec(&exec, Some(start)).await.map_err(failed)? {
        StartExecResults::Detached => Ok(()),
        StartExecResults::Attached { output, input } => {
            converse(&engine, &exec, tty, output, stdin.then_some(input)).await
        }
    }
}

async fn converse(
    engine: &Engine,
    exec: &str,
    tty: bool,
    output: stdio::ContainerOutput,
    input: Option<stdio::ContainerInput>,
) -> Result<(), Failure> {
    let raw = tty.then(TerminalMode::raw).transpose()?;
    // The engine looks for no keys in what an exec is sent, and neither does this.
    let _typed = input.map(|input| stdio::forward_input(input, DetachKeys::none()));
    let read = |error| EngineError::call("cannot read the command's output", &error);
    tokio::select! {
        result = stdio::print_output(output) => result.map_err(read)?,
        result = keep_size(engine, exec), if tty => result?,
    }
    drop(raw);
    let state = engine
        .docker()
        .inspect_exec(exec)
        .await
        .map_err(|e| EngineError::call("cannot read the exit code", &e))?;
    match state.exit_code.unwrap_or(0) {
        0 => Ok(()),
        code => Err(Failure::Exit(u8::try_from(code).unwrap_or(1))),
    }
}

/// Tells the process about the terminal's size, at first and whenever it changes.
async fn keep_size(engine: &Engine, exec: &str) -> Result<(), Failure> {
    let mut changes = signal(SignalKind::window_change())?;
    loop {
        let (height, width) = terminal::size();
        // A command that ended already has no size; its end is noticed elsewhere.
        let _ = engine.docker().resize_exec(exec, ResizeExecOptions { height, width }).await;
        if changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
