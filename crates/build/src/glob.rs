//! Wildcard patterns of three dialects on one matcher: `COPY` sources (Go's `filepath.Match`, contract
//! 8.4.2), `.dockerignore` lines (contract 8.5.3) and `${name#pattern}` (contract 8.3.1).
//!
//! Matching walks a set of pattern positions over the text, so its time is bounded by pattern length × text
//! length, whatever the pattern.

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(char),
    /// One character; a `/` only when `across`.
    One {
        across: bool,
    },
    /// Any number of characters; `/` only when `across`.
    Many {
        across: bool,
    },
    /// Any number of whole directories, each with its `/`.
    Directories,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// The pattern is not well formed, e.g. a `[` that is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPattern;

impl Glob {
    /// `*`, `?`, `[…]`, `\x`; none of them matches `/`. There is no `**`.
    pub fn path(pattern: &str) -> Result<Self, BadPattern> {
        Compiler { characters: pattern.chars().peekable(), across: false, double_star: false }.compile()
    }

    /// As [`Glob::path`], and `**` for any number of directories.
    pub fn ignore(pattern: &str) -> Result<Self, BadPattern> {
        Compiler { characters: pattern.chars().peekable(), across: false, double_star: true }.compile()
    }

    /// Only `*` and `?`, which match everything.
    pub fn variable(pattern: &str) -> Self {
        let token = |character| match character {
            '*' => Token::Many { across: true },
            '?' => Token::One { across: true },
            other => Token::Char(other),
        };
        Self(pattern.chars().map(token).collect())
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut positions = self.start();
        for character in text.chars() {
            positions = self.step(&positions, character);
        }
        positions[self.0.len()]
    }

    /// Whether some path below the directory could match: the pattern is not yet dead at its `/`.
    pub fn may_match_below(&self, directory: &str) -> bool {
        let mut positions = self.start();
        for character in directory.chars().chain(['/']) {
            positions = self.step(&positions, character);
        }
        positions[..self.0.len()].contains(&true)
    }

    /// Byte lengths of all prefixes of the text that match, ascending.
    pub fn prefixes(&self, text: &str) -> Vec<usize> {
        let mut positions = self.start();
        let mut found = Vec::new();
        let ends =
            text.char_indices().map(|(at, character)| (at, Some(character))).chain([(text.len(), None)]);
        for (at, character) in ends {
            if positions[self.0.len()] {
                found.push(at);
            }
            if let Some(character) = character {
                positions = self.step(&positions, character);
            }
        }
        found
    }

    fn start(&self) -> Vec<bool> {
        let mut positions = vec![false; self.0.len() + 1];
        self.enter(&mut positions, 0);
        positions
    }

    /// Marks a position and all that can be reached from it without a character.
    fn enter(&self, positions: &mut [bool], mut at: usize) {
        positions[at] = true;
        while let Some(Token::Many { .. } | Token::Directories) = self.0.get(at) {
            at += 1;
            positions[at] = true;
        }
    }

    fn step(&self, positions: &[bool], character: char) -> Vec<bool> {
        let mut next = vec![false; positions.len()];
        for (at, token) in self.0.iter().enumerate().filter(|(at, _)| positions[*at]) {
            match token {
                Token::Many { across } if *across || character != '/' => self.enter(&mut next, at),
                // Inside a directory's name the pattern may not go on before its `/`.
                Token::Directories if character != '/' => next[at] = true,
                Token::Directories => self.enter(&mut next, at),
                token if token.takes(character) => self.enter(&mut next, at + 1),
                _ => {}
            }
        }
        next
    }
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Char(own) => *own == character,
            Self::One { across } => *across || character != '/',
            Self::Class { negated, ranges } => {
                character != '/'
                    && ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
            Self::Many { .. } | Self::Directories => false,
        }
    }
}

struct Compiler<'a> {
    characters: std::iter::Peekable<std::str::Chars<'a>>,
    across: bool,
    double_star: bool,
}

impl Compiler<'_> {
    fn compile(mut self) -> Result<Glob, BadPattern> {
        let mut tokens = Vec::new();
        while let Some(character) = self.characters.next() {
            tokens.push(match character {
                '*' if self.double_star && self.characters.next_if_eq(&'*').is_some() => self.double_star(),
                '*' => Token::Many { across: self.across },
                '?' => Token::One { across: self.across },
                '[' => self.class()?,
                '\\' => Token::Char(self.characters.next().ok_or(BadPattern)?),
                other => Token::Char(other),
            });
        }
        Ok(Glob(tokens))
    }

    /// `**` at the end takes everything; elsewhere whole directories, its own `/` included.
    fn double_star(&mut self) -> Token {
        while self.characters.next_if_eq(&'*').is_some() {}
        let _ = self.characters.next_if_eq(&'/');
        match self.characters.peek() {
            None => Token::Many { across: true },
            Some(_) => Token::Directories,
        }
    }

    fn class(&mut self) -> Result<Token, BadPattern> {
        let negated = self.characters.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        while ranges.is_empty() || self.characters.next_if_eq(&']').is_none() {
            let low = self.class_character()?;
            let high = match self.characters.next_if_eq(&'-') {
                Some(_) => self.class_character()?,
                None => low,
            };
            ranges.push((low, high));
        }
        Ok(Token::Class { negated, ranges })
    }

    fn class_character(&mut self) -> Result<char, BadPattern> {
        match self.characters.next().ok_or(BadPattern)? {
            '-' | ']' => Err(BadPattern),
            '\\' => self.characters.next().ok_or(BadPattern),
            other => Ok(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_patterns_follow_go() {
        let table = [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("[a-ζ]*", "α", true),
            ("a**", "a/b", false),
            ("*.txt", ".txt", true),
            ("", "", true),
            ("", "a", false),
            ("a[\\]]b", "a]b", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Glob::path(pattern).expect(pattern).matches(text), expected, "{pattern} {text}");
        }
        for bad in ["[", "[]", "a[", "[a", "[-x]", "[x-]", "a\\", "[a-"] {
            assert_eq!(Glob::path(bad), Err(BadPattern), "{bad}");
        }
    }

    #[test]
    fn double_stars_cross_directories() {
        let table = [
            ("**", "a/b", true),
            ("**/x", "x", true),
            ("**/x", "a/b/x", true),
            ("**/x", "a/bx", false),
            ("a/**", "a/b/c", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/b/c", true),
            ("a/**/c", "a/bc", false),
            ("**/*.pyc", "d/e/f.pyc", true),
            ("**file", "dir/file", true),
            ("a/**", "a", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Glob::ignore(pattern).expect(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn tells_whether_a_directory_can_be_skipped() {
        let below =
            |pattern: &str, directory| Glob::ignore(pattern).expect(pattern).may_match_below(directory);
        assert!(below("a/b/c", "a"));
        assert!(below("**/c", "x/y"));
        assert!(below("*/keep", "any"));
        assert!(!below("a/b", "b"));
        assert!(!below("a", "a"));
    }

    #[test]
    fn hostile_patterns_end_quickly() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!Glob::path(&pattern).expect("valid").matches(&"a".repeat(2_000)));
    }
}
