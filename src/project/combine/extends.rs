//! `extends`: a service starts from another one, of the same file or of another (compose-surface 1.9).

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Result, Scope, Session, canonicalize, interpolated};
use crate::project::diagnostic::Diagnostic;
use crate::project::finish::paths;
use crate::project::limits::MAX_LABELS;
use crate::project::merge;
use crate::project::node::{Mapping, Node, Value};
use crate::project::read::discover::relative;
use crate::project::schema::did_you_mean;
use crate::project::source::Span;
use crate::project::yaml::{Document, Path as TreePath};

/// The services that a file offers as bases: interpolated and canonical, paths absolute, not yet extended.
#[derive(Clone)]
pub struct Base {
    services: Rc<Mapping>,
    removals: Rc<[TreePath]>,
    /// Services with everything they extend, as far as they were asked for: a long chain is walked once.
    extended: Rc<RefCell<HashMap<String, Node>>>,
}

impl Base {
    fn new(services: Mapping, removals: &[TreePath]) -> Self {
        Self { services: Rc::new(services), removals: removals.into(), extended: Rc::default() }
    }
}

/// Where a chain of extensions stands.
#[derive(Clone)]
struct Place {
    file: PathBuf,
    directory: PathBuf,
    base: Base,
}

/// A service on the way to the one that extends nothing.
struct Link {
    place: Place,
    name: String,
    service: Node,
    /// Where its `extends` is.
    span: Span,
}

/// The services on the way.
#[derive(Default)]
struct Chain {
    links: Vec<Link>,
    seen: HashSet<(PathBuf, String)>,
}

/// Extends every service of a document that asks for it.
pub fn apply(session: &mut Session<'_>, scope: &Scope, file: &Path, root: &mut Node, removals: &[TreePath]) {
    // Services that are no map are for the schema to judge.
    let Some(services) = root.get("services").and_then(Node::as_mapping) else { return };
    if !services.values().any(|entry| entry.node.get("extends").is_some()) {
        return;
    }
    let services = services.clone();
    let base = Base::new(services.clone(), removals);
    let place = Place { file: file.to_path_buf(), directory: scope.directory.clone(), base };
    for (name, entry) in services {
        if let Some(extends) = entry.node.get("extends") {
            // Each service of a circle finds the same circle.
            let known = session.errors.is_part_of("extends-cycle", extends.span);
            let extended = resolve(session, scope, place.clone(), &name, entry.key_span);
            let extended = extended.unwrap_or_else(|errors| {
                session.errors.add(errors.into_iter().filter(|_| !known));
                session.errors.damage("services", &name);
                without_extends(entry.node)
            });
            if let Some(services) = root.get_mut("services")
                && let Some(entries) = services.as_mapping_mut()
            {
                entries[&name].node = extended;
            }
        }
    }
}

fn without_extends(mut service: Node) -> Node {
    if let Some(entries) = service.as_mapping_mut() {
        entries.shift_remove("extends");
    }
    service
}

/// A service of a place with everything it extends: down the chain to a service that extends nothing, and back up.
fn resolve(
    session: &mut Session<'_>,
    scope: &Scope,
    mut place: Place,
    name: &str,
    mut asked_at: Span,
) -> Result<Node> {
    if session.budget.is_spent() {
        return Err(Vec::new());
    }
    let mut name = name.to_owned();
    let mut chain = Chain::default();
    let mut node = loop {
        if let Some(known) = place.base.extended.borrow().get(&name) {
            break known.clone();
        }
        let Some(entry) = place.base.services.get(&name) else {
            return Err(vec![missing(&place, &name, asked_at, &chain)]);
        };
        let service = entry.node.clone();
        let Some(extends) = service.get("extends").cloned() else { break service };
        if !chain.seen.insert((place.file.clone(), name.clone())) {
            return Err(vec![cycle(&chain, &place.file, &name)]);
        }
        let (reference, file) = target(&extends)?;
        let other = match file {
            Some(file) => open(session, scope, &place, &file)?,
            None => place.clone(),
        };
        let span = extends.span;
        chain.links.push(Link { place: std::mem::replace(&mut place, other), name, service, span });
        asked_at = extends.get("service").map_or(span, |service| service.span);
        name = reference;
    };
    for Link { place, name, service, span } in chain.links.into_iter().rev() {
        session.budget.spend(&node, span)?;
        node = combine(node, service, &name, &place.base.removals, session)?;
        place.base.extended.borrow_mut().insert(name, node.clone());
    }
    Ok(node)
}

/// Merges a service over its base; what the service resets is taken from the base first.
fn combine(
    mut base: Node,
    service: Node,
    name: &str,
    removals: &[TreePath],
    session: &mut Session<'_>,
) -> Result<Node> {
    let mut service = without_extends(service);
    for path in removals {
        if let [section, of, rest @ ..] = path.as_slice()
            && section == "services"
            && of == name
        {
            merge::remove(&mut base, rest, &mut service, &mut session.origins);
        }
    }
    merge::merge_service(base, service, &mut session.origins).map_err(|error| vec![*error])
}

/// Service name and, when given, the file with its place.
fn target(extends: &Node) -> Result<(String, Option<Node>)> {
    if let Some(name) = extends.as_str() {
        return Ok((name.to_owned(), None));
    }
    let service = extends.get("service").and_then(Node::as_str).map(str::to_owned);
    let file = extends.get("file").filter(|file| !file.is_null()).cloned();
    let unknown = extends
        .as_mapping()
        .and_then(|keys| keys.iter().find(|(key, _)| !matches!(key.as_str(), "service" | "file")));
    match (service, unknown) {
        (Some(service), None) => Ok((service, file)),
        (_, Some((key, entry))) => {
            let message = format!("extends additional properties '{key}' not allowed");
            let help = did_you_mean(key, ["service", "file"].into_iter());
            let error = Diagnostic::error("unknown-key", entry.key_span, message);
            Err(vec![error.with_help(help.unwrap_or_else(|| "`extends` takes `service` and `file`".into()))])
        }
        (None, None) => Err(vec![
            Diagnostic::error("missing-property", extends.span, "extends missing property 'service'")
                .with_help("add `service:` with the name of the service to start from"),
        ]),
    }
}

/// Reads the file an extension names.
fn open(session: &mut Session<'_>, scope: &Scope, place: &Place, file: &Node) -> Result<Place> {
    let text = file.value.scalar_text().unwrap_or_default();
    let path = paths::expand_home(&text, &session.options.environment);
    let path = session.local(&place.directory, &path, file.span, "extend from")?;
    let directory = path.parent().map_or_else(|| place.directory.clone(), Path::to_path_buf);
    if let Some(base) = session.bases.get(&path) {
        return Ok(Place { file: path, directory, base: base.clone() });
    }
    session.named(&path, file.span, "extended from here");
    let base = read_base(session, scope, &path, &directory)
        .map_err(|errors| errors.into_iter().map(|error| at(error, file.span)).collect::<Vec<_>>())?;
    session.bases.insert(path.clone(), base.clone());
    Ok(Place { file: path, directory, base })
}

/// An error that points nowhere points at the name of the file.
fn at(mut error: Diagnostic, extends: Span) -> Diagnostic {
    error.span = error.span.or(extends);
    error
}

fn read_base(session: &mut Session<'_>, scope: &Scope, path: &Path, directory: &Path) -> Result<Base> {
    let mut tree = Node::mapping(Mapping::new(), Span::default());
    let mut removals = Vec::new();
    for Document { mut root, removals: removed, .. } in session.take_documents(path)? {
        if !matches!(root.value, Value::Mapping(_)) {
            continue;
        }
        interpolated(session, scope, &mut root);
        let origins = &mut session.origins;
        removed.iter().for_each(|path| merge::remove(&mut tree, path, &mut root, origins));
        tree = merge::merge(tree, root, origins).map_err(|error| vec![*error])?;
        removals.extend(removed);
    }
    canonicalize(session, &mut tree);
    // Paths of a base start from its own directory; when they are to stay relative, from that of the project.
    let start = if session.options.resolve_paths {
        directory.to_path_buf()
    } else {
        relative(directory, &scope.directory)
    };
    paths::resolve(&mut tree, &start, &session.options.environment);
    let services = tree.get("services").and_then(Node::as_mapping).cloned();
    let Some(services) = services else {
        let message = format!("cannot extend a service in {}: no services section", path.display());
        return Err(vec![Diagnostic::error("extends", Span::default(), message)]);
    };
    Ok(Base::new(services, &removals))
}

fn missing(place: &Place, name: &str, asked_at: Span, chain: &Chain) -> Diagnostic {
    let (from, service) = chain
        .links
        .last()
        .map_or((place.file.as_path(), ""), |link| (link.place.file.as_path(), link.name.as_str()));
    let elsewhere = if from == place.file { String::new() } else { format!(" in {}", place.file.display()) };
    let message = format!(
        "cannot extend service {service:?} in {}: service {name:?} not found{elsewhere}",
        from.display()
    );
    let known = place.base.services.keys().map(String::as_str).filter(|other| *other != service);
    let error = Diagnostic::error("extends", asked_at, message);
    match did_you_mean(name, known) {
        Some(help) => error.with_help(help),
        None => error.with_help("name a service of this file, or add `file:` with the file it is in"),
    }
}

/// The message is Compose's; each step of the circle is labelled.
fn cycle(chain: &Chain, file: &Path, name: &str) -> Diagnostic {
    let steps = chain.links.iter().map(|link| format!("{} in {}", link.name, link.place.file.display()));
    let lines: Vec<String> = steps.chain([format!("{name} in {}", file.display())]).collect();
    let message = format!("Circular reference:\n  {}", lines.join("\n  extends "));
    let first = chain.links.first().map(|link| link.span).unwrap_or_default();
    let rest = chain.links.iter().skip(1).take(MAX_LABELS);
    rest.fold(Diagnostic::error("extends-cycle", first, message), |diagnostic, link| {
        diagnostic.with_label(link.span, format!("{} goes on here", link.name))
    })
}
