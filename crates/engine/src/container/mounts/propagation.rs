//! Whether mount events can travel between a host directory and a container as a bind mount asks (contract 1.3.12).

use std::path::Path;

use wharf_container::spec::Propagation;

use crate::error::{Error, Result};

/// A mount of the host.
struct HostMount<'a> {
    point: &'a str,
    shared: bool,
    /// It receives events of another mount.
    slave: bool,
}

/// Refuses a propagation that the mount below `source` cannot give.
///
/// # Errors
/// Docker's text; this process's mounts cannot be read.
pub fn check(source: &Path, propagation: Propagation) -> Result<()> {
    let wanted = match propagation {
        Propagation::Rprivate | Propagation::Private => return Ok(()),
        Propagation::Rslave | Propagation::Slave => "shared or slave",
        Propagation::Rshared | Propagation::Shared => "shared",
    };
    let table =
        std::fs::read_to_string("/proc/self/mountinfo").map_err(Error::io("read", "/proc/self/mountinfo"))?;
    let Some(mount) = mount_below(&table, source) else { return Ok(()) };
    if mount.shared || (mount.slave && wanted != "shared") {
        return Ok(());
    }
    let text =
        format!("path {} is mounted on {} but it is not a {wanted} mount", source.display(), mount.point);
    Err(Error::Internal(text))
}

/// The mount that `path` is on: the last one with the longest mount point.
fn mount_below<'a>(table: &'a str, path: &Path) -> Option<HostMount<'a>> {
    let mounts = table.lines().filter_map(parse).filter(|mount| path.starts_with(mount.point));
    mounts.max_by_key(|mount| mount.point.len())
}

/// `36 35 98:0 / /mnt rw shared:1 master:2 - ext4 …` (proc_pid_mountinfo(5)).
fn parse(line: &str) -> Option<HostMount<'_>> {
    let mut fields = line.split(' ').skip(4);
    let point = fields.next()?;
    let optional = fields.skip(1).take_while(|field| *field != "-");
    let (mut shared, mut slave) = (false, false);
    for field in optional {
        shared |= field.starts_with("shared:");
        slave |= field.starts_with("master:");
    }
    Some(HostMount { point, shared, slave })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_that_counts_is_the_nearest() {
        let table = "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                     2 1 0:5 / /srv rw master:1 - tmpfs tmpfs rw\n\
                     3 1 0:6 / /srv/data rw - tmpfs tmpfs rw\n";
        let found = |path: &str| {
            let mount = mount_below(table, Path::new(path)).unwrap();
            (mount.point, mount.shared, mount.slave)
        };
        assert_eq!(found("/etc"), ("/", true, false));
        assert_eq!(found("/srv/x"), ("/srv", false, true));
        assert_eq!(found("/srv/data/y"), ("/srv/data", false, false));
        assert_eq!(found("/srvx"), ("/", true, false));
    }
}
