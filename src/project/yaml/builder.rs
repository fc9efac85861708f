//! Events to trees: anchors and aliases, merge keys, duplicate keys, limits.

use std::collections::HashMap;

use super::events::{Event, EventKind, Events, Properties};
use super::explain::explain;
use super::{Directive, Directives, scalar, syntax_error};
use crate::project::diagnostic::Diagnostic;
use crate::project::limits::{MAX_DEPTH, MAX_VALUES, keep_warnings, text_weight};
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::origin::Origins;
use crate::project::schema::did_you_mean;
use crate::project::source::{FileId, Span};

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// What a text holds.
pub struct Built {
    /// The root of every document.
    pub roots: Vec<Node>,
    /// `!reset` and `!override`.
    pub directives: Directives,
    /// Tags that mean nothing here.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a whole text.
pub fn build(file: FileId, text: &str, origins: &mut Origins) -> Result<Built> {
    let events = Events::new(file, text).ok_or_else(|| syntax_error(Span::default(), "out of memory"))?;
    let mut builder = Builder {
        events,
        text,
        anchors: HashMap::new(),
        directives: Directives::new(),
        warnings: Vec::new(),
        origins,
        last: Span::default(),
        nodes: 0,
        depth: 0,
    };
    let mut roots = Vec::new();
    loop {
        let event = builder.next()?;
        match event.kind {
            EventKind::End => {
                let Builder { directives, warnings, .. } = builder;
                return Ok(Built { roots, directives, warnings });
            }
            // Anchors go on into the next document, as with go-yaml.
            EventKind::DocumentStart | EventKind::DocumentEnd => {}
            _ => roots.push(builder.node(event)?),
        }
    }
}

struct Builder<'a> {
    events: Events<'a>,
    text: &'a str,
    /// Anchored nodes and how many nodes each holds. `None` while the node is still being read.
    anchors: HashMap<String, Option<(Node, usize)>>,
    directives: Directives,
    warnings: Vec<Diagnostic>,
    origins: &'a mut Origins,
    /// Where the event that was read last stands.
    last: Span,
    nodes: usize,
    depth: usize,
}

impl Builder<'_> {
    fn next(&mut self) -> Result<Event> {
        let event = self.events.next().map_err(|error| explain(error, self.text, self.last))?;
        self.last = event.span;
        Ok(event)
    }

    fn node(&mut self, event: Event) -> Result<Node> {
        self.count(1, event.span)?;
        let span = event.span;
        let before = self.nodes;
        match event.kind {
            EventKind::Alias(name) => self.alias(&name, span),
            EventKind::Scalar { properties, text, plain } => {
                self.count(text_weight(text.len()), span)?;
                let tag = self.directive(&properties, span);
                let value =
                    scalar::resolve(tag, text, plain).map_err(|message| syntax_error(span, message))?;
                Ok(self.anchored(properties.anchor, Node::new(value, span), before))
            }
            EventKind::SequenceStart(properties) => {
                let node = self.collection(&properties, span, Self::items)?;
                Ok(self.anchored(properties.anchor, node, before))
            }
            EventKind::MappingStart(properties) => {
                let node = self.collection(&properties, span, Self::entries)?;
                Ok(self.anchored(properties.anchor, node, before))
            }
            _ => Err(syntax_error(span, "unexpected end of document")),
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<()> {
        self.nodes += nodes;
        within_limit(self.nodes, span)
    }

    /// Notes `!reset` and `!override`, and tags that are nobody's; any other tag is returned.
    fn directive<'p>(&mut self, properties: &'p Properties, span: Span) -> Option<&'p str> {
        let directive = match properties.tag.as_deref() {
            Some("!reset") => Directive::Reset,
            Some("!override") => Directive::Override,
            Some(tag) if tag.len() > 1 && tag.starts_with('!') => {
                keep_warnings(&mut self.warnings, [unknown_tag(tag, span)]);
                return Some(tag);
            }
            other => return other,
        };
        self.directives.insert(span.start, directive);
        None
    }

    fn anchored(&mut self, anchor: Option<String>, node: Node, before: usize) -> Node {
        if let Some(name) = anchor {
            let size = self.nodes - before + 1;
            self.anchors.insert(name, Some((node.clone(), size)));
        }
        node
    }

    fn alias(&mut self, name: &str, span: Span) -> Result<Node> {
        match self.anchors.get(name) {
            Some(Some((node, size))) => {
                let (node, size) = (node, *size);
                self.nodes += size;
                within_limit(self.nodes, span)?;
                Ok(node.clone())
            }
            Some(None) => Err(syntax_error(span, format!("anchor '{name}' value contains itself"))),
            None => {
                let error = syntax_error(span, format!("unknown anchor '{name}' referenced"));
                Err(Box::new(
                    error.with_help(format!("an anchor is set with `&{name}`, above the place that uses it")),
                ))
            }
        }
    }

    fn collection(
        &mut self,
        properties: &Properties,
        span: Span,
        read: fn(&mut Self, Span) -> Result<(Value, Span)>,
    ) -> Result<Node> {
        self.directive(properties, span);
        if let Some(name) = &properties.anchor {
            self.anchors.insert(name.clone(), None);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Box::new(Diagnostic::error("yaml-limit", span, message)));
        }
        let (value, end) = read(self, span)?;
        self.depth -= 1;
        Ok(Node::new(value, Span { end: end.end.max(span.end), ..span }))
    }

    fn items(&mut self, _: Span) -> Result<(Value, Span)> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.kind, EventKind::SequenceEnd) {
                return Ok((Value::Sequence(items), event.span));
            }
            items.push(self.node(event)?);
        }
    }

    fn entries(&mut self, _: Span) -> Result<(Value, Span)> {
        let mut entries = Mapping::new();
        let mut merge = None;
        loop {
            let event = self.next()?;
            if matches!(event.kind, EventKind::MappingEnd) {
                if let Some((span, node)) = merge {
                    merge_into(&mut entries, node, span, self.origins)?;
                }
                return Ok((Value::Mapping(entries), event.span));
            }
            let span = event.span;
            let is_merge = is_merge_key(&event.kind);
            let key = if is_merge { "<<".to_owned() } else { self.key(event)? };
            let value = self.next()?;
            let node = self.node(value)?;
            if is_merge {
                if let Some((first, _)) = merge.replace((span, node)) {
                    return Err(duplicate("<<", span, first));
                }
            } else if let Some(first) = entries.get(&key) {
                return Err(duplicate(&key, span, first.key_span));
            } else {
                entries.insert(key, Entry { key_span: span, node });
            }
        }
    }

    fn key(&mut self, event: Event) -> Result<String> {
        let span = event.span;
        match self.node(event)?.value {
            Value::String(key) => Ok(key),
            other => {
                let shown = other
                    .scalar_text()
                    .filter(|text| !text.is_empty())
                    .unwrap_or_else(|| other.kind_name().into());
                let message = format!("non-string key: {shown}");
                Err(Box::new(
                    Diagnostic::error("yaml-key", span, message).with_help(format!("quote it: \"{shown}\"")),
                ))
            }
        }
    }
}

fn within_limit(nodes: usize, span: Span) -> Result<()> {
    if nodes <= MAX_VALUES {
        return Ok(());
    }
    let message = format!("the document holds more than {MAX_VALUES} values (aliases expanded)");
    Err(Box::new(Diagnostic::error("yaml-limit", span, message)))
}

fn unknown_tag(tag: &str, span: Span) -> Diagnostic {
    let length = u32::try_from(tag.len()).unwrap_or(0);
    let place = Span { end: span.start + length, ..span };
    let message = format!("the tag {tag} is not known and has no effect");
    let warning = Diagnostic::warning("unknown-tag", place, message);
    match did_you_mean(tag, ["!reset", "!override"].into_iter()) {
        Some(help) => warning.with_help(help),
        None => warning,
    }
}

fn is_merge_key(kind: &EventKind) -> bool {
    match kind {
        EventKind::Scalar { properties, text, plain: true } => {
            text == "<<" && matches!(properties.tag.as_deref(), None | Some("!" | "tag:yaml.org,2002:merge"))
        }
        _ => false,
    }
}

/// Adds what `<<` brings: own keys win, then the earlier map of a list.
fn merge_into(entries: &mut Mapping, node: Node, key_span: Span, origins: &mut Origins) -> Result<()> {
    let maps = match node.value {
        Value::Mapping(map) => vec![map],
        Value::Sequence(items) => {
            let maps: Option<Vec<Mapping>> = items.into_iter().map(into_mapping).collect();
            maps.ok_or_else(|| bad_merge(key_span))?
        }
        _ => return Err(bad_merge(key_span)),
    };
    for (key, entry) in maps.into_iter().flatten() {
        match entries.get_mut(&key) {
            Some(own) => origins.replace(&entry.node, &mut own.node),
            None => {
                entries.insert(key, entry);
            }
        }
    }
    Ok(())
}

fn into_mapping(node: Node) -> Option<Mapping> {
    if let Value::Mapping(map) = node.value { Some(map) } else { None }
}

fn bad_merge(span: Span) -> Box<Diagnostic> {
    syntax_error(span, "map merge requires map or sequence of maps as the value")
}

fn duplicate(key: &str, span: Span, first: Span) -> Box<Diagnostic> {
    let message = format!("mapping key {key:?} already defined at line {}", first.line);
    let diagnostic =
        Diagnostic::error("duplicate-key", span, message).with_label(first, "first defined here");
    Box::new(diagnostic.with_help("remove one of the two, or merge them under one key"))
}
