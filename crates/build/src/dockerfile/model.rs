//! What a Dockerfile says, typed. Text that may hold variables is kept as written.

use std::time::Duration;

use super::error::{DockerfileError, Problem};
use super::heredoc::Heredoc;

/// A parsed Dockerfile.
#[derive(Debug, Clone)]
pub struct Dockerfile {
    /// The file as the caller named it; used in messages.
    pub name: String,
    /// Its escape character (contract 8.1.2).
    pub escape: char,
    /// `ARG`s before the first `FROM`; they are seen by `FROM` lines only (contract 8.3.3).
    pub global_args: Vec<Instruction>,
    /// The stages in file order; never empty.
    pub stages: Vec<Stage>,
    /// Things that are odd but valid, with file and line.
    pub warnings: Vec<String>,
}

/// One `FROM` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `AS name`, lower-cased.
    pub name: Option<String>,
    /// What it starts from, as written.
    pub base: String,
    /// `--platform`, as written.
    pub platform: Option<String>,
    /// One-based line of the `FROM`.
    pub line: u32,
    /// The `FROM` line.
    pub source: String,
    /// The instructions below it.
    pub instructions: Vec<Instruction>,
}

/// One instruction and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// One-based line.
    pub line: u32,
    /// The logical line as written, continuations joined, without heredoc bodies.
    pub source: String,
    /// What it says.
    pub kind: InstructionKind,
}

/// What an instruction says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the variants are the instructions of the Dockerfile reference, under their own names"
)]
pub enum InstructionKind {
    Add(Add),
    Arg(Vec<ArgDefinition>),
    Cmd(CommandLine),
    Copy(Copy),
    Entrypoint(CommandLine),
    Env(Vec<(String, String)>),
    Expose(Vec<String>),
    Healthcheck(Healthcheck),
    Label(Vec<(String, String)>),
    Maintainer(String),
    /// The trigger's text, with its heredoc bodies.
    Onbuild(String),
    Run(Run),
    Shell(Vec<String>),
    Stopsignal(String),
    User(String),
    Volume(Vec<String>),
    Workdir(String),
}

/// `NAME` or `NAME=default` of an `ARG`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgDefinition {
    /// The name.
    pub name: String,
    /// The default, as written.
    pub default: Option<String>,
}

/// A command in shell form or in exec (JSON) form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// Text for the shell.
    Shell(String),
    /// The words themselves.
    Exec(Vec<String>),
}

/// `RUN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The command.
    pub command: CommandLine,
    /// Its heredocs.
    pub heredocs: Vec<Heredoc>,
    /// `--mount` values as written: variables are expanded in them (contract 8.2.3).
    pub mounts: Vec<String>,
    /// `--network` as written.
    pub network: Option<String>,
}

/// What `COPY` and `ADD` have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// In the order written; never empty.
    pub sources: Vec<Source>,
    /// As written.
    pub destination: String,
    /// `--chown`, as written.
    pub chown: Option<String>,
    /// `--chmod`, as written.
    pub chmod: Option<String>,
    /// `--exclude` patterns.
    pub exclude: Vec<String>,
    /// `--link` (contract 8.4.6).
    pub link: bool,
}

/// One source of a [`Transfer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path or wildcard (or, for `ADD`, a URL), as written.
    Path(String),
    /// A file whose name is the delimiter (contract 8.4.9).
    Heredoc(Heredoc),
}

/// `COPY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// What goes where.
    pub transfer: Transfer,
    /// `--from`: stage, named context or image; the context when `None`.
    pub from: Option<String>,
    /// `--parents`.
    pub parents: bool,
}

/// `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Add {
    /// What goes where.
    pub transfer: Transfer,
    /// `--checksum` for URLs.
    pub checksum: Option<String>,
    /// `--keep-git-dir` for repositories.
    pub keep_git_dir: bool,
    /// `--unpack`; `None` means "local archives are unpacked".
    pub unpack: Option<bool>,
}

/// `HEALTHCHECK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healthcheck {
    /// What to probe with.
    pub test: HealthcheckTest,
    /// `--interval`; absent or zero: the engine's default.
    pub interval: Option<Duration>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--start-period`.
    pub start_period: Option<Duration>,
    /// `--start-interval`.
    pub start_interval: Option<Duration>,
    /// `--retries`.
    pub retries: Option<u32>,
}

/// The probe of a `HEALTHCHECK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthcheckTest {
    /// `NONE`: switches an inherited one off.
    Disabled,
    /// `CMD`.
    Command(CommandLine),
}

impl Instruction {
    /// Whether it may make a layer.
    pub(crate) fn makes_layer(&self) -> bool {
        use InstructionKind::{Add, Copy, Run, Workdir};
        matches!(self.kind, Add(_) | Copy(_) | Run(_) | Workdir(_))
    }
}

impl Stage {
    /// The texts of its `ONBUILD`s.
    pub(crate) fn triggers(&self) -> Vec<String> {
        let texts = self.instructions.iter().filter_map(|instruction| match &instruction.kind {
            InstructionKind::Onbuild(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }
}

impl Dockerfile {
    /// Puts a problem at an instruction of this file.
    pub fn error_at(&self, line: u32, source: &str, problem: Problem) -> DockerfileError {
        DockerfileError::at(&self.name, line, source, problem)
    }
}
