//! Flags that stand before the command (compose-surface 2.2).

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::output::AnsiMode;
use crate::output::plan::PlanFormat;
use crate::output::progress::ProgressMode;

/// The global flags.
#[derive(Args, Clone, Debug, Default)]
pub struct Globals {
    /// Compose configuration files
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Project name
    #[arg(short, long)]
    pub project_name: Option<String>,
    /// Working directory of the project (default: the folder of the first file)
    #[arg(long, value_name = "DIR", alias = "workdir")]
    pub project_directory: Option<PathBuf>,
    /// Environment files for interpolation (default: .env)
    #[arg(long = "env-file", value_name = "FILE")]
    pub env_files: Vec<PathBuf>,
    /// Profiles to activate
    #[arg(long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,
    /// Most engine calls at once; -1 is no limit [default: COMPOSE_PARALLEL_LIMIT, else -1]
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBER")]
    pub parallel: Option<i64>,
    /// How progress is shown [default: COMPOSE_PROGRESS, else auto]
    #[arg(long, value_enum)]
    pub progress: Option<ProgressMode>,
    /// When colours and cursor movements are used [default: COMPOSE_ANSI, else auto]
    #[arg(long, value_enum)]
    pub ansi: Option<AnsiMode>,
    /// No colours and cursor movements; the older name of --ansi never
    #[arg(long, hide = true)]
    pub no_ansi: bool,
    /// Show the lines that warnings are about
    #[arg(long)]
    pub verbose: bool,
    /// Names with underscores, as Compose v1 made them
    #[arg(long)]
    pub compatibility: bool,
    /// Show what would be done and change nothing; =tree and =json show it in these forms
    #[arg(long, global = true, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true,
          default_missing_value = "text", hide_possible_values = true)]
    pub dry_run: Option<DryRun>,
    /// Keep networks, volumes and the like that no service uses
    #[arg(long)]
    pub all_resources: bool,
    /// A registry that may speak plain HTTP, for oci:// files
    #[arg(long = "insecure-registry", value_name = "HOST", hide = true)]
    pub insecure_registries: Vec<String>,
    /// Address of an engine, or "builtin" (default: DOCKER_HOST when set, else the built-in engine)
    #[arg(short = 'H', long, env = "WHARF_HOST")]
    pub host: Option<String>,
}

/// What `--dry-run` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Numbered lines.
    #[value(aliases = ["true", "1", "t", "T", "True", "TRUE"])]
    Text,
    /// By service.
    Tree,
    /// One document.
    Json,
    /// No dry run: scripts write `--dry-run=false`.
    #[value(name = "false", aliases = ["0", "f", "F", "False", "FALSE"])]
    Off,
}

impl Globals {
    /// The form to show the plan in; `None` when it is to be carried out.
    pub fn dry_run(&self) -> Option<PlanFormat> {
        match self.dry_run? {
            DryRun::Text => Some(PlanFormat::Text),
            DryRun::Tree => Some(PlanFormat::Tree),
            DryRun::Json => Some(PlanFormat::Json),
            DryRun::Off => None,
        }
    }
}
