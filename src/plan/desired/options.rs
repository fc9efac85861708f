//! Flags of `up` and its relatives that shape what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::names::Separator;

/// When containers are made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recreate {
    /// When their configuration or image changed.
    #[default]
    Diverged,
    /// Always.
    Force,
    /// Never.
    Never,
}

/// What the command line asks for beyond the files.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of `up`")]
pub struct UpOptions {
    /// Services named; empty: all.
    pub selected: BTreeSet<String>,
    /// `--scale`.
    pub scale: BTreeMap<String, usize>,
    /// For services named.
    pub recreate: Recreate,
    /// For services that are only dependencies.
    pub recreate_dependencies: Recreate,
    /// `-V`: new anonymous volumes instead of those of the replaced container.
    pub renew_anonymous_volumes: bool,
    /// Leave the replicas of the named services as they are (`run` makes a container of its own).
    pub keep_replicas: bool,
    /// `--no-deps`.
    pub no_dependencies: bool,
    /// `--remove-orphans`.
    pub remove_orphans: bool,
    /// Orphans are not even spoken of.
    pub ignore_orphans: bool,
    /// Containers are made but not started (`create`, `--no-start`).
    pub no_start: bool,
    /// `--wait`: the command ends when everything is ready.
    pub wait: bool,
    /// `--build`.
    pub build: bool,
    /// `--no-build`.
    pub no_build: bool,
    /// `--pull`.
    pub pull: Option<String>,
    /// Images are as they should be: the second planning, after they were pulled or built.
    pub images_settled: bool,
    /// `-t`, in seconds.
    pub stop_timeout: Option<i32>,
    /// A host port can belong to one container only, so that a replica must free it before the next can have it.
    pub exclusive_ports: bool,
    /// Between the parts of names.
    pub separator: Separator,
}
