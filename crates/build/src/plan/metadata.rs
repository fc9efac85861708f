//! Instructions that change only the image's configuration (contract 8.2.5 to 8.2.12, 8.7.5). Each returns
//! its history text.

use wharf_container::signal;
use wharf_image::Healthcheck as ImageHealthcheck;

use super::history;
use super::state::StageState;
use crate::dockerfile::{CommandLine, Healthcheck, HealthcheckTest, InstructionKind, Problem};

/// Applies an instruction, if it is one of metadata. `None` when it leaves no history: `ONBUILD`, as in
/// Docker.
pub(super) fn apply(
    state: &mut StageState,
    escape: char,
    kind: &InstructionKind,
) -> Result<Option<String>, Problem> {
    Ok(Some(match kind {
        InstructionKind::Cmd(command) => cmd(state, command),
        InstructionKind::Entrypoint(command) => entrypoint(state, command),
        InstructionKind::Env(pairs) => env(state, &expand_pairs(state, escape, pairs)?),
        InstructionKind::Label(pairs) => label(state, expand_pairs(state, escape, pairs)?),
        InstructionKind::Expose(words) => expose(state, escape, words)?,
        InstructionKind::Healthcheck(check) => healthcheck(state, check),
        InstructionKind::Maintainer(author) => maintainer(state, author),
        InstructionKind::Onbuild(trigger) => {
            state.image.config.on_build.push(trigger.clone());
            return Ok(None);
        }
        InstructionKind::Shell(words) => shell(state, words),
        InstructionKind::Stopsignal(text) => stopsignal(state, &state.word(escape, text)?)?,
        InstructionKind::User(text) => user(state, state.word(escape, text)?),
        InstructionKind::Volume(paths) => volume(state, escape, paths)?,
        _ => return Ok(None),
    }))
}

/// Every value sees the variables as they were before the instruction (contract 8.2.5).
fn expand_pairs(
    state: &StageState,
    escape: char,
    pairs: &[(String, String)],
) -> Result<Vec<(String, String)>, Problem> {
    pairs.iter().map(|(name, value)| Ok((state.word(escape, name)?, state.word(escape, value)?))).collect()
}

fn cmd(state: &mut StageState, command: &CommandLine) -> String {
    let words = command_words(state, command);
    let text = format!("CMD {}", history::quoted(&words));
    state.image.config.cmd = Some(words);
    state.image.config.other.insert("ArgsEscaped".to_owned(), true.into());
    state.has_own_command = true;
    text
}

fn entrypoint(state: &mut StageState, command: &CommandLine) -> String {
    let words = command_words(state, command);
    let text = format!("ENTRYPOINT {}", history::quoted(&words));
    state.image.config.entrypoint = Some(words);
    if !state.has_own_command {
        state.image.config.cmd = None;
    }
    text
}

/// The words of a command; the shell form gets the shell in front.
pub(super) fn command_words(state: &StageState, command: &CommandLine) -> Vec<String> {
    match command {
        CommandLine::Exec(words) => words.clone(),
        CommandLine::Shell(text) if text.is_empty() => Vec::new(),
        CommandLine::Shell(text) => state.shell().into_iter().chain([text.clone()]).collect(),
    }
}

fn env(state: &mut StageState, pairs: &[(String, String)]) -> String {
    for (name, value) in pairs {
        state.set_environment(name, value);
    }
    format!("ENV {}", history::pairs(pairs))
}

fn label(state: &mut StageState, pairs: Vec<(String, String)>) -> String {
    let text = format!("LABEL {}", history::pairs(&pairs));
    state.image.config.labels.extend(pairs);
    text
}

fn expose(state: &mut StageState, escape: char, words: &[String]) -> Result<String, Problem> {
    let mut ports = Vec::new();
    for word in words {
        for port in state.expand(escape, |expander| expander.words(word))? {
            ports.extend(port_range(&port)?);
        }
    }
    let text = format!("EXPOSE [{}]", ports.join(" "));
    state.image.config.exposed_ports.extend(ports);
    Ok(text)
}

/// `8000`, `8000-8002`, `53/udp` to single `port/protocol` texts (contract 8.2.6).
fn port_range(text: &str) -> Result<Vec<String>, Problem> {
    let bad =
        || Problem::new(format!("EXPOSE: invalid port {text:?}")).help("write port, from-to or port/udp");
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_lowercase();
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return Err(bad());
    }
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let (from, to): (u16, u16) = (from.parse().map_err(|_| bad())?, to.parse().map_err(|_| bad())?);
    if from == 0 || from > to {
        return Err(bad());
    }
    Ok((from..=to).map(|port| format!("{port}/{protocol}")).collect())
}

fn healthcheck(state: &mut StageState, check: &Healthcheck) -> String {
    let test = match &check.test {
        HealthcheckTest::Disabled => vec!["NONE".to_owned()],
        HealthcheckTest::Command(CommandLine::Shell(text)) => vec!["CMD-SHELL".to_owned(), text.clone()],
        HealthcheckTest::Command(CommandLine::Exec(words)) => {
            [vec!["CMD".to_owned()], words.clone()].concat()
        }
    };
    let nanoseconds = |duration: Option<std::time::Duration>| {
        duration.map_or(0, |duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    };
    let check = ImageHealthcheck {
        test,
        interval: nanoseconds(check.interval),
        timeout: nanoseconds(check.timeout),
        start_period: nanoseconds(check.start_period),
        start_interval: nanoseconds(check.start_interval),
        retries: check.retries.unwrap_or(0).into(),
    };
    let text = history::healthcheck(&check);
    state.image.config.healthcheck = Some(check);
    text
}

fn maintainer(state: &mut StageState, author: &str) -> String {
    state.image.author = Some(author.to_owned());
    format!("MAINTAINER {author}")
}

fn shell(state: &mut StageState, words: &[String]) -> String {
    state.image.config.shell = Some(words.to_vec());
    format!("SHELL [{}]", words.join(" "))
}

fn stopsignal(state: &mut StageState, text: &str) -> Result<String, Problem> {
    if signal::parse(text).is_none() {
        return Err(Problem::new(format!("STOPSIGNAL: there is no signal {text:?}")));
    }
    state.image.config.stop_signal = Some(text.to_owned());
    Ok(format!("STOPSIGNAL {text}"))
}

fn user(state: &mut StageState, text: String) -> String {
    let history = format!("USER {text}");
    state.image.config.user = text;
    history
}

fn volume(state: &mut StageState, escape: char, paths: &[String]) -> Result<String, Problem> {
    let paths = paths.iter().map(|path| state.word(escape, path)).collect::<Result<Vec<_>, _>>()?;
    if paths.iter().any(|path| path.is_empty()) {
        return Err(Problem::new("VOLUME: a path must not be empty"));
    }
    let text = format!("VOLUME [{}]", paths.join(" "));
    state.image.config.volumes.extend(paths);
    Ok(text)
}
