//! Splitting an instruction's text: into words, into the JSON form, into `name=value` pairs. Quotes and
//! escapes stay in the words; the expansion removes them later.

use super::error::Problem;

/// Splits at blanks outside of quotes.
pub(crate) fn split(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            take(&mut word, &mut words);
            continue;
        }
        word.push(character);
        match quote {
            // In single quotes the escape character means itself.
            _ if character == escape && quote != Some('\'') => word.extend(characters.next()),
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            _ => {}
        }
    }
    take(&mut word, &mut words);
    words
}

fn take(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// The JSON form: `Ok(None)` when the text is not valid JSON and so means the shell form (contract 8.1.4).
///
/// # Errors
/// When it is a JSON array with something else than strings in it.
pub(super) fn json(text: &str) -> Result<Option<Vec<String>>, Problem> {
    if !text.starts_with('[') {
        return Ok(None);
    }
    let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text) else { return Ok(None) };
    values
        .into_iter()
        .map(|value| match value {
            serde_json::Value::String(text) => Ok(text),
            other => Err(Problem::new(format!("the JSON form takes only strings, not {other}"))
                .help("put double quotes around every element")),
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// `name=value name=value …`, or the legacy `name rest of the line` (contract 8.2.5).
pub(super) fn pairs(instruction: &str, text: &str, escape: char) -> Result<Vec<(String, String)>, Problem> {
    let words = split(text, escape);
    let first =
        words.first().ok_or_else(|| Problem::new(format!("{instruction} needs at least one argument")))?;
    if !first.contains('=') {
        return legacy_pair(instruction, text);
    }
    words.iter().map(|word| pair(instruction, word)).collect()
}

fn pair(instruction: &str, word: &str) -> Result<(String, String), Problem> {
    match word.split_once('=') {
        Some(("", _)) => Err(Problem::new(format!("{instruction}: a name must not be empty in {word:?}"))),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Problem::new(format!("{instruction}: {word:?} is not of the form name=value"))
            .help("put quotes around a value with blanks")),
    }
}

fn legacy_pair(instruction: &str, text: &str) -> Result<Vec<(String, String)>, Problem> {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((name, value)) => Ok(vec![(name.to_owned(), value.trim_start().to_owned())]),
        None => Err(Problem::new(format!("{instruction} {text} has no value"))
            .help(format!("write {instruction} {text}=value"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_outside_of_quotes() {
        assert_eq!(split(r#"a "b c" d\ e 'f \' g"#, '\\'), ["a", "\"b c\"", "d\\ e", "'f \\'", "g"]);
        assert_eq!(split("a`\tb c", '`'), ["a`\tb", "c"]);
        assert!(split("  ", '\\').is_empty());
    }

    #[test]
    fn json_form_falls_back_unless_it_holds_other_types() {
        assert_eq!(json(r#"["a", "b c"]"#), Ok(Some(vec!["a".into(), "b c".into()])));
        assert_eq!(json("[]"), Ok(Some(vec![])));
        assert_eq!(json("['a']"), Ok(None));
        assert_eq!(json("[ -f x ] && y"), Ok(None));
        assert_eq!(json(r#"["a"] b"#), Ok(None));
        assert!(json("[1]").is_err());
    }

    #[test]
    fn reads_both_spellings_of_pairs() {
        let read = |text| pairs("ENV", text, '\\').expect("valid");
        let owned = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(read("A=1 B=\"x y\""), owned(&[("A", "1"), ("B", "\"x y\"")]));
        assert_eq!(read("A   b c=d"), owned(&[("A", "b c=d")]));
        for text in ["", "A", "A=1 B", "=x"] {
            assert!(pairs("ENV", text, '\\').is_err(), "{text}");
        }
    }
}
