//! `pre_start` hooks before the start of a replica: one after the other, each a step.

use crate::plan::desired::PreStart;
use crate::plan::step::{Action, ContainerTarget, Plan, Reason, StepId};

/// For which replica hooks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The first that starts while none runs: all hooks.
    First,
    /// Another one: those with `per_replica`.
    Further,
}

/// Steps that come before.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    pub required: Vec<StepId>,
    pub optional: Vec<StepId>,
}

/// Plans the hooks of the replica that is `container`, one after the other, and gives their steps.
pub(super) fn plan(
    plan: &mut Plan,
    hooks: Vec<PreStart>,
    container: &ContainerTarget,
    turn: Turn,
    mut before: Before,
) -> Vec<StepId> {
    let mut all = Vec::new();
    for hook in hooks.into_iter().filter(|hook| hook.per_replica || turn == Turn::First) {
        let (index, spec) = (hook.index, hook.beside(&container.id));
        let action = Action::RunContainer { spec, index };
        let step = plan.push(action, Reason::Policy("pre_start".to_owned()), before.required);
        plan.steps[step].after_optional = before.optional;
        before = Before { required: vec![step], optional: Vec::new() };
        all.push(step);
    }
    all
}
