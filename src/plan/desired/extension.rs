//! `x-wharf` of a service: what Compose has no words for, carried to the engine as labels `dev.wharf.*`. An engine that does not
//! know them ignores them.

use std::collections::BTreeMap;

use super::DesiredError;
use crate::plan::labels;
use crate::project::Project;
use crate::project::model::Service;
use crate::project::node::{Node, Value};

/// The key in the file.
const KEY: &str = "x-wharf";

/// The labels that a service's `x-wharf` stands for.
///
/// # Errors
/// A key or value that means nothing, with its place.
pub(super) fn labels_of(
    project: &Project,
    service: &Service,
) -> Result<BTreeMap<String, String>, DesiredError> {
    let mut all = BTreeMap::new();
    let Some(extension) = service.extensions.0.get(KEY) else { return Ok(all) };
    let failed = |key: &str, problem: String| {
        let path = ["services", &service.name, KEY, key];
        let written = project.locate(&path).or_else(|| project.locate(&path[..3]));
        let place = project.sources.locate(written.unwrap_or(service.span));
        DesiredError::Attribute { service: service.name.clone(), problem: format!("{KEY}: {problem}"), place }
    };
    let Value::Mapping(entries) = &extension.value else {
        return Err(failed("", format!("a mapping is expected, not {}", extension.value.kind_name())));
    };
    for (key, entry) in entries {
        let (label, value) = match key.as_str() {
            "probe" => (labels::PROBE, probe(&entry.node)),
            "on_unhealthy" => (labels::ON_UNHEALTHY, on_unhealthy(&entry.node)),
            _ => ("", Err("there is no such key; there are probe and on_unhealthy".to_owned())),
        };
        let value = value.map_err(|problem| failed(key, format!("{key}: {problem}")))?;
        all.insert(label.to_owned(), value);
    }
    Ok(all)
}

/// `{http: ":8000/health"}` or `{tcp: 5432}`.
fn probe(node: &Node) -> Result<String, String> {
    const FORMS: &str = "write {http: \":8000/health\"} or {tcp: 5432}";
    let Value::Mapping(entries) = &node.value else { return Err(FORMS.to_owned()) };
    let [(kind, entry)] = entries.iter().collect::<Vec<_>>()[..] else { return Err(FORMS.to_owned()) };
    let text = entry.node.value.scalar_text().ok_or(FORMS)?;
    let address = text.strip_prefix(':').unwrap_or(&text);
    let (port, path) = address.split_once('/').unwrap_or((address, ""));
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(format!("{text:?} does not begin with a port; {FORMS}"));
    }
    match kind.as_str() {
        "http" if !path.contains(|letter: char| letter.is_whitespace() || letter.is_control()) => {
            Ok(format!("http://:{port}/{path}"))
        }
        "tcp" if !address.contains('/') => Ok(format!("tcp://:{port}")),
        _ => Err(FORMS.to_owned()),
    }
}

fn on_unhealthy(node: &Node) -> Result<String, String> {
    match &node.value {
        Value::String(text) if text == "restart" => Ok(text.clone()),
        _ => Err("the only thing that can be done is \"restart\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::node::Entry;

    fn mapping(key: &str, value: Value) -> Node {
        let entry = Entry { node: Node { value, ..Node::default() }, ..Entry::default() };
        Node { value: Value::Mapping([(key.to_owned(), entry)].into_iter().collect()), ..Node::default() }
    }

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    #[test]
    fn probes() {
        assert_eq!(probe(&mapping("http", text(":8000/health"))).unwrap(), "http://:8000/health");
        assert_eq!(probe(&mapping("http", Value::Int(80))).unwrap(), "http://:80/");
        assert_eq!(probe(&mapping("tcp", Value::Int(5432))).unwrap(), "tcp://:5432");
        for (kind, value) in [
            ("http", text("/health")),
            ("http", text(":80/a b")),
            ("tcp", text(":1/x")),
            ("udp", Value::Int(1)),
            ("tcp", Value::Int(0)),
        ] {
            assert!(probe(&mapping(kind, value.clone())).is_err(), "{kind} {value:?}");
        }
        assert!(probe(&Node { value: text("tcp"), ..Node::default() }).is_err());
    }

    #[test]
    fn what_is_done_about_it() {
        let node = |value: &str| Node { value: text(value), ..Node::default() };
        assert_eq!(on_unhealthy(&node("restart")).unwrap(), "restart");
        assert!(on_unhealthy(&node("pray")).is_err());
    }
}
