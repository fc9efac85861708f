//! Which part of a template an error or a warning is about, as a range of its bytes.

use std::ops::Range;

use super::template::{Expression, Operator, Part, after_dollar, closing_brace};

/// The expression that is no expression: from its dollar to its brace, or to the blank before which one is missing.
pub fn malformed(template: &str) -> Range<usize> {
    let mut start = 0;
    while let Some(dollar) = template[start..].find('$').map(|index| start + index) {
        let after = &template[dollar + 1..];
        match after_dollar(after) {
            Err(_) => return dollar..dollar + 1 + extent(after),
            Ok((part, length)) => {
                if let Part::Expression(expression) = part
                    && super::template::parse(expression.argument).is_err()
                {
                    return within(template, expression.argument, malformed(expression.argument));
                }
                start = dollar + 1 + length;
            }
        }
    }
    0..template.len()
}

fn extent(after: &str) -> usize {
    let inner = after.strip_prefix('{').unwrap_or(after);
    let brace = after.len() - inner.len();
    match closing_brace(inner) {
        Ok(end) => brace + end + 1,
        Err(_) => after.find(char::is_whitespace).unwrap_or(after.len()),
    }
}

/// What is wrong with a malformed expression, and what to write.
pub fn advice(expression: &str) -> String {
    let inner = expression.strip_prefix("${").unwrap_or(expression);
    let wrong = match inner.strip_suffix('}') {
        None => "`${` is never closed with `}`",
        Some("") => "`${}` names no variable",
        Some(inner) if inner.starts_with(|c: char| !(c.is_ascii_alphabetic() || c == '_')) => {
            "a variable's name begins with a letter or `_`, right after `${`"
        }
        Some(_) => "after a variable's name comes `}`, or one of `:-` `-` `:?` `?` `:+` `+`",
    };
    format!("{wrong}; for a literal dollar write `$$`")
}

/// The expression without a default that names a variable.
pub fn plain(template: &str, name: &str) -> Option<Range<usize>> {
    find(template, &|expression| expression.name == name && expression.operator.is_none())
}

/// The expression that requires a variable.
pub fn required(template: &str, name: &str) -> Option<Range<usize>> {
    let requires = |operator| matches!(operator, Some((Operator::Required, _)));
    find(template, &|expression| expression.name == name && requires(expression.operator))
}

/// The innermost expression first: it is the one without a value.
fn find(template: &str, wanted: &dyn Fn(&Expression<'_>) -> bool) -> Option<Range<usize>> {
    let mut start = 0;
    while let Some(dollar) = template[start..].find('$').map(|index| start + index) {
        let (part, length) = after_dollar(&template[dollar + 1..]).ok()?;
        start = dollar + 1 + length;
        let Part::Expression(expression) = part else { continue };
        if let Some(inner) = find(expression.argument, wanted) {
            return Some(within(template, expression.argument, inner));
        }
        if wanted(&expression) {
            return Some(dollar..start);
        }
    }
    None
}

/// A range of `part`, which is a slice of `whole`, as a range of `whole`.
pub fn within(whole: &str, part: &str, range: Range<usize>) -> Range<usize> {
    let offset = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    offset + range.start..offset + range.end
}

#[cfg(test)]
mod tests {
    use super::{advice, malformed, plain, required};

    #[test]
    fn the_malformed_part() {
        let cases = [
            ("nginx:${TAG", "${TAG"),
            ("a ${X} ${b c} d", "${b c}"),
            ("${} x", "${}"),
            ("${A:-${B!}}", "${B!}"),
            ("${A:-x} ${", "${"),
            ("$$ ${1A}", "${1A}"),
        ];
        for (template, expected) in cases {
            assert_eq!(&template[malformed(template)], expected, "{template}");
        }
    }

    #[test]
    fn the_part_without_a_value() {
        let cases =
            [("a $X b", "$X"), ("${X}", "${X}"), ("${A:-$X}", "$X"), ("$XY ${X}", "${X}"), ("$$X $X", "$X")];
        for (template, expected) in cases {
            assert_eq!(plain(template, "X").map(|range| &template[range]), Some(expected), "{template}");
        }
        assert_eq!(plain("${X:-d} $$X", "X"), None);
        let template = "h:${P:-1}/${X:?set it}";
        assert_eq!(required(template, "X").map(|range| &template[range]), Some("${X:?set it}"));
        assert_eq!(required("${A:+${X?}}", "X"), Some(5..10));
    }

    #[test]
    fn advice_names_the_mistake() {
        for (expression, word) in
            [("${A", "never closed"), ("${}", "names no"), ("${1}", "begins with"), ("${A!}", "comes")]
        {
            assert!(advice(expression).contains(word), "{expression}: {}", advice(expression));
        }
    }
}
