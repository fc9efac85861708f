//! What in a text looks like a secret that should not leave this machine.

use std::sync::LazyLock;

use regex::Regex;

/// Kinds of secrets with their shapes, as their issuers document them.
const SHAPES: [(&str, &str); 7] = [
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("JSON web token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
];

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let compiled = SHAPES.iter().filter_map(|(kind, shape)| Some((*kind, Regex::new(shape).ok()?)));
    compiled.collect()
});

/// What was found in a text, one line each; most of a secret is not shown.
pub(super) fn found(name: &str, text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for (kind, pattern) in PATTERNS.iter() {
            for found in pattern.find_iter(line) {
                let shown: String = found.as_str().chars().take(8).collect();
                all.push(format!("{name}:{}: {kind} {shown}…", number + 1));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_and_not_shown() {
        assert_eq!(PATTERNS.len(), SHAPES.len(), "every shape is a pattern");
        let text = "A=1\nKEY=AKIAIOSFODNN7EXAMPLE\nT: ghp_0123456789abcdefghijABCDEFGHIJ012345\n";
        assert_eq!(
            found("a.env", text),
            ["a.env:2: AWS access key AKIAIOSF…", "a.env:3: GitHub token ghp_0123…"]
        );
        assert_eq!(found("a.env", "PASSWORD=${PASSWORD}\nIMAGE=redis:7\n"), Vec::<String>::new());
    }
}
