//! The plan: steps with one effect each, what they wait for, and why they are there.
//!
//! Values only. The planner makes them, `text` prints them, `execute` runs them.

use std::sync::Arc;
use std::time::Duration;

use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};

use super::desired::{BuildRequest, ContainerSpec};
use super::hooks::HookSpec;
use super::rollout::Rollout;

/// Position of a step in its plan.
pub type StepId = usize;

/// Steps in an order in which they could run one after the other.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The steps; a step waits only for earlier ones.
    pub steps: Vec<Step>,
    /// Containers that run already and stay as they are, by name.
    pub kept: Vec<String>,
    /// Updates of several replicas; steps belong to them by their `part`.
    pub rollouts: Vec<Rollout>,
    /// What the user should know before it starts.
    pub warnings: Vec<String>,
}

/// One effect.
#[derive(Clone, Debug)]
pub struct Step {
    /// The effect.
    pub action: Action,
    /// Why it is there.
    pub reason: Reason,
    /// Steps that must have succeeded.
    pub after: Vec<StepId>,
    /// Waits whose failure is only warned of (`required: false`).
    pub after_optional: Vec<StepId>,
    /// The part of an update that it is, if any.
    pub part: Option<Part>,
    /// Settings that a container made anew has otherwise than the one it replaces. Looked up for readers only.
    pub changes: Vec<Change>,
    /// Data that is gone for good afterwards. Looked up for readers only.
    pub destroyed: Vec<Destroyed>,
}

/// A part of an update: what a failure in it means is for the update to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Position in [`Plan::rollouts`].
    pub rollout: usize,
    /// Position of the replica in the update.
    pub place: usize,
    /// How far the replica is with this step.
    pub phase: Phase,
}

/// Phases of a replica's update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// On the way from the old container to the new one. A failure is one of the update.
    Update,
    /// The new one serves; the old one goes for good.
    Finish,
}

/// What to do when an update fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureAction {
    /// Stop there; the next `up` goes on.
    Pause,
    /// Go on with the other replicas.
    Continue,
    /// All replicas go back to their old containers.
    Rollback,
}

/// A setting of a container that is to be another one. Values of secrets are hidden in it already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The setting by its path in a service (`environment.LOG_LEVEL`).
    pub field: String,
    /// Its value now; `None`: not set.
    pub old: Option<String>,
    /// Its value to be; `None`: not set.
    pub new: Option<String>,
    /// `file:line:column` of what the file says.
    pub place: Option<String>,
}

/// Something that a step destroys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// What it is.
    pub kind: DestroyedKind,
    /// Its name.
    pub name: String,
    /// Its size, where the engine says.
    pub bytes: Option<u64>,
}

/// What can be destroyed that a later `up` does not bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestroyedKind {
    /// A volume with its data.
    Volume,
    /// An image.
    Image,
}

/// A container that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerTarget {
    /// Engine id, or the name of one that an earlier step makes.
    pub id: String,
    /// Name.
    pub name: String,
    /// Service.
    pub service: String,
}

/// What a step does: one call to the engine, or one wait.
#[derive(Clone, Debug)]
pub enum Action {
    /// Get an image from a registry.
    PullImage(ImagePull),
    /// Build an image.
    BuildImage(Arc<BuildRequest>),
    /// Make a network.
    CreateNetwork(Arc<NetworkCreateRequest>),
    /// Remove a network.
    RemoveNetwork(String),
    /// Take a container out of a network.
    DisconnectNetwork {
        /// Network name.
        network: String,
        /// Container.
        container: ContainerTarget,
    },
    /// Make a volume.
    CreateVolume(Arc<VolumeCreateRequest>),
    /// Remove a volume.
    RemoveVolume(String),
    /// Make a container, under `name` (a temporary one while it replaces another).
    CreateContainer {
        /// What it will be.
        spec: Arc<ContainerSpec>,
        /// Its name for now.
        name: String,
    },
    /// Give a container its final name after the one it replaces is gone.
    RenameContainer {
        /// Name now.
        from: String,
        /// Name from now on.
        to: String,
    },
    /// Start a container.
    StartContainer(ContainerTarget),
    /// Stop a container.
    StopContainer(ContainerTarget, StopTimeout),
    /// Stop and start a container.
    RestartContainer(ContainerTarget, StopTimeout),
    /// Send a signal.
    KillContainer(ContainerTarget, String),
    /// Freeze a container.
    PauseContainer(ContainerTarget),
    /// Thaw a container.
    UnpauseContainer(ContainerTarget),
    /// Run a command in a container.
    RunHook {
        /// Where.
        container: ContainerTarget,
        /// What.
        hook: Arc<HookSpec>,
    },
    /// Run a container to its end, and remove it.
    RunContainer {
        /// What it will be.
        spec: Arc<ContainerSpec>,
        /// Position among the `pre_start` hooks of its service.
        index: usize,
    },
    /// Remove a container that does not run, with its anonymous volumes if asked.
    RemoveContainer {
        /// Which.
        container: ContainerTarget,
        /// Its anonymous volumes too.
        volumes: bool,
        /// Kill it if it runs.
        force: bool,
    },
    /// Wait until containers are ready.
    Wait {
        /// What for.
        until: Readiness,
        /// The containers; all of them for health, any of them for completion.
        containers: Vec<ContainerTarget>,
        /// The service waited for.
        service: String,
    },
    /// Wait until an updated replica has shown that it works: until it is healthy or, without a health check, has run for
    /// [`MONITOR`] without ending.
    Watch {
        /// Which.
        container: ContainerTarget,
        /// Watch it for so long in either case.
        monitor: Option<Duration>,
    },
    /// Let time pass.
    Delay(Duration),
    /// Remove an image.
    RemoveImage(String),
}

/// An image to get.
#[derive(Clone, Debug)]
pub struct ImagePull {
    /// Reference.
    pub image: String,
    /// `os/arch[/variant]`; empty is the engine's own.
    pub platform: String,
    /// Who needs it, with the place that says so: for messages.
    pub users: Vec<ImageUser>,
    /// Build it when it cannot be had.
    pub fallback: Option<Arc<BuildRequest>>,
    /// Go on when it cannot be had.
    pub optional: bool,
}

/// A service that names an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUser {
    /// Service.
    pub service: String,
    /// `file:line:column` of its `image:`.
    pub place: Option<String>,
}

/// How long a replica without a health check is watched when the file does not say: Swarm's default.
pub const MONITOR: Duration = Duration::from_secs(5);

/// Grace period in seconds; `None` is the container's own.
pub type StopTimeout = Option<i32>;

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Every container is healthy.
    Healthy,
    /// One container ran and exited with 0.
    Completed,
    /// Every container runs and is healthy where it has a check, or ended with 0 (`--wait`).
    Ready,
}

/// Why a step is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It does not exist.
    Missing,
    /// A pull policy or flag asks for it.
    Policy(String),
    /// The configuration differs from what it was made from.
    ConfigChanged,
    /// The image is another one than it was made from.
    ImageChanged,
    /// A config or secret that was written into it has another content.
    ContentChanged,
    /// A flag asks for it.
    Forced,
    /// It lacks a network that it should be in.
    NetworkMissing(String),
    /// It lacks a volume that it should have.
    VolumeMissing(String),
    /// Something that it shares a namespace or mounts with is made anew.
    ParentRecreated(String),
    /// It is part of replacing a container.
    Replaces(String),
    /// It is part of an update: the replica's place in it, from 1 on, and how many there are.
    Update {
        /// Place.
        number: usize,
        /// Places.
        of: usize,
    },
    /// It is part of going back after a failed update.
    Rollback {
        /// Place.
        number: usize,
        /// Places.
        of: usize,
    },
    /// It decides whether the update goes on; what happens when it does not.
    OnFailure(FailureAction),
    /// It does not run.
    NotRunning,
    /// More replicas than wanted.
    ScaleDown,
    /// An interrupted replacement left two containers for one replica.
    CutOff,
    /// Its service is not in the project.
    Orphan,
    /// A service depends on it.
    NeededBy(String),
    /// The user asked for it.
    Asked,
    /// Whether this is needed shows only after a pull or build.
    ImagePending,
}

impl Plan {
    /// Appends a step and gives its id.
    pub fn push(&mut self, action: Action, reason: Reason, after: Vec<StepId>) -> StepId {
        self.steps.push(Step {
            action,
            reason,
            after,
            after_optional: Vec::new(),
            part: None,
            changes: Vec::new(),
            destroyed: Vec::new(),
        });
        self.steps.len() - 1
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The first part, which gets images; the rest is planned again when these are known.
    #[must_use]
    pub fn images_only(&self) -> Plan {
        let count = self.steps.iter().take_while(|step| step.action.gets_image()).count();
        Plan { steps: self.steps[..count].to_vec(), ..Plan::default() }
    }
}

impl Action {
    /// Whether the effect is an image that containers are made from.
    pub fn gets_image(&self) -> bool {
        matches!(self, Action::PullImage(_) | Action::BuildImage(_))
    }

    /// Whether it only waits.
    pub fn is_wait(&self) -> bool {
        matches!(self, Action::Wait { .. } | Action::Watch { .. })
    }
}
