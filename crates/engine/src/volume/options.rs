//! Options of the local driver (contract 2.3.2): a volume may be a mount of something else.

use std::io;
use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags};

use crate::error::{Error, Result};
use crate::model::config::Labels;

/// What is mounted on a volume's directory while the volume is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeMount {
    kind: String,
    device: String,
    flags: MountFlags,
    data: String,
}

/// The mount that the options ask for; `None` for a plain directory.
///
/// # Errors
/// An unknown option, or a combination that makes no mount, in Docker's words.
pub fn parse(options: &Labels) -> Result<Option<VolumeMount>> {
    if let Some(name) = options.keys().find(|name| !matches!(name.as_str(), "type" | "o" | "device")) {
        let text = match name.as_str() {
            "size" => "quota size requested but no quota support".to_owned(),
            _ => format!("invalid option: {name:?}"),
        };
        return Err(Error::BadParameter(text));
    }
    let value = |name: &str| options.get(name).map(String::as_str).unwrap_or_default();
    let (kind, device, flags) = (value("type"), value("device"), value("o"));
    match (kind.is_empty(), device.is_empty(), flags.is_empty()) {
        (true, true, true) => return Ok(None),
        (true, ..) => return Err(missing("type")),
        (_, true, _) => return Err(missing("device")),
        _ => {}
    }
    if !matches!(kind, "none" | "tmpfs" | "bind") {
        return Err(Error::BadParameter(format!("volume type {kind:?} is not supported by this engine")));
    }
    let (flags, data) = mount_flags(flags);
    if kind != "tmpfs" && !flags.contains(MountFlags::BIND) {
        return Err(Error::BadParameter(format!("volume type {kind:?} needs the option o=bind")));
    }
    Ok(Some(VolumeMount { kind: kind.to_owned(), device: device.to_owned(), flags, data }))
}

fn missing(name: &str) -> Error {
    Error::BadParameter(format!("missing required option: {name:?}"))
}

/// Splits `o` into what the kernel takes as flags and what the file system takes as text.
fn mount_flags(options: &str) -> (MountFlags, String) {
    let mut flags = MountFlags::empty();
    let mut data = Vec::new();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "bind" => flags |= MountFlags::BIND,
            "rbind" => flags |= MountFlags::BIND | MountFlags::REC,
            "ro" => flags |= MountFlags::RDONLY,
            "nosuid" => flags |= MountFlags::NOSUID,
            "nodev" => flags |= MountFlags::NODEV,
            "noexec" => flags |= MountFlags::NOEXEC,
            "noatime" => flags |= MountFlags::NOATIME,
            "rw" | "defaults" => {}
            other => data.push(other),
        }
    }
    (flags, data.join(","))
}

impl VolumeMount {
    /// Mounts on `target` unless something is mounted there already.
    ///
    /// # Errors
    /// Docker's text around what the kernel says.
    pub fn mount(&self, target: &Path) -> Result<()> {
        if is_mount_point(target)? {
            return Ok(());
        }
        let failed = |source: io::Error| {
            let text = format!("failed to mount local volume: mount {}:{}", self.device, target.display());
            Error::Internal(format!("{text}: {source}"))
        };
        let data = std::ffi::CString::new(self.data.clone()).map_err(|error| failed(error.into()))?;
        let kind = if self.kind == "tmpfs" { "tmpfs" } else { "" };
        rustix::mount::mount(&self.device, target, kind, self.flags, data.as_c_str())
            .map_err(|errno| failed(errno.into()))?;
        self.apply_bind_flags(target).map_err(failed)
    }

    /// The kernel takes the flags of a bind only in a second step.
    fn apply_bind_flags(&self, target: &Path) -> io::Result<()> {
        let own = self.flags - (MountFlags::BIND | MountFlags::REC);
        if self.flags.contains(MountFlags::BIND) && !own.is_empty() {
            rustix::mount::mount_remount(target, MountFlags::BIND | own, "")?;
        }
        Ok(())
    }
}

/// Ends a [`VolumeMount`] on `target`; containers that still run keep their own copy of the mount.
///
/// # Errors
/// What the kernel says.
pub fn unmount(target: &Path) -> Result<()> {
    if is_mount_point(target)? {
        let flags = UnmountFlags::DETACH | UnmountFlags::NOFOLLOW;
        rustix::mount::unmount(target, flags).map_err(|errno| Error::io("unmount", target)(errno.into()))?;
    }
    Ok(())
}

fn is_mount_point(path: &Path) -> Result<bool> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags};
    let stat = rustix::fs::statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)
        .map_err(|errno| Error::io("look at", path)(errno.into()))?;
    Ok(stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn combinations() {
        assert_eq!(parse(&options(&[])).unwrap(), None);
        let bind = parse(&options(&[("type", "none"), ("o", "bind,ro"), ("device", "/x")])).unwrap().unwrap();
        assert_eq!((bind.flags, bind.data.as_str()), (MountFlags::BIND | MountFlags::RDONLY, ""));
        let tmpfs = [("type", "tmpfs"), ("o", "size=1m,uid=7"), ("device", "tmpfs")];
        assert_eq!(parse(&options(&tmpfs)).unwrap().unwrap().data, "size=1m,uid=7");
        for wrong in [
            [("colour", "red")].as_slice(),
            &[("type", "none")],
            &[("device", "/x")],
            &[("type", "none"), ("device", "/x")],
            &[("type", "zfs"), ("device", "/x")],
        ] {
            assert!(parse(&options(wrong)).is_err(), "{wrong:?}");
        }
    }
}
