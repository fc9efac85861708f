//! Everything that decides what is loaded, given explicitly.
//!
//! Library code below `project` reads neither the process environment nor the current directory; the command line does
//! and puts them here (`project::environment` helps).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::read::remote::Remote;

/// Inputs of [`super::load`]. `Default` loads nothing useful: set at least `current_directory`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the `config` command")]
pub struct LoadOptions {
    /// `-f`, in order; `-` is standard input. Empty: `COMPOSE_FILE`, else discovery (compose-surface 3.1).
    pub files: Vec<PathBuf>,
    /// Content of standard input, for `-f -`.
    pub stdin: Option<Vec<u8>>,
    /// `--project-directory`.
    pub project_directory: Option<PathBuf>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--profile`; empty: `COMPOSE_PROFILES`.
    pub profiles: Vec<String>,
    /// `--env-file`; empty: `COMPOSE_ENV_FILES`, else `.env`.
    pub env_files: Vec<PathBuf>,
    /// The process environment.
    pub environment: BTreeMap<String, String>,
    /// Where the user stands; relative paths above are relative to it.
    pub current_directory: PathBuf,
    /// Services named on the command line, by patterns too (`project::pattern`); their profiles become active and only they and what they depend on stay.
    pub services: Vec<String>,
    /// Keep only what the named services need (false: `services` only activates profiles).
    pub with_dependencies: bool,
    /// `--all-resources`: keep networks, volumes, … that no service uses.
    pub all_resources: bool,
    /// Replace `${VAR}` (off: `--no-interpolate`).
    pub interpolate: bool,
    /// Fill in the default network, names, implied dependencies (off: `--no-normalize`).
    pub normalize: bool,
    /// Check references between parts (off: `--no-consistency`).
    pub check_consistency: bool,
    /// Make paths absolute (off: `--no-path-resolution`).
    pub resolve_paths: bool,
    /// Read `env_file` and `label_file` into `environment` and `labels` (off: `--no-env-resolution`).
    pub resolve_environment: bool,
    /// Fetches files that are not on this machine (`oci://…`); none: they are refused.
    pub remote: Option<Arc<dyn Remote>>,
    /// Record how values came about, for [`super::Project::origins`].
    pub record_origins: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            stdin: None,
            project_directory: None,
            project_name: None,
            profiles: Vec::new(),
            env_files: Vec::new(),
            environment: BTreeMap::new(),
            current_directory: PathBuf::new(),
            services: Vec::new(),
            with_dependencies: true,
            all_resources: false,
            interpolate: true,
            normalize: true,
            check_consistency: true,
            resolve_paths: true,
            resolve_environment: true,
            remote: None,
            record_origins: false,
        }
    }
}
