//! `services.*.deploy`.

use crate::project::attributes::cases::{
    ALWAYS, FAILURE_ACTION, NOT_REPLICATED, RESTART_CONDITION, ROLLBACK_FAILURE_ACTION, WITHOUT_UPDATE,
};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{Support, refused, warned};
use crate::project::attributes::texts::{CLUSTER, GPUS};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Of `monitor`.
const MONITOR: &str = "until it is healthy; `5s` without a health check";

/// Of `order`.
const ONE_PORT: Support =
    Support::Differs("a container frees its fixed host ports before the next can have them: it stops first");

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.deploy", "Replicas, limits, restarts"),
    row("services.*.deploy.mode", "`replicated`, or `global`: one per node")
        .default("`replicated`")
        .both(warned(NOT_REPLICATED, CLUSTER)),
    row("services.*.deploy.endpoint_mode", "How clients find the replicas").both(warned(ALWAYS, CLUSTER)),
    row("services.*.deploy.replicas", "Number of containers").default("`1`").cast(Cast::Integer),
    row("services.*.deploy.labels", "Labels of the service, not of its containers")
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals)
        .both(warned(ALWAYS, "only the containers of a service exist, and these labels are not theirs")),
    row("services.*.deploy.rollback_config", "How to go back to the version before")
        .both(warned(WITHOUT_UPDATE, "only an update by `update_config` is rolled back")),
    row("services.*.deploy.rollback_config.parallelism", "Containers changed at a time; `0`: all")
        .default("`1`")
        .cast(Cast::Integer),
    row("services.*.deploy.rollback_config.delay", "Pause between groups").default("none"),
    row("services.*.deploy.rollback_config.failure_action", "What to do when it fails: `pause`, `continue`")
        .default("`pause`")
        .both(refused(ROLLBACK_FAILURE_ACTION, "a way back has pause and continue")),
    row("services.*.deploy.rollback_config.monitor", "How long an old container is watched").default(MONITOR),
    row("services.*.deploy.rollback_config.max_failure_ratio", "Share of failures that is fine")
        .default("`0`")
        .cast(Cast::Float),
    row("services.*.deploy.rollback_config.order", "`start-first` or `stop-first`")
        .default("`stop-first`")
        .docker(ONE_PORT),
    row("services.*.deploy.update_config", "How to bring in a new version of the replicas that run")
        .default("all at once, as Docker Compose does"),
    row("services.*.deploy.update_config.parallelism", "Containers changed at a time; `0`: all")
        .default("`1`")
        .cast(Cast::Integer),
    row("services.*.deploy.update_config.delay", "Pause between groups").default("none"),
    row(
        "services.*.deploy.update_config.failure_action",
        "What to do when it fails: `pause`, `continue`, `rollback`",
    )
    .default("`pause`")
    .both(refused(FAILURE_ACTION, "there are pause, continue and rollback")),
    row("services.*.deploy.update_config.monitor", "How long a new container is watched").default(MONITOR),
    row("services.*.deploy.update_config.max_failure_ratio", "Share of failures that is fine")
        .default("`0`")
        .cast(Cast::Float),
    row("services.*.deploy.update_config.order", "`start-first` or `stop-first`")
        .default("`stop-first`")
        .docker(ONE_PORT),
    row("services.*.deploy.resources", "Limits and reservations"),
    row("services.*.deploy.resources.limits", "Upper bounds"),
    row("services.*.deploy.resources.limits.cpus", "Number of CPUs").default("no limit"),
    row("services.*.deploy.resources.limits.memory", "Most memory").default("no limit"),
    row("services.*.deploy.resources.limits.pids", "Most processes").default("no limit").cast(Cast::Integer),
    row("services.*.deploy.resources.reservations", "What is kept for it"),
    row("services.*.deploy.resources.reservations.cpus", "Number of CPUs").both(warned(ALWAYS, CLUSTER)),
    row("services.*.deploy.resources.reservations.memory", "Memory kept when the host runs short"),
    row("services.*.deploy.resources.reservations.generic_resources", "Countable resources of a node")
        .both(warned(ALWAYS, CLUSTER)),
    row(
        "services.*.deploy.resources.reservations.generic_resources.[].discrete_resource_spec",
        "One resource",
    ),
    row("services.*.deploy.resources.reservations.generic_resources.[].discrete_resource_spec.kind", "Kind"),
    row(
        "services.*.deploy.resources.reservations.generic_resources.[].discrete_resource_spec.value",
        "Amount",
    ),
    row("services.*.deploy.resources.reservations.devices", "Devices, GPUs above all")
        .built_in(refused(ALWAYS, GPUS)),
    row(
        "services.*.deploy.resources.reservations.devices.[].capabilities",
        "What the device must be able to do",
    ),
    row("services.*.deploy.resources.reservations.devices.[].count", "How many; `all`").default("`all`"),
    row("services.*.deploy.resources.reservations.devices.[].device_ids", "Devices by id"),
    row("services.*.deploy.resources.reservations.devices.[].driver", "Device driver of the engine"),
    row("services.*.deploy.resources.reservations.devices.[].options", "Options of the driver"),
    row(
        "services.*.deploy.restart_policy",
        "When the engine starts the container again; goes before `restart`",
    ),
    row("services.*.deploy.restart_policy.condition", "`none`, `on-failure` or `any`")
        .default("`none`, as with Docker Compose")
        .both(refused(RESTART_CONDITION, "a condition is none, on-failure or any")),
    row("services.*.deploy.restart_policy.delay", "Pause before a restart")
        .both(warned(ALWAYS, "the engine chooses the pause: it doubles from 100 ms")),
    row("services.*.deploy.restart_policy.max_attempts", "Restarts before giving up")
        .default("no limit")
        .cast(Cast::Integer),
    row("services.*.deploy.restart_policy.window", "How long a restart is watched")
        .both(warned(ALWAYS, "the engine decides when a start counts: after 10 seconds")),
    row("services.*.deploy.placement", "On which node it runs").both(warned(ALWAYS, CLUSTER)),
    row("services.*.deploy.placement.constraints", "Conditions on the node"),
    row("services.*.deploy.placement.preferences", "Spreading over nodes"),
    row("services.*.deploy.placement.preferences.[].spread", "Label to spread over"),
    row("services.*.deploy.placement.max_replicas_per_node", "Most containers on a node")
        .default("no limit")
        .cast(Cast::Integer),
];
