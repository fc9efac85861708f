//! Flags that stand before the command (compose-surface 2.2).

use std::path::PathBuf;

use clap::Args;

use crate::output::AnsiMode;
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
    /// Show what would be done and change nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Keep networks, volumes and the like that no service uses
    #[arg(long)]
    pub all_resources: bool,
    /// Address of an engine, or "builtin" (default: DOCKER_HOST when set, else the built-in engine)
    #[arg(short = 'H', long, env = "WHARF_HOST")]
    pub host: Option<String>,
}
