//! What an engine knows, for names that no file has: projects that exist, and services of a project without its files.
//!
//! Only an engine that runs is asked, and not for long: somebody waits for a word.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::line::Line;
use crate::engine;
use crate::plan::observed::ObservedContainer;

/// How long a shell may wait for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Names of the projects that have containers.
pub(super) fn projects() -> BTreeSet<String> {
    known().into_keys().collect()
}

/// Services that have containers in the project that the line names without its files.
pub(super) fn services(line: &Line) -> BTreeSet<String> {
    let project = line.project_without_files();
    project.and_then(|project| known().remove(&project)).unwrap_or_default()
}

/// Projects with their services; empty where no engine answers, which is no time to say why.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let target = Line::of_process().map(|line| line.target());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Some(target), Ok(runtime)) = (target, runtime) else { return BTreeMap::new() };
    runtime.block_on(async {
        let ask = async { engine::connect_running(target).await.ok()??.projects().await.ok() };
        let answer = tokio::time::timeout(PATIENCE, ask).await.ok().flatten().unwrap_or_default();
        let names = |containers: Vec<ObservedContainer>| {
            containers.into_iter().map(|container| container.service).collect()
        };
        answer.into_iter().map(|(project, containers)| (project, names(containers))).collect()
    })
}
