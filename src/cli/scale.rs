//! `wharf scale`: changes numbers of replicas and nothing else.

use clap::Args;

use super::reconcile::{load, reconcile};
use super::session::{Session, separator};
use super::up::parse_scale;
use super::{Context, Failure};
use crate::plan::desired::{Recreate, UpOptions};

/// Arguments of `scale`.
#[derive(Args, Debug)]
pub struct ScaleArgs {
    /// Replicas, as SERVICE=NUMBER
    #[arg(required = true, value_name = "SERVICE=N")]
    replicas: Vec<String>,
    /// Leave out services that the named ones depend on
    #[arg(long)]
    no_deps: bool,
}

/// Runs `scale`.
///
/// # Errors
/// The project is wrong, or the engine fails.
pub async fn run(context: &Context, args: ScaleArgs) -> Result<(), Failure> {
    let scale = parse_scale(&args.replicas)?;
    let services: Vec<String> = scale.keys().cloned().collect();
    let project = load(context, &services, !args.no_deps)?;
    let options = UpOptions {
        selected: scale.keys().cloned().collect(),
        scale,
        recreate: Recreate::Never,
        recreate_dependencies: Recreate::Never,
        no_dependencies: args.no_deps,
        separator: separator(context),
        ..UpOptions::default()
    };
    let session = Session::open(context, &project.name, "scale").await?;
    reconcile(&session, &project, options).await?;
    Ok(())
}
