//! The plan of `up` and `create`: images, networks, volumes, containers, waits, in that order.

use std::collections::BTreeMap;

use super::rollout::Update;
use super::{containers, images, orphans, resources, starts};
use crate::plan::desired::{Desired, DesiredError, DesiredService};
use crate::plan::observed::{Health, Observed, ObservedContainer};
use crate::plan::step::{Action, ContainerTarget, Plan, Readiness, Reason, StepId};

/// A plan in the making, and what later parts of it need to know of earlier ones.
pub(super) struct Draft<'a> {
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    pub plan: Plan,
    /// Steps that make an image, by reference.
    pub images: BTreeMap<String, StepId>,
    /// Steps that make a network, by key.
    pub networks: BTreeMap<String, StepId>,
    /// Steps that make a volume, by key.
    pub volumes: BTreeMap<String, StepId>,
    /// Steps that remove an orphan, by the name that they free.
    pub freed: BTreeMap<String, StepId>,
    /// Steps after which a container is stopped and out of its network, by its id: one whose network is made anew.
    pub stopped: BTreeMap<String, StepId>,
    /// Services planned so far.
    pub services: BTreeMap<String, PlannedService>,
}

/// A service whose containers are planned.
#[derive(Default)]
pub(super) struct PlannedService {
    pub containers: Vec<PlannedContainer>,
    /// A container of it is made anew.
    pub recreated: bool,
    /// Replicas that an update brings to their wanted form; planned with the starts.
    pub updates: Vec<Update>,
    /// Waits on it that exist already.
    pub waits: BTreeMap<Readiness, StepId>,
}

/// A container that will be there.
pub(super) struct PlannedContainer {
    pub target: ContainerTarget,
    /// Replica.
    pub number: u32,
    /// The step that brings it into its final form, if it needs one.
    pub made: Option<StepId>,
    /// The step that starts it, if it needs one.
    pub started: Option<StepId>,
    /// It runs now and keeps running.
    pub runs: bool,
    pub health: Option<Health>,
}

/// Plans `up` (and `create`, with `no_start`).
///
/// # Errors
/// A replica that cannot be translated into a request; `Desired` has checked the first one of each service already.
pub fn up(desired: &Desired, observed: &Observed) -> Result<Plan, DesiredError> {
    let mut draft = Draft {
        desired,
        observed,
        plan: Plan::default(),
        images: BTreeMap::new(),
        networks: BTreeMap::new(),
        volumes: BTreeMap::new(),
        freed: BTreeMap::new(),
        stopped: BTreeMap::new(),
        services: BTreeMap::new(),
    };
    images::plan(&mut draft);
    resources::plan(&mut draft);
    orphans::plan(&mut draft);
    for service in &desired.services {
        plan_service(&mut draft, service)?;
    }
    if desired.options.wait && !desired.options.no_start {
        starts::wait_for_all(&mut draft);
    }
    Ok(desired.hooks.apply(draft.plan, &observed.running()))
}

impl Draft<'_> {
    /// Stops a container that runs, unless that is planned already. Gives the steps after which it is stopped.
    pub fn stop(&mut self, container: &ObservedContainer, reason: Reason, after: Vec<StepId>) -> Vec<StepId> {
        if let Some(stopped) = self.stopped.get(&container.id) {
            return after.into_iter().chain([*stopped]).collect();
        }
        if !container.is_running() {
            return after;
        }
        let stop = Action::StopContainer(ContainerTarget::from(container), self.desired.options.stop_timeout);
        vec![self.plan.push(stop, reason, after)]
    }
}

fn plan_service(draft: &mut Draft<'_>, service: &DesiredService) -> Result<(), DesiredError> {
    if draft.desired.options.keep_replicas && service.selected {
        starts::await_dependencies(draft, service);
        return Ok(());
    }
    let planned = containers::plan(draft, service)?;
    draft.services.insert(service.name.clone(), planned);
    if !draft.desired.options.no_start {
        starts::plan(draft, service)?;
    }
    Ok(())
}
