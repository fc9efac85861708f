//! The labels that tie containers, networks, volumes and images to a project (compose-surface 3.5).

/// Project name.
pub const PROJECT: &str = "com.docker.compose.project";
/// Service name.
pub const SERVICE: &str = "com.docker.compose.service";
/// Number of the replica; absent on one-off containers.
pub const NUMBER: &str = "com.docker.compose.container-number";
/// `True` on containers made by `run`.
pub const ONE_OFF: &str = "com.docker.compose.oneoff";
/// Fingerprint of the configuration it was made from.
pub const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// Version of the program that made it.
pub const VERSION: &str = "com.docker.compose.version";
/// Project directory.
pub const WORKING_DIR: &str = "com.docker.compose.project.working_dir";
/// Compose files, joined by commas.
pub const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// Files given with `--env-file`, joined by commas.
pub const ENVIRONMENT_FILE: &str = "com.docker.compose.project.environment_file";
/// `service:condition:restart`, joined by commas.
pub const DEPENDS_ON: &str = "com.docker.compose.depends_on";
/// Id of the image it was made from.
pub const IMAGE: &str = "com.docker.compose.image";
/// Name of the container it replaces.
pub const REPLACE: &str = "com.docker.compose.replace";
/// Random id of a one-off container.
pub const SLUG: &str = "com.docker.compose.slug";
/// What a container of a hook runs for: `pre_start`.
pub const HOOK: &str = "com.docker.compose.hook";
/// Network key.
pub const NETWORK: &str = "com.docker.compose.network";
/// Volume key.
pub const VOLUME: &str = "com.docker.compose.volume";
/// What the engine asks the container by itself, to know whether it is healthy: `http://:PORT/PATH` or `tcp://:PORT`.
pub const PROBE: &str = "dev.wharf.probe";
/// What the engine does when the container becomes unhealthy: `restart`.
pub const ON_UNHEALTHY: &str = "dev.wharf.on_unhealthy";
/// Digests of the configs and secrets that are written into the container: `path=digest`, joined by commas.
pub const CONTENTS: &str = "dev.wharf.contents";
/// Build labels that carry a secret's path to a Wharf engine, which strips them: `<prefix><id>`.
pub const BUILD_SECRET: &str = "dev.wharf.build.secret.";

/// Value of [`VERSION`].
pub const WRITER_VERSION: &str = env!("CARGO_PKG_VERSION");
