//! Capabilities and `SecurityOpt` (contract 1.6, 1.7.5, 1.7.8).

use wharf_container::capabilities::Capabilities;
use wharf_container::seccomp::Profile;
use wharf_container::spec::Seccomp;

use crate::error::{Error, Result};
use crate::model::HostConfig;

/// Security of a container, decided.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityOptions {
    /// The bounding set.
    pub capabilities: Capabilities,
    /// The system call filter.
    pub seccomp: Seccomp,
    /// No gain of privileges by execution.
    pub no_new_privileges: bool,
    /// The AppArmor profile that is asked for; empty is the default.
    pub apparmor: String,
    /// `/sys/fs/cgroup` can be written.
    pub writable_cgroups: bool,
}

impl SecurityOptions {
    /// What the request asks for.
    ///
    /// # Errors
    /// An unknown capability or option.
    pub fn parse(host: &HostConfig) -> Result<SecurityOptions> {
        let none = Vec::new();
        let (add, drop) = (host.cap_add.as_ref().unwrap_or(&none), host.cap_drop.as_ref().unwrap_or(&none));
        let capabilities = Capabilities::docker_with(add, drop)
            .map_err(|error| Error::BadParameter(unknown_capability(&error.0, add)))?;
        let mut options = SecurityOptions {
            capabilities: if host.privileged { Capabilities::all() } else { capabilities },
            seccomp: if host.privileged { Seccomp::Unconfined } else { Seccomp::Default },
            no_new_privileges: false,
            apparmor: String::new(),
            writable_cgroups: host.privileged,
        };
        for option in host.security_opt.iter().flatten() {
            options.apply(option)?;
        }
        Ok(options)
    }

    fn apply(&mut self, option: &str) -> Result<()> {
        let invalid = || Error::BadParameter(format!("invalid --security-opt 2: {option:?}"));
        let (name, value) = option.split_once('=').or_else(|| option.split_once(':')).unwrap_or((option, ""));
        match name {
            "no-new-privileges" => self.no_new_privileges = boolean(value).ok_or_else(invalid)?,
            "writable-cgroups" => self.writable_cgroups = boolean(value).ok_or_else(invalid)?,
            "seccomp" => self.seccomp = seccomp(value)?,
            // Without AppArmor on the host it is ignored, as on Docker Engine.
            "apparmor" if !value.is_empty() => value.clone_into(&mut self.apparmor),
            // Without SELinux on the host there is nothing to label; Docker ignores it there as well.
            "label" if !value.is_empty() => {}
            _ => return Err(invalid()),
        }
        Ok(())
    }
}

/// Docker's words; `name` is one of `added`, or of those to be dropped.
fn unknown_capability(name: &str, added: &[String]) -> String {
    let list = if added.iter().any(|own| own == name) { "CapAdd" } else { "CapDrop" };
    let upper = name.to_ascii_uppercase();
    let prefix = if upper.starts_with("CAP_") { "" } else { "CAP_" };
    format!("invalid {list}: unknown capability: \"{prefix}{upper}\"")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "" | "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn seccomp(value: &str) -> Result<Seccomp> {
    match value {
        "unconfined" => Ok(Seccomp::Unconfined),
        "builtin" => Ok(Seccomp::Default),
        json => match Profile::parse(json) {
            Ok(profile) => Ok(Seccomp::Profile(Box::new(profile))),
            Err(error) => Err(Error::BadParameter(format!("Decoding seccomp profile failed: {error}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Result<SecurityOptions> {
        let security_opt = Some(options.iter().map(|option| (*option).to_owned()).collect());
        SecurityOptions::parse(&HostConfig { security_opt, ..HostConfig::default() })
    }

    #[test]
    fn options_are_understood_or_refused() {
        assert!(parse(&["no-new-privileges"]).unwrap().no_new_privileges);
        assert!(!parse(&["no-new-privileges:false"]).unwrap().no_new_privileges);
        assert_eq!(parse(&["seccomp=unconfined"]).unwrap().seccomp, Seccomp::Unconfined);
        assert_eq!(parse(&["apparmor:mine"]).unwrap().apparmor, "mine");
        for wrong in ["apparmor=", "seccomp=/path", "what=ever", "no-new-privileges=maybe", "seccomp="] {
            assert!(parse(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unknown_capabilities_are_refused() {
        let cap_add = Some(vec!["SUPERPOWER".to_owned()]);
        assert!(SecurityOptions::parse(&HostConfig { cap_add, ..HostConfig::default() }).is_err());
    }
}
