//! The whole project as text.

use super::arguments::{ConfigArgs, Format};
use super::digests;
use crate::cli::{Context, Failure, report};
use crate::project::node::Node;
use crate::project::provenance::Provenance;
use crate::project::{self, LoadOptions, Project, render};

/// The project in the format asked for.
pub(super) async fn text(
    context: &Context,
    args: &ConfigArgs,
    options: LoadOptions,
) -> Result<String, Failure> {
    let is_json = args.format == Some(Format::Json);
    if args.no_interpolate {
        return uninterpolated(context, args, &options, is_json);
    }
    let mut project = context.load_with(options)?.project;
    if args.wants_digests() {
        digests::resolve(context, &mut project).await?;
    }
    if args.lock_image_digests {
        project = digests::only_images(&project);
    }
    if !args.provenance {
        // Only the origins of values are found in it, and what is printed needs its memory.
        project.tree = Node::default();
    }
    Ok(printed(&project, args.provenance, is_json))
}

fn printed(project: &Project, provenance: bool, is_json: bool) -> String {
    match (provenance, is_json) {
        (true, true) => Provenance::of(project).json(),
        (true, false) => Provenance::of(project).yaml(),
        (false, true) => render::json(project) + "\n",
        (false, false) => render::yaml(project),
    }
}

/// The tree before it becomes typed: without values there are no types.
fn uninterpolated(
    context: &Context,
    args: &ConfigArgs,
    options: &LoadOptions,
    is_json: bool,
) -> Result<String, Failure> {
    let loaded = project::load_tree(options)?;
    report::diagnostics(&loaded.warnings, &loaded.sources, context.style);
    Ok(match (args.provenance, is_json) {
        (true, true) => Provenance::of_tree(&loaded).json(),
        (true, false) => Provenance::of_tree(&loaded).yaml(),
        (false, true) => render::tree_json(&loaded.tree) + "\n",
        (false, false) => render::tree_yaml(&loaded.tree),
    })
}
