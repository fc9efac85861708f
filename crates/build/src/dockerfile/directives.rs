//! Parser directives: `# name=value` comments in the very first lines (contract 8.1.1).

use super::error::Problem;

const NAMES: [&str; 3] = ["syntax", "escape", "check"];

/// What the directives of a file say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directives {
    /// The escape character.
    pub escape: char,
    /// The frontend asked for with `syntax`, as written.
    pub syntax: Option<String>,
}

/// Reads the directives from the first lines; stops at the first line that is none.
pub(super) fn read(text: &str) -> Result<Directives, (u32, Problem)> {
    let mut found = Directives { escape: '\\', syntax: None };
    let mut seen: Vec<String> = Vec::new();
    for (line, number) in text.lines().zip(1u32..) {
        if number == 1 && line.starts_with("#!") {
            continue;
        }
        let Some((name, value)) = split(line) else { break };
        if seen.contains(&name) {
            return Err((number, Problem::new(format!("only one {name} parser directive can be used"))));
        }
        apply(&mut found, &name, value).map_err(|problem| (number, problem))?;
        seen.push(name);
    }
    Ok(found)
}

/// Splits `# name = value`, if the line is a directive we know.
fn split(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.trim_start().strip_prefix('#')?.split_once('=')?;
    let name = name.trim().to_lowercase();
    NAMES.contains(&name.as_str()).then(|| (name, value.trim()))
}

fn apply(found: &mut Directives, name: &str, value: &str) -> Result<(), Problem> {
    match name {
        "escape" => found.escape = escape(value)?,
        "syntax" => found.syntax = Some(value.to_owned()),
        // `check` configures a linter that we do not have; it never changes the image.
        _ => {}
    }
    Ok(())
}

fn escape(value: &str) -> Result<char, Problem> {
    match value {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        other => Err(Problem::new(format!("escape must be \\ or `, not {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_end_at_the_first_other_line() {
        let read_escape = |text| read(text).expect("valid").escape;
        assert_eq!(read_escape("# escape=`\nFROM a"), '`');
        assert_eq!(read_escape("#ESCAPE = `\n"), '`');
        assert_eq!(read_escape("# syntax=docker/dockerfile:1\n# escape=`\n"), '`');
        assert_eq!(read_escape("#!/usr/bin/env x\n# escape=`\n"), '`');
        assert_eq!(read_escape("# a comment\n# escape=`\n"), '\\');
        assert_eq!(read_escape("\n# escape=`\n"), '\\');
        assert_eq!(read_escape("FROM a\n# escape=`\n"), '\\');
    }

    #[test]
    fn bad_and_repeated_directives_are_errors_with_their_line() {
        let (line, problem) = read("# escape=\\\n# escape=`\n").expect_err("repeated");
        assert_eq!((line, problem.message.as_str()), (2, "only one escape parser directive can be used"));
        assert_eq!(read("# escape=x\n").expect_err("bad").0, 1);
    }
}
