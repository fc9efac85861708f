//! `wharf build`: builds the images of services.

use std::collections::BTreeMap;

use clap::Args;

use super::push::{push_images, push_rows};
use super::reconcile::load;
use super::session::{Session, separator};
use super::{Context, Failure, support};
use crate::plan::desired::UpOptions;
use crate::plan::step::{Action, Plan};
use crate::plan::{Desired, Observed, planner};
use crate::project::attributes::Scope;
use crate::project::command_line;

/// Arguments of `build`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct BuildArgs {
    /// Only these services
    services: Vec<String>,
    /// Ignore the cache
    #[arg(long)]
    no_cache: bool,
    /// Refresh base images
    #[arg(long)]
    pull: bool,
    /// Push the images afterwards
    #[arg(long)]
    push: bool,
    /// Build arguments, as NAME=VALUE, or NAME to take this process's value
    #[arg(long, value_name = "NAME=VALUE")]
    build_arg: Vec<String>,
    /// Build services that the named ones depend on too
    #[arg(long)]
    with_dependencies: bool,
    /// No output
    #[arg(short, long)]
    quiet: bool,
    /// Most memory of the containers that build, such as 512m
    #[arg(short, long, value_name = "BYTES")]
    memory: Option<String>,
    #[command(flatten)]
    unsupported: Unsupported,
    #[command(flatten)]
    old: OldFlags,
}

/// Flags of BuildKit and of builders beside the engine's own, refused with the reason.
#[derive(Args, Debug)]
struct Unsupported {
    /// Keys for `RUN --mount=type=ssh` (not supported)
    #[arg(long, value_name = "ID[=SOCKET]")]
    ssh: Vec<String>,
    /// Another builder than the engine's own (not supported)
    #[arg(long, value_name = "NAME")]
    builder: Option<String>,
    /// Attest how the image was made (not supported)
    #[arg(long, value_name = "KIND")]
    provenance: Option<String>,
    /// Attest what the image is made of (not supported)
    #[arg(long, value_name = "KIND")]
    sbom: Option<String>,
    /// Print a file for Docker's bake (not supported)
    #[arg(long)]
    print: bool,
    /// Check Dockerfiles without building (not supported)
    #[arg(long)]
    check: bool,
}

/// Flags that Docker Compose dropped and old scripts have; builds are as these ask for anyway, or are told so.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct OldFlags {
    /// Builds are always parallel
    #[arg(long, hide = true, default_value = "true")]
    parallel: bool,
    /// Contexts are not compressed
    #[arg(long, hide = true)]
    compress: bool,
    /// Containers of builds are always removed
    #[arg(long, hide = true)]
    force_rm: bool,
    /// Containers of builds are always removed
    #[arg(long, hide = true)]
    no_rm: bool,
}

impl Unsupported {
    fn check(&self) -> Result<(), Failure> {
        let asked =
            |value: &Option<String>| value.as_deref().is_some_and(|value| !matches!(value, "" | "false"));
        let refused = [
            (!self.ssh.is_empty(), "--ssh", "builds have no access to ssh keys; use a build secret"),
            (
                self.builder.as_deref().is_some_and(|name| !matches!(name, "" | "default")),
                "--builder",
                "images are built by the engine; choose the engine with --host",
            ),
            (asked(&self.provenance), "--provenance", "images have no attestations; leave it out"),
            (asked(&self.sbom), "--sbom", "images have no attestations; leave it out"),
            (
                self.print,
                "--print",
                "there is no bake here; `wharf build --dry-run` shows what would be built",
            ),
            (self.check, "--check", "there is no checker here; `docker buildx build --check` has one"),
        ];
        match refused.iter().find(|(asked, ..)| *asked) {
            Some((_, flag, why)) => Err(Failure::message(format!("{flag} is not supported: {why}"))),
            None => Ok(()),
        }
    }
}

impl OldFlags {
    /// What has no effect is said once.
    fn warnings(&self) -> impl Iterator<Item = String> {
        let given = [(self.compress, "--compress"), (self.force_rm, "--force-rm"), (self.no_rm, "--no-rm")];
        let given = given.into_iter().filter(|(given, _)| *given);
        given.map(|(_, flag)| format!("{flag} has no effect: Docker Compose dropped it"))
    }
}

/// Runs `build`.
///
/// # Errors
/// The project is wrong, or a build fails.
pub async fn run(context: &Context, args: BuildArgs) -> Result<(), Failure> {
    args.unsupported.check()?;
    let memory = args.memory.as_deref().map(bytes).transpose()?;
    let project = load(context, &args.services, args.with_dependencies)?;
    let options = UpOptions {
        selected: project.selected.clone(),
        build: true,
        no_dependencies: !args.with_dependencies,
        separator: separator(context),
        ..UpOptions::default()
    };
    let desired = Desired::from_project(&project, options)?;
    let plan = only_builds(planner::up(&desired, &Observed::default())?);
    let mut session = Session::open(context, &project.name, "build").await?;
    support::check(&session, &project, Scope::Builds).await?;
    session.runner.build.no_cache = args.no_cache;
    session.runner.build.pull = args.pull;
    session.runner.build.quiet = args.quiet;
    session.runner.build.args = arguments(context, &args.build_arg);
    session.runner.build.memory = memory;
    if !args.old.parallel {
        session.runner.parallel = Some(1);
    }
    args.old.warnings().for_each(|text| session.runner.progress.warning(&text));
    if plan.is_empty() {
        session.runner.progress.warning("no service has anything to build");
    }
    let images: Vec<String> = plan.steps.iter().filter_map(|step| image(&step.action)).collect();
    if let Some(format) = session.form() {
        let pushes = if args.push { push_rows(&images) } else { Vec::new() };
        return session.show(&plan, Some(&project), format, pushes).await;
    }
    session.run(&plan).await?;
    if args.push {
        push_images(&session, &images).await?;
    }
    Ok(())
}

/// A size as Compose writes it.
fn bytes(text: &str) -> Result<i32, Failure> {
    let wrong = || Failure::message(format!("--memory {text:?} is no size of at most 2 GiB: use 512m or 1g"));
    let size = command_line::parse_bytes(text).map_err(|_| wrong())?;
    i32::try_from(size).map_err(|_| wrong())
}

fn only_builds(plan: Plan) -> Plan {
    let steps =
        plan.images_only().steps.into_iter().filter(|step| matches!(step.action, Action::BuildImage(_)));
    Plan { steps: steps.collect(), ..Plan::default() }
}

fn image(action: &Action) -> Option<String> {
    match action {
        Action::BuildImage(request) => Some(request.image.clone()),
        _ => None,
    }
}

fn arguments(context: &Context, items: &[String]) -> BTreeMap<String, String> {
    let entry = |item: &String| match item.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => context.variable(item).map(|value| (item.clone(), value.to_owned())),
    };
    items.iter().filter_map(entry).collect()
}
