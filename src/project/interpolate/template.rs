//! The grammar of `$NAME` and `${NAME…}` (compose-surface 1.12).
//!
//! Splits a text into literal parts and expressions, and puts values in. Knows nothing about trees or files.

use crate::project::limits::{MAX_TEMPLATE_DEPTH, MAX_TEXT};

/// How an expression treats a variable that is unset or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `-`: a default.
    Default,
    /// `+`: another text when it is set.
    Alternate,
    /// `?`: an error.
    Required,
}

/// One `$NAME` or `${NAME…}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expression<'a> {
    /// The variable.
    pub name: &'a str,
    /// The operator, and whether an empty value counts as unset (`:`).
    pub operator: Option<(Operator, bool)>,
    /// What follows the operator: a template itself.
    pub argument: &'a str,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Literal text.
    Text(&'a str),
    /// An expression.
    Expression(Expression<'a>),
}

/// A template that gives no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${` without a name, with a bad name or without its end.
    #[error("invalid interpolation format: {0:?}; you may need to escape any $ with another $")]
    Invalid(String),
    /// `${A:-${B:-…}}` deeper than [`MAX_TEMPLATE_DEPTH`].
    #[error("variables are nested deeper than {MAX_TEMPLATE_DEPTH} levels")]
    TooDeep,
    /// The text with values in it is longer than [`MAX_TEXT`].
    #[error("the text becomes longer than {} MiB when variables are put in", MAX_TEXT >> 20)]
    TooLong,
    /// `${NAME:?message}` of a variable without a value.
    #[error("required variable {name} is missing a value{}", separated(.message))]
    Required {
        /// The variable.
        name: String,
        /// The message in the file, or nothing.
        message: String,
    },
}

fn separated(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

/// Splits a template.
///
/// # Errors
/// [`TemplateError::Invalid`] for a malformed `${`.
pub fn parse(template: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        if dollar > 0 {
            parts.push(Part::Text(&rest[..dollar]));
        }
        let after = &rest[dollar + 1..];
        let (part, length) = after_dollar(after).map_err(|problem| match problem {
            Malformed::Form => TemplateError::Invalid(template.to_owned()),
            Malformed::Depth => TemplateError::TooDeep,
        })?;
        parts.push(part);
        rest = &after[length..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// What is wrong with a `${`.
pub(super) enum Malformed {
    Form,
    Depth,
}

/// The part that begins with a dollar, and how much of the text after the dollar it takes.
pub(super) fn after_dollar(after: &str) -> Result<(Part<'_>, usize), Malformed> {
    if after.starts_with('$') {
        return Ok((Part::Text("$"), 1));
    }
    if let Some(inner) = after.strip_prefix('{') {
        let end = closing_brace(inner)?;
        let expression = expression(&inner[..end]).ok_or(Malformed::Form)?;
        return Ok((Part::Expression(expression), end + 2));
    }
    let length = name_length(after);
    if length == 0 {
        return Ok((Part::Text("$"), 0));
    }
    Ok((Part::Expression(Expression { name: &after[..length], operator: None, argument: "" }), length))
}

/// Where the brace that was opened before `inner` closes; `${` inside opens another.
pub(super) fn closing_brace(inner: &str) -> Result<usize, Malformed> {
    let mut open = 1;
    let bytes = inner.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'}' => open -= 1,
            b'$' if bytes.get(index + 1) == Some(&b'{') => {
                open += 1;
                index += 1;
            }
            _ => {}
        }
        if open == 0 {
            return Ok(index);
        }
        if open > MAX_TEMPLATE_DEPTH {
            return Err(Malformed::Depth);
        }
        index += 1;
    }
    Err(Malformed::Form)
}

fn expression(inner: &str) -> Option<Expression<'_>> {
    let length = name_length(inner);
    let (name, rest) = inner.split_at(length);
    if name.is_empty() {
        return None;
    }
    if rest.is_empty() {
        return Some(Expression { name, operator: None, argument: "" });
    }
    let (empty_counts, rest) = rest.strip_prefix(':').map_or((false, rest), |rest| (true, rest));
    let operator = match rest.chars().next()? {
        '-' => Operator::Default,
        '+' => Operator::Alternate,
        '?' => Operator::Required,
        _ => return None,
    };
    Some(Expression { name, operator: Some((operator, empty_counts)), argument: &rest[1..] })
}

fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
        return 0;
    }
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// Where values come from, and who hears of variables that have none.
pub trait Variables {
    /// The value of a variable.
    fn get(&self, name: &str) -> Option<String>;
    /// A variable without a value was replaced by nothing.
    fn unset(&mut self, name: &str);
    /// An expression was evaluated; `taken` says whether its argument stands for the value.
    fn evaluated(&mut self, _expression: &Expression<'_>, _value: Option<&str>, _taken: bool) {}
}

/// The template with values put in. Only the branch that is taken is evaluated.
///
/// # Errors
/// A malformed `${`, or a required variable without a value.
pub fn substitute(template: &str, variables: &mut dyn Variables) -> Result<String, TemplateError> {
    let mut text = String::new();
    for part in parse(template)? {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Expression(expression) => text.push_str(&evaluate(&expression, variables)?),
        }
        if text.len() > MAX_TEXT {
            return Err(TemplateError::TooLong);
        }
    }
    Ok(text)
}

fn evaluate(expression: &Expression<'_>, variables: &mut dyn Variables) -> Result<String, TemplateError> {
    let value = variables.get(expression.name);
    let Some((operator, empty_counts)) = expression.operator else {
        if value.is_none() {
            variables.unset(expression.name);
        }
        variables.evaluated(expression, value.as_deref(), false);
        return Ok(value.unwrap_or_default());
    };
    let present = value.as_ref().is_some_and(|value| !(empty_counts && value.is_empty()));
    variables.evaluated(expression, value.as_deref(), present == (operator == Operator::Alternate));
    match operator {
        Operator::Default if !present => substitute(expression.argument, variables),
        Operator::Alternate if present => substitute(expression.argument, variables),
        Operator::Required if !present => {
            let message = substitute(expression.argument, variables)?;
            Err(TemplateError::Required { name: expression.name.to_owned(), message })
        }
        _ => Ok(value.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{TemplateError, Variables, substitute};

    #[derive(Default)]
    struct Table {
        values: BTreeMap<&'static str, &'static str>,
        unset: Vec<String>,
    }

    impl Variables for Table {
        fn get(&self, name: &str) -> Option<String> {
            self.values.get(name).map(|value| (*value).to_owned())
        }

        fn unset(&mut self, name: &str) {
            self.unset.push(name.to_owned());
        }
    }

    fn table() -> Table {
        Table { values: [("FOO", "first"), ("EMPTY", ""), ("N", "8080")].into(), unset: Vec::new() }
    }

    #[test]
    fn every_operator() {
        let cases = [
            ("$FOO", "first"),
            ("${FOO}", "first"),
            ("$$FOO", "$FOO"),
            ("$FOO-x", "first-x"),
            ("a${FOO}b", "afirstb"),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${X-d}", "d"),
            ("${X:-d}", "d"),
            ("${X:-}", ""),
            ("${FOO:+alt}", "alt"),
            ("${EMPTY:+alt}", ""),
            ("${EMPTY+alt}", "alt"),
            ("${X+alt}", ""),
            ("${FOO:?no}", "first"),
            ("${EMPTY?no}", ""),
            ("${X:-${FOO}}", "first"),
            ("${X:-${Y:-z}}", "z"),
            ("${X:-a:-b}", "a:-b"),
            ("${X:-a?b}", "a?b"),
            ("${X:-$$a}", "$a"),
            ("${X-${Y-{}}}", "{}"),
            ("$", "$"),
            ("^a$", "^a$"),
            ("$}", "$}"),
            ("$1", "$1"),
            ("a$ b", "a$ b"),
            ("${X:-a}}", "a}"),
            ("${N}:${N}", "8080:8080"),
            ("${X:-http://h:80/?q=1}", "http://h:80/?q=1"),
            ("", ""),
        ];
        for (template, expected) in cases {
            assert_eq!(substitute(template, &mut table()).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn malformed_templates_are_refused() {
        for template in ["${", "${}", "${ foo}", "${foo!}", "${foo", "${FOO:x}", "${:-a}", "a ${b c} d"] {
            assert_eq!(
                substitute(template, &mut table()),
                Err(TemplateError::Invalid(template.into())),
                "{template}"
            );
        }
    }

    #[test]
    fn a_required_variable_says_why() {
        let error = substitute("${X:?set $FOO please}", &mut table()).expect_err("required");
        assert_eq!(error.to_string(), "required variable X is missing a value: set first please");
        let error = substitute("${EMPTY:?}", &mut table()).expect_err("required");
        assert_eq!(error.to_string(), "required variable EMPTY is missing a value");
    }

    #[test]
    fn only_the_branch_taken_is_evaluated() {
        let mut variables = table();
        assert_eq!(substitute("${FOO:-$UNSEEN}${X}${X:+$UNSEEN}", &mut variables).as_deref(), Ok("first"));
        assert_eq!(variables.unset, ["X"]);
    }
}
