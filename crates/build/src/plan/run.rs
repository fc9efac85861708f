//! `RUN` to a [`RunOperation`] (contract 8.2.1 to 8.2.4).

use super::arguments::Arguments;
use super::operation::{Operation, Origin, PlannedMount, RunOperation};
use super::state::StageState;
use super::{history, metadata};
use crate::dockerfile::mount::{self, MountFlag};
use crate::dockerfile::{CommandLine, Heredoc, Problem, Run};
use crate::paths;
use crate::runner::NetworkMode;

/// What a `RUN` needs to know beyond its stage.
pub(super) struct RunContext<'a> {
    pub arguments: &'a Arguments,
    pub escape: char,
    pub network: NetworkMode,
    pub allow_host_network: bool,
    /// What a mount's `from` means.
    pub origin: &'a dyn Fn(Option<&str>) -> Result<Origin, Problem>,
}

/// Plans a `RUN`; also returns its history text.
pub(super) fn run(
    state: &StageState,
    run: &Run,
    context: &RunContext,
) -> Result<(Operation, String), Problem> {
    let mut mounts =
        run.mounts.iter().map(|text| planned_mount(state, text, context)).collect::<Result<Vec<_>, _>>()?;
    let (argv, script) = command(state, run)?;
    mounts.extend(script);
    let text = history::run(&state.arguments, &argv);
    let operation = RunOperation {
        argv,
        env: state.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        proxies: context.arguments.proxies(),
        cwd: state.working_directory().to_owned(),
        user: state.image.config.user.clone(),
        network: network(run.network.as_deref(), context)?,
        mounts,
    };
    Ok((Operation::Run(operation), text))
}

fn network(flag: Option<&str>, context: &RunContext) -> Result<NetworkMode, Problem> {
    match flag {
        None | Some("default") => Ok(context.network),
        Some("none") => Ok(NetworkMode::None),
        _ if context.allow_host_network || context.network == NetworkMode::Host => Ok(NetworkMode::Host),
        _ => Err(Problem::new("RUN --network=host needs the entitlement network.host")
            .help("allow it for this build")),
    }
}

fn command(state: &StageState, run: &Run) -> Result<(Vec<String>, Option<PlannedMount>), Problem> {
    let text = match (&run.command, run.heredocs.as_slice()) {
        (CommandLine::Exec(words), _) if words.is_empty() => return Err(Problem::new("RUN needs a command")),
        (command, []) | (command @ CommandLine::Exec(_), _) => {
            return Ok((metadata::command_words(state, command), None));
        }
        (CommandLine::Shell(text), [only]) if is_whole_command(text) => {
            return Ok(whole_heredoc(state, only));
        }
        (CommandLine::Shell(text), heredocs) => with_bodies(text, heredocs),
    };
    Ok((metadata::command_words(state, &CommandLine::Shell(text)), None))
}

/// The text is nothing but `<<NAME`.
fn is_whole_command(text: &str) -> bool {
    text.starts_with("<<") && !text.contains(char::is_whitespace)
}

/// A heredoc that is the whole command is a script for the shell, or, with `#!`, a program.
fn whole_heredoc(state: &StageState, heredoc: &Heredoc) -> (Vec<String>, Option<PlannedMount>) {
    if heredoc.body.starts_with("#!") {
        let target = format!("/dev/pipes/{}", heredoc.name);
        return (vec![target.clone()], Some(PlannedMount::Script { target, body: heredoc.body.clone() }));
    }
    (metadata::command_words(state, &CommandLine::Shell(heredoc.body.clone())), None)
}

/// The shell reads the bodies itself, after the line that opens them.
fn with_bodies(text: &str, heredocs: &[Heredoc]) -> String {
    heredocs.iter().fold(text.to_owned(), |text, heredoc| format!("{text}\n{}{}", heredoc.body, heredoc.name))
}

fn planned_mount(state: &StageState, text: &str, context: &RunContext) -> Result<PlannedMount, Problem> {
    let expanded = state.word(context.escape, text)?;
    let cwd = state.working_directory();
    Ok(match mount::parse(&expanded)? {
        MountFlag::Bind { target, source, from, writable } => PlannedMount::Bind {
            target: absolute_target(cwd, &target)?,
            origin: (context.origin)(from.as_deref())?,
            source: paths::relative(&source),
            writable,
        },
        MountFlag::Cache(mut cache) => {
            cache.target = absolute_target(cwd, &cache.target)?;
            let initial = match (&cache.from, &cache.source) {
                (Some(from), source) => {
                    Some(((context.origin)(Some(from))?, paths::relative(source.as_deref().unwrap_or("/"))))
                }
                (None, _) => None,
            };
            PlannedMount::Cache { mount: cache, initial }
        }
        MountFlag::Tmpfs { target, size } => {
            PlannedMount::Tmpfs { target: absolute_target(cwd, &target)?, size }
        }
        MountFlag::Secret(mut secret) => {
            secret.target = secret.target.map(|target| absolute_target(cwd, &target)).transpose()?;
            PlannedMount::Secret(secret)
        }
    })
}

fn absolute_target(cwd: &str, target: &str) -> Result<String, Problem> {
    match paths::absolute(cwd, target) {
        root if root == "/" => Err(Problem::new("--mount: the target must not be /")),
        target => Ok(target),
    }
}
