//! Commands of Docker Compose that cannot be done here, each with its reason and what to do instead.

use clap::Args;

use super::Failure;

/// Arguments of `publish`.
#[derive(Args, Debug)]
pub struct PublishArgs {
    /// Where to publish
    #[arg(value_name = "REPOSITORY[:TAG]")]
    repository: String,
    /// Pin tags of images to digests
    #[arg(long)]
    resolve_image_digests: bool,
    /// Version of the OCI specification
    #[arg(long, value_name = "VERSION")]
    oci_version: Option<String>,
    /// Include variables
    #[arg(long)]
    with_env: bool,
    /// Answer yes to every question
    #[arg(short, long)]
    yes: bool,
    /// Publish the images too
    #[arg(long)]
    app: bool,
    /// Speak plain HTTP with the registry
    #[arg(long, hide = true)]
    insecure_registry: bool,
}

/// Arguments of a command whose arguments do not matter.
#[derive(Args, Debug)]
pub struct AnyArgs {
    /// Anything
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _words: Vec<String>,
}

/// Why `publish` is refused.
pub fn publish() -> Failure {
    Failure::message(
        "publish is not supported: an engine's API sends images to registries, and compose files are none. \
         Send the images with `wharf push`, and the files with `wharf config --lock-image-digests -o FILE` \
         or your version control",
    )
}

/// Why `bridge` and `alpha` are refused.
pub fn not_here(command: &str) -> Failure {
    let instead = match command {
        "bridge" => {
            "it runs transformations that are Docker's images; `wharf config` prints the project for other tools"
        }
        _ => {
            "its commands are experiments of Docker Compose; `wharf plan` and `wharf config` show the project"
        }
    };
    Failure::message(format!("{command} is not supported: {instead}"))
}
