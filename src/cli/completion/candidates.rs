//! What can stand at a place of the command line.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use super::line;
use crate::project;
use crate::project::node::Node;

/// Names of services; those that no active profile has too, because naming a service activates it.
pub(super) fn services(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, service_names(), "")
}

/// Names of profiles.
pub(super) fn profiles(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, profile_names(), "")
}

/// The service of `exec SERVICE COMMAND…`; the command is nobody's business here.
pub(super) struct FirstWord;

impl ValueCompleter for FirstWord {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        services(current)
    }

    fn complete_at(&self, position: usize, current: &OsStr) -> Vec<CompletionCandidate> {
        if position == 0 { services(current) } else { Vec::new() }
    }
}

/// `SERVICE=` of `scale`.
pub(super) struct ReplicaNames;

impl ValueCompleter for ReplicaNames {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        fitting(current, service_names(), "=")
    }
}

/// `SERVICE:` of `cp`, or a path here.
pub(super) struct ServicePaths;

impl ValueCompleter for ServicePaths {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let mut all = fitting(current, service_names(), ":");
        all.extend(PathCompleter::any().complete(current));
        all
    }
}

fn fitting(current: &OsStr, names: BTreeSet<String>, end: &str) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let fitting = names.into_iter().filter(|name| name.starts_with(current));
    fitting.map(|name| CompletionCandidate::new(format!("{name}{end}"))).collect()
}

fn service_names() -> BTreeSet<String> {
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
    // A script gives the words of the line behind its own arguments.
    let words: Vec<OsString> = std::env::args_os().collect();
    let typed = words.iter().position(|word| word == "--").map_or(&words[..0], |at| &words[at + 1..]);
    project::load_tree(&line::load_options(typed)?).ok().map(|loaded| loaded.tree)
}
