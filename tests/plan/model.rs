//! An engine in memory: applies the actions of plans to what exists, and refuses what an engine refuses.
//!
//! Knows nothing of why an action is in a plan.

use std::collections::BTreeMap;

use bollard::models::{MountPoint, MountType};
use wharf::plan::desired::ContainerSpec;
use wharf::plan::observed::{Health, ObservedContainer, ObservedResource, State};
use wharf::plan::step::{Action, ContainerTarget, Plan, Readiness, StepId};
use wharf::plan::{Observed, labels};

/// The project of all tests.
pub const PROJECT: &str = "app";
/// An image whose containers end at once, with 0.
pub const JOB: &str = "job";

/// The command of containers that have a health check.
pub const CHECKED: &str = "checked";

/// What exists, and how much was made so far.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    pub observed: Observed,
    made: u64,
}

/// What the engine answers to a call that it refuses.
pub type Refusal = String;

impl Engine {
    /// Applies a plan in its own order.
    pub fn run(&mut self, plan: &Plan) -> Result<(), Refusal> {
        match self.run_some(plan, |_| 0, &[]).first() {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(()),
        }
    }

    /// Applies a plan in an order that `choose` picks among the steps that can run, given how many these are. The steps
    /// in `failing` fail without an effect. What depends on a failed step is skipped. Gives the refusals.
    pub fn run_some(
        &mut self,
        plan: &Plan,
        mut choose: impl FnMut(usize) -> usize,
        failing: &[StepId],
    ) -> Vec<Refusal> {
        let mut done: BTreeMap<StepId, bool> = BTreeMap::new();
        let mut refusals = Vec::new();
        while done.len() < plan.steps.len() {
            let ended = |ids: &[StepId]| ids.iter().all(|id| done.contains_key(id));
            let ready: Vec<StepId> = (0..plan.steps.len())
                .filter(|id| !done.contains_key(id))
                .filter(|id| ended(&plan.steps[*id].after) && ended(&plan.steps[*id].after_optional))
                .collect();
            let id = ready[choose(ready.len()) % ready.len()];
            let skipped = plan.steps[id].after.iter().any(|before| !done[before]);
            let succeeded = !skipped && !failing.contains(&id) && {
                let result = self.apply(&plan.steps[id].action);
                let refused = result.as_ref().err().map(|refusal| format!("step {}: {refusal}", id + 1));
                refusals.extend(refused);
                result.is_ok()
            };
            done.insert(id, succeeded);
        }
        refusals
    }

    /// An id that nothing has.
    pub fn next_id(&mut self) -> String {
        self.made += 1;
        // What differs stands in the digits that are shown.
        format!("{:012x}{:052x}", self.made, 0)
    }

    fn position(&self, id: &str) -> Result<usize, Refusal> {
        let found = self.observed.containers.iter().position(|c| c.id == id || c.name == id);
        found.ok_or_else(|| format!("no such container: {id}"))
    }

    /// The container with this name.
    pub fn container(&mut self, name: &str) -> Result<&mut ObservedContainer, Refusal> {
        let position = self.position(name)?;
        Ok(&mut self.observed.containers[position])
    }

    fn apply(&mut self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::PullImage(pull) => self.get_image(&pull.image),
            Action::BuildImage(build) => self.get_image(&build.image),
            Action::RemoveImage(image) => {
                self.observed.images.remove(image);
            }
            Action::CreateNetwork(request) => self.create_network(request)?,
            Action::RemoveNetwork(name) => {
                if self.observed.containers.iter().any(|c| c.is_running() && c.networks.contains_key(name)) {
                    return Err(format!("network {name} has active endpoints"));
                }
                self.observed.networks.remove(name);
            }
            Action::DisconnectNetwork { network, container } => {
                // As the program does, what is gone is taken as disconnected; stopping and removing likewise.
                if let Ok(container) = self.container(&container.id) {
                    container.networks.remove(network);
                }
            }
            Action::CreateVolume(request) => {
                let name = request.name.clone().unwrap_or_default();
                let resource = resource(name.clone(), request.labels.as_ref(), labels::VOLUME);
                self.observed.volumes.entry(name).or_insert(resource);
            }
            Action::RemoveVolume(name) => self.remove_volume(name)?,
            Action::CreateContainer { spec, name } => self.create(spec, name)?,
            Action::RenameContainer { from, to } => {
                if self.position(to).is_ok() {
                    return Err(format!("name {to} is taken"));
                }
                to.clone_into(&mut self.container(from)?.name);
                self.sort();
            }
            Action::Wait { until, containers, .. } => self.wait(*until, containers)?,
            on_container => self.change(on_container)?,
        }
        Ok(())
    }

    fn get_image(&mut self, image: &str) {
        let id = format!("sha256:{}", self.next_id());
        self.observed.images.insert(image.to_owned(), id);
    }

    fn create_network(&mut self, request: &bollard::models::NetworkCreateRequest) -> Result<(), Refusal> {
        if self.observed.networks.contains_key(&request.name) {
            return Err(format!("network {} exists", request.name));
        }
        let resource = resource(self.next_id(), request.labels.as_ref(), labels::NETWORK);
        self.observed.networks.insert(request.name.clone(), resource);
        Ok(())
    }

    fn remove_volume(&mut self, name: &str) -> Result<(), Refusal> {
        let uses = |c: &ObservedContainer| c.mounts.iter().any(|m| m.name.as_deref() == Some(name));
        if self.observed.containers.iter().any(uses) {
            return Err(format!("volume {name} is in use"));
        }
        self.observed.volumes.remove(name);
        Ok(())
    }

    fn create(&mut self, spec: &ContainerSpec, name: &str) -> Result<(), Refusal> {
        if self.position(name).is_ok() {
            return Err(format!("name {name} is taken"));
        }
        let image = spec.body.image.clone().unwrap_or_default();
        let image_id = self.observed.image(&image).cloned().ok_or(format!("no such image: {image}"))?;
        let endpoints = spec.body.networking_config.as_ref().and_then(|c| c.endpoints_config.as_ref());
        let networks: BTreeMap<String, String> =
            endpoints.into_iter().flatten().map(|(name, _)| (name.clone(), String::new())).collect();
        let mounts = self.mounts(spec);
        let all: BTreeMap<String, String> =
            spec.body.labels.clone().unwrap_or_default().into_iter().collect();
        let container = ObservedContainer {
            id: self.next_id(),
            name: name.to_owned(),
            service: spec.service.clone(),
            number: all.get(labels::NUMBER).and_then(|number| number.parse().ok()),
            one_off: all.get(labels::ONE_OFF).is_some_and(|word| word == "True"),
            state: State::Created,
            health: None,
            exit_code: None,
            image_id,
            image,
            command: if spec.body.healthcheck.is_some() { CHECKED.into() } else { String::new() },
            created: 0,
            status: String::new(),
            networks,
            mounts,
            ports: Vec::new(),
            labels: all,
        };
        self.observed.containers.push(container);
        self.sort();
        Ok(())
    }

    /// Named volumes are made when they are missing, unnamed ones always.
    fn mounts(&mut self, spec: &ContainerSpec) -> Vec<MountPoint> {
        let host = spec.body.host_config.clone().unwrap_or_default();
        let binds = host.binds.unwrap_or_default().into_iter().filter_map(|bind| {
            let mut parts = bind.split(':').map(str::to_owned);
            Some((parts.next()?, parts.next()?))
        });
        let long = host.mounts.unwrap_or_default().into_iter();
        let long = long.filter(|mount| mount.typ == Some(MountType::VOLUME));
        let long = long.filter_map(|mount| Some((mount.source.unwrap_or_default(), mount.target?)));
        let volumes: Vec<_> = binds.filter(|(source, _)| !source.starts_with('/')).chain(long).collect();
        let mut mounts = Vec::new();
        for (source, target) in volumes {
            let name = if source.is_empty() { self.next_id() } else { source };
            mounts.push(MountPoint {
                typ: Some("volume".to_owned()),
                name: Some(name.clone()),
                destination: Some(target),
                ..MountPoint::default()
            });
            let resource = ObservedResource { id: name.clone(), ..ObservedResource::default() };
            self.observed.volumes.entry(name).or_insert(resource);
        }
        mounts
    }

    fn sort(&mut self) {
        self.observed.containers.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn change(&mut self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::StartContainer(target) | Action::RestartContainer(target, _) => self.start(&target.id)?,
            Action::StopContainer(target, _) | Action::KillContainer(target, _) => {
                if let Ok(container) = self.container(&target.id)
                    && container.is_running()
                {
                    end(container, 137);
                }
            }
            Action::PauseContainer(target) => self.container(&target.id)?.state = State::Paused,
            Action::UnpauseContainer(target) => self.container(&target.id)?.state = State::Running,
            Action::RunHook { container, .. } => {
                let container = self.container(&container.id)?;
                if container.state != State::Running {
                    return Err(format!("container {} does not run", container.name));
                }
            }
            Action::RemoveContainer { container, force, .. } => {
                let Ok(position) = self.position(&container.id) else { return Ok(()) };
                if self.observed.containers[position].is_running() && !force {
                    return Err(format!("container {} runs", container.name));
                }
                self.observed.containers.remove(position);
            }
            other => return Err(format!("the model does not know {other}")),
        }
        Ok(())
    }

    fn start(&mut self, id: &str) -> Result<(), Refusal> {
        let networks = self.observed.networks.clone();
        let container = self.container(id)?;
        for (name, id) in &mut container.networks {
            let network = networks.get(name).ok_or_else(|| format!("network {name} not found"))?;
            id.clone_from(&network.id);
        }
        container.state = State::Running;
        container.exit_code = None;
        container.health = (container.command == CHECKED).then_some(Health::Starting);
        if container.image == JOB {
            end(container, 0);
        }
        Ok(())
    }

    /// What is waited for happens, where it can.
    fn wait(&mut self, until: Readiness, targets: &[ContainerTarget]) -> Result<(), Refusal> {
        for target in targets {
            let container = self.container(&target.id)?;
            let ended = container.exit_code == Some(0);
            match until {
                Readiness::Healthy if container.health.is_some() => container.health = Some(Health::Healthy),
                Readiness::Healthy => return Err(format!("{} has no health", container.name)),
                Readiness::Completed if ended => {}
                Readiness::Ready if container.is_running() || ended => {}
                _ => return Err(format!("{} is not as waited for", container.name)),
            }
        }
        Ok(())
    }
}

/// The container's process ends.
pub fn end(container: &mut ObservedContainer, code: i64) {
    container.state = State::Exited;
    container.exit_code = Some(code);
    container.health = None;
}

fn resource(
    id: String,
    all: Option<&std::collections::HashMap<String, String>>,
    key: &str,
) -> ObservedResource {
    let label = |key: &str| all.and_then(|labels| labels.get(key)).cloned();
    ObservedResource {
        id,
        project: label(labels::PROJECT),
        key: label(key),
        config_hash: label(labels::CONFIG_HASH),
    }
}
