//! Hooks of services as steps: `post_start` after each start, `pre_stop` before each stop (compose-surface 3.14).
//!
//! A pass over a finished plan, so that no planner has to think of hooks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::step::{Action, ContainerTarget, Part, Plan, Reason, Step, StepId};
use crate::project::Project;
use crate::project::model::Hook;

/// A command that runs in a container.
#[derive(Clone, Debug)]
pub struct HookSpec {
    /// `post_start`, `pre_stop` or `watch`.
    pub moment: &'static str,
    /// Command and arguments.
    pub command: Vec<String>,
    /// User; empty: the container's.
    pub user: String,
    /// Working directory; empty: the container's.
    pub working_dir: String,
    /// Extended privileges.
    pub privileged: bool,
    /// `NAME=value`.
    pub environment: Vec<String>,
}

impl HookSpec {
    /// Reads a hook of the files; variables without a value are left out.
    pub fn of(moment: &'static str, hook: &Hook) -> HookSpec {
        let values =
            hook.environment.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        HookSpec {
            moment,
            command: hook.command.0.clone().unwrap_or_default(),
            user: hook.user.clone(),
            working_dir: hook.working_dir.clone(),
            privileged: hook.privileged,
            environment: values.collect(),
        }
    }
}

/// The hooks of all services of a project.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    post_start: BTreeMap<String, Vec<Arc<HookSpec>>>,
    pre_stop: BTreeMap<String, Vec<Arc<HookSpec>>>,
}

impl Hooks {
    /// Those in the files; a project that is known only by its labels has none.
    pub fn of(project: Option<&Project>) -> Hooks {
        let mut hooks = Hooks::default();
        for service in project.into_iter().flat_map(|project| project.services.values()) {
            insert(&mut hooks.post_start, &service.name, "post_start", &service.post_start);
            insert(&mut hooks.pre_stop, &service.name, "pre_stop", &service.pre_stop);
        }
        hooks
    }

    /// Puts the hooks around the starts and stops of a plan. `running` are the ids of containers that run now: only
    /// in these can something run before their stop.
    #[must_use]
    pub fn apply(&self, plan: Plan, running: &BTreeSet<String>) -> Plan {
        if self.post_start.is_empty() && self.pre_stop.is_empty() {
            return plan;
        }
        let mut woven = Plan { steps: Vec::new(), ..plan.clone() };
        let mut running = running.clone();
        // Where what a step stands for is done, in the new plan.
        let mut done: Vec<StepId> = Vec::with_capacity(plan.steps.len());
        for step in plan.steps {
            let moved = |ids: &[StepId]| ids.iter().map(|id| done[*id]).collect();
            let step =
                Step { after: moved(&step.after), after_optional: moved(&step.after_optional), ..step };
            let stopped = match &step.action {
                Action::StopContainer(target, _) => Some(target.id.clone()),
                _ => None,
            };
            let end = self.weave(&mut woven, step, &running);
            // A second stop finds nothing that a hook could run in.
            stopped.map(|id| running.remove(&id));
            done.push(end);
        }
        woven
    }

    fn weave(&self, plan: &mut Plan, mut step: Step, running: &BTreeSet<String>) -> StepId {
        let (stops, starts) = match &step.action {
            Action::StopContainer(target, _) => (Some(target.clone()), None),
            Action::StartContainer(target) => (None, Some(target.clone())),
            Action::RestartContainer(target, _) => (Some(target.clone()), Some(target.clone())),
            _ => (None, None),
        };
        if let Some(target) = stops.filter(|target| running.contains(&target.id)) {
            for hook in self.pre_stop.get(&target.service).into_iter().flatten() {
                let after = std::mem::take(&mut step.after);
                step.after = vec![push(plan, &target, hook, after, step.part)];
            }
        }
        let part = step.part;
        plan.steps.push(step);
        let mut last = plan.steps.len() - 1;
        if let Some(target) = starts {
            for hook in self.post_start.get(&target.service).into_iter().flatten() {
                last = push(plan, &target, hook, vec![last], part);
            }
        }
        last
    }
}

fn push(
    plan: &mut Plan,
    target: &ContainerTarget,
    hook: &Arc<HookSpec>,
    after: Vec<StepId>,
    part: Option<Part>,
) -> StepId {
    let action = Action::RunHook { container: target.clone(), hook: Arc::clone(hook) };
    let step = plan.push(action, Reason::Policy(hook.moment.to_owned()), after);
    plan.steps[step].part = part;
    step
}

fn insert(
    map: &mut BTreeMap<String, Vec<Arc<HookSpec>>>,
    service: &str,
    moment: &'static str,
    hooks: &[Hook],
) {
    if !hooks.is_empty() {
        map.insert(
            service.to_owned(),
            hooks.iter().map(|hook| Arc::new(HookSpec::of(moment, hook))).collect(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::model::{Command, Service};

    #[test]
    fn hooks_stand_around_starts_and_stops() {
        let hook = |word: &str| Hook { command: Command(Some(vec![word.to_owned()])), ..Hook::default() };
        let web = Service {
            name: "web".into(),
            post_start: vec![hook("one"), hook("two")],
            pre_stop: vec![hook("bye")],
            ..Service::default()
        };
        let project = Project { services: [("web".to_owned(), web)].into(), ..Project::default() };
        let target = ContainerTarget { id: "1".into(), name: "app-web-1".into(), service: "web".into() };
        let mut plan = Plan::default();
        let start = plan.push(Action::StartContainer(target.clone()), Reason::NotRunning, Vec::new());
        let stop = plan.push(Action::StopContainer(target, None), Reason::Asked, vec![start]);
        plan.push(Action::RemoveNetwork("n".into()), Reason::Asked, vec![stop]);
        let hooks = Hooks::of(Some(&project));
        insta::assert_snapshot!(hooks.apply(plan, &["1".to_owned()].into()), @r"
          1  start container app-web-1 (not running)
          2  run one in container app-web-1 (post_start) after 1
          3  run two in container app-web-1 (post_start) after 2
          4  run bye in container app-web-1 (pre_stop) after 3
          5  stop container app-web-1 (asked) after 4
          6  remove network n (asked) after 5
        ");
    }
}
