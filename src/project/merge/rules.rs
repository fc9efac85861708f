//! The attributes that do not merge in the ordinary way.

use std::collections::{HashMap, HashSet};

use super::{clash, merge_at, merge_mappings};
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::origin::Origins;
use crate::project::path::Trail;
use crate::project::source::Span;

type Result = std::result::Result<Node, Box<Diagnostic>>;

/// How two values of an attribute become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The later value replaces the earlier one whole, null too.
    Replace,
    /// Both become lists of `key=value` and are appended.
    KeyValueList,
    /// As `KeyValueList`, but exact repetitions are left out.
    DistinctList,
    /// A list of names becomes a map; then maps merge.
    NamesToMap,
    /// As `NamesToMap`, with the explicit defaults of a dependency.
    Dependencies,
    /// A text is the context; then maps merge.
    Build,
    /// Maps merge when both drivers are the same or one is absent, else the later replaces the earlier.
    Logging,
    /// Address pools merge by subnet.
    AddressPools,
}

/// Merges by a rule.
pub fn apply(rule: Rule, base: Node, mut later: Node, trail: &Trail<'_>, origins: &mut Origins) -> Result {
    if later.is_null() && rule != Rule::Replace {
        return Ok(base);
    }
    match rule {
        Rule::Replace => {
            origins.replace(&base, &mut later);
            Ok(later)
        }
        Rule::KeyValueList => append(base, later, false, trail),
        Rule::DistinctList => append(base, later, true, trail),
        Rule::NamesToMap => {
            let empty = |_| Node::default();
            maps(names_to_map(base, empty), names_to_map(later, empty), trail, origins)
        }
        Rule::Dependencies => {
            maps(names_to_map(base, dependency), names_to_map(later, dependency), trail, origins)
        }
        Rule::Build => maps(build(base), build(later), trail, origins),
        Rule::Logging => logging(base, later, trail, origins),
        Rule::AddressPools => address_pools(base, later, trail, origins),
    }
}

fn maps(base: Node, later: Node, trail: &Trail<'_>, origins: &mut Origins) -> Result {
    let (base_span, span) = (base.span, later.span);
    match (base.value, later.value) {
        (Value::Null, value) => Ok(Node::new(value, span)),
        (Value::Mapping(base), Value::Mapping(later)) => {
            Ok(Node::mapping(merge_mappings(base, later, trail, origins)?, base_span))
        }
        (_, value) => Err(clash(trail, &Node::new(value, span), base_span)),
    }
}

fn append(base: Node, later: Node, distinct: bool, trail: &Trail<'_>) -> Result {
    let span = base.span.or(later.span);
    let (base_span, later_span) = (base.span, later.span);
    let sides = (into_list(base), into_list(later));
    let (Some(mut items), Some(more)) = sides else {
        return Err(clash(trail, &Node::new(Value::Null, later_span), base_span));
    };
    if distinct {
        let mut seen: HashSet<String> = items.iter().map(Node::identity).collect();
        items.extend(more.into_iter().filter(|item| seen.insert(item.identity())));
    } else {
        items.extend(more);
    }
    Ok(Node::sequence(items, span))
}

/// A map as sorted `key=value` items, a text as one item.
pub fn into_list(node: Node) -> Option<Vec<Node>> {
    match node.value {
        Value::Null => Some(Vec::new()),
        Value::Sequence(items) => Some(items),
        Value::String(_) => Some(vec![node]),
        Value::Mapping(entries) => {
            let mut items: Vec<Node> =
                entries.into_iter().flat_map(|(key, entry)| pairs(&key, entry)).collect();
            items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Some(items)
        }
        _ => None,
    }
}

fn pairs(key: &str, entry: Entry) -> Vec<Node> {
    let value = entry.node.span;
    let span = Span { origin: value.origin, ..entry.key_span.or(value) };
    let pair = |node: &Node| {
        let text = if node.is_null() {
            key.to_owned()
        } else {
            format!("{key}={}", node.value.scalar_text().unwrap_or_default())
        };
        Node::string(text, span)
    };
    match &entry.node.value {
        Value::Sequence(items) => items.iter().map(pair).collect(),
        _ => vec![pair(&entry.node)],
    }
}

fn names_to_map(node: Node, default: fn(Span) -> Node) -> Node {
    let span = node.span;
    let Value::Sequence(items) = node.value else { return node };
    let entries = items.into_iter().filter_map(|item| {
        let name = item.as_str()?.to_owned();
        Some((name, Entry { key_span: item.span, node: default(item.span) }))
    });
    Node::mapping(entries.collect(), span)
}

fn dependency(span: Span) -> Node {
    let mut node = Node::mapping(Mapping::new(), span);
    node.set("condition", Node::from("service_started"));
    node.set("required", Node::from(true));
    node
}

fn build(node: Node) -> Node {
    let span = node.span;
    let Value::String(context) = node.value else { return node };
    let mut build = Node::mapping(Mapping::new(), span);
    build.set("context", Node::string(context, span));
    build
}

fn logging(base: Node, mut later: Node, trail: &Trail<'_>, origins: &mut Origins) -> Result {
    let same = match (base.get("driver"), later.get("driver")) {
        (Some(base), Some(later)) => base == later,
        _ => true,
    };
    if same {
        return maps(base, later, trail, origins);
    }
    origins.replace(&base, &mut later);
    Ok(later)
}

fn address_pools(base: Node, later: Node, trail: &Trail<'_>, origins: &mut Origins) -> Result {
    let (base_span, later_span) = (base.span, later.span);
    let (Value::Sequence(mut pools), Value::Sequence(more)) = (base.value, later.value) else {
        return Err(clash(trail, &Node::new(Value::Null, later_span), base_span));
    };
    let subnet = |pool: &Node| pool.get("subnet").map(Node::identity);
    let mut positions: HashMap<Option<String>, usize> = HashMap::new();
    for (position, pool) in pools.iter().enumerate() {
        positions.entry(subnet(pool)).or_insert(position);
    }
    for pool in more {
        let position = *positions.entry(subnet(&pool)).or_insert(pools.len());
        match pools.get_mut(position) {
            None => pools.push(pool),
            Some(known) => {
                *known = merge_at(std::mem::take(known), pool, &Trail::root().child("pool"), origins)?
            }
        }
    }
    Ok(Node::sequence(pools, base_span))
}
