//! Flags directly after an instruction's name (contract 8.1.3).

use super::error::Problem;
use super::suggest::closest;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagKind {
    /// One value.
    Value,
    /// May be given several times.
    List,
    /// `true` or `false`; without a value `true`.
    Boolean,
}

/// The flags that an instruction knows.
pub(super) type Known = &'static [(&'static str, FlagKind)];

/// The flags found, in the order written.
#[derive(Debug, Default)]
pub(super) struct Flags(Vec<(&'static str, String)>);

impl Flags {
    /// The value of a flag, if it was given.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values(name).into_iter().next()
    }

    /// All values of a list flag.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether a boolean flag is on; `None` when it was not given.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| value == "true")
    }
}

/// Takes the flags off the front of an instruction's text and returns them and the rest.
pub(super) fn take<'a>(
    instruction: &str,
    text: &'a str,
    escape: char,
    known: Known,
) -> Result<(Flags, &'a str), Problem> {
    let mut flags = Flags::default();
    let mut rest = text.trim_start();
    while rest.starts_with("--") {
        let (word, after) = first_word(rest, escape);
        rest = after.trim_start();
        if word == "--" {
            break;
        }
        let flag = check(instruction, &word, known, &flags)?;
        flags.0.push(flag);
    }
    Ok((flags, rest))
}

/// The first word with its quotes and escapes removed, and what follows it.
fn first_word(text: &str, escape: char) -> (String, &str) {
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match quote {
            None if character.is_whitespace() => return (word, &text[at..]),
            _ if character == escape => word.extend(characters.next().map(|(_, next)| next)),
            None if matches!(character, '\'' | '"') => quote = Some(character),
            Some(open) if open == character => quote = None,
            _ => word.push(character),
        }
    }
    (word, "")
}

fn check(
    instruction: &str,
    word: &str,
    known: Known,
    before: &Flags,
) -> Result<(&'static str, String), Problem> {
    let body = word.trim_start_matches('-');
    let (name, value) = body.split_once('=').map_or((body, None), |(name, value)| (name, Some(value)));
    let Some((name, kind)) = known.iter().find(|(known, _)| *known == name) else {
        return Err(unknown(instruction, name, known));
    };
    if *kind != FlagKind::List && before.value(name).is_some() {
        return Err(Problem::new(format!("duplicate flag --{name} for {instruction}")));
    }
    Ok((name, flag_value(name, *kind, value)?))
}

fn unknown(instruction: &str, name: &str, known: Known) -> Problem {
    let problem = Problem::new(format!("unknown flag --{name} for {instruction}"));
    match closest(name, known.iter().map(|(known, _)| *known)) {
        Some(near) => problem.help(format!("did you mean --{near}?")),
        None => problem,
    }
}

fn flag_value(name: &str, kind: FlagKind, value: Option<&str>) -> Result<String, Problem> {
    match (kind, value) {
        (FlagKind::Boolean, None) => Ok("true".to_owned()),
        (FlagKind::Boolean, Some(value)) => match value.to_lowercase().as_str() {
            "true" => Ok("true".to_owned()),
            "false" => Ok("false".to_owned()),
            _ => Err(Problem::new(format!("--{name} takes true or false, not {value:?}"))),
        },
        (_, Some(value)) => Ok(value.to_owned()),
        (_, None) => {
            Err(Problem::new(format!("--{name} needs a value")).help(format!("write --{name}=value")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known =
        &[("chown", FlagKind::Value), ("exclude", FlagKind::List), ("link", FlagKind::Boolean)];

    fn message(text: &str) -> String {
        let problem = take("COPY", text, '\\', KNOWN).expect_err(text);
        format!("{} | {}", problem.message, problem.help.unwrap_or_default())
    }

    #[test]
    fn takes_flags_up_to_the_first_other_word() {
        let (flags, rest) =
            take("COPY", "--chown=a:b --exclude='x y' --exclude=z  --link  src --dst", '\\', KNOWN)
                .expect("valid");
        assert_eq!(flags.value("chown").as_deref(), Some("a:b"));
        assert_eq!(flags.values("exclude"), ["x y", "z"]);
        assert_eq!((flags.boolean("link"), rest), (Some(true), "src --dst"));
        assert_eq!(take("COPY", "-- --chown=x", '\\', KNOWN).expect("valid").1, "--chown=x");
    }

    #[test]
    fn refuses_unknown_repeated_and_empty_flags() {
        assert_eq!(message("--chwon=a b"), "unknown flag --chwon for COPY | did you mean --chown?");
        assert_eq!(message("--chown=a --chown=b c"), "duplicate flag --chown for COPY | ");
        assert_eq!(message("--chown a"), "--chown needs a value | write --chown=value");
        assert_eq!(message("--link=2 a"), "--link takes true or false, not \"2\" | ");
    }
}
