//! `.dockerignore` and `COPY --exclude` (contract 8.5).

use super::TreeError;
use crate::glob::Glob;
use crate::paths;

/// The lines of an ignore file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignore(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    glob: Glob,
    /// `!`: takes back what earlier lines ignored.
    exception: bool,
}

/// Which lines match a path or one of its parents; what is below a directory starts from the directory's.
#[derive(Debug, Clone)]
pub(crate) struct Matches(Vec<bool>);

impl Ignore {
    /// Reads an ignore file (contract 8.5.2).
    pub fn parse(text: &str) -> Result<Self, TreeError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines =
            text.lines().filter(|line| !line.starts_with('#')).map(str::trim).filter(|line| !line.is_empty());
        Self::from_patterns(lines)
    }

    /// Patterns given one by one.
    pub fn from_patterns<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<Self, TreeError> {
        patterns.filter_map(|text| pattern(text).transpose()).collect::<Result<_, _>>().map(Self)
    }

    /// The matches of the root itself.
    pub fn at_root(&self) -> Matches {
        Matches(vec![false; self.0.len()])
    }

    /// The matches of a cleaned path, given those of its directory.
    pub fn matches(&self, path: &str, parent: &Matches) -> Matches {
        Matches(
            self.0
                .iter()
                .zip(&parent.0)
                .map(|(pattern, above)| *above || pattern.glob.matches(path))
                .collect(),
        )
    }

    /// The matches of a cleaned path, found from the root.
    pub fn matches_from_root(&self, path: &str) -> Matches {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.filter(|end| *end > 0).fold(self.at_root(), |parent, end| self.matches(&path[..end], &parent))
    }

    /// The last matching line decides (contract 8.5.3).
    pub fn ignores(&self, matches: &Matches) -> bool {
        let last = self.0.iter().zip(&matches.0).rev().find(|(_, matched)| **matched);
        last.is_some_and(|(pattern, _)| !pattern.exception)
    }

    /// Whether an exception could take something below an ignored directory back.
    pub fn may_include_below(&self, directory: &str) -> bool {
        self.0.iter().any(|pattern| pattern.exception && pattern.glob.may_match_below(directory))
    }
}

fn pattern(text: &str) -> Result<Option<Pattern>, TreeError> {
    let (exception, body) = match text.strip_prefix('!') {
        Some(body) => (true, body.trim()),
        None => (false, text),
    };
    if exception && body.is_empty() {
        return Err(TreeError::BadPattern(text.to_owned()));
    }
    let body = paths::relative(body);
    if body.is_empty() {
        return Ok(None);
    }
    let glob = Glob::ignore(&body).map_err(|_| TreeError::BadPattern(text.to_owned()))?;
    Ok(Some(Pattern { glob, exception }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(file: &str, path: &str) -> bool {
        let ignore = Ignore::parse(file).expect("valid");
        ignore.ignores(&ignore.matches_from_root(path))
    }

    #[test]
    fn patterns_are_anchored_and_cover_what_is_below() {
        let table = [
            ("foo", "foo", true),
            ("foo", "a/foo", false),
            ("foo", "foo/bar", true),
            ("/foo", "foo", true),
            ("foo/", "foo/x", true),
            ("./foo", "foo", true),
            ("*/foo", "a/foo", true),
            ("*/foo", "a/b/foo", false),
            ("**/foo", "a/b/foo", true),
            ("**/foo", "foo/x", true),
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("**", "a/b", true),
            ("a/**", "a/b/c", true),
            ("[ab]", "b", true),
            (" foo ", "foo", true),
            ("../foo", "foo", true),
            (".", "a", false),
        ];
        for (file, path, expected) in table {
            assert_eq!(ignored(file, path), expected, "{file} {path}");
        }
    }

    #[test]
    fn the_last_matching_line_decides() {
        assert!(!ignored("*.md\n!README.md", "README.md"));
        assert!(ignored("*.md\n!README.md\nREADME*", "README.md"));
        assert!(ignored("!README.md\n*.md", "README.md"));
        assert!(!ignored("*\n! src\n", "src/main.rs"));
        assert!(!ignored("data\n!data/keep", "data/keep/x"));
        assert!(ignored("data\n!data/keep", "data/other"));
    }

    #[test]
    fn comments_blanks_and_marks_are_not_patterns() {
        assert!(!ignored("# foo\n\n", "# foo"));
        assert!(ignored(" # foo", "# foo"));
        assert!(ignored("\u{feff}foo", "foo"));
        assert!(Ignore::parse("!").is_err());
        assert!(Ignore::parse("[").is_err());
    }

    #[test]
    fn ignored_directories_are_entered_only_for_exceptions() {
        let ignore = Ignore::parse("node_modules\ndata\n!data/keep").expect("valid");
        assert!(!ignore.may_include_below("node_modules"));
        assert!(ignore.may_include_below("data"));
    }
}
