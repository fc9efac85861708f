//! What Docker Compose calls the parts of a project in a registry.

/// Type of the artifact.
pub const PROJECT: &str = "application/vnd.docker.compose.project";
/// Type of the configuration, where an artifact has no type of its own.
pub const OLD_PROJECT: &str = "application/vnd.docker.compose.config.empty.v1+json";
/// A compose file.
pub const COMPOSE_FILE: &str = "application/vnd.docker.compose.file+yaml";
/// Annotation with the name of a compose file.
pub const COMPOSE_FILE_NAME: &str = "com.docker.compose.file";
/// Annotation of a compose file that others extend: it is no part of the project by itself.
pub const EXTENDED: &str = "com.docker.compose.extends";
/// A file of variables.
pub const ENVIRONMENT: &str = "application/vnd.docker.compose.envfile";
/// Annotation with its name.
pub const ENVIRONMENT_NAME: &str = "com.docker.compose.envfile";
