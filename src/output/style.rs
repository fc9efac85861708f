//! Whether colours are used.

use std::collections::BTreeMap;

use clap::ValueEnum;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AnsiMode {
    /// On terminals, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Never.
    Never,
    /// Always.
    Always,
}

/// Colours on the two standard streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Standard output takes colours.
    pub stdout: bool,
    /// Standard error takes colours.
    pub stderr: bool,
    /// Warnings about files come with the lines they are about.
    pub verbose: bool,
}

impl Style {
    /// `--ansi` decides; `auto` means on a terminal, unless `NO_COLOR` is set to something.
    pub fn choose(mode: AnsiMode, environment: &BTreeMap<String, String>) -> Style {
        let forbidden = environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let on = |terminal: bool| match mode {
            AnsiMode::Never => false,
            AnsiMode::Always => !forbidden,
            AnsiMode::Auto => terminal && !forbidden,
        };
        Style {
            stdout: on(console::user_attended()),
            stderr: on(console::user_attended_stderr()),
            verbose: false,
        }
    }
}
