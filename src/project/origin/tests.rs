//! Chains of values that replaced each other.

use super::{Interpolation, OriginId, Origins};
use crate::project::node::Node;
use crate::project::source::{SourceMap, Span};

fn written(sources: &mut SourceMap, text: &str) -> Node {
    let file = sources.add(text.as_ref(), text.to_owned());
    Node::string(text, sources.line(file, 1))
}

fn chain(origins: &Origins, node: &Node) -> Vec<String> {
    origins.overrode(node.span).filter_map(|node| node.as_str().map(str::to_owned)).collect()
}

#[test]
fn what_replaces_a_value_takes_over_its_chain() {
    let mut sources = SourceMap::default();
    let [a, mut b, mut c, mut d] = ["a", "b", "c", "d"].map(|text| written(&mut sources, text));
    let mut origins = Origins::new(true);
    origins.replace(&a, &mut b);
    origins.replace(&c, &mut d);
    origins.replace(&b, &mut d);
    origins.replace(&b, &mut c);
    assert_eq!(chain(&origins, &d), ["c", "b", "a"]);
    assert_eq!(chain(&origins, &c), ["b", "a"]);
    assert_eq!(chain(&origins, &a), Vec::<String>::new());
}

#[test]
fn defaults_give_way_without_a_word_but_may_replace() {
    let mut sources = SourceMap::default();
    let [mut a, mut b] = ["a", "b"].map(|text| written(&mut sources, text));
    let mut origins = Origins::new(true);
    origins.replace(&Node::from("made"), &mut a);
    assert_eq!(a.span.origin, OriginId::default());
    b.span = b.span.filled_in();
    origins.replace(&a, &mut b);
    assert!(origins.get(b.span).is_some_and(|origin| origin.filled_in));
    assert_eq!(chain(&origins, &b), ["a"]);
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let mut sources = SourceMap::default();
    let [a, mut b] = ["a", "b"].map(|text| written(&mut sources, text));
    let mut origins = Origins::new(false);
    origins.replace(&a, &mut b);
    let span = origins.interpolated(b.span, Interpolation { template: String::new(), variables: Vec::new() });
    assert_eq!(span.origin, OriginId::default());
    origins.resolve(["x"], Span::default());
    assert!(origins.resolved(&["x".to_owned()]).is_none());
}
