//! Arguments of `up`, and what they mean for planning.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::super::arguments::parse_bool;
use super::super::session::separator;
use super::super::{Context, Failure};
use crate::output::timings::TimingsFormat;
use crate::plan::desired::{Recreate, UpOptions};

/// Arguments of `up`.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct UpArgs {
    /// Only these services and what they depend on
    pub services: Vec<String>,
    /// Run in the background
    #[arg(short, long)]
    pub detach: bool,
    #[command(flatten)]
    pub create: CreateFlags,
    /// Only make containers, do not start them
    #[arg(long)]
    pub no_start: bool,
    /// Leave out services that the named ones depend on
    #[arg(long)]
    pub no_deps: bool,
    /// Make dependencies anew too
    #[arg(long)]
    pub always_recreate_deps: bool,
    /// New anonymous volumes instead of those of the replaced containers
    #[arg(short = 'V', long)]
    pub renew_anon_volumes: bool,
    /// Seconds between the stop signal and the kill
    #[arg(short, long, allow_negative_numbers = true)]
    pub timeout: Option<i32>,
    /// Wait until services are running or healthy (implies -d)
    #[arg(long)]
    pub wait: bool,
    /// Longest wait of --wait, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub wait_timeout: Option<u64>,
    /// Print on standard error what the time was spent on; =json prints it for programs
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text",
          hide_possible_values = true)]
    pub timings: Option<TimingsFormat>,
    /// Stop all containers when one ends
    #[arg(long)]
    pub abort_on_container_exit: bool,
    /// Stop all containers when one ends with an error
    #[arg(long)]
    pub abort_on_container_failure: bool,
    /// End with the exit code of this service (implies --abort-on-container-exit)
    #[arg(long, value_name = "SERVICE")]
    pub exit_code_from: Option<String>,
    /// Show only the output of these services
    #[arg(long, value_name = "SERVICE")]
    pub attach: Vec<String>,
    /// Do not show the output of these services
    #[arg(long, value_name = "SERVICE")]
    pub no_attach: Vec<String>,
    /// Show the output of dependencies too
    #[arg(long)]
    pub attach_dependencies: bool,
    /// Make services follow their files (develop.watch)
    #[arg(short, long)]
    pub watch: bool,
    /// Show which keys do what while attached to a terminal (=false: take no keys) [default: COMPOSE_MENU, else true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool,
          value_name = "BOOL")]
    pub menu: Option<bool>,
    /// No colours in the output of containers
    #[arg(long)]
    pub no_color: bool,
    /// No names in front of lines
    #[arg(long)]
    pub no_log_prefix: bool,
    /// Times in front of lines
    #[arg(long)]
    pub timestamps: bool,
}

/// Flags that `up` and `create` share.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct CreateFlags {
    /// Build images first
    #[arg(long)]
    pub build: bool,
    /// Do not build images, even missing ones
    #[arg(long, conflicts_with = "build")]
    pub no_build: bool,
    /// When to pull: always, missing, never, build
    #[arg(long, value_name = "POLICY", value_parser = ["always", "missing", "never", "build", "if_not_present", "policy"])]
    pub pull: Option<String>,
    /// No progress of pulls
    #[arg(long)]
    pub quiet_pull: bool,
    /// No output of builds
    #[arg(long)]
    pub quiet_build: bool,
    /// Make containers anew even if nothing changed
    #[arg(long)]
    pub force_recreate: bool,
    /// Keep containers even if something changed
    #[arg(long, conflicts_with = "force_recreate")]
    pub no_recreate: bool,
    /// Remove containers of services that the files do not have
    #[arg(long)]
    pub remove_orphans: bool,
    /// Replicas, as SERVICE=NUMBER
    #[arg(long, value_name = "SERVICE=N")]
    pub scale: Vec<String>,
    /// Answer yes to every question
    #[arg(short = 'y', long, alias = "y")]
    pub yes: bool,
}

impl UpArgs {
    /// Refuses combinations that contradict each other (compose-surface 2.4).
    pub fn check(&self) -> Result<(), Failure> {
        let aborts =
            self.abort_on_container_exit || self.abort_on_container_failure || self.exit_code_from.is_some();
        let attaches = !self.attach.is_empty() || self.attach_dependencies;
        let renews = self.renew_anon_volumes || self.always_recreate_deps;
        let conflicts = [
            (
                self.detach && aborts,
                "--detach cannot be combined with --abort-on-container-exit or --exit-code-from",
            ),
            (self.detach && attaches, "--detach cannot be combined with --attach or --attach-dependencies"),
            (
                self.wait && aborts,
                "--wait cannot be combined with --abort-on-container-exit or --exit-code-from",
            ),
            (self.wait && attaches, "--wait cannot be combined with --attach or --attach-dependencies"),
            (
                self.abort_on_container_exit && self.abort_on_container_failure,
                "--abort-on-container-exit cannot be combined with --abort-on-container-failure",
            ),
            (
                !self.attach.is_empty() && self.attach_dependencies,
                "--attach cannot be combined with --attach-dependencies",
            ),
            (self.detach && self.watch, "--detach cannot be combined with --watch: use the command watch"),
            (self.wait && self.watch, "--wait cannot be combined with --watch"),
            (self.create.no_build && self.watch, "--no-build and --watch are incompatible"),
            (self.detach && self.menu == Some(true), "--detach cannot be combined with --menu"),
            (
                self.create.no_recreate && renews,
                "--no-recreate cannot be combined with -V or --always-recreate-deps",
            ),
        ];
        match conflicts.into_iter().find(|(conflict, _)| *conflict) {
            Some((_, text)) => Err(Failure::message(text)),
            None => Ok(()),
        }
    }

    /// What they ask for.
    pub fn options(&self, context: &Context, selected: &BTreeSet<String>) -> Result<UpOptions, Failure> {
        let mut options = self.create.options(context, selected)?;
        if self.renew_anon_volumes {
            options.recreate = Recreate::Force;
        }
        if self.always_recreate_deps {
            options.recreate_dependencies = Recreate::Force;
        }
        Ok(UpOptions {
            renew_anonymous_volumes: self.renew_anon_volumes,
            no_dependencies: self.no_deps,
            no_start: self.no_start,
            wait: self.wait,
            stop_timeout: self.timeout,
            ..options
        })
    }
}

impl CreateFlags {
    /// What they ask for.
    pub fn options(&self, context: &Context, selected: &BTreeSet<String>) -> Result<UpOptions, Failure> {
        let recreate = match (self.force_recreate, self.no_recreate) {
            (true, _) => Recreate::Force,
            (_, true) => Recreate::Never,
            _ => Recreate::Diverged,
        };
        let remove_orphans = self.remove_orphans || context.is_on("COMPOSE_REMOVE_ORPHANS");
        let ignore_orphans = context.is_on("COMPOSE_IGNORE_ORPHANS");
        if remove_orphans && ignore_orphans {
            return Err(Failure::message(
                "COMPOSE_IGNORE_ORPHANS and --remove-orphans cannot both be followed: unset one",
            ));
        }
        Ok(UpOptions {
            selected: selected.clone(),
            scale: parse_scale(&self.scale)?,
            recreate,
            recreate_dependencies: if recreate == Recreate::Never { recreate } else { Recreate::Diverged },
            remove_orphans,
            ignore_orphans,
            build: self.build,
            no_build: self.no_build,
            pull: self.pull.clone().filter(|policy| policy != "policy"),
            separator: separator(context),
            ..UpOptions::default()
        })
    }
}

/// `SERVICE=NUMBER` items.
pub fn parse_scale(items: &[String]) -> Result<BTreeMap<String, usize>, Failure> {
    let parse = |item: &String| {
        let pair = item.split_once('=').and_then(|(service, n)| Some((service.to_owned(), n.parse().ok()?)));
        pair.ok_or_else(|| Failure::message(format!("scale {item:?} is not understood: use SERVICE=NUMBER")))
    };
    items.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        let scale = parse_scale(&["web=3".into(), "db=0".into()]).unwrap();
        assert_eq!(scale["web"], 3);
        assert_eq!(scale["db"], 0);
        assert!(parse_scale(&["web".into()]).is_err());
        assert!(parse_scale(&["web=-1".into()]).is_err());
    }

    #[test]
    fn contradictions_are_refused() {
        let args = UpArgs { detach: true, abort_on_container_exit: true, ..UpArgs::default() };
        assert!(args.check().is_err());
        assert!(UpArgs { detach: true, wait: true, ..UpArgs::default() }.check().is_ok());
    }
}
