//! Arguments of `run`, and what they change of a service.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::cli::{Context, Failure, terminal};
use crate::plan::desired::OneOff;
use crate::project::command_line;
use crate::project::model::{Environment, Mount, Port};
use crate::random;

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct RunArgs {
    /// Run in the background and print the container's id
    #[arg(short, long)]
    pub detach: bool,
    /// Variables, as NAME=VALUE, or NAME to take this process's value
    #[arg(short, long)]
    pub env: Vec<String>,
    /// Variables from files like .env; those of --env come after them
    #[arg(long, value_name = "FILE")]
    pub env_from_file: Vec<PathBuf>,
    /// Labels, as NAME=VALUE
    #[arg(short, long, alias = "labels")]
    pub label: Vec<String>,
    /// Remove the container when it ends
    #[arg(long)]
    pub rm: bool,
    /// No terminal
    #[arg(short = 'T', long, alias = "no-TTY")]
    pub no_tty: bool,
    /// Name of the container
    #[arg(long)]
    pub name: Option<String>,
    /// User
    #[arg(short, long)]
    pub user: Option<String>,
    /// Working directory
    #[arg(short, long)]
    pub workdir: Option<String>,
    /// Replaces the image's entry point
    #[arg(long)]
    pub entrypoint: Option<String>,
    /// Capabilities to add
    #[arg(long)]
    pub cap_add: Vec<String>,
    /// Capabilities to drop
    #[arg(long)]
    pub cap_drop: Vec<String>,
    /// Leave out services that this one depends on
    #[arg(long)]
    pub no_deps: bool,
    /// Mounts, as in the short form of `volumes`
    #[arg(short, long, alias = "volumes")]
    pub volume: Vec<String>,
    /// Ports, as in the short form of `ports`
    #[arg(short, long, conflicts_with = "service_ports")]
    pub publish: Vec<String>,
    /// Answer to the service's names on its networks
    #[arg(long)]
    pub use_aliases: bool,
    /// Publish the service's ports
    #[arg(short = 'P', long)]
    pub service_ports: bool,
    /// When to pull
    #[arg(long, value_name = "POLICY")]
    pub pull: Option<String>,
    /// No progress
    #[arg(short, long)]
    pub quiet: bool,
    /// No progress of pulls
    #[arg(long)]
    pub quiet_pull: bool,
    /// No output of builds
    #[arg(long)]
    pub quiet_build: bool,
    /// Build the image first
    #[arg(long)]
    pub build: bool,
    /// Remove containers of services that the files do not have
    #[arg(long)]
    pub remove_orphans: bool,
    /// Keep standard input open
    #[arg(short, long, default_value = "true")]
    pub interactive: bool,
    /// Give it a terminal, when there is one
    #[arg(short, long, hide = true, default_value = "true", conflicts_with = "no_tty")]
    pub tty: bool,
    /// Service, command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_names = ["SERVICE", "COMMAND"])]
    pub words: Vec<String>,
}

impl RunArgs {
    /// What changes of the service. `environment` is where `-e NAME` looks.
    pub fn one_off(
        &self,
        context: &Context,
        environment: &BTreeMap<String, String>,
    ) -> Result<OneOff, Failure> {
        let stdin = self.interactive && !self.detach;
        Ok(OneOff {
            name: self.name.clone().unwrap_or_default(),
            slug: random::hex(32)?,
            command: self.words[1..].to_vec(),
            entrypoint: self.entrypoint.as_ref().map(|text| split_entrypoint(text)).transpose()?,
            environment: self.environment(context, environment)?,
            labels: pairs(&self.label),
            user: self.user.clone().unwrap_or_default(),
            working_dir: self.workdir.clone().unwrap_or_default(),
            volumes: self.volume.iter().map(|text| mount(context, text)).collect::<Result<_, _>>()?,
            publish: self.ports()?,
            service_ports: self.service_ports,
            use_aliases: self.use_aliases,
            tty: self.tty && !self.no_tty && !self.detach && terminal::is_interactive(),
            stdin,
            auto_remove: self.rm,
            cap_add: self.cap_add.clone(),
            cap_drop: self.cap_drop.clone(),
        })
    }

    /// Variables of the files, then those of the command line.
    fn environment(
        &self,
        context: &Context,
        environment: &BTreeMap<String, String>,
    ) -> Result<Environment, Failure> {
        let lookup =
            |name: &str| context.variable(name).map(str::to_owned).or_else(|| environment.get(name).cloned());
        let mut all = Environment::new();
        for path in &self.env_from_file {
            let failed =
                |problem: String| Failure::message(format!("--env-from-file {}: {problem}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
            let parsed = command_line::parse_env_file(&text, &lookup).map_err(failed)?;
            all.extend(parsed.into_iter().map(|(name, value)| (name, Some(value))));
        }
        all.extend(variables(&self.env, lookup));
        Ok(all)
    }

    fn ports(&self) -> Result<Vec<Port>, Failure> {
        let all: Result<Vec<Vec<Port>>, Failure> = self.publish.iter().map(|text| published(text)).collect();
        Ok(all?.into_iter().flatten().collect())
    }
}

fn variables(items: &[String], lookup: impl Fn(&str) -> Option<String>) -> Environment {
    let entry = |item: &String| match item.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (item.clone(), lookup(item)),
    };
    items.iter().map(entry).collect()
}

fn pairs(items: &[String]) -> BTreeMap<String, String> {
    let split = |item: &String| {
        item.split_once('=').map_or((item.clone(), String::new()), |(k, v)| (k.into(), v.into()))
    };
    items.iter().map(split).collect()
}

fn split_entrypoint(text: &str) -> Result<Vec<String>, Failure> {
    command_line::split_words(text)
        .map_err(|problem| Failure::message(format!("--entrypoint {text:?}: {problem}")))
}

/// A short-form mount; a relative host path is relative to where the user stands.
fn mount(context: &Context, text: &str) -> Result<Mount, Failure> {
    let base = context.load_options()?.current_directory;
    command_line::parse_mount(text, &base)
        .map_err(|problem| Failure::message(format!("--volume {text:?}: {problem}")))
}

fn published(text: &str) -> Result<Vec<Port>, Failure> {
    command_line::parse_port(text)
        .map_err(|problem| Failure::message(format!("--publish {text:?}: {problem}")))
}
