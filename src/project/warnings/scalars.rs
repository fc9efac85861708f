//! Values that YAML reads otherwise than they are written, where text or an octal number was meant.
//!
//! Looks at one document as it was parsed: later the spelling is gone.

use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};
use crate::project::path::visit;
use crate::project::source::SourceMap;

/// Maps of text. A number in them loses its spelling.
const TEXTS: [&str; 8] = [
    "services.*.environment.*",
    "services.*.labels.*",
    "services.*.annotations.*",
    "services.*.build.args.*",
    "services.*.build.labels.*",
    "services.*.deploy.labels.*",
    "volumes.*.labels.*",
    "networks.*.labels.*",
];

const MODES: [&str; 3] =
    ["services.*.secrets.[].mode", "services.*.configs.[].mode", "services.*.volumes.[].tmpfs.mode"];

/// Modes as people write them; as decimal numbers none of them is a sensible mode.
const COMMON_MODES: [&str; 19] = [
    "400", "440", "444", "500", "550", "555", "600", "640", "644", "660", "664", "666", "700", "750", "755",
    "770", "775", "777", "1777",
];

/// Everything odd about the scalars of a document.
pub fn check(root: &mut Node, sources: &SourceMap, warnings: &mut Vec<Diagnostic>) {
    for pattern in TEXTS {
        visit(root, pattern, &mut |node, _| warnings.extend(rewritten(node, sources)));
    }
    visit(root, "services.*.ports.[]", &mut |node, _| warnings.extend(octal_port(node, sources)));
    for pattern in MODES {
        visit(root, pattern, &mut |node, _| warnings.extend(decimal_mode(node, sources)));
    }
    visit(root, "services.*.environment.[]", &mut |node, _| warnings.extend(kept_quotes(node)));
}

/// The source of a number or date without quotes, on one line.
fn written<'a>(node: &Node, sources: &'a SourceMap) -> Option<&'a str> {
    let raw = sources.text(node.span)?;
    let number = raw.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    (number && !raw.contains('\n')).then_some(raw)
}

/// `3.10` is the number 3.1, `0123` is octal, a date gets a time.
fn rewritten(node: &Node, sources: &SourceMap) -> Option<Diagnostic> {
    let raw = written(node, sources)?;
    let read = node.value.scalar_text().filter(|read| read != raw)?;
    let kind = match &node.value {
        Value::String(_) => "a time",
        Value::Int(_) => integer_kind(raw.trim_start_matches(['-', '+'])),
        _ => "a number",
    };
    let message = format!("{raw} is read as {kind} and becomes {read:?}");
    Some(
        Diagnostic::warning("number-rewritten", node.span, message)
            .with_help(format!("quote it to keep it as it is written: \"{raw}\"")),
    )
}

/// In which base an integer is written, by what it begins with.
fn integer_kind(digits: &str) -> &'static str {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => "a hexadecimal number",
        [b'0', b'b' | b'B', ..] => "a binary number",
        [b'0', _, ..] => "an octal number",
        _ => "a number",
    }
}

fn octal_port(node: &Node, sources: &SourceMap) -> Option<Diagnostic> {
    let Value::Int(port) = node.value else { return None };
    let raw = written(node, sources).filter(|raw| raw.len() > 1 && raw.starts_with('0'))?;
    Some(
        Diagnostic::warning(
            "octal-port",
            node.span,
            format!("{raw} is read as an octal number: port {port}"),
        )
        .with_help("write it without the leading zero, or quote it"),
    )
}

fn decimal_mode(node: &Node, sources: &SourceMap) -> Option<Diagnostic> {
    let Value::Int(mode) = node.value else { return None };
    let raw = written(node, sources).filter(|raw| COMMON_MODES.contains(raw))?;
    let message = format!("{raw} is a decimal number here, the mode 0{mode:o}");
    Some(
        Diagnostic::warning("decimal-mode", node.span, message)
            .with_help(format!("write it in octal: 0{raw}")),
    )
}

/// In a list of `NAME=value` quotes around the value are part of it.
fn kept_quotes(node: &Node) -> Option<Diagnostic> {
    let (name, value) = node.as_str()?.split_once('=')?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = value.get(1..)?.strip_suffix(quote).filter(|inner| !inner.contains(quote))?;
    let message = format!("the quotes belong to the value: {name} is {value}, not {inner}");
    let whole = format!("{name}={inner}");
    Some(
        Diagnostic::warning("kept-quotes", node.span, message)
            .with_help(format!("quote the whole item: {whole:?}")),
    )
}
