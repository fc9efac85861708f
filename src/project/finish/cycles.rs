//! Cycles in `depends_on`.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::diagnostic::Diagnostic;
use crate::project::model::Service;

/// Cycles that share no service, each written out from its alphabetically first service.
pub fn find(services: &BTreeMap<String, Service>) -> Vec<Diagnostic> {
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for name in services.keys() {
        if let Some(cycle) = walk(name, services, &mut Vec::new(), &mut done) {
            found.push(diagnostic(&cycle, services));
            done.extend(cycle);
        }
    }
    found
}

fn diagnostic(cycle: &[String], services: &BTreeMap<String, Service>) -> Diagnostic {
    let message = format!("dependency cycle detected: {}", cycle.join(" -> "));
    let span =
        |from: &str, to: &str| services.get(from)?.depends_on.get(to).map(|dependency| dependency.span);
    let mut steps = cycle.windows(2).filter_map(|pair| Some((span(&pair[0], &pair[1])?, &pair[0], &pair[1])));
    let first = steps.next().map(|(span, ..)| span).unwrap_or_default();
    let diagnostic = Diagnostic::error("dependency-cycle", first, message);
    steps.fold(diagnostic, |diagnostic, (span, from, to)| {
        diagnostic.with_label(span, format!("{from} depends on {to}"))
    })
}

fn walk(
    name: &str,
    services: &BTreeMap<String, Service>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|step| step == name) {
        let mut cycle = path[start..].to_vec();
        cycle.push(name.to_owned());
        return Some(cycle);
    }
    if done.contains(name) {
        return None;
    }
    path.push(name.to_owned());
    let dependencies = services.get(name).into_iter().flat_map(|service| service.depends_on.keys());
    let found = dependencies.into_iter().find_map(|dependency| walk(dependency, services, path, done));
    path.pop();
    done.insert(name.to_owned());
    found
}
