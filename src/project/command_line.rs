//! Compose's short forms where they come from the command line: no file, no spans.

use std::collections::BTreeMap;
use std::path::Path;

use super::dotenv;
use super::model::{BindOptions, Mount, MountKind, Port, VolumeOptions};
use super::spelling::{bytes, mount, port, words};

/// The words of a command line, split as `entrypoint:` is.
///
/// # Errors
/// An unclosed quote, or an operator that only a shell understands.
pub fn split_words(text: &str) -> Result<Vec<String>, String> {
    let line = words::split(text)?;
    match line.ignored {
        Some(rest) => Err(format!("{rest:?} needs a shell")),
        None => Ok(line.words),
    }
}

/// `[SOURCE:]TARGET[:OPTIONS]`; a relative host path is relative to `base`.
///
/// # Errors
/// The text is no mount.
pub fn parse_mount(text: &str, base: &Path) -> Result<Mount, String> {
    let short = mount::parse(text).map_err(|error| error.message)?;
    let form = Mount { target: short.target, read_only: short.read_only, ..Mount::default() };
    if !short.is_bind {
        let volume = VolumeOptions { nocopy: short.nocopy, ..VolumeOptions::default() };
        return Ok(Mount { kind: MountKind::Volume, source: short.source, volume: Some(volume), ..form });
    }
    let source = mount::clean(&base.join(&short.source).display().to_string());
    let bind = BindOptions {
        selinux: short.selinux.unwrap_or_default().to_owned(),
        propagation: short.propagation.unwrap_or_default(),
        ..BindOptions::default()
    };
    Ok(Mount { kind: MountKind::Bind, source, bind: Some(bind), ..form })
}

/// Variables of a file like `.env`; `lookup` has those that its values and bare names may take.
///
/// # Errors
/// A line that is no variable, with its number.
pub fn parse_env_file(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, String> {
    let parsed = dotenv::parse(text, lookup, &BTreeMap::new()).map_err(|error| error.to_string())?;
    Ok(parsed.variables)
}

/// A size such as `512m`, in bytes.
///
/// # Errors
/// The text is no size.
pub fn parse_bytes(text: &str) -> Result<i64, String> {
    bytes::parse(text)
}

/// `[[IP:][HOST]:]CONTAINER[/PROTOCOL]`, with ranges.
///
/// # Errors
/// The text is no port.
pub fn parse_port(text: &str) -> Result<Vec<Port>, String> {
    let ports = port::parse(text).map_err(|error| error.message)?.into_iter().map(|short| Port {
        host_ip: short.host_ip,
        published: short.published,
        target: u32::from(short.target),
        protocol: short.protocol,
        ..Port::default()
    });
    Ok(ports.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_bind_starts_where_the_user_stands() {
        let mount = parse_mount("./data:/data:ro", Path::new("/home/me")).unwrap();
        assert_eq!(
            (mount.kind, mount.source.as_str(), mount.read_only),
            (MountKind::Bind, "/home/me/data", true)
        );
        assert_eq!(parse_mount("data:/data", Path::new("/")).unwrap().kind, MountKind::Volume);
    }

    #[test]
    fn shell_operators_are_refused() {
        assert_eq!(split_words("sh -c 'a b'").unwrap(), ["sh", "-c", "a b"]);
        assert!(split_words("a && b").is_err());
    }
}
