//! What a command showed, and what was expected of it.

use regex::Regex;

/// What a command printed so far and how it ended.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub out: String,
    pub err: String,
    /// `None` while it runs, and after a signal.
    pub code: Option<i32>,
}

/// `? out TEXT`, `? err! TEXT`, `? out= TEXT`, `? out~ REGEX`, `? lines N`, `? code N`.
#[derive(Clone, Debug)]
pub enum Expectation {
    Code(i32),
    /// Number of lines on standard output.
    Lines(usize),
    Text(Stream, Match),
}

#[derive(Clone, Copy, Debug)]
pub enum Stream {
    Out,
    Err,
}

#[derive(Clone, Debug)]
pub enum Match {
    Has(String),
    Lacks(String),
    /// But for blanks at both ends.
    Is(String),
    /// A regular expression; one that is none never holds.
    Like(String),
}

impl Expectation {
    pub fn parse(text: &str) -> Option<Expectation> {
        let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
        let text = rest.replace("\\n", "\n").replace("\\t", "\t");
        let stream = |name: &str| match &name[..name.len().min(3)] {
            "out" => Some(Stream::Out),
            "err" => Some(Stream::Err),
            _ => None,
        };
        match what {
            "code" => rest.trim().parse().ok().map(Expectation::Code),
            "lines" => rest.trim().parse().ok().map(Expectation::Lines),
            _ => {
                let matching = match &what[3.min(what.len())..] {
                    "" => Match::Has(text),
                    "!" => Match::Lacks(text),
                    "=" => Match::Is(text),
                    "~" => Match::Like(rest.to_owned()),
                    _ => return None,
                };
                Some(Expectation::Text(stream(what)?, matching))
            }
        }
    }

    /// Whether it holds, with `{project}` and the like replaced by `fill`.
    pub fn holds(&self, seen: &Seen, fill: &dyn Fn(&str) -> String) -> bool {
        match self {
            Expectation::Code(code) => seen.code == Some(*code),
            Expectation::Lines(count) => seen.out.lines().count() == *count,
            Expectation::Text(stream, matching) => {
                let text = match stream {
                    Stream::Out => &seen.out,
                    Stream::Err => &seen.err,
                };
                match matching {
                    Match::Has(part) => text.contains(&fill(part)),
                    Match::Lacks(part) => !text.contains(&fill(part)),
                    Match::Is(whole) => text.trim() == fill(whole).trim(),
                    Match::Like(regex) => Regex::new(&fill(regex)).is_ok_and(|regex| regex.is_match(text)),
                }
            }
        }
    }
}
