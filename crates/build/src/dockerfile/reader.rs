//! Physical lines to logical lines: comments, continuations, heredoc bodies (contract 8.1.2, 8.1.5).

use super::MAX_LINE_BYTES;
use super::error::Problem;
use super::heredoc::{self, Heredoc};

/// One instruction as it was written, with its continuation lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogicalLine {
    /// One-based number of its first physical line.
    pub number: u32,
    /// The joined text; escapes at line ends, comments and blank lines in between are gone.
    pub text: String,
    /// The heredocs opened in it, with their bodies.
    pub heredocs: Vec<Heredoc>,
}

/// The whole file, read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// In file order.
    pub lines: Vec<LogicalLine>,
    /// Line numbers of blank lines inside a continuation, which are dropped.
    pub blank_continuations: Vec<u32>,
}

/// Reads all logical lines.
pub(super) fn read(text: &str, escape: char) -> Result<Lines, (u32, Problem)> {
    let mut reader = Reader { physical: text.lines().zip(1u32..), escape, found: Lines::default() };
    while let Some(line) = reader.next_logical()? {
        reader.found.lines.push(line);
    }
    Ok(reader.found)
}

struct Reader<'a> {
    physical: std::iter::Zip<std::str::Lines<'a>, std::ops::RangeFrom<u32>>,
    escape: char,
    found: Lines,
}

impl<'a> Reader<'a> {
    fn next_physical(&mut self) -> Result<Option<(&'a str, u32)>, (u32, Problem)> {
        match self.physical.next() {
            Some((line, number)) if line.len() > MAX_LINE_BYTES => {
                Err((number, Problem::new(format!("the line is longer than {MAX_LINE_BYTES} bytes"))))
            }
            next => Ok(next),
        }
    }

    fn next_logical(&mut self) -> Result<Option<LogicalLine>, (u32, Problem)> {
        while let Some((line, number)) = self.next_physical()? {
            let start = line.trim_start();
            if start.is_empty() || start.starts_with('#') {
                continue;
            }
            let text = self.join(start)?;
            let heredocs = self.heredocs(&text, number)?;
            return Ok(Some(LogicalLine { number, text, heredocs }));
        }
        Ok(None)
    }

    /// Appends lines for as long as the last one ends with the escape character.
    fn join(&mut self, first: &str) -> Result<String, (u32, Problem)> {
        let (mut text, mut continued) = strip_continuation(first, self.escape);
        while continued {
            let Some((line, number)) = self.next_physical()? else { break };
            let start = line.trim_start();
            if start.starts_with('#') {
                continue;
            }
            if start.is_empty() {
                self.found.blank_continuations.push(number);
                continue;
            }
            let (part, more) = strip_continuation(line, self.escape);
            text.push_str(&part);
            continued = more;
        }
        Ok(text)
    }

    fn heredocs(&mut self, text: &str, number: u32) -> Result<Vec<Heredoc>, (u32, Problem)> {
        if !takes_heredocs(text) {
            return Ok(Vec::new());
        }
        let mut opened = heredoc::openings(text, self.escape);
        for heredoc in &mut opened {
            self.fill(heredoc).map_err(|problem| (number, problem))?;
        }
        Ok(opened)
    }

    fn fill(&mut self, heredoc: &mut Heredoc) -> Result<(), Problem> {
        while let Some((line, _)) = self.next_physical().map_err(|(_, problem)| problem)? {
            if heredoc.is_end(line) {
                return Ok(());
            }
            heredoc.push(line);
        }
        Err(Problem::new(format!("the heredoc <<{} is not closed", heredoc.name))
            .help(format!("end it with a line that holds only {}", heredoc.name)))
    }
}

/// The line without a continuation at its end, and whether there was one. A doubled escape character is none.
fn strip_continuation(line: &str, escape: char) -> (String, bool) {
    let trimmed = line.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape) {
        Some(body) if !body.ends_with(escape) => (body.to_owned(), true),
        _ => (line.to_owned(), false),
    }
}

/// Whether the instruction (or the one after `ONBUILD`) can have heredocs; in others `<<` is plain text.
fn takes_heredocs(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let mut name = words.next().unwrap_or_default();
    if name.eq_ignore_ascii_case("ONBUILD") {
        name = words.next().unwrap_or_default();
    }
    ["RUN", "COPY", "ADD"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(u32, String)> {
        read(text, '\\').expect("valid").lines.into_iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn joins_continuations_and_drops_comments_between_them() {
        let text = "# top\nRUN a && \\\n  # why\n\n   b \\ \n c\n  CMD x\\\\\nUSER y\n";
        let expected = [(2, "RUN a &&    b  c"), (7, "CMD x\\\\"), (8, "USER y")];
        assert_eq!(texts(text), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(read(text, '\\').expect("valid").blank_continuations, [4]);
    }

    #[test]
    fn the_escape_character_can_be_a_backtick() {
        let lines = read("RUN a `\n b\nRUN c:\\\n", '`').expect("valid").lines;
        assert_eq!(lines[0].text, "RUN a  b");
        assert_eq!(lines[1].text, "RUN c:\\");
    }

    #[test]
    fn a_continuation_may_meet_the_end_of_the_file() {
        assert_eq!(texts("RUN a \\"), [(1, "RUN a ".to_owned())]);
    }

    #[test]
    fn collects_heredoc_bodies_in_order() {
        let text = "COPY <<a <<-'b' /d/\none\n# kept\na\n\t\ttwo\n\tb\nCMD x << y\n";
        let lines = read(text, '\\').expect("valid").lines;
        let bodies: Vec<&str> = lines[0].heredocs.iter().map(|heredoc| heredoc.body.as_str()).collect();
        assert_eq!(bodies, ["one\n# kept\n", "two\n"]);
        assert_eq!((lines[1].number, lines[1].heredocs.len()), (7, 0));
    }

    #[test]
    fn an_open_heredoc_is_an_error_at_its_instruction() {
        let (line, problem) = read("FROM a\nRUN <<EOF\nx\n", '\\').expect_err("open");
        assert_eq!((line, problem.message.as_str()), (2, "the heredoc <<EOF is not closed"));
    }
}
