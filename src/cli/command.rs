//! All commands, and the way from `argv` to an exit code.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::{Context, Failure, Globals, arguments, completion, failure, report, standalone};
use crate::execute::Interrupt;

/// Runs Compose projects, on a container engine of its own or on a Docker Engine.
#[derive(Parser)]
#[command(name = "wharf", version, disable_version_flag = true, max_term_width = 100)]
struct CommandLine {
    #[command(flatten)]
    globals: Globals,
    /// Print the version
    #[arg(short, long, hide = true)]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Talk with the main process of a running container
    Attach(super::attach::AttachArgs),
    /// Build images of services
    Build(super::build::BuildArgs),
    /// Make an image of what a container became
    Commit(super::commit::CommitArgs),
    /// Print a script that completes commands in a shell
    Completion(super::completion::CompletionArgs),
    /// Print the project as it is understood
    #[command(alias = "convert")]
    Config(super::config::ConfigArgs),
    /// Copy files between a service and this machine
    Cp(super::cp::CpArgs),
    /// Make containers without starting them
    Create(super::create::CreateArgs),
    /// Stop and remove what `up` made
    Down(super::down::DownArgs),
    /// The built-in engine itself
    Engine(super::engine::EngineArgs),
    /// Print what happens to containers
    Events(super::events::EventsArgs),
    /// Run a command in a running container
    Exec(super::exec::ExecArgs),
    /// Write the files of a container as a tar archive
    Export(super::export::ExportArgs),
    /// Draw what waits for what, and how it is
    Graph(super::graph::GraphArgs),
    /// List images of containers
    Images(super::images::ImagesArgs),
    /// Send a signal to containers
    Kill(super::kill::KillArgs),
    /// Print output of containers
    Logs(super::logs::LogsArgs),
    /// List projects
    Ls(super::ls::LsArgs),
    /// Write manual pages
    #[command(hide = true)]
    Man(super::man::ManArgs),
    /// Freeze containers
    Pause(super::pause::PauseArgs),
    /// Print what `up` would do, and why
    Plan(super::plan::PlanArgs),
    /// Print the host's address of a container's port
    Port(super::port::PortArgs),
    /// List containers
    Ps(super::ps::PsArgs),
    /// Send the files of the project to a registry
    Publish(super::publish::PublishArgs),
    /// Get images of services
    Pull(super::pull::PullArgs),
    /// Send images of services to registries
    Push(super::push::PushArgs),
    /// Stop and start containers
    Restart(super::restart::RestartArgs),
    /// Remove stopped containers
    Rm(super::rm::RmArgs),
    /// Run one command in a container of its own
    Run(super::run::RunArgs),
    /// Change numbers of replicas
    Scale(super::scale::ScaleArgs),
    /// Start containers that exist
    Start(super::start::StartArgs),
    /// Show what containers use
    Stats(super::stats::StatsArgs),
    /// Stop containers
    Stop(super::stop::StopArgs),
    /// List processes in containers
    Top(super::top::TopArgs),
    /// Thaw containers
    Unpause(super::unpause::UnpauseArgs),
    /// Make and start containers
    Up(super::up::UpArgs),
    /// Print the version
    Version(super::version::VersionArgs),
    /// List volumes
    Volumes(super::volumes::VolumesArgs),
    /// Wait until containers end
    Wait(super::wait::WaitArgs),
    /// Make services follow their files
    Watch(super::watch::WatchArgs),
    /// Tell why a service is as it is, and what `up` would do about it
    Why(super::why::WhyArgs),
    /// Experiments of Docker Compose (not supported)
    #[command(hide = true)]
    Alpha(super::refused::AnyArgs),
    /// Transformations of Docker Compose (not supported)
    #[command(hide = true)]
    Bridge(super::refused::AnyArgs),
}

impl Command {
    /// Whether it decides itself what Ctrl-C means; any other command just ends.
    fn handles_interrupts(&self) -> bool {
        !matches!(
            self,
            Command::Commit(_)
                | Command::Cp(_)
                | Command::Engine(_)
                | Command::Events(_)
                | Command::Exec(_)
                | Command::Export(_)
                | Command::Logs(_)
                | Command::Ls(_)
                | Command::Ps(_)
                | Command::Stats(_)
                | Command::Volumes(_)
                | Command::Wait(_)
        )
    }
}

/// Runs the command that `arguments` ask for and gives the exit code. `arguments` start with the program's name.
pub fn main(arguments: Vec<OsString>) -> u8 {
    if let Some(code) = completion::answer(&arguments, whole_command_line) {
        return code;
    }
    let arguments = match standalone::rewritten(arguments) {
        Ok(arguments) => arguments,
        Err(problem) => return say(&problem),
    };
    let mut command = whole_command_line();
    let parsed =
        command.try_get_matches_from_mut(arguments.clone()).and_then(|m| CommandLine::from_arg_matches(&m));
    let line = match parsed {
        Ok(line) => line,
        Err(error) => return usage(&error, arguments),
    };
    let Some(chosen) = line.command else {
        return without_command(line.version);
    };
    // One thread: the work is waiting for an engine, and threads cost start-up time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return say(&error.to_string()),
    };
    let code = runtime.block_on(run(line.globals, chosen));
    // A read of standard input that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    code
}

/// Every command and flag.
pub(super) fn whole_command_line() -> clap::Command {
    arguments::like_go(CommandLine::command())
}

fn without_command(version: bool) -> u8 {
    if version {
        println!("Wharf version v{}", env!("CARGO_PKG_VERSION"));
        return 0;
    }
    match CommandLine::command().print_help() {
        Ok(()) => 0,
        Err(error) => say(&error.to_string()),
    }
}

/// Help goes to standard output with 0, a wrong command line to standard error with 1 (compose-surface 2.5).
fn usage(error: &clap::Error, arguments: Vec<OsString>) -> u8 {
    // Without the optional values of flags, which only confuse a reader.
    let plain = CommandLine::command().try_get_matches_from(arguments).err();
    let plain = plain.filter(|plain| plain.kind() == error.kind());
    let printed = plain.as_ref().unwrap_or(error).print();
    u8::from(error.use_stderr() || printed.is_err())
}

fn say(message: &str) -> u8 {
    eprintln!("{message}");
    1
}

async fn run(globals: Globals, command: Command) -> u8 {
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => return say(&format!("cannot listen for signals: {error}")),
    };
    // Commands with a clean end of their own get three signals' time for it.
    let patience = if command.handles_interrupts() { 3 } else { 1 };
    let context = match Context::new(globals, interrupt.clone()) {
        Ok(context) => context,
        Err(problem) => return say(&problem),
    };
    let result = tokio::select! {
        result = dispatch(&context, command) => result,
        () = interrupt.raised(patience) => Err(Failure::Exit(failure::INTERRUPTED)),
    };
    match result {
        Ok(()) => 0,
        Err(failure) => {
            explain(&context, &failure);
            failure.exit_code()
        }
    }
}

fn explain(context: &Context, failure: &Failure) {
    match failure {
        Failure::Exit(_) => {}
        Failure::Load(failed) => report::diagnostics(&failed.diagnostics, &failed.sources, context.style),
        other => report::failure(context, &other.to_string()),
    }
}

async fn dispatch(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Attach(args) => super::attach::run(context, args).await,
        Command::Build(args) => super::build::run(context, args).await,
        Command::Commit(args) => super::commit::run(context, args).await,
        Command::Config(args) => super::config::run(context, &args).await,
        Command::Cp(args) => super::cp::run(context, args).await,
        Command::Create(args) => super::create::run(context, args).await,
        Command::Down(args) => super::down::run(context, args).await,
        Command::Engine(args) => super::engine::run(context, args).await,
        Command::Events(args) => super::events::run(context, args).await,
        Command::Exec(args) => super::exec::run(context, args).await,
        Command::Export(args) => super::export::run(context, args).await,
        Command::Graph(args) => super::graph::run(context, args).await,
        Command::Images(args) => super::images::run(context, args).await,
        Command::Kill(args) => super::kill::run(context, args).await,
        Command::Logs(args) => super::logs::run(context, args).await,
        Command::Ls(args) => super::ls::run(context, args).await,
        Command::Pause(args) => super::pause::run(context, args).await,
        Command::Plan(args) => super::plan::run(context, args).await,
        Command::Port(args) => super::port::run(context, args).await,
        Command::Ps(args) => super::ps::run(context, args).await,
        Command::Pull(args) => super::pull::run(context, args).await,
        Command::Push(args) => super::push::run(context, args).await,
        Command::Restart(args) => super::restart::run(context, args).await,
        Command::Rm(args) => super::rm::run(context, args).await,
        Command::Run(args) => super::run::run(context, args).await,
        Command::Scale(args) => super::scale::run(context, args).await,
        Command::Start(args) => super::start::run(context, args).await,
        Command::Stats(args) => super::stats::run(context, args).await,
        Command::Stop(args) => super::stop::run(context, args).await,
        Command::Top(args) => super::top::run(context, args).await,
        Command::Unpause(args) => super::unpause::run(context, args).await,
        Command::Up(args) => super::up::run(context, args).await,
        Command::Version(args) => {
            super::version::run(&args);
            Ok(())
        }
        Command::Volumes(args) => super::volumes::run(context, args).await,
        Command::Wait(args) => super::wait::run(context, args).await,
        Command::Watch(args) => super::watch::run(context, args).await,
        Command::Why(args) => super::why::run(context, args).await,
        Command::Completion(args) => super::completion::run(context, &args),
        Command::Man(args) => super::man::run(&args, CommandLine::command()),
        Command::Publish(args) => super::publish::run(context, args).await,
        Command::Alpha(_) => Err(super::refused::not_here("alpha")),
        Command::Bridge(_) => Err(super::refused::not_here("bridge")),
    }
}
