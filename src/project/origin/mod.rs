//! How values came about: what each replaced, and the variables it was made of.
//!
//! A span carries the number of its origin, so every pass that hands a span on hands the origin on too. Nothing is
//! recorded unless the caller of `load` asks for it: then every number is zero and costs nothing. Does not print.

mod variable;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

pub use variable::{Interpolation, Sources, VariableSource, VariableUse};

use super::node::{Node, Value};
use super::source::Span;

/// Number of an [`Origin`]. Zero: nothing is known beyond the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct OriginId(u32);

impl OriginId {
    /// The origin of values that no file says.
    pub const FILLED_IN: OriginId = OriginId(u32::MAX);
}

/// How one value came about.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The value this one replaced; its own span leads to what that one replaced.
    pub overrode: Option<Box<Node>>,
    /// The text with variables that it was written as.
    pub interpolation: Option<Arc<Interpolation>>,
    /// Whether Wharf filled it in: its span, if it has one, is what made that necessary.
    pub filled_in: bool,
}

static FILLED_IN: Origin = Origin { overrode: None, interpolation: None, filled_in: true };

/// The origins of one loading.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    recording: bool,
    origins: Vec<Origin>,
    resolved: BTreeMap<Vec<String>, Span>,
}

impl Origins {
    /// No origins yet; with `recording` off none are ever kept.
    pub fn new(recording: bool) -> Self {
        Self { recording, ..Self::default() }
    }

    /// Whether origins are kept.
    pub fn is_recording(&self) -> bool {
        self.recording
    }

    /// What is known of the value with this span.
    pub fn get(&self, span: Span) -> Option<&Origin> {
        if span.origin == OriginId::FILLED_IN {
            return Some(&FILLED_IN);
        }
        self.origins.get(usize::try_from(span.origin.0).ok()?.checked_sub(1)?)
    }

    /// What the value with this span replaced, the nearest first.
    pub fn overrode(&self, span: Span) -> impl Iterator<Item = &Node> {
        let before = |span: Span| self.get(span).and_then(|origin| origin.overrode.as_deref());
        std::iter::successors(before(span), move |node| before(node.span))
    }

    /// Notes that `later` takes the place of `earlier`. A default that gives way is nothing to tell of.
    pub fn replace(&mut self, earlier: &Node, later: &mut Node) {
        let same = earlier.span.file == later.span.file && earlier.span.start == later.span.start;
        if !self.recording || !earlier.span.is_written() || same {
            return;
        }
        later.span.origin = self.append(later.span, earlier);
        let (Some(before), Some(after)) = (earlier.as_mapping(), later.as_mapping_mut()) else { return };
        for (key, entry) in after {
            if let Some(earlier) = before.get(key) {
                self.replace(&earlier.node, &mut entry.node);
            }
        }
    }

    /// As [`Self::replace`] where two values meet in a merge: two maps or two lists become one instead.
    pub fn meet(&mut self, earlier: &Node, later: &mut Node) {
        let joined = matches!(
            (&earlier.value, &later.value),
            (Value::Mapping(_), Value::Mapping(_)) | (Value::Sequence(_), Value::Sequence(_))
        );
        if !joined {
            self.replace(earlier, later);
        }
    }

    /// `earlier` at the end of what the value with this span replaced already.
    fn append(&mut self, span: Span, earlier: &Node) -> OriginId {
        let origin = self.get(span).cloned().unwrap_or_default();
        let next = match origin.overrode {
            None => Box::new(earlier.clone()),
            Some(mut next) => {
                next.span.origin = self.append(next.span, earlier);
                next
            }
        };
        self.add(Origin { overrode: Some(next), ..origin })
    }

    /// The span of a value that was made of variables.
    pub fn interpolated(&mut self, span: Span, interpolation: Interpolation) -> Span {
        if !self.recording {
            return span;
        }
        let origin = self.get(span).cloned().unwrap_or_default();
        let interpolation = Some(Arc::new(interpolation));
        Span { origin: self.add(Origin { interpolation, filled_in: false, ..origin }), ..span }
    }

    /// The span of a value that is a variable's because only the variable's name is written.
    pub fn named(&mut self, span: Span, name: &str, value: &str, source: VariableSource) -> Span {
        let (value, source) = (Some(value.to_owned()), Some(source));
        let variables = vec![VariableUse { name: name.to_owned(), value, source, default: None }];
        self.interpolated(span, Interpolation { template: name.to_owned(), variables })
    }

    fn add(&mut self, origin: Origin) -> OriginId {
        self.origins.push(origin);
        OriginId(u32::try_from(self.origins.len()).unwrap_or_default())
    }

    /// Notes where a value comes from that is not in the tree: one of an `env_file`, say. `path` leads to it in the project.
    pub fn resolve<const N: usize>(&mut self, path: [&str; N], span: Span) {
        if self.recording {
            self.resolved.insert(path.map(str::to_owned).to_vec(), span);
        }
    }

    /// Where such a value comes from.
    pub fn resolved(&self, path: &[String]) -> Option<Span> {
        self.resolved.get(path).copied()
    }
}

#[cfg(test)]
mod tests;
