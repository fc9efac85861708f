//! `services.*.build`.

use crate::project::attributes::cases::{
    ALWAYS, BUILD_NETWORKS, EXTERNAL, NOT_DEFAULT, NOT_FALSE, SEVERAL, TWO_GIGABYTES,
};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{refused, warned};
use crate::project::attributes::texts::{BUILDKIT, IN_DOCKERFILE, SWARM, WINDOWS};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.build", "How to build the image").merge(Rule::Build),
    row("services.*.build.context", "Directory, or an address that the engine fetches").default("`.`"),
    row("services.*.build.dockerfile", "Dockerfile").default("`Dockerfile`"),
    row("services.*.build.dockerfile_inline", "The Dockerfile itself"),
    row("services.*.build.entitlements", "Privileges of the builder").both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.args", "Build arguments").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
    row("services.*.build.ssh", "SSH agents and keys").both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.labels", "Labels of the image").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
    row("services.*.build.cache_from", "Images whose layers may be reused")
        .built_in(warned(ALWAYS, "the engine reuses what it built itself and nothing else")),
    row("services.*.build.cache_to", "Where to put the cache").both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.no_cache", "Ignore the cache").default("`false`").cast(Cast::Boolean),
    row("services.*.build.no_cache_filter", "Stages that ignore the cache")
        .merge(Rule::KeyValueList)
        .both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.additional_contexts", "Further contexts, by name")
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals)
        .both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.network", "Network of `RUN`")
        .default("the engine's default")
        .built_in(refused(BUILD_NETWORKS, "builds know host, none and default")),
    row("services.*.build.provenance", "Attestation of how it was built")
        .default("`false`")
        .both(refused(NOT_FALSE, BUILDKIT)),
    row("services.*.build.sbom", "Attestation of what is in it")
        .default("`false`")
        .both(refused(NOT_FALSE, BUILDKIT)),
    row("services.*.build.pull", "Refresh base images").default("`false`").cast(Cast::Boolean),
    row("services.*.build.target", "Stage").default("the last"),
    row("services.*.build.shm_size", "Size of `/dev/shm` in `RUN`")
        .default("`64m`")
        .both(refused(TWO_GIGABYTES, "the build API takes less than 2 GiB")),
    row("services.*.build.extra_hosts", "Entries of `/etc/hosts` in `RUN`").merge(Rule::DistinctList),
    row("services.*.build.isolation", "Isolation technology of an engine on Windows")
        .both(refused(NOT_DEFAULT, WINDOWS)),
    row("services.*.build.privileged", "`RUN` with all privileges")
        .default("`false`")
        .cast(Cast::Boolean)
        .both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.secrets", "Secrets for `RUN --mount=type=secret`")
        .docker(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.secrets.[].source", "The secret").both(refused(EXTERNAL, SWARM)),
    row("services.*.build.secrets.[].target", "Its id in the Dockerfile").default("its name"),
    row("services.*.build.secrets.[].uid", "Owner").both(warned(ALWAYS, IN_DOCKERFILE)),
    row("services.*.build.secrets.[].gid", "Group").both(warned(ALWAYS, IN_DOCKERFILE)),
    row("services.*.build.secrets.[].mode", "Permissions").both(warned(ALWAYS, IN_DOCKERFILE)),
    row("services.*.build.tags", "Further names of the image").unique(Key::BeforeEquals),
    row("services.*.build.ulimits", "Limits of `RUN`").both(refused(ALWAYS, BUILDKIT)),
    row("services.*.build.ulimits.*.hard", "Hard limit"),
    row("services.*.build.ulimits.*.soft", "Soft limit"),
    row("services.*.build.platforms", "Platforms to build for")
        .default("the engine's")
        .both(refused(SEVERAL, "one build makes an image of one platform")),
];
