//! "Did you mean": the closest of a few known words.

use super::error::Problem;

/// The candidate that a typing mistake most likely meant, if one is near enough.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = ((word.chars().count() + 1) / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// A problem with the closest candidate as its advice.
pub(super) fn with_suggestion<'a>(
    message: String,
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Problem {
    let problem = Problem::new(message);
    match closest(word, candidates) {
        Some(candidate) => problem.help(format!("did you mean {candidate}?")),
        None => problem,
    }
}

/// Edits (insert, remove, replace) from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, from_char) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, to_char) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from_char != *to_char);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_word_only_when_it_is_near() {
        assert_eq!(closest("RUNN", ["RUN", "CMD"]), Some("RUN"));
        assert_eq!(closest("copi", ["RUN", "COPY"]), Some("COPY"));
        assert_eq!(closest("interva", ["timeout", "interval"]), Some("interval"));
        assert_eq!(closest("SELECT", ["RUN", "COPY"]), None);
    }
}
