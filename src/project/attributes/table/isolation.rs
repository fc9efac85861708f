//! A service: privileges and namespaces.

use crate::project::attributes::cases::{
    ALWAYS, IPC_MODES, ISOLATIONS, LABELLING, NOT_DEFAULT, NOT_HOST, PID_MODES, RUNTIMES,
};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{refused, warned};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.cap_add", "Capabilities added").unique(Key::BeforeEquals),
    row("services.*.cap_drop", "Capabilities dropped").unique(Key::BeforeEquals),
    row("services.*.cgroup", "Cgroup namespace: `host` or `private`")
        .default("`private` with cgroup v2, else `host`"),
    row("services.*.cgroup_parent", "Cgroup that the container's is made in").default("the engine's"),
    row("services.*.ipc", "IPC namespace").default("`private`").built_in(refused(
        IPC_MODES,
        "the modes are private, shareable, host, service:NAME and container:NAME",
    )),
    row("services.*.isolation", "Isolation technology of an engine on Windows")
        .built_in(refused(NOT_DEFAULT, "Linux has only `default`"))
        .docker(refused(ISOLATIONS, "the technologies are default, process and hyperv")),
    row("services.*.oom_score_adj", "Who is killed first when memory runs out")
        .default("`0`")
        .cast(Cast::Integer),
    row("services.*.pid", "Process namespace")
        .default("its own")
        .built_in(refused(PID_MODES, "the modes are host, service:NAME and container:NAME")),
    row("services.*.privileged", "All capabilities and devices").default("`false`").cast(Cast::Boolean),
    row("services.*.read_only", "No writing to the root file system").default("`false`").cast(Cast::Boolean),
    row("services.*.runtime", "OCI runtime of the engine")
        .default("the engine's")
        .built_in(refused(RUNTIMES, "the engine has one runtime, its own")),
    row("services.*.security_opt", "Security options")
        .built_in(warned(LABELLING, "the engine sets no SELinux labels")),
    row("services.*.storage_opt", "Options of the storage driver")
        .built_in(refused(ALWAYS, "the root file system has no quota")),
    row("services.*.sysctls", "Kernel parameters of its namespaces")
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals),
    row("services.*.use_api_socket", "The engine's socket and registry logins in the container")
        .default("`false`")
        .both(
            refused(ALWAYS, "logins are not put into containers")
                .help("mount the engine's socket under `volumes:`"),
        ),
    row("services.*.userns_mode", "User namespace")
        .default("the engine's")
        .built_in(refused(NOT_HOST, "the engine makes no user namespaces")),
    row("services.*.uts", "UTS namespace: `host`")
        .default("its own")
        .both(refused(NOT_HOST, "the only mode is host")),
];
