//! The tools that scenarios run with.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::TestEngine;

/// A tool and an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// `wharf` on its own engine.
    Builtin,
    /// `wharf` on a Docker Engine.
    Engine,
    /// `docker compose` on that Docker Engine.
    Compose,
}

/// How a column's commands are started.
#[derive(Clone)]
pub enum Tool {
    /// `wharf` on an engine of the test's own.
    Builtin(Arc<TestEngine>),
    /// `wharf` on the Docker Engine at this address.
    Engine(String),
    /// `docker compose` on it.
    Compose(String),
}

impl Column {
    pub const ALL: [Column; 3] = [Column::Builtin, Column::Engine, Column::Compose];

    pub fn name(self) -> &'static str {
        match self {
            Column::Builtin => "builtin",
            Column::Engine => "engine",
            Column::Compose => "compose",
        }
    }

    /// Whether a line marked `@word` is for this column.
    pub fn is_named(self, word: &str) -> bool {
        word == self.name() || (word == "wharf" && self != Column::Compose)
    }

    /// Whether a line is for this column; `only` is its mark, empty for all columns.
    pub fn takes(self, only: &str) -> bool {
        only.is_empty() || self.is_named(only)
    }

    /// The tool; `None` where this machine does not have it.
    pub fn tool(self) -> Option<Tool> {
        let host = || std::env::var("WHARF_TEST_DOCKER_HOST").ok();
        match self {
            Column::Builtin => Some(Tool::Builtin(Arc::new(TestEngine::with_images("scenarios")?))),
            Column::Engine => Some(Tool::Engine(host()?)),
            Column::Compose => {
                let asked = Command::new("docker").args(["compose", "version"]).output().ok()?;
                asked.status.success().then(|| host().map(Tool::Compose))?
            }
        }
    }
}

impl Tool {
    /// The tool in `folder` for a project, not yet started.
    pub fn command(&self, folder: &Path, project: &str, args: &[String]) -> Command {
        let mut command = self.program(folder);
        command.args(["-p", project]).args(args);
        command
    }

    /// A shell in `folder`. `$TOOL` is the tool for a project, `$BARE` the tool for any; `$DOCKER` is Docker's client
    /// on the same engine, and `$COMPOSE` is `docker compose` for the project.
    pub fn shell(&self, folder: &Path, project: &str, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(folder).stdin(Stdio::null());
        let program = self.program(folder);
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let words = std::iter::once(program.get_program()).chain(program.get_args());
        let bare = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        command.env("TOOL", format!("{bare} -p {project}")).env("BARE", bare);
        let host = match self {
            Tool::Builtin(engine) => format!("unix://{}", engine.root().join("engine.sock").display()),
            Tool::Engine(host) | Tool::Compose(host) => host.clone(),
        };
        command.env("DOCKER", format!("docker --host {host}"));
        command.env("COMPOSE", format!("docker --host {host} compose -p {project}"));
        command
    }

    /// Whose tool it is and which version, where that is not this project.
    pub fn version(&self) -> Option<String> {
        let (name, args) = match self {
            Tool::Builtin(_) => return None,
            Tool::Engine(host) => {
                ("Docker Engine", vec!["--host", host, "version", "--format", "{{.Server.Version}}"])
            }
            Tool::Compose(_) => ("Docker Compose", vec!["compose", "version", "--short"]),
        };
        let version = Command::new("docker").args(args).output().ok()?.stdout;
        Some(format!("{name} {}", String::from_utf8_lossy(&version).trim()))
    }

    fn program(&self, folder: &Path) -> Command {
        let mut command = match self {
            Tool::Builtin(engine) => engine.command(folder, &[]),
            Tool::Engine(host) => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
                // Not a flag: completion of a line sees only what is on that line, and the environment.
                command.env("WHARF_HOST", host);
                command
            }
            Tool::Compose(host) => {
                let mut command = Command::new("docker");
                command.arg("compose").env("DOCKER_HOST", host);
                command
            }
        };
        command.current_dir(folder).stdin(Stdio::null());
        command.env_remove("COMPOSE_FILE").env_remove("COMPOSE_PROFILES").env("NO_COLOR", "1");
        command
    }
}
