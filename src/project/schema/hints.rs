//! What the user probably meant.

use super::SECTIONS;
use super::definition::Schema;
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Entry, Node, Value};

/// Sections written under another section, which is how a wrong indentation shows.
pub fn misplaced_sections(root: &Node, errors: &mut Vec<Diagnostic>) {
    let Some(top) = root.as_mapping() else { return };
    for (outer, outer_entry) in top.iter().filter(|(outer, _)| SECTIONS.contains(&outer.as_str())) {
        let Some(entries) = outer_entry.node.as_mapping() else { continue };
        for (inner, entry) in entries {
            if SECTIONS.contains(&inner.as_str())
                && inner != outer
                && !top.contains_key(inner)
                && looks_nested(outer, entry)
            {
                errors.push(nested(outer, outer_entry, inner, entry));
            }
        }
    }
}

/// Whether an entry named like a section has the content of one rather than that of an ordinary entry.
fn looks_nested(outer: &str, entry: &Entry) -> bool {
    let Some(inner) = entry.node.as_mapping() else { return false };
    let attributes: &[&str] = match outer {
        "services" => &["image", "build", "extends", "provider", "deploy"],
        _ => &[
            "name",
            "driver",
            "driver_opts",
            "external",
            "labels",
            "file",
            "environment",
            "content",
            "model",
            "ipam",
        ],
    };
    !inner.is_empty() && !inner.keys().any(|key| attributes.contains(&key.as_str()))
}

fn nested(outer: &str, outer_entry: &Entry, inner: &str, entry: &Entry) -> Diagnostic {
    let message = format!("{inner:?} is nested under {outer:?}, so it is read as one of the {outer}");
    let mut help =
        format!("move `{inner}:` to the left margin: it is a section of its own, beside `{outer}:`");
    if inner == "services"
        && let Some(attribute) = first_attribute(&entry.node)
    {
        help.push_str(&format!(
            "\nunder `services:` comes the name of a service before its attributes:\n\nservices:\n  app:\n    image: ...\n    {attribute}:"
        ));
    }
    Diagnostic::error("nesting", entry.key_span, message)
        .with_label(
            outer_entry.key_span,
            format!("`{outer}:` begins here and takes everything indented below it"),
        )
        .with_help(help)
}

/// A service attribute that stands where a service's name should be.
fn first_attribute(services: &Node) -> Option<&str> {
    let (key, entry) = services.as_mapping()?.first()?;
    (!matches!(entry.node.value, Value::Mapping(_))).then_some(key)
}

/// A hint about a key the schema does not know.
pub fn unknown_key<'a>(
    key: &str,
    entry: &Entry,
    path: &[String],
    schema: &'a Schema,
    resolve: impl Fn(&'a Schema) -> &'a Schema,
) -> Option<String> {
    if path.is_empty() && (entry.node.get("image").is_some() || entry.node.get("build").is_some()) {
        return Some(format!("{key:?} looks like a service: indent it under `services:`"));
    }
    let known = did_you_mean(key, schema.properties.keys().map(String::as_str));
    if known.is_some() {
        return known;
    }
    let holder = schema.properties.iter().find(|(_, child)| {
        let child = resolve(child);
        child.properties.contains_key(key)
            || child.one_of.iter().any(|branch| branch.properties.contains_key(key))
    });
    if let Some((holder, _)) = holder {
        return Some(format!("`{key}` belongs under `{holder}:`"));
    }
    if schema.properties.is_empty() && path.len() == 1 {
        return Some("names may hold letters, digits, `.`, `_` and `-`".into());
    }
    if SECTIONS.contains(&key) {
        return Some(format!("`{key}:` is a section of the whole file: move it to the left margin"));
    }
    let names: Vec<&str> = schema.properties.keys().map(String::as_str).collect();
    (1..=FEW).contains(&names.len()).then(|| format!("what may stand here: {}", names.join(", ")))
}

/// So many keys of a map are listed for somebody who wrote another one.
const FEW: usize = 12;

/// What a text that is none of the allowed ones was meant to be; `healthy` is short for `service_healthy`.
pub fn allowed(text: &str, allowed: &[String]) -> Option<String> {
    let names = || allowed.iter().map(String::as_str);
    let short = || names().find(|name| name.strip_suffix(text).is_some_and(|start| start.ends_with('_')));
    did_you_mean(text, names()).or_else(|| short().map(|name| format!("did you mean `{name}`?")))
}

/// What a map without a required key lacks.
pub fn missing(property: &str, path: &[String]) -> Option<String> {
    let example = match (property, path.get(2).map(String::as_str)) {
        ("condition", _) => "condition: service_started",
        ("capabilities", _) => "capabilities: [gpu]",
        ("type", Some("volumes")) => {
            "type: volume` (or `bind`, `tmpfs`), or use the short form `SOURCE:TARGET"
        }
        ("soft" | "hard", _) => return Some("give both `soft:` and `hard:`, or one number for both".into()),
        ("action", _) => "action: rebuild` (or `sync`, `restart`, `sync+restart`, `sync+exec`",
        _ => return Some(format!("add `{property}:`")),
    };
    Some(format!("add `{example}`"))
}

/// What a text that does not match its pattern should look like.
pub fn pattern(text: &str, path: &[String]) -> Option<String> {
    match path.last().map_or("", String::as_str) {
        "container_name" => Some(
            "a name begins with a letter or digit and has at least two of letters, digits, `.`, `_`, `-`"
                .into(),
        ),
        "pull_policy" => {
            let known = ["always", "never", "build", "missing", "refresh", "daily", "weekly"];
            did_you_mean(text, known.into_iter())
                .or_else(|| Some(format!("use one of {}, or every_12h and the like", known.join(", "))))
        }
        _ => None,
    }
}

/// The question about the nearest known word, if there is one that is near.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The known word that a misspelt one is closest to: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let spelling = |text: &str| text.to_lowercase().replace('-', "_");
    let wanted = spelling(word);
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    // As many letters must be added or taken away as the lengths differ by, and counting is quick.
    let length = word.chars().count();
    let similar = known.filter(|candidate| candidate.chars().count().abs_diff(length) <= limit);
    let distances = similar.map(|candidate| (distance(&wanted, &spelling(candidate)), candidate));
    distances
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be changed, added, taken away or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 { i + j } else { cell(&rows, &a, &b, i, j) };
        }
    }
    rows[a.len()][b.len()]
}

fn cell(rows: &[Vec<usize>], a: &[char], b: &[char], i: usize, j: usize) -> usize {
    let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
    let best = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
    if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
}
