//! `wharf config`: the project as it is understood, or a list of one kind of its parts.

mod arguments;
mod diagnostics;
pub(super) mod digests;
mod listing;
mod variables;
mod whole;

pub use arguments::ConfigArgs;

use arguments::{Format, List};

use super::{Context, Failure, report};
use crate::output;
use crate::project::{self, LoadOptions};

/// Prints what was asked for.
///
/// # Errors
/// The project does not load, flags contradict each other, a digest cannot be had, or the output file cannot be written.
pub async fn run(context: &Context, args: &ConfigArgs) -> Result<(), Failure> {
    args.check()?;
    for ignored in args.ignored() {
        eprintln!("warning: {ignored}");
    }
    let text = match args.list() {
        Some(List::Variables) => variables::text(context, args, options(context, args)?)?,
        Some(List::Environment) => environment(context, &options(context, args)?)?,
        Some(List::Names(names)) => listing::text(context, args, names, options(context, args)?)?,
        None if args.quiet => return check(context, args),
        None => whole::text(context, args, options(context, args)?).await?,
    };
    match &args.output {
        None => output::text(&text),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Failure::message(format!("cannot write {}: {error}", path.display())))?,
    }
    Ok(())
}

/// `--quiet`: only whether the project is right.
fn check(context: &Context, args: &ConfigArgs) -> Result<(), Failure> {
    let options = options(context, args)?;
    if args.format == Some(Format::Json) {
        return diagnostics::print(&options);
    }
    if !args.no_interpolate {
        return context.load_with(options).map(|_| ());
    }
    let loaded = project::load_tree(&options)?;
    report::diagnostics(&loaded.warnings, &loaded.sources, context.style);
    Ok(())
}

fn options(context: &Context, args: &ConfigArgs) -> Result<LoadOptions, Failure> {
    Ok(LoadOptions {
        services: args.selected().to_vec(),
        interpolate: !args.no_interpolate,
        normalize: !args.no_normalize && !context.globals.compatibility,
        resolve_paths: !args.no_path_resolution,
        check_consistency: !args.no_consistency,
        resolve_environment: !args.no_env_resolution,
        record_origins: args.provenance,
        ..context.load_options()?
    })
}

fn environment(context: &Context, options: &LoadOptions) -> Result<String, Failure> {
    let inputs = project::load_inputs(options)?;
    report::diagnostics(&inputs.warnings, &inputs.sources, context.style);
    Ok(inputs.environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect())
}
