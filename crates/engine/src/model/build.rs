//! What a build request asks for, after decoding of the query of `POST /build`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;

use super::config::Labels;
use super::image::RegistryAuth;

/// Where the files of a build come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildContext {
    /// A directory on this host, read in place (`remote=file:///abs/dir`).
    Directory(PathBuf),
    /// The request's body is a tar archive (plain or gzip).
    Archive,
}

/// One build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRequest {
    pub context: BuildContext,
    /// Path of the Dockerfile relative to the context; absolute paths are allowed for [`BuildContext::Directory`] only.
    pub dockerfile: String,
    pub tags: Vec<String>,
    /// `None` as a value takes the variable's predefined or default value.
    pub build_args: IndexMap<String, Option<String>>,
    /// Labels of the image, with `dev.wharf.build.secret.<id>` still among them.
    pub labels: Labels,
    pub target: Option<String>,
    pub no_cache: bool,
    pub pull: bool,
    pub platform: Option<String>,
    /// `default`, `host`, `none`, or empty.
    pub network_mode: String,
    pub extra_hosts: Vec<String>,
    /// Bytes of `/dev/shm` in `RUN`; 0 is the default.
    pub shm_size: i64,
    /// Credentials for base images, by the address of their registry as clients write it (`X-Registry-Config`).
    pub logins: BTreeMap<String, RegistryAuth>,
}
