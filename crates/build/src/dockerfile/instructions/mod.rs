//! One logical line to one typed instruction (contract 8.2).

mod copy;
mod from;
mod healthcheck;
mod run;
mod simple;

use super::error::Problem;
use super::flags::{self, Flags, Known};
use super::heredoc::Heredoc;
use super::model::{CommandLine, InstructionKind};
use super::reader;
use super::suggest::with_suggestion;
use super::words;

pub(super) use from::From;

const NAMES: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// `FROM` opens a stage; everything else stands in one.
pub(super) enum Parsed {
    From(From),
    Other(InstructionKind),
}

/// An instruction taken apart: its name, and the text and heredocs after it.
pub(super) struct Line<'a> {
    name: &'static str,
    text: &'a str,
    heredocs: &'a [Heredoc],
    escape: char,
}

impl<'a> Line<'a> {
    /// Takes the flags off the text.
    fn flags(&self, known: Known) -> Result<(Flags, &'a str), Problem> {
        let (flags, rest) = flags::take(self.name, self.text, self.escape, known)?;
        Ok((flags, rest.trim()))
    }

    /// The text, for instructions without flags; never empty.
    fn argument(&self) -> Result<&'a str, Problem> {
        match self.flags(&[])?.1 {
            "" => Err(self.needs("an argument")),
            text => Ok(text),
        }
    }

    fn words(&self, text: &str) -> Vec<String> {
        words::split(text, self.escape)
    }

    fn needs(&self, what: &str) -> Problem {
        Problem::new(format!("{} needs {what}", self.name))
    }
}

/// Parses one instruction.
pub(super) fn parse(text: &str, heredocs: &[Heredoc], escape: char) -> Result<Parsed, Problem> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let Some(name) = NAMES.iter().find(|name| name.eq_ignore_ascii_case(word)) else {
        return Err(with_suggestion(format!("unknown instruction {word}"), word, NAMES));
    };
    let line = Line { name, text: rest.trim(), heredocs, escape };
    if line.name == "FROM" {
        return from::parse(&line).map(Parsed::From);
    }
    kind(&line).map(Parsed::Other)
}

fn kind(line: &Line) -> Result<InstructionKind, Problem> {
    match line.name {
        "ADD" => copy::add(line).map(InstructionKind::Add),
        "COPY" => copy::copy(line).map(InstructionKind::Copy),
        "HEALTHCHECK" => healthcheck::parse(line).map(InstructionKind::Healthcheck),
        "RUN" => run::parse(line).map(InstructionKind::Run),
        _ => simple::parse(line),
    }
}

/// Shell form or exec form.
fn command_line(text: &str) -> Result<CommandLine, Problem> {
    Ok(match words::json(text)? {
        Some(words) => CommandLine::Exec(words),
        None => CommandLine::Shell(text.to_owned()),
    })
}

/// Parses the text of an `ONBUILD` trigger, which holds one instruction with its heredoc bodies (contract
/// 8.2.10).
pub(crate) fn parse_trigger(text: &str, escape: char) -> Result<InstructionKind, Problem> {
    let lines = reader::read(text, escape).map_err(|(_, problem)| problem)?.lines;
    let [line] = lines.as_slice() else {
        return Err(Problem::new(format!("an ONBUILD trigger holds one instruction, not {}", lines.len())));
    };
    match parse(&line.text, &line.heredocs, escape)? {
        Parsed::Other(InstructionKind::Onbuild(_) | InstructionKind::Maintainer(_)) | Parsed::From(_) => {
            Err(Problem::new("ONBUILD, FROM and MAINTAINER are not allowed as an ONBUILD trigger"))
        }
        Parsed::Other(kind) => Ok(kind),
    }
}
