//! Which engine a command talks to.

use std::path::PathBuf;

use wharf_engine::EnginePaths;

/// Everything that decides it, in falling precedence. Filled by the command line; nothing here reads the environment.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
    /// `--host`, else `WHARF_HOST`.
    pub host: Option<String>,
    /// `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// `WHARF_ROOT`: the root of the built-in engine.
    pub root: Option<PathBuf>,
}

/// The engine a command talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The engine inside this program, started when it does not run.
    BuiltIn(EnginePaths),
    /// Whatever listens at an address: a Docker Engine, Podman, or another Wharf.
    Address(String),
}

impl Target {
    /// Picks the target. `builtin` and `default` as a host name the built-in engine, whatever `DOCKER_HOST` says.
    pub fn choose(options: &TargetOptions) -> Target {
        let given = options.host.as_deref().filter(|host| !host.is_empty());
        let docker = options.docker_host.as_deref().filter(|host| !host.is_empty());
        match given.or(docker) {
            None | Some("builtin" | "default") => Target::BuiltIn(EnginePaths::new(options.root.as_deref())),
            Some(address) => Target::Address(address.to_owned()),
        }
    }

    /// Whether the engine runs on this host, so that files and ports here are the engine's too.
    pub fn is_local(&self) -> bool {
        match self {
            Target::BuiltIn(_) => true,
            Target::Address(address) => address.starts_with("unix://") || address.starts_with('/'),
        }
    }

    /// For messages.
    pub fn address(&self) -> String {
        match self {
            Target::BuiltIn(paths) => format!("unix://{}", paths.socket().display()),
            Target::Address(address) => address.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(host: Option<&str>, docker_host: Option<&str>) -> Target {
        Target::choose(&TargetOptions {
            host: host.map(str::to_owned),
            docker_host: docker_host.map(str::to_owned),
            root: None,
        })
    }

    #[test]
    fn precedence() {
        assert_eq!(choose(None, None), Target::BuiltIn(EnginePaths::new(None)));
        assert_eq!(choose(None, Some("unix:///d.sock")), Target::Address("unix:///d.sock".into()));
        assert_eq!(choose(Some("tcp://h:1"), Some("unix:///d.sock")), Target::Address("tcp://h:1".into()));
        assert_eq!(choose(Some("builtin"), Some("unix:///d.sock")), Target::BuiltIn(EnginePaths::new(None)));
        assert_eq!(choose(Some(""), None), Target::BuiltIn(EnginePaths::new(None)));
    }

    #[test]
    fn only_unix_sockets_are_local() {
        assert!(choose(None, Some("unix:///d.sock")).is_local());
        assert!(!choose(None, Some("tcp://h:2375")).is_local());
    }
}
