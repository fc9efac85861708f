//! Volumes, secrets and configs.

use crate::project::attributes::cases::{ALWAYS, NOT_EXTERNAL, VOLUME_DRIVERS, VOLUME_OPTIONS};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{refused, warned};
use crate::project::attributes::texts::{NO_OBJECT, SWARM};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("volumes.*.name", "Real name").default("`PROJECT_KEY`"),
    row("volumes.*.driver", "Volume driver")
        .default("`local`")
        .built_in(refused(VOLUME_DRIVERS, "the only volume driver is local")),
    row("volumes.*.driver_opts", "Options of the driver")
        .built_in(refused(VOLUME_OPTIONS, "the options of the local driver are type, o and device")),
    row("volumes.*.external", "The volume exists and is not the project's")
        .default("`false`")
        .cast(Cast::Boolean),
    row("volumes.*.external.name", "Its name; deprecated"),
    row("volumes.*.labels", "Labels of the volume").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
    row("secrets.*.name", "Real name of an external one").both(warned(NOT_EXTERNAL, NO_OBJECT)),
    row("secrets.*.environment", "Variable that holds the content"),
    row("secrets.*.file", "File that holds the content"),
    row("secrets.*.external", "It exists in a cluster")
        .default("`false`")
        .cast(Cast::Boolean)
        .both(refused(ALWAYS, SWARM).help("use `file:`, `environment:`")),
    row("secrets.*.external.name", "Its name; deprecated"),
    row("secrets.*.labels", "Labels").both(warned(ALWAYS, NO_OBJECT)),
    row("secrets.*.driver", "Driver that keeps it").both(refused(ALWAYS, SWARM)),
    row("secrets.*.driver_opts", "Options of the driver").both(refused(ALWAYS, SWARM)),
    row("secrets.*.template_driver", "Template language of the content").both(refused(ALWAYS, SWARM)),
    row("configs.*.name", "Real name of an external one").both(warned(NOT_EXTERNAL, NO_OBJECT)),
    row("configs.*.content", "The content itself"),
    row("configs.*.environment", "Variable that holds the content"),
    row("configs.*.file", "File that holds the content"),
    row("configs.*.external", "It exists in a cluster")
        .default("`false`")
        .cast(Cast::Boolean)
        .both(refused(ALWAYS, SWARM).help("use `file:`, `environment:` or `content:`")),
    row("configs.*.external.name", "Its name; deprecated"),
    row("configs.*.labels", "Labels").both(warned(ALWAYS, NO_OBJECT)),
    row("configs.*.template_driver", "Template language of the content").both(refused(ALWAYS, SWARM)),
];
