//! How a command presents and paces its work: from the flags, else from `COMPOSE_*` variables (compose-surface 2.2, 2.3).

use std::fmt::Display;
use std::str::FromStr;

use clap::ValueEnum;

use super::Globals;
use crate::output::AnsiMode;
use crate::output::progress::ProgressMode;

/// The settled answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How progress is shown.
    pub progress: ProgressMode,
    /// When colours are used.
    pub ansi: AnsiMode,
    /// Most engine calls at once; `None`: no limit.
    pub parallel: Option<usize>,
}

impl Settings {
    /// A flag wins over its variable; older names become what they stand for.
    ///
    /// # Errors
    /// A variable's value is none of those known, or `--ansi` makes the way to show progress impossible.
    pub fn choose<'a>(
        globals: &Globals,
        variable: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Settings, String> {
        let word = |name| variable(name).map(|text| (name, text));
        let progress = globals.progress.map_or_else(|| or_default(word("COMPOSE_PROGRESS"), mode), Ok)?;
        let ansi = match (globals.no_ansi, globals.ansi) {
            (true, _) => AnsiMode::Never,
            (false, Some(ansi)) => ansi,
            (false, None) => or_default(word("COMPOSE_ANSI"), mode)?,
        };
        let limit = match globals.parallel {
            Some(limit) => limit,
            None => or_default(word("COMPOSE_PARALLEL_LIMIT"), number)?,
        };
        let parallel = usize::try_from(limit).ok().filter(|limit| *limit > 0);
        match (progress, ansi) {
            (ProgressMode::Tty, AnsiMode::Never) => {
                Err("can't use --progress tty while ANSI support is disabled".to_owned())
            }
            (ProgressMode::Plain, AnsiMode::Always) => {
                Err("can't use --progress plain while ANSI support is forced".to_owned())
            }
            _ => Ok(Settings { progress, ansi, parallel }),
        }
    }
}

/// What a variable says, the default where it is not set.
fn or_default<T: Default>(
    variable: Option<(&str, &str)>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, String> {
    let Some((name, text)) = variable else { return Ok(T::default()) };
    read(text).map_err(|reason| format!("{name}={text}: {reason}"))
}

fn mode<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let known = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
        format!("it must be one of {}", known.join(", "))
    })
}

fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "it must be an integer".to_owned())
}

/// Whether the text of a variable means yes: Go's spellings of true, and `y` (compose-surface 2.3).
pub fn means_yes(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "True" | "TRUE" | "y" | "Y")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(globals: &Globals, variables: &[(&str, &'static str)]) -> Result<Settings, String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        Settings::choose(globals, find)
    }

    #[test]
    fn a_flag_wins_over_its_variable() {
        let globals = Globals {
            progress: Some(ProgressMode::Quiet),
            parallel: Some(3),
            ansi: Some(AnsiMode::Always),
            ..Globals::default()
        };
        let variables =
            [("COMPOSE_PROGRESS", "json"), ("COMPOSE_PARALLEL_LIMIT", "5"), ("COMPOSE_ANSI", "never")];
        let expected = Settings { progress: ProgressMode::Quiet, ansi: AnsiMode::Always, parallel: Some(3) };
        assert_eq!(choose(&globals, &variables), Ok(expected));
        let expected = Settings { progress: ProgressMode::Json, ansi: AnsiMode::Never, parallel: Some(5) };
        assert_eq!(choose(&Globals::default(), &variables), Ok(expected));
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(choose(&Globals::default(), &[]), Ok(Settings::default()));
        assert_eq!(choose(&Globals::default(), &[("COMPOSE_PARALLEL_LIMIT", "-1")]), Ok(Settings::default()));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |variables| choose(&Globals::default(), variables).expect_err("refused");
        assert_eq!(
            refused(&[("COMPOSE_PROGRESS", "loud")]),
            "COMPOSE_PROGRESS=loud: it must be one of auto, tty, plain, json, quiet"
        );
        assert_eq!(
            refused(&[("COMPOSE_PARALLEL_LIMIT", "many")]),
            "COMPOSE_PARALLEL_LIMIT=many: it must be an integer"
        );
        let both = refused(&[("COMPOSE_PROGRESS", "tty"), ("COMPOSE_ANSI", "never")]);
        assert!(both.contains("--progress tty"), "{both}");
    }
}
