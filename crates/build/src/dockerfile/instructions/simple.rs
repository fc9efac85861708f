//! Instructions whose text needs little more than splitting.

use super::super::error::Problem;
use super::super::model::{ArgDefinition, InstructionKind};
use super::super::words;
use super::{Line, command_line, parse_trigger};

pub(super) fn parse(line: &Line) -> Result<InstructionKind, Problem> {
    Ok(match line.name {
        "ARG" => InstructionKind::Arg(definitions(line)?),
        "CMD" => InstructionKind::Cmd(command_line(line.flags(&[])?.1)?),
        "ENTRYPOINT" => InstructionKind::Entrypoint(command_line(line.flags(&[])?.1)?),
        "ENV" => InstructionKind::Env(words::pairs(line.name, line.argument()?, line.escape)?),
        "LABEL" => InstructionKind::Label(words::pairs(line.name, line.argument()?, line.escape)?),
        "EXPOSE" => InstructionKind::Expose(line.words(line.argument()?)),
        "MAINTAINER" => InstructionKind::Maintainer(line.argument()?.to_owned()),
        "ONBUILD" => InstructionKind::Onbuild(trigger(line)?),
        "SHELL" => InstructionKind::Shell(shell(line)?),
        "STOPSIGNAL" => InstructionKind::Stopsignal(single(line)?),
        "USER" => InstructionKind::User(line.argument()?.to_owned()),
        "VOLUME" => InstructionKind::Volume(volumes(line)?),
        "WORKDIR" => InstructionKind::Workdir(line.argument()?.to_owned()),
        other => unreachable!("{other} has a parser of its own"),
    })
}

fn definitions(line: &Line) -> Result<Vec<ArgDefinition>, Problem> {
    line.words(line.argument()?).iter().map(|word| definition(word)).collect()
}

fn definition(word: &str) -> Result<ArgDefinition, Problem> {
    let (name, default) =
        word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
    match name {
        "" => Err(Problem::new(format!("ARG: a name must not be empty in {word:?}"))),
        name => Ok(ArgDefinition { name: name.to_owned(), default }),
    }
}

fn single(line: &Line) -> Result<String, Problem> {
    let text = line.argument()?;
    match text.contains(char::is_whitespace) {
        true => Err(line.needs("exactly one argument")),
        false => Ok(text.to_owned()),
    }
}

fn shell(line: &Line) -> Result<Vec<String>, Problem> {
    match words::json(line.argument()?)? {
        Some(words) if !words.is_empty() => Ok(words),
        _ => Err(line.needs("the JSON form").help("write SHELL [\"/bin/bash\", \"-c\"]")),
    }
}

fn volumes(line: &Line) -> Result<Vec<String>, Problem> {
    let text = line.argument()?;
    let paths = words::json(text)?.unwrap_or_else(|| line.words(text));
    match paths.is_empty() || paths.iter().any(|path| path.trim().is_empty()) {
        true => Err(line.needs("at least one path, and no empty one")),
        false => Ok(paths),
    }
}

/// The trigger's text with its heredoc bodies, checked now so that the mistake is reported where it was made.
fn trigger(line: &Line) -> Result<String, Problem> {
    let mut text = line.argument()?.to_owned();
    for heredoc in line.heredocs {
        text.push('\n');
        text.push_str(&heredoc.body);
        text.push_str(&heredoc.name);
    }
    parse_trigger(&text, line.escape)?;
    Ok(text)
}
