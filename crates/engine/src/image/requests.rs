//! Arguments of image calls, decoded from queries and headers.

use crate::model::image::RegistryAuth;

/// `POST /images/create` from a registry.
#[derive(Debug, Clone, Default)]
pub struct PullRequest {
    /// Name with or without tag or digest.
    pub image: String,
    /// Tag or digest, when given apart.
    pub tag: Option<String>,
    /// `os/arch[/variant]`, when asked for.
    pub platform: Option<String>,
    /// Credentials of this request.
    pub auth: Option<RegistryAuth>,
}

/// `POST /images/create` from an archive of a root filesystem.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// Repository of the new image; empty makes a dangling one.
    pub repository: String,
    /// Tag.
    pub tag: String,
    /// History comment.
    pub message: String,
    /// `os/arch[/variant]`, when asked for.
    pub platform: Option<String>,
    /// Dockerfile instructions to apply to the configuration.
    pub changes: Vec<String>,
}
