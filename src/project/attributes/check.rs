//! Compares what a project uses with what an engine can do.

use super::cases::Use;
use super::engine_kind::EngineKind;
use super::row::Attribute;
use super::support::{Limit, Support};
use crate::project::Project;
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};
use crate::project::path::ITEM;
use crate::project::source::Span;

/// Which part of a project matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Everything,
    /// How its images are built.
    Builds,
}

/// What an engine cannot do for a project, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What the project is refused for.
    pub errors: Vec<Diagnostic>,
    /// What has no effect.
    pub warnings: Vec<Diagnostic>,
}

/// Looks for everything in a project that an engine does not honour. Parts that are switched off or that nothing uses
/// do not count.
pub fn check(project: &Project, engine: EngineKind, scope: Scope) -> Findings {
    let mut findings = Findings::default();
    let rows =
        super::all().filter(|row| scope == Scope::Everything || row.path.starts_with("services.*.build."));
    for row in rows {
        if row.is_newer_than(engine) {
            each_use(project, row, &mut |used, path| {
                findings.errors.extend(too_new(row, engine, used, path))
            });
        }
        match row.support(engine) {
            Support::Honoured | Support::Differs(_) => {}
            Support::Warned(limit) => each_use(project, row, &mut |used, path| {
                findings.warnings.extend(warning(&limit, used, path));
            }),
            Support::Refused(limit) => each_use(project, row, &mut |used, path| {
                findings.errors.extend(refusal(row, &limit, engine, used, path));
            }),
        }
    }
    if scope == Scope::Everything && matches!(engine, EngineKind::Docker { .. }) {
        findings.warnings.extend(own_extensions(project));
    }
    findings.errors.sort_by_key(position);
    findings.warnings.sort_by_key(position);
    findings
}

/// `x-wharf`, which only Wharf's own engine acts upon.
fn own_extensions(project: &Project) -> impl Iterator<Item = Diagnostic> {
    project.services.values().filter_map(|service| {
        service.extensions.0.get("x-wharf")?;
        let place = project.locate(&["services", &service.name, "x-wharf"]).unwrap_or(service.span);
        let message =
            format!("services.{}.x-wharf has no effect: only the built-in engine acts upon it", service.name);
        Some(Diagnostic::warning("no-effect", place, message))
    })
}

fn position(diagnostic: &Diagnostic) -> (crate::project::source::FileId, u32) {
    (diagnostic.span.file, diagnostic.span.start)
}

fn warning(limit: &Limit, used: Use<'_>, path: &str) -> Option<Diagnostic> {
    let node = (limit.case.find)(used)?;
    let message = format!("{path}{} has no effect: {}", shown(node), limit.why);
    Some(Diagnostic::warning("no-effect", place(node, used), message))
}

fn refusal(
    row: &Attribute,
    limit: &Limit,
    engine: EngineKind,
    used: Use<'_>,
    path: &str,
) -> Option<Diagnostic> {
    let node = (limit.case.find)(used)?;
    let everywhere = [EngineKind::BuiltIn, EngineKind::Docker { api: (u32::MAX, 0) }].iter().all(
        |kind| matches!(row.support(*kind), Support::Refused(limit) if (limit.case.find)(used).is_some()),
    );
    let where_ = if everywhere { String::new() } else { format!(" by {engine}") };
    let message = format!("{path}{} is not supported{where_}: {}", shown(node), limit.why);
    let elsewhere = match engine {
        _ if everywhere => "leave it out",
        EngineKind::BuiltIn => "leave it out, or run the project on a Docker Engine with `--host`",
        EngineKind::Docker { .. } => {
            "leave it out, or run the project on the built-in engine with `--host builtin`"
        }
    };
    let diagnostic = Diagnostic::error("unsupported", place(node, used), message);
    Some(diagnostic.with_help(limit.help.unwrap_or(elsewhere)))
}

fn too_new(row: &Attribute, engine: EngineKind, used: Use<'_>, path: &str) -> Option<Diagnostic> {
    let (EngineKind::Docker { api }, Some(since)) = (engine, row.since) else { return None };
    let node = (super::cases::ALWAYS.find)(used)?;
    let message = format!(
        "{path} is not supported by this engine: it needs version {}.{} of Docker's API, and the engine has {}.{}",
        since.0, since.1, api.0, api.1
    );
    let diagnostic = Diagnostic::error("unsupported", place(node, used), message);
    Some(
        diagnostic
            .with_help("update the engine, or run the project on the built-in engine with `--host builtin`"),
    )
}

/// ` NAME` for a value that is one word; nothing else is worth repeating.
fn shown(node: &Node) -> String {
    match &node.value {
        Value::String(text) if !text.is_empty() && text.len() <= 60 && !text.contains('\n') => {
            format!(": {text}")
        }
        _ => String::new(),
    }
}

fn place(node: &Node, used: Use<'_>) -> Span {
    node.span.or(used.value.span).or(used.parent.span)
}

/// Calls `act` with every value of the attribute that the user wrote, and the path to it.
fn each_use(project: &Project, row: &Attribute, act: &mut dyn FnMut(Use<'_>, &str)) {
    let steps: Vec<&str> = row.path.split('.').collect();
    let mut walk = Walk { project, act, path: Vec::new() };
    walk.descend(&project.tree, &project.tree, &steps);
}

struct Walk<'a, 'act> {
    project: &'a Project,
    act: &'act mut dyn FnMut(Use<'_>, &str),
    path: Vec<String>,
}

impl Walk<'_, '_> {
    fn descend(&mut self, node: &Node, parent: &Node, steps: &[&str]) {
        let Some((step, rest)) = steps.split_first() else { return self.found(node, parent) };
        match &node.value {
            Value::Sequence(items) if *step == ITEM => {
                for (index, item) in items.iter().enumerate() {
                    self.enter(&index.to_string(), item, node, rest);
                }
            }
            Value::Mapping(entries) if *step == "*" => {
                for (name, entry) in entries {
                    if self.is_part(name) {
                        self.enter(name, &entry.node, node, rest);
                    }
                }
            }
            Value::Mapping(entries) => {
                if let Some(entry) = entries.get(*step) {
                    self.enter(step, &entry.node, node, rest);
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, step: &str, node: &Node, parent: &Node, rest: &[&str]) {
        self.path.push(step.to_owned());
        self.descend(node, parent, rest);
        self.path.pop();
    }

    fn found(&mut self, value: &Node, parent: &Node) {
        if value.span.is_known() {
            let path = self.path.join(".");
            (self.act)(Use { value, parent, project: self.project }, &path);
        }
    }

    /// Whether a top-level entry takes part; further down everything does.
    fn is_part(&self, name: &str) -> bool {
        let [section] = self.path.as_slice() else { return true };
        match section.as_str() {
            "services" => self.project.services.contains_key(name),
            "networks" => self.project.networks.contains_key(name),
            "volumes" => self.project.volumes.contains_key(name),
            "secrets" => self.project.secrets.contains_key(name),
            "configs" => self.project.configs.contains_key(name),
            _ => true,
        }
    }
}
