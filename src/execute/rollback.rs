//! What is taken back after an interrupt: containers that exist only under a temporary name.

use bollard::query_parameters::RemoveContainerOptionsBuilder;

use super::Runner;
use crate::engine::observe;
use crate::plan::observed::Observed;
use crate::plan::step::{Action, Plan};

/// Removes replacements whose predecessor still exists; a replacement without one is renamed by the next `up`.
pub(super) async fn run(plan: &Plan, runner: &Runner) {
    let temporary: Vec<(&str, &str)> = plan.steps.iter().filter_map(replacement).collect();
    if temporary.is_empty() {
        return;
    }
    // Without the list nothing can be told about what is half-made; the next `up` looks again.
    let Ok(observed) = observe(&runner.engine, &runner.project).await else { return };
    for (temporary, last_name) in temporary {
        if exists(&observed, temporary) && exists(&observed, last_name) {
            let options = RemoveContainerOptionsBuilder::default().force(true).build();
            if let Err(error) = runner.engine.docker().remove_container(temporary, Some(options)).await {
                runner.progress.warning(&format!("container {temporary} stays behind: {error}"));
            }
        }
    }
}

fn replacement(step: &crate::plan::step::Step) -> Option<(&str, &str)> {
    if step.part.is_some() {
        // The update it belongs to has taken care of it.
        return None;
    }
    match &step.action {
        Action::CreateContainer { spec, name } if *name != spec.name => Some((name, &spec.name)),
        _ => None,
    }
}

fn exists(observed: &Observed, name: &str) -> bool {
    observed.containers.iter().any(|container| container.name == name)
}
