//! A service: volumes, secrets and configs in the container.

use crate::project::attributes::cases::{FROM_FILE, MOUNT_TYPES, SHARED, WINDOWS_MOUNT};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{Support::Differs, refused, warned};
use crate::project::attributes::texts::{FILE_KEEPS, WINDOWS};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.configs", "Configuration files in the container").unique(Key::ConfigTarget),
    row("services.*.configs.[].source", "The config"),
    row("services.*.configs.[].target", "Path in the container").default("`/SOURCE`"),
    row("services.*.configs.[].uid", "Owner").default("`0`").both(warned(FROM_FILE, FILE_KEEPS)),
    row("services.*.configs.[].gid", "Group").default("`0`").both(warned(FROM_FILE, FILE_KEEPS)),
    row("services.*.configs.[].mode", "Permissions").default("`0444`").both(warned(FROM_FILE, FILE_KEEPS)),
    row("services.*.secrets", "Secret files in the container").unique(Key::SecretTarget),
    row("services.*.secrets.[].source", "The secret"),
    row("services.*.secrets.[].target", "Path in the container").default("`/run/secrets/SOURCE`"),
    row("services.*.secrets.[].uid", "Owner").default("`0`").both(warned(FROM_FILE, FILE_KEEPS)),
    row("services.*.secrets.[].gid", "Group").default("`0`").both(warned(FROM_FILE, FILE_KEEPS)),
    row("services.*.secrets.[].mode", "Permissions").default("`0444`").both(warned(FROM_FILE, FILE_KEEPS)),
    row("services.*.tmpfs", "Directories in memory").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
    row("services.*.volumes", "Volumes and directories of the host").unique(Key::MountTarget),
    row("services.*.volumes.[].type", "Kind of mount")
        .built_in(refused(MOUNT_TYPES, "the kinds are bind, volume, tmpfs and image"))
        .docker(refused(WINDOWS_MOUNT, WINDOWS)),
    row("services.*.volumes.[].source", "Volume, path of the host, or image").default("an anonymous volume"),
    row("services.*.volumes.[].target", "Path in the container"),
    row("services.*.volumes.[].read_only", "No writing").default("`false`").cast(Cast::Boolean),
    row("services.*.volumes.[].consistency", "How closely host and container agree")
        .both(Differs("only Docker Desktop acts on it")),
    row("services.*.volumes.[].bind", "Options of a bind mount"),
    row("services.*.volumes.[].bind.propagation", "Mount propagation")
        .default("`rprivate`")
        .built_in(refused(SHARED, "mounts made in a container do not reach the host")),
    row("services.*.volumes.[].bind.create_host_path", "Make a missing directory of the host")
        .default("`true`")
        .cast(Cast::Boolean),
    row("services.*.volumes.[].bind.recursive", "What becomes of mounts below the source")
        .default("`enabled`")
        .since(1, 44),
    row("services.*.volumes.[].bind.selinux", "SELinux label: `z` or `Z`")
        .built_in(Differs("not needed: containers of this engine are not confined by SELinux")),
    row("services.*.volumes.[].volume", "Options of a volume mount"),
    row("services.*.volumes.[].volume.labels", "Labels of an anonymous volume").merge(Rule::KeyValueList),
    row("services.*.volumes.[].volume.nocopy", "Do not copy the image's files into an empty volume")
        .default("`false`")
        .cast(Cast::Boolean),
    row("services.*.volumes.[].volume.subpath", "Directory inside the volume").since(1, 45),
    row("services.*.volumes.[].tmpfs", "Options of a directory in memory"),
    row("services.*.volumes.[].tmpfs.size", "Its size").default("half of the memory"),
    row("services.*.volumes.[].tmpfs.mode", "Its permissions").default("`1777`"),
    row("services.*.volumes.[].image", "Options of an image mount").since(1, 48),
    row("services.*.volumes.[].image.subpath", "Directory inside the image"),
    row("services.*.volumes_from", "Mounts of other services and containers")
        .both(Differs("the mode of each entry is kept; Docker Compose loses `:ro`")),
];
