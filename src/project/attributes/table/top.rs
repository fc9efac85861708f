//! The top level, `include` and `models`.

use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::Support::Differs;
use crate::project::attributes::texts::REMOTE;

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("version", "Version of the file format, obsolete")
        .both(Differs("read and warned of while loading; it decides nothing")),
    row("name", "Project name").default("the directory's name"),
    row("include", "Other projects merged into this one").both(Differs(REMOTE)),
    row("include.[].path", "Files of the included project, merged in order"),
    row("include.[].project_directory", "What relative paths of the included files start from")
        .default("the directory of the first file"),
    row("include.[].env_file", "Variables for the included files").default("`.env` of its directory"),
    row("services", "The containers of the project, by name"),
    row("networks", "Networks, by name").default("`default`, where a service needs it"),
    row("volumes", "Named volumes, by name"),
    row("secrets", "Secret files for services and builds, by name"),
    row("configs", "Configuration files for services, by name"),
    row("models", "Language models, by name")
        .both(Differs("a service that uses one is refused, see `services.*.models`")),
    row("models.*.name", "Real name of the model"),
    row("models.*.model", "Reference of the model"),
    row("models.*.context_size", "Context size in tokens"),
    row("models.*.runtime_flags", "Flags of the model runner"),
];
