//! Provenance as the comment behind a value, on one line whatever the values hold.

use super::is_leaf;
use crate::project::node::Node;
use crate::project::origin::{Interpolation, Origins, VariableSource, VariableUse};
use crate::project::render;
use crate::project::source::{SourceMap, Span};

/// The comment of a node; maps and lists have one only when they took the place of another.
pub fn of(node: &Node, origins: &Origins, sources: &SourceMap) -> Option<String> {
    let overrode: Vec<String> =
        origins.overrode(node.span).map(|earlier| overridden(earlier, sources)).collect();
    if overrode.is_empty() && !is_leaf(node) {
        return None;
    }
    let origin = origins.get(node.span);
    let interpolation = origin.and_then(|origin| origin.interpolation.as_deref());
    let mut parts = Vec::new();
    match sources.locate(node.span).filter(|_| node.span.is_written()) {
        Some(place) if !origin.is_some_and(|origin| origin.filled_in) => parts.push(place),
        _ if interpolation.is_none() => parts.push("default".to_owned()),
        _ => {}
    }
    if !overrode.is_empty() {
        parts.push(format!("(overrides {})", overrode.join(", ")));
    }
    parts.extend(interpolation.map(|interpolation| interpolated(interpolation, sources)));
    Some(parts.join(" "))
}

/// Place and value; a map or list has only a place, because its values say the rest.
fn overridden(node: &Node, sources: &SourceMap) -> String {
    let place = sources.locate(node.span).unwrap_or_default();
    if is_leaf(node) { format!("{place}: {}", render::tree_compact_json(node)) } else { place }
}

fn interpolated(interpolation: &Interpolation, sources: &SourceMap) -> String {
    let variables: Vec<String> =
        interpolation.variables.iter().map(|variable| described(variable, sources)).collect();
    let template = shown(&interpolation.template);
    if variables.is_empty() {
        format!("from {template}")
    } else {
        format!("from {template}: {}", variables.join(", "))
    }
}

fn described(variable: &VariableUse, sources: &SourceMap) -> String {
    let name = &variable.name;
    let place = variable.source.map(|source| set_in(source, sources)).unwrap_or_default();
    let text = match (&variable.value, variable.source) {
        (_, None) => format!("{name} is not set"),
        (None, Some(_)) => format!("{name} is {place}"),
        (Some(value), Some(_)) if value.is_empty() => format!("{name} is empty, {place}"),
        (Some(value), Some(_)) => format!("{name}={} {place}", shown(value)),
    };
    match &variable.default {
        Some(default) => format!("{text} (default: {})", shown(default)),
        None => text,
    }
}

fn set_in(source: VariableSource, sources: &SourceMap) -> String {
    match source {
        VariableSource::Process => "set in the environment".to_owned(),
        VariableSource::ProjectName => "set to the project name".to_owned(),
        VariableSource::File(span) => format!("set in {}", line(span, sources)),
    }
}

/// `path:line`: a line of an env file holds one variable.
fn line(span: Span, sources: &SourceMap) -> String {
    let path = sources.get(span.file).map(|file| file.path.display().to_string()).unwrap_or_default();
    format!("{path}:{}", span.line)
}

/// Text as it is, or quoted where it would not stand on one line.
fn shown(text: &str) -> String {
    if text.chars().any(char::is_control) || text.is_empty() { format!("{text:?}") } else { text.to_owned() }
}
