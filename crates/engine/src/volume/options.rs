//! Options of the local driver (contract 2.3.2): a volume may be a mount of something else.

use std::io;
use std::net::ToSocketAddrs;
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
        (true, false, _) => return Err(missing("type")),
        (_, true, _) => return Err(missing("device")),
        _ => {}
    }
    let (flags, data) = mount_flags(flags);
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
            "nodiratime" => flags |= MountFlags::NODIRATIME,
            "relatime" => flags |= MountFlags::RELATIME,
            "strictatime" => flags |= MountFlags::STRICTATIME,
            "sync" => flags |= MountFlags::SYNCHRONOUS,
            "dirsync" => flags |= MountFlags::DIRSYNC,
            "rw" | "defaults" | "suid" | "dev" | "exec" | "atime" | "diratime" | "async" | "norelatime"
            | "nostrictatime" => {}
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
        let data = self.resolved_data().map_err(|error| self.failure(target, &error))?;
        let text = std::ffi::CString::new(data).map_err(|error| self.failure(target, &error.into()))?;
        let kind = if self.kind == "none" { "" } else { self.kind.as_str() };
        rustix::mount::mount(&self.device, target, kind, self.flags, text.as_c_str())
            .map_err(|errno| self.failure(target, &errno.into()))?;
        self.apply_bind_flags(target).map_err(|error| self.failure(target, &error))
    }

    /// Docker's text (contract 2.3.3).
    fn failure(&self, target: &Path, error: &io::Error) -> Error {
        let (device, place) = (&self.device, target.display());
        let flags =
            if self.flags.is_empty() { String::new() } else { format!(", flags: {:#x}", self.flags.bits()) };
        let data = if self.data.is_empty() { String::new() } else { format!(", data: {}", self.data) };
        let mount = format!("mount {device}:{place}{flags}{data}");
        let reason = error.to_string().to_lowercase();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        Error::Internal(format!(
            "error while mounting volume '{place}': failed to mount local volume: {mount}: {reason}"
        ))
    }

    /// The kernel wants addresses where users write names.
    fn resolved_data(&self) -> io::Result<String> {
        if !matches!(self.kind.as_str(), "nfs" | "nfs4" | "cifs") {
            return Ok(self.data.clone());
        }
        let options: io::Result<Vec<String>> = self.data.split(',').map(resolved).collect();
        Ok(options?.join(","))
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

/// `addr=` with an address in place of a name.
fn resolved(option: &str) -> io::Result<String> {
    let Some(host) = option.strip_prefix("addr=") else { return Ok(option.to_owned()) };
    let mut found = (host, 0).to_socket_addrs()?;
    let address = found.next().ok_or(io::ErrorKind::NotFound)?;
    Ok(format!("addr={}", address.ip()))
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
        let nfs = [("type", "nfs"), ("o", "addr=localhost,vers=4,ro"), ("device", ":/export")];
        let nfs = parse(&options(&nfs)).unwrap().unwrap();
        assert_eq!(
            (nfs.kind.as_str(), nfs.flags, nfs.data.as_str()),
            ("nfs", MountFlags::RDONLY, "addr=localhost,vers=4")
        );
        assert!(
            ["addr=127.0.0.1,vers=4", "addr=::1,vers=4"].contains(&nfs.resolved_data().unwrap().as_str())
        );
        for wrong in [[("colour", "red")].as_slice(), &[("type", "none")], &[("device", "/x")]] {
            assert!(parse(&options(wrong)).is_err(), "{wrong:?}");
        }
    }
}
