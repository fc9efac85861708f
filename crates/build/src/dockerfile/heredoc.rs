//! Heredocs of `RUN`, `COPY` and `ADD` (contract 8.1.5): finding `<<NAME` in an instruction.

use super::words;

/// One `<<NAME` with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter without quotes; `COPY` names the file after it.
    pub name: String,
    /// Whether variables in the body are expanded (by `COPY` and `ADD`): the delimiter was not quoted.
    pub expand: bool,
    /// `<<-`: leading tabs of each line are dropped.
    pub strip_tabs: bool,
    /// The body, each line with its line end. Tabs are already dropped.
    pub body: String,
}

impl Heredoc {
    /// Whether a physical line ends this heredoc.
    pub(super) fn is_end(&self, line: &str) -> bool {
        self.line(line) == self.name
    }

    /// Adds a physical line to the body.
    pub(super) fn push(&mut self, line: &str) {
        let kept = self.line(line).to_owned();
        self.body.push_str(&kept);
        self.body.push('\n');
    }

    fn line<'a>(&self, line: &'a str) -> &'a str {
        if self.strip_tabs { line.trim_start_matches('\t') } else { line }
    }
}

/// All heredocs opened in an instruction's text, in order, with empty bodies.
pub(super) fn openings(text: &str, escape: char) -> Vec<Heredoc> {
    words::split(text, escape).iter().filter_map(|word| opening(word)).collect()
}

/// Reads one word as `[digits]<<[-]NAME`; `None` when it is anything else.
pub(crate) fn opening(word: &str) -> Option<Heredoc> {
    let rest = word.trim_start_matches(|digit: char| digit.is_ascii_digit()).strip_prefix("<<")?;
    let (strip_tabs, quoted) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let name = unquote(quoted)?;
    (!name.is_empty() && !quoted.contains('<')).then(|| Heredoc {
        expand: name == quoted,
        name,
        strip_tabs,
        body: String::new(),
    })
}

/// Removes quotes; `None` when one is not closed.
fn unquote(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut quote = None;
    for character in text.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            _ => plain.push(character),
        }
    }
    quote.is_none().then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, bool, bool)> {
        openings(text, '\\')
            .into_iter()
            .map(|heredoc| (heredoc.name, heredoc.expand, heredoc.strip_tabs))
            .collect()
    }

    #[test]
    fn finds_openings_anywhere_in_the_text() {
        let eof = |expand, strip| vec![("EOF".to_owned(), expand, strip)];
        assert_eq!(names("<<EOF"), eof(true, false));
        assert_eq!(names("cat <<EOF > /f"), eof(true, false));
        assert_eq!(names("python3 <<-'EOF'"), eof(false, true));
        assert_eq!(names("x 3<<\"EOF\""), eof(false, false));
        assert_eq!(names("<<a <<b /dest/").len(), 2);
    }

    #[test]
    fn leaves_other_uses_of_the_sign_alone() {
        for text in ["cat <<<word", "echo $((1<<2))", "echo 'a <<EOF'", "a << b", "x <<'open"] {
            assert!(names(text).is_empty(), "{text}");
        }
    }
}
