//! From text to stages: the entry of the parser.

use super::MAX_STAGES;
use super::directives;
use super::error::{DockerfileError, Problem};
use super::instructions::{self, Parsed};
use super::model::{Dockerfile, Instruction, InstructionKind, Stage};
use super::reader::{self, LogicalLine};

/// Parses a Dockerfile; `name` is used in messages.
///
/// # Errors
/// At the first line that is not valid, with the line and, where there is one, advice.
pub fn parse(name: &str, text: &str) -> Result<Dockerfile, DockerfileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at_line = |(line, problem): (u32, Problem)| {
        let source = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
        DockerfileError::at(name, line, source, problem)
    };
    let directives = directives::read(text).map_err(at_line)?;
    let lines = reader::read(text, directives.escape).map_err(at_line)?;
    let mut file = Dockerfile {
        name: name.to_owned(),
        escape: directives.escape,
        global_args: Vec::new(),
        stages: Vec::new(),
        warnings: warnings(name, directives.syntax.as_deref(), &lines.blank_continuations),
    };
    for line in lines.lines {
        add(&mut file, &line).map_err(|problem| at_line((line.number, problem)))?;
    }
    match file.stages.is_empty() {
        true => Err(at_line((1, Problem::new("the file has no FROM").help("begin with FROM image")))),
        false => Ok(file),
    }
}

/// Adds one instruction: to the globals before the first `FROM`, else to the last stage.
fn add(file: &mut Dockerfile, line: &LogicalLine) -> Result<(), Problem> {
    let stages = file.stages.len();
    match (instructions::parse(&line.text, &line.heredocs, file.escape)?, file.stages.last_mut()) {
        (Parsed::From(_), _) if stages == MAX_STAGES => {
            return Err(Problem::new(format!("the file has more than {MAX_STAGES} stages")));
        }
        (Parsed::From(from), _) => {
            file.stages.push(Stage {
                name: from.name,
                base: from.base,
                platform: from.platform,
                line: line.number,
                source: line.text.clone(),
                instructions: Vec::new(),
            });
        }
        (Parsed::Other(kind), Some(stage)) => stage.instructions.push(instruction(line, kind)),
        (Parsed::Other(kind @ InstructionKind::Arg(_)), None) => {
            file.global_args.push(instruction(line, kind))
        }
        (Parsed::Other(_), None) => {
            return Err(Problem::new("there is no FROM before this instruction")
                .help("only ARG may come before the first FROM"));
        }
    }
    Ok(())
}

fn instruction(line: &LogicalLine, kind: InstructionKind) -> Instruction {
    Instruction { line: line.number, source: line.text.clone(), kind }
}

fn warnings(name: &str, syntax: Option<&str>, blank_continuations: &[u32]) -> Vec<String> {
    let foreign = syntax.filter(|syntax| !is_own_syntax(syntax)).map(|syntax| {
        format!("{name}: the frontend {syntax} is not run; the file is read as an ordinary Dockerfile")
    });
    let blank = blank_continuations
        .iter()
        .map(|line| format!("{name}:{line}: blank line inside a continued instruction"));
    foreign.into_iter().chain(blank).collect()
}

/// Docker's own frontend, whose language this parser reads.
fn is_own_syntax(syntax: &str) -> bool {
    let image = syntax.strip_prefix("docker.io/").unwrap_or(syntax);
    ["docker/dockerfile", "docker/dockerfile-upstream"].iter().any(|own| {
        image.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_instructions_under_their_stage() {
        let file = parse(
            "Dockerfile",
            "\u{feff}ARG V=1\nFROM a:$V AS Build\nRUN x\nFROM build\nCOPY --from=build /x /y\n",
        )
        .expect("valid");
        assert_eq!(file.global_args.len(), 1);
        let stages: Vec<_> = file
            .stages
            .iter()
            .map(|stage| (stage.name.as_deref(), stage.base.as_str(), stage.line))
            .collect();
        assert_eq!(stages, [(Some("build"), "a:$V", 2), (None, "build", 4)]);
        assert_eq!(file.stages[1].instructions[0].line, 5);
    }

    #[test]
    fn errors_show_file_line_text_and_advice() {
        let show = |text: &str| parse("api/Dockerfile", text).expect_err(text).to_string();
        assert_eq!(
            show("FROM a\n\nRUNN apt-get \\\n update\n"),
            "api/Dockerfile:3: unknown instruction RUNN\n  3 | RUNN apt-get \\\n  help: did you mean RUN?"
        );
        assert!(
            show("RUN x\nFROM a\n")
                .starts_with("api/Dockerfile:1: there is no FROM before this instruction\n")
        );
        assert!(show("# only a comment\n").starts_with("api/Dockerfile:1: the file has no FROM"));
    }

    #[test]
    fn warns_about_what_is_not_honoured() {
        let warnings = |text| parse("D", text).expect("valid").warnings;
        assert!(warnings("# syntax=docker/dockerfile:1.7\nFROM a").is_empty());
        assert_eq!(warnings("# syntax=example.com/other\nFROM a").len(), 1);
        assert_eq!(warnings("FROM a\nRUN x \\\n\n y"), ["D:3: blank line inside a continued instruction"]);
    }
}
