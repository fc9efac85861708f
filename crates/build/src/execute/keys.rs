//! What the result of a step depends on (contract 8.7). Anything that is not named here may change without a
//! rebuild.

use wharf_image::Platform;

use crate::cache::key::KeyBuilder;
use crate::dockerfile::mount::Sharing;
use crate::plan::operation::{CopyOperation, CopySource, PlannedMount, RunOperation, WorkdirOperation};
use crate::runner::{ExtraHost, NetworkMode};

/// Host name during `RUN` (contract 8.8.3).
pub(super) const HOST_NAME: &str = "buildkitsandbox";

/// The key of a `COPY`: `chain` is the file system below, `content` the checksum of what is copied. With
/// `--link` the file system below plays no part.
pub(super) fn copy(operation: &CopyOperation, chain: &str, content: &str) -> String {
    let flag = |flag: bool| if flag { "1" } else { "0" };
    selection(KeyBuilder::new("copy"), operation)
        .field("below", if operation.link { "" } else { chain })
        .field("content", content)
        .field("destination", &operation.destination)
        .field("into_directory", flag(operation.into_directory))
        .field("chown", operation.chown.as_deref().unwrap_or_default())
        .field("chmod", operation.chmod.as_deref().unwrap_or_default())
        .field("link", flag(operation.link))
        .field("unpack", flag(operation.unpack))
        .finish()
}

/// The key of the checksum of files in layers.
pub(super) fn tree(operation: &CopyOperation, chain: &str) -> String {
    selection(KeyBuilder::new("tree"), operation).field("from", chain).finish()
}

/// The key of the checksum of a mounted directory in layers.
pub(super) fn mounted_tree(source: &str, chain: &str) -> String {
    KeyBuilder::new("mounted-tree").field("source", source).field("from", chain).finish()
}

/// What is taken from the origin.
fn selection(key: KeyBuilder, operation: &CopyOperation) -> KeyBuilder {
    let sources = operation.sources.iter().flat_map(|source| match source {
        CopySource::Path(path) => ["path", path, ""],
        CopySource::File { name, content } => ["file", name, content],
    });
    key.list("sources", sources)
        .list("exclude", &operation.exclude)
        .field("parents", if operation.parents { "1" } else { "0" })
}

/// The key of a `WORKDIR`.
pub(super) fn workdir(operation: &WorkdirOperation, chain: &str) -> String {
    KeyBuilder::new("workdir")
        .field("below", chain)
        .field("path", &operation.path)
        .field("user", &operation.user)
        .finish()
}

/// The key of a `RUN`; `contents` are the checksums of its bind mounts, in order. Values of secrets, ids of
/// caches, proxies and the addresses of extra hosts are no part of it.
pub(super) fn run(
    operation: &RunOperation,
    chain: &str,
    platform: &Platform,
    hosts: &[ExtraHost],
    contents: &[String],
) -> String {
    KeyBuilder::new("run")
        .field("below", chain)
        .list("argv", &operation.argv)
        .list("env", operation.env.iter().flat_map(|(name, value)| [name, value]))
        .field("cwd", &operation.cwd)
        .field("user", &operation.user)
        .field("hostname", HOST_NAME)
        .field("network", network(operation.network))
        .list("hosts", hosts.iter().map(|host| &host.name))
        .field("platform", &platform.to_string())
        .list("mounts", operation.mounts.iter().flat_map(mount))
        .list("contents", contents)
        .finish()
}

fn network(mode: NetworkMode) -> &'static str {
    match mode {
        NetworkMode::Default => "default",
        NetworkMode::None => "none",
        NetworkMode::Host => "host",
    }
}

fn mount(mount: &PlannedMount) -> Vec<String> {
    let text = |text: &str| text.to_owned();
    match mount {
        PlannedMount::Bind { target, source, writable, .. } => {
            vec![text("bind"), target.clone(), source.clone(), writable.to_string()]
        }
        PlannedMount::Cache { mount, initial } => {
            let sharing = match mount.sharing {
                Sharing::Shared => "shared",
                Sharing::Private => "private",
                Sharing::Locked => "locked",
            };
            let initial =
                initial.as_ref().map(|(origin, source)| format!("{origin:?} {source}")).unwrap_or_default();
            vec![text("cache"), mount.target.clone(), text(sharing), mount.read_only.to_string(), initial]
        }
        PlannedMount::Tmpfs { target, size } => {
            vec![text("tmpfs"), target.clone(), size.unwrap_or(0).to_string()]
        }
        PlannedMount::Secret(secret) => {
            let option = |value: &Option<String>| value.clone().unwrap_or_default();
            vec![text("secret"), secret.id.clone(), option(&secret.target), option(&secret.variable)]
        }
        PlannedMount::Script { target, body } => vec![text("script"), target.clone(), body.clone()],
    }
}
