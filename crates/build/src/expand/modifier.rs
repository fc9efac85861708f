//! `${x#p}`, `${x%p}` and `${x/p/r}`.

use crate::glob::Glob;

/// The value without the shortest or longest prefix that matches.
pub(super) fn trim_prefix<'a>(value: &'a str, pattern: &str, longest: bool) -> &'a str {
    let prefixes = Glob::variable(pattern).prefixes(value);
    let chosen = if longest { prefixes.last() } else { prefixes.first() };
    &value[chosen.copied().unwrap_or(0)..]
}

/// The value without the shortest or longest suffix that matches.
pub(super) fn trim_suffix<'a>(value: &'a str, pattern: &str, longest: bool) -> &'a str {
    let glob = Glob::variable(pattern);
    let mut starts = value.char_indices().map(|(at, _)| at).chain([value.len()]);
    let matches = |at: &usize| glob.matches(&value[*at..]);
    let chosen = if longest { starts.find(matches) } else { starts.rev().find(matches) };
    &value[..chosen.unwrap_or(value.len())]
}

/// The value with the first match, or all, replaced; each match is as long as it can be. Empty matches are
/// left alone.
pub(super) fn replace(value: &str, pattern: &str, replacement: &str, all: bool) -> String {
    let glob = Glob::variable(pattern);
    let mut result = String::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        match glob.prefixes(rest).last() {
            Some(&length) if length > 0 => {
                result.push_str(replacement);
                rest = &rest[length..];
                if !all {
                    break;
                }
            }
            _ => {
                result.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    result + rest
}
