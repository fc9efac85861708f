//! Patterns of `.dockerignore`, as a Docker client applies them before it sends a context (contract 8.4) and `watch` to
//! the paths of its rules.

use std::fs;
use std::io;
use std::path::Path;

use regex::Regex;

/// The rules of one context, for a build.
#[derive(Debug, Default)]
pub struct IgnoreFile {
    patterns: Patterns,
    /// Paths that the engine needs in any case.
    kept: Vec<String>,
}

/// Patterns, the last of which that matches decides.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Regex,
    includes: bool,
}

impl IgnoreFile {
    /// Reads `<Dockerfile>.dockerignore`, else `.dockerignore`; a missing file has no rules.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(root: &Path, dockerfile: &str) -> io::Result<IgnoreFile> {
        Ok(match text_of_context(root, dockerfile)? {
            Some((name, text)) => {
                IgnoreFile { patterns: Patterns::of_text(&text), kept: vec![dockerfile.to_owned(), name] }
            }
            None => IgnoreFile::default(),
        })
    }

    /// Whether a path, relative to the context, stays out.
    pub fn excludes(&self, path: &Path) -> bool {
        let is_kept = self.kept.iter().any(|kept| *kept == path.to_string_lossy());
        !is_kept && self.patterns.matches(path)
    }

    /// Whether something below an excluded folder may be included again.
    pub fn may_include_below(&self) -> bool {
        self.patterns.may_include_below()
    }
}

impl Patterns {
    /// Patterns one by one.
    pub fn new(patterns: &[String]) -> Patterns {
        Patterns { rules: patterns.iter().filter_map(|pattern| rule(pattern.trim())).collect() }
    }

    /// Those of a context's `.dockerignore`; none where there is no such file.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn of_context(root: &Path, dockerfile: &str) -> io::Result<Patterns> {
        Ok(text_of_context(root, dockerfile)?.map(|(_, text)| Patterns::of_text(&text)).unwrap_or_default())
    }

    fn of_text(text: &str) -> Patterns {
        Patterns { rules: rules(text) }
    }

    /// Whether a path, or a folder above it, is matched last by a pattern without `!`.
    pub fn matches(&self, path: &Path) -> bool {
        let path = path.to_string_lossy();
        let matches = |rule: &&Rule| parents(&path).any(|part| rule.pattern.is_match(part));
        self.rules.iter().rev().find(matches).is_some_and(|rule| !rule.includes)
    }

    /// Whether a pattern with `!` may take back what others match.
    pub fn may_include_below(&self) -> bool {
        self.rules.iter().any(|rule| rule.includes)
    }
}

/// Name and text of the file with a context's patterns.
fn text_of_context(root: &Path, dockerfile: &str) -> io::Result<Option<(String, String)>> {
    for name in [format!("{dockerfile}.dockerignore"), ".dockerignore".to_owned()] {
        match fs::read_to_string(root.join(&name)) {
            Ok(text) => return Ok(Some((name, text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The path and each folder above it.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    ends.map(|end| &path[..end])
}

fn rules(text: &str) -> Vec<Rule> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    // A `#` starts a comment only in the first column.
    let lines = lines.filter(|line| !line.starts_with('#')).map(str::trim).filter(|line| !line.is_empty());
    lines.filter_map(rule).collect()
}

fn rule(line: &str) -> Option<Rule> {
    let (includes, pattern) = match line.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, line),
    };
    let pattern = pattern.trim_start_matches("./").trim_matches('/');
    let pattern = Regex::new(&format!("^{}$", expression(pattern))).ok()?;
    Some(Rule { pattern, includes })
}

/// `*` and `?` stay inside one folder, `**` crosses folders.
fn expression(pattern: &str) -> String {
    let mut expression = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let (piece, length) = match first {
            '*' if rest.starts_with("**/") => ("(.*/)?".to_owned(), 3),
            '*' if rest.starts_with("**") => (".*".to_owned(), 2),
            '*' => ("[^/]*".to_owned(), 1),
            '?' => ("[^/]".to_owned(), 1),
            '[' | ']' | '^' | '-' => (first.to_string(), 1),
            '\\' if rest.len() > 1 => escaped(rest),
            other => (regex::escape(&other.to_string()), other.len_utf8()),
        };
        expression.push_str(&piece);
        rest = &rest[length..];
    }
    expression
}

fn escaped(rest: &str) -> (String, usize) {
    let next = rest[1..].chars().next().unwrap_or('\\');
    (regex::escape(&next.to_string()), 1 + next.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(text: &str, path: &str) -> bool {
        IgnoreFile { patterns: Patterns::of_text(text), kept: vec!["Dockerfile".into()] }
            .excludes(Path::new(path))
    }

    #[test]
    fn patterns_match_from_the_root() {
        assert!(excluded("*.log", "a.log"));
        assert!(!excluded("*.log", "sub/a.log"));
        assert!(excluded("**/*.log", "sub/deep/a.log"));
        assert!(excluded("**/*.log", "a.log"));
        assert!(excluded("node_modules", "node_modules/x/y"));
        assert!(excluded("/build/", "build/x"));
        assert!(!excluded("# build", "build"));
    }

    #[test]
    fn the_last_match_decides() {
        assert!(!excluded("*\n!keep", "keep"));
        assert!(!excluded("*\n!keep", "keep/x"));
        assert!(excluded("!keep\n*", "keep"));
        assert!(!excluded("*", "Dockerfile"));
    }
}
