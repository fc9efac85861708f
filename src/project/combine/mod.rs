//! Several documents to one tree: read, interpolate, include, extend, merge, validate, canonicalise.
//!
//! The order of the steps is Compose's (compose-surface 1.0): an override may be incomplete, so the schema judges the sum.

mod extends;
mod include;
mod session;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use session::Session;

use super::diagnostic::Diagnostic;
use super::finish;
use super::interpolate;
use super::limits::keep_warnings;
use super::node::{Mapping, Node, Value};
use super::origin::{Sources, VariableSource};
use super::source::Span;
use super::yaml::Document;
use super::{canonical, merge, schema, warnings};

type Result<T> = std::result::Result<T, Vec<Diagnostic>>;

/// What a model's files share: variables, and the directory relative paths start from.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Variables for interpolation.
    pub environment: BTreeMap<String, String>,
    /// Where those of them were set that the process environment does not have.
    pub variable_sources: Sources,
    /// Directory of relative paths.
    pub directory: PathBuf,
}

impl Scope {
    /// Where a variable that has a value was set.
    pub fn variable_source(&self, name: &str) -> VariableSource {
        self.variable_sources.get(name).copied().unwrap_or(VariableSource::Process)
    }
}

/// Loads files into one tree. `including` are the files that led here through `include`. What is wrong goes to the
/// session's errors and is left out of the tree.
pub fn model(session: &mut Session<'_>, scope: &Scope, files: &[PathBuf], including: &[PathBuf]) -> Node {
    let mut tree = Node::mapping(Mapping::new(), Span::default());
    for file in files {
        let documents = match session.take_documents(file) {
            Ok(documents) => documents,
            Err(errors) => {
                session.errors.add_incomplete(errors);
                continue;
            }
        };
        for document in documents {
            tree = add_document(session, scope, file, including, tree, document);
        }
    }
    let errors = finish::complete(&mut tree, session, scope);
    session.errors.cut(&mut tree, errors);
    tree
}

fn add_document(
    session: &mut Session<'_>,
    scope: &Scope,
    file: &Path,
    including: &[PathBuf],
    mut tree: Node,
    document: Document,
) -> Node {
    let Document { mut root, removals, .. } = document;
    warnings::check_scalars(&mut root, &session.sources, &mut session.warnings);
    if !matches!(root.value, Value::Mapping(_)) {
        session.errors.add_incomplete(vec![not_a_mapping(&root)]);
        return tree;
    }
    interpolated(session, scope, &mut root);
    if let Err(errors) = session.budget.spend(&root, root.span) {
        session.errors.add_incomplete(errors);
        return tree;
    }
    include::apply(session, scope, file, including, &mut root);
    let origins = &mut session.origins;
    removals.iter().for_each(|path| merge::remove(&mut tree, path, &mut root, origins));
    extends::apply(session, scope, file, &mut root, &removals);
    if session.budget.is_spent() {
        // That was said. What was copied so far is large, and judging it takes longer than copying.
        session.errors.add_incomplete(Vec::new());
        return Node::mapping(Mapping::new(), Span::default());
    }
    let mut tree = merged(session, tree, root);
    merge::enforce_unique(&mut tree, &mut session.origins);
    validate(session, &mut tree);
    canonicalize(session, &mut tree);
    merge::enforce_unique(&mut tree, &mut session.origins);
    tree
}

fn not_a_mapping(root: &Node) -> Diagnostic {
    Diagnostic::error("type", root.span, "top-level object must be a mapping")
        .with_help("a compose file begins with keys at the left margin, such as `services:`")
}

/// Both together; when they do not go together, nothing.
fn merged(session: &mut Session<'_>, base: Node, later: Node) -> Node {
    merge::merge(base, later, &mut session.origins).unwrap_or_else(|error| {
        session.errors.add_incomplete(vec![*error]);
        Node::mapping(Mapping::new(), Span::default())
    })
}

fn interpolated(session: &mut Session<'_>, scope: &Scope, root: &mut Node) {
    if !session.options.interpolate {
        return;
    }
    let result =
        interpolate::interpolate(root, scope, &session.sources, &mut session.warnings, &mut session.origins);
    if let Err(errors) = result {
        session.errors.cut(root, errors);
    }
}

fn validate(session: &mut Session<'_>, tree: &mut Node) {
    let mut errors = schema::validate(tree);
    if session.errors.is_incomplete() {
        errors.retain(|error| error.code != "missing-property");
    }
    if !errors.is_empty() {
        session.errors.cut(tree, errors);
    }
    if let Some(version) = tree.as_mapping_mut().and_then(|entries| entries.shift_remove("version")) {
        let message = "the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion";
        session.warnings.push(Diagnostic::warning("obsolete-version", version.key_span, message));
    }
}

fn canonicalize(session: &mut Session<'_>, tree: &mut Node) {
    let findings = canonical::canonicalize(tree, &session.sources, !session.options.interpolate);
    keep_warnings(&mut session.warnings, findings.warnings);
    // Without values for variables, short forms may not parse; they are left as they are.
    if session.options.interpolate && !findings.errors.is_empty() {
        session.errors.cut(tree, findings.errors);
    }
}
