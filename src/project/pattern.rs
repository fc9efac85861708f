//! Names of services as they may be written on a command line: `*`, `?`, `[a-c]`, `[^a]`, and `\` before a literal.

use std::collections::BTreeSet;

/// The names that the patterns stand for, each pattern for at least one.
///
/// # Errors
/// The first pattern that no name fits.
pub fn expand<'n, 'p>(
    patterns: &'p [String],
    names: impl Iterator<Item = &'n str> + Clone,
) -> Result<BTreeSet<String>, &'p String> {
    let mut found = BTreeSet::new();
    for pattern in patterns {
        let mut fits = names.clone().filter(|name| matches(pattern, name)).peekable();
        if fits.peek().is_none() {
            return Err(pattern);
        }
        found.extend(fits.map(str::to_owned));
    }
    Ok(found)
}

/// Whether one of the patterns fits; no patterns stand for every name.
pub fn any_matches(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, name))
}

/// Whether a whole name fits. A malformed pattern fits nothing.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    fits(&pattern, &name)
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return name.is_empty() };
    if first == '*' {
        return (0..=name.len()).any(|skipped| fits(rest, &name[skipped..]));
    }
    let Some((&c, others)) = name.split_first() else { return false };
    match first {
        '?' => fits(rest, others),
        '[' => class(rest, c).is_some_and(|after| fits(after, others)),
        '\\' => rest.first() == Some(&c) && fits(&rest[1..], others),
        literal => literal == c && fits(rest, others),
    }
}

/// What follows a class that `c` belongs to; `None` when it does not, or the class does not end.
fn class(pattern: &[char], c: char) -> Option<&[char]> {
    let end = pattern.iter().position(|c| *c == ']')?;
    let (content, after) = (&pattern[..end], &pattern[end + 1..]);
    let (negated, content) = match content {
        ['^', content @ ..] => (true, content),
        content => (false, content),
    };
    (!content.is_empty() && in_ranges(content, c) != negated).then_some(after)
}

fn in_ranges(content: &[char], c: char) -> bool {
    match content {
        [low, '-', high, rest @ ..] => (*low..=*high).contains(&c) || in_ranges(rest, c),
        [one, rest @ ..] => *one == c || in_ranges(rest, c),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{any_matches, expand, matches};

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, fit) in [
            ("web", "web", true),
            ("web", "web-1", false),
            ("w*", "web", true),
            ("*", "", true),
            ("*b", "web", true),
            ("*e*", "web", true),
            ("w?b", "web", true),
            ("w?", "web", false),
            ("[a-x]eb", "web", true),
            ("[^w]eb", "web", false),
            ("[ab", "a", false),
            ("\\*", "*", true),
            ("\\", "\\", false),
        ] {
            assert_eq!(matches(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn every_pattern_stands_for_something() {
        let patterns = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let names = ["api", "web", "worker"];
        let found = expand(&patterns(&["w*", "web"]), names.into_iter()).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["web", "worker"]);
        assert_eq!(expand(&patterns(&["web", "x*"]), names.into_iter()), Err(&"x*".to_owned()));
        assert!(any_matches(&[], "web"));
    }
}
