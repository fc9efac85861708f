//! Cycles in `depends_on`.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::diagnostic::Diagnostic;
use crate::project::limits::MAX_LABELS;
use crate::project::model::Service;

/// Cycles that share no service, each written out from its alphabetically first service.
pub fn find(services: &BTreeMap<String, Service>) -> Vec<Diagnostic> {
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for name in services.keys() {
        if let Some(cycle) = walk(name, services, &mut done) {
            found.push(diagnostic(&cycle, services));
            done.extend(cycle);
        }
    }
    found
}

fn diagnostic(cycle: &[&str], services: &BTreeMap<String, Service>) -> Diagnostic {
    let message = format!("dependency cycle detected: {}", cycle.join(" -> "));
    let span =
        |from: &str, to: &str| services.get(from)?.depends_on.get(to).map(|dependency| dependency.span);
    let mut steps = cycle.windows(2).filter_map(|pair| Some((span(pair[0], pair[1])?, pair[0], pair[1])));
    let first = steps.next().map(|(span, ..)| span).unwrap_or_default();
    let diagnostic = Diagnostic::error("dependency-cycle", first, message);
    steps.take(MAX_LABELS).fold(diagnostic, |diagnostic, (span, from, to)| {
        diagnostic.with_label(span, format!("{from} depends on {to}"))
    })
}

/// Walks along dependencies, depth first, on a list of its own: a chain may be longer than the stack.
fn walk<'a>(
    start: &'a str,
    services: &'a BTreeMap<String, Service>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if done.contains(start) {
        return None;
    }
    let dependencies = |name: &str| services.get(name).map(|service| service.depends_on.keys());
    let mut path = vec![(start, dependencies(start))];
    let mut on_path = BTreeSet::from([start]);
    while let Some((name, rest)) = path.last_mut() {
        let Some(next) = rest.as_mut().and_then(Iterator::next) else {
            on_path.remove(name);
            done.insert(name);
            path.pop();
            continue;
        };
        if on_path.contains(next.as_str()) {
            let from = path.iter().position(|(name, _)| name == next).unwrap_or(0);
            let steps = path[from..].iter().map(|(name, _)| *name);
            return Some(steps.chain([next.as_str()]).collect());
        }
        if !done.contains(next.as_str()) {
            path.push((next, dependencies(next)));
            on_path.insert(next);
        }
    }
    None
}
