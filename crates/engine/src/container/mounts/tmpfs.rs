//! Options of tmpfs mounts (contract 1.3.9, 2.4.10).

use wharf_container::spec::{MountOptions, TmpfsMount};

use crate::error::{Error, Result};

/// A tmpfs with `options` merged over Docker's `noexec,nosuid,nodev`.
///
/// # Errors
/// An option that tmpfs does not know.
pub fn parse(options: &[String]) -> Result<(TmpfsMount, MountOptions)> {
    let mut tmpfs = TmpfsMount { source: Some("tmpfs".to_owned()), ..TmpfsMount::default() };
    let mut flags = MountOptions::confined();
    for option in options.iter().filter(|option| !option.is_empty()) {
        apply(option, &mut tmpfs, &mut flags).ok_or_else(|| invalid(option))?;
    }
    Ok((tmpfs, flags))
}

/// Docker names the option without its value.
fn invalid(option: &str) -> Error {
    let name = option.split('=').next().unwrap_or(option);
    Error::BadParameter(format!("invalid tmpfs option {name:?}"))
}

fn apply(option: &str, tmpfs: &mut TmpfsMount, flags: &mut MountOptions) -> Option<()> {
    match option.split_once('=') {
        Some(("size", size)) => tmpfs.size = Some(bytes(size)?),
        Some(("mode", mode)) => tmpfs.mode = Some(u32::from_str_radix(mode, 8).ok()?),
        Some(("uid" | "gid" | "nr_inodes" | "nr_blocks" | "mpol", _)) => {
            tmpfs.options.push(option.to_owned())
        }
        Some(_) => return None,
        None => flag(option, flags)?,
    }
    Some(())
}

fn flag(option: &str, flags: &mut MountOptions) -> Option<()> {
    match option {
        "ro" => flags.read_only = true,
        "rw" => flags.read_only = false,
        "exec" => flags.no_exec = false,
        "noexec" => flags.no_exec = true,
        "suid" => flags.no_suid = false,
        "nosuid" => flags.no_suid = true,
        "dev" => flags.no_dev = false,
        "nodev" => flags.no_dev = true,
        "rprivate" | "private" | "defaults" | "async" | "relatime" => {}
        _ => return None,
    }
    Some(())
}

/// As tmpfs(5) reads sizes: binary units; `%` is of the memory.
fn bytes(text: &str) -> Option<u64> {
    if let Some(percent) = text.strip_suffix('%') {
        let memory = rustix::system::sysinfo();
        let total = memory.totalram.saturating_mul(u64::from(memory.mem_unit));
        return percent.parse::<u64>().ok().map(|percent| total / 100 * percent);
    }
    let lower = text.to_ascii_lowercase();
    let lower = lower.strip_suffix('b').unwrap_or(&lower);
    let (digits, shift) = match lower.chars().last()? {
        'k' => (&lower[..lower.len() - 1], 10),
        'm' => (&lower[..lower.len() - 1], 20),
        'g' => (&lower[..lower.len() - 1], 30),
        't' => (&lower[..lower.len() - 1], 40),
        _ => (lower, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn options_go_over_the_defaults() {
        let (tmpfs, flags) = parse(&split("size=64m,mode=700,uid=5,exec")).unwrap();
        assert_eq!((tmpfs.size, tmpfs.mode), (Some(64 << 20), Some(0o700)));
        assert_eq!(tmpfs.options, ["uid=5"]);
        assert!(!flags.no_exec && flags.no_suid && flags.no_dev);
        assert!(parse(&split("colour=red")).is_err());
        assert!(parse(&split("size=big")).is_err());
    }
}
