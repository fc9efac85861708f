//! What can stand at a place of the command line.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use super::line::Line;
use super::running;
use crate::project;
use crate::project::node::Node;

/// Names of services; those that no active profile has too, because naming a service activates it.
pub(super) fn services(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, service_names(), "")
}

/// Names of projects that have containers.
pub(super) fn projects(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, running::projects(), "")
}

/// `name=PROJECT` of `ls --filter`.
pub(super) fn filters(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = running::projects().into_iter().map(|name| format!("name={name}"));
    fitting(current, std::iter::once("name=".to_owned()).chain(names).collect(), "")
}

/// Names of profiles.
pub(super) fn profiles(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, profile_names(), "")
}

/// The service of `exec SERVICE COMMAND…`; the command is nobody's business here.
pub(super) fn first_word(current: &OsStr) -> Vec<CompletionCandidate> {
    let begun = Line::of_process().is_some_and(|line| line.has_service());
    if begun { Vec::new() } else { services(current) }
}

/// `SERVICE=` of `scale`.
pub(super) fn replicas(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, service_names(), "=")
}

/// `SERVICE:` of `cp`, or a path here.
pub(super) fn service_paths(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut all = fitting(current, service_names(), ":");
    all.extend(PathCompleter::any().complete(current));
    all
}

fn fitting(current: &OsStr, names: BTreeSet<String>, end: &str) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let fitting = names.into_iter().filter(|name| name.starts_with(current));
    fitting.map(|name| CompletionCandidate::new(format!("{name}{end}"))).collect()
}

/// Services of the project that the line names, else of the files.
fn service_names() -> BTreeSet<String> {
    let running = Line::of_process().map(|line| running::services(&line)).unwrap_or_default();
    if !running.is_empty() {
        return running;
    }
    let tree = tree();
    let services = tree.as_ref().and_then(|tree| tree.get("services")?.as_mapping());
    services.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn profile_names() -> BTreeSet<String> {
    let tree = tree();
    let services = tree.as_ref().and_then(|tree| tree.get("services")?.as_mapping());
    let lists =
        services.into_iter().flatten().filter_map(|(_, entry)| entry.node.get("profiles")?.as_sequence());
    lists.flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The merged files; `None` where they do not load, which is no time to say why.
fn tree() -> Option<Node> {
    let options = Line::of_process()?.load_options()?;
    project::load_tree(&options).ok().map(|loaded| loaded.tree)
}
