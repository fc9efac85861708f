//! AppArmor on this host: which profile a container runs under, and that Docker's default one is loaded (contract 1.7.6).
//!
//! The kernel holds the profiles and `apparmor_parser` compiles them; putting a process under one is the launch's business.

mod profile;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// The profile of containers that ask for none. Docker's name, so that a host with both engines has one.
pub const DEFAULT_PROFILE: &str = "docker-default";
/// What a container without confinement asks for.
const UNCONFINED: &str = "unconfined";

/// `Y` where the kernel enforces profiles.
const ENABLED: &str = "/sys/module/apparmor/parameters/enabled";
/// One loaded profile a line: `name (mode)`.
const LOADED: &str = "/sys/kernel/security/apparmor/profiles";
/// The engine's own profile.
const OWN: &str = "/proc/self/attr/apparmor/current";
const PARSERS: [&str; 3] = ["/sbin/apparmor_parser", "/usr/sbin/apparmor_parser", "/usr/bin/apparmor_parser"];

/// What this host has of AppArmor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppArmor {
    enabled: bool,
    parser: Option<PathBuf>,
}

impl AppArmor {
    /// Looks at the host. Says once when profiles are enforced but the default one cannot be had: containers run without it then,
    /// as on Docker Engine.
    pub fn detect() -> AppArmor {
        let enabled = fs::read(ENABLED).is_ok_and(|text| text.starts_with(b"Y")) && Path::new(OWN).exists();
        let parser = PARSERS.iter().map(PathBuf::from).find(|path| path.exists());
        let host = AppArmor { enabled, parser };
        if enabled && !host.has_default() {
            tracing::warn!(
                "containers run without AppArmor: {DEFAULT_PROFILE} is not loaded, and there is no apparmor_parser to load it \
                 (Debian: apt-get install apparmor)"
            );
        }
        host
    }

    /// Whether containers are confined by default.
    pub fn has_default(&self) -> bool {
        self.enabled && (self.parser.is_some() || is_loaded())
    }

    /// The profile of a container that asks for `asked`, which may be empty; none where there is nothing to set.
    pub fn profile(&self, asked: &str, privileged: bool) -> Option<String> {
        let name = match asked {
            "" if privileged => UNCONFINED,
            "" => Some(DEFAULT_PROFILE).filter(|_| self.has_default())?,
            asked => asked,
        };
        Some(name.to_owned()).filter(|_| self.enabled)
    }

    /// Loads the default profile when that is the one to be used and it is not there: other programs may have unloaded it.
    ///
    /// # Errors
    /// The parser refuses it or cannot be run.
    pub fn ensure_loaded(&self, profile: Option<&str>) -> Result<()> {
        match &self.parser {
            Some(parser) if profile == Some(DEFAULT_PROFILE) && !is_loaded() => load(parser),
            _ => Ok(()),
        }
    }
}

fn is_loaded() -> bool {
    let all = fs::read_to_string(LOADED).unwrap_or_default();
    all.lines().any(|line| line.split(' ').next() == Some(DEFAULT_PROFILE))
}

fn load(parser: &Path) -> Result<()> {
    let failed = |why: &str| {
        let text = format!(
            "AppArmor enabled on system but the {DEFAULT_PROFILE} profile could not be loaded: {why}"
        );
        Error::Internal(text)
    };
    let run = || {
        let mut child = Command::new(parser)
            // Replaces one that somebody else loaded meanwhile; the cache is for profiles of the host's own.
            .args(["--replace", "--skip-cache", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let text = profile::text(DEFAULT_PROFILE, &own_profile());
        // A parser that ends before it has read all says why.
        let _ = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
        child.wait_with_output()
    };
    let output = run().map_err(|error| failed(&format!("{}: {error}", parser.display())))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// The label that this engine's signals come from: `name (mode)`, or a bare name.
fn own_profile() -> String {
    let label = fs::read_to_string(OWN).unwrap_or_default();
    let name = label.trim_end_matches(['\n', '\0']).rsplit_once(" (").map_or(label.trim(), |(name, _)| name);
    if name.is_empty() { UNCONFINED.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_comes_before_the_default() {
        let host = AppArmor { enabled: true, parser: Some("/sbin/apparmor_parser".into()) };
        let profile = |asked: &str, privileged| host.profile(asked, privileged);
        assert_eq!(profile("", false).as_deref(), Some("docker-default"));
        assert_eq!(profile("", true).as_deref(), Some("unconfined"));
        assert_eq!(profile("mine", true).as_deref(), Some("mine"));
        assert_eq!(profile("unconfined", false).as_deref(), Some("unconfined"));
    }

    #[test]
    fn a_kernel_without_it_is_asked_for_nothing() {
        let host = AppArmor { enabled: false, parser: Some("/sbin/apparmor_parser".into()) };
        assert_eq!(host.profile("mine", false), None);
        assert!(!host.has_default() && host.ensure_loaded(None).is_ok());
    }
}
