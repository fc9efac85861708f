//! What a changed file means: the rules of `develop.watch` (compose-surface 1.5).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dockerignore::Patterns;
use crate::plan::hooks::HookSpec;
use crate::project::Project;
use crate::project::model::{MountKind, Service, Watch};

/// What is done for a changed file.
#[derive(Clone, Debug)]
pub(super) enum Reaction {
    /// Build the image and make the containers anew.
    Rebuild,
    /// Copy it.
    Sync,
    /// Restart the containers.
    Restart,
    /// Copy it, then restart.
    SyncRestart,
    /// Copy it, then run a command.
    SyncExec(Arc<HookSpec>),
}

/// A rule of a service.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(super) service: String,
    pub(super) reaction: Reaction,
    /// What is watched, without symbolic links on the way.
    pub(super) path: PathBuf,
    /// Where it is in the container; empty for rules that copy nothing.
    target: String,
    pub(super) initial_sync: bool,
    include: Option<Patterns>,
    ignore: Patterns,
    /// The build context and its `.dockerignore`.
    context: Option<(PathBuf, Patterns)>,
}

/// Files of editors and of git, which nobody wants in a container.
const ALWAYS_IGNORED: [&str; 13] = [
    "**/.git",
    "**/.idea",
    "**/*___jb_old___",
    "**/*___jb_tmp___",
    "**/.#*",
    "**/#*#",
    "**/4913",
    "**/*~",
    "**/.*.sw?",
    "**/.*.kate-swp",
    "**/.goutputstream-*",
    "**/.DS_Store",
    "**/.nfs*",
];

impl Rule {
    /// Reads a rule.
    pub(super) fn new(service: &Service, watch: &Watch) -> Result<Rule, String> {
        let name = &service.name;
        let reaction = match watch.action.as_str() {
            "rebuild" if service.build.is_none() => {
                return Err(format!(
                    "can't watch service {name:?} with action rebuild without a build context: it has no `build`"
                ));
            }
            "rebuild" => Reaction::Rebuild,
            "sync" => Reaction::Sync,
            "restart" => Reaction::Restart,
            "sync+restart" => Reaction::SyncRestart,
            "sync+exec" => Reaction::SyncExec(Arc::new(HookSpec::of("watch", &watch.exec))),
            other => return Err(format!("watch action {other:?} of service {name:?} is not known")),
        };
        let path = std::fs::canonicalize(&watch.path)
            .map_err(|error| format!("service {name:?} cannot watch {}: {error}", watch.path))?;
        let defaults = ALWAYS_IGNORED.iter().map(|pattern| (*pattern).to_owned());
        let all_ignored: Vec<String> = defaults.chain(watch.ignore.iter().cloned()).collect();
        Ok(Rule {
            service: name.clone(),
            reaction,
            path,
            target: watch.target.clone(),
            initial_sync: watch.initial_sync,
            include: (!watch.include.is_empty()).then(|| Patterns::new(&watch.include)),
            ignore: Patterns::new(&all_ignored),
            context: context(service).map_err(|error| format!("service {name:?}: {error}"))?,
        })
    }

    /// Whether a change of `path` is one for this rule.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(&self.path) else { return false };
        let included = self.include.as_ref().is_none_or(|patterns| patterns.matches(relative));
        included && !self.is_ignored(path, relative)
    }

    /// Whether nothing in the folder `path` can concern this rule, so that it need not be looked into.
    pub(super) fn skips_folder(&self, path: &Path) -> bool {
        if self.path.starts_with(path) {
            return false;
        }
        let Ok(relative) = path.strip_prefix(&self.path) else { return true };
        let reopened = |patterns: &Patterns| patterns.may_include_below();
        let reopens =
            reopened(&self.ignore) || self.context.as_ref().is_some_and(|(_, patterns)| reopened(patterns));
        !reopens && self.is_ignored(path, relative)
    }

    fn is_ignored(&self, path: &Path, relative: &Path) -> bool {
        let in_context = self.context.as_ref().and_then(|(root, patterns)| {
            let relative = path.strip_prefix(root).ok()?;
            Some(patterns.matches(relative))
        });
        self.ignore.matches(relative) || in_context == Some(true)
    }

    /// Where `path` is in the container; `None` for rules that copy nothing.
    pub(super) fn target(&self, path: &Path) -> Option<String> {
        if matches!(self.reaction, Reaction::Rebuild | Reaction::Restart) {
            return None;
        }
        let relative = path.strip_prefix(&self.path).ok()?;
        Some(Path::new(&self.target).join(relative).to_string_lossy().trim_end_matches('/').to_owned())
    }

    /// The rule in a sentence.
    pub(super) fn describe(&self) -> String {
        let Rule { service, path, target, .. } = self;
        let path = path.display();
        match &self.reaction {
            Reaction::Rebuild => format!("watch {path}: rebuild service {service}"),
            Reaction::Sync => format!("watch {path}: sync to {target} of service {service}"),
            Reaction::Restart => format!("watch {path}: restart service {service}"),
            Reaction::SyncRestart => {
                format!("watch {path}: sync to {target} of service {service} and restart it")
            }
            Reaction::SyncExec(hook) => {
                format!(
                    "watch {path}: sync to {target} of service {service} and run {}",
                    hook.command.join(" ")
                )
            }
        }
    }
}

/// The folder that a service is built from, and what its `.dockerignore` leaves out.
fn context(service: &Service) -> Result<Option<(PathBuf, Patterns)>, String> {
    let Some(build) = &service.build else { return Ok(None) };
    // A context that is an address is nowhere on this machine.
    let Ok(root) = std::fs::canonicalize(&build.context) else { return Ok(None) };
    let patterns = Patterns::of_context(&root, &build.dockerfile);
    let patterns =
        patterns.map_err(|error| format!("cannot read .dockerignore in {}: {error}", root.display()))?;
    Ok(Some((root, patterns)))
}

/// Leaves out rules that copy what the container sees already, because the host's folder is mounted in it.
pub(super) fn without_mounted(project: &Project, rules: Vec<Rule>, warn: impl Fn(&str)) -> Vec<Rule> {
    let mounted = |rule: &Rule| {
        let service = project.services.get(&rule.service);
        let binds =
            service.into_iter().flat_map(|service| &service.volumes).filter(|m| m.kind == MountKind::Bind);
        let mut sources = binds.filter_map(|mount| std::fs::canonicalize(&mount.source).ok());
        rule.target(&rule.path).is_some() && sources.any(|source| rule.path.starts_with(source))
    };
    let (shadowed, kept) = rules.into_iter().partition::<Vec<_>, _>(mounted);
    for rule in shadowed {
        let (path, service) = (rule.path.display(), &rule.service);
        warn(&format!("path {path} is mounted in service {service} already: it is not synced"));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::model::Build;

    fn rule(folder: &Path, watch: Watch) -> Rule {
        let build = Build { context: folder.display().to_string(), ..Build::default() };
        let service = Service { name: "web".into(), build: Some(build), ..Service::default() };
        let path = folder.join(&watch.path).display().to_string();
        Rule::new(&service, &Watch { path, ..watch }).unwrap()
    }

    fn sync(path: &str) -> Watch {
        Watch { path: path.into(), action: "sync".into(), target: "/app".into(), ..Watch::default() }
    }

    #[test]
    fn what_nobody_wants_in_a_container_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::write(root.join(".dockerignore"), "node_modules\n*.log\n!keep.log\n").unwrap();
        let rule = rule(&root, Watch { ignore: vec!["tmp/".into(), "**/*.pyc".into()], ..sync(".") });
        let concerns = |path: &str| rule.concerns(&root.join(path));
        for path in ["main.py", "deep/er/main.py", "keep.log", "Dockerfile"] {
            assert!(concerns(path), "{path}");
        }
        for path in [
            "node_modules/x/y.js",
            "a.log",
            "tmp/x",
            "deep/a.pyc",
            ".git/index",
            "sub/.git/HEAD",
            ".main.py.swp",
            "main.py~",
            "4913",
        ] {
            assert!(!concerns(path), "{path}");
        }
        assert!(!rule.concerns(Path::new("/elsewhere")));
    }

    #[test]
    fn includes_narrow_what_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let rule = rule(&root, Watch { include: vec!["**/*.py".into()], ..sync(".") });
        assert!(rule.concerns(&root.join("deep/a.py")));
        assert!(!rule.concerns(&root.join("deep/a.txt")));
    }

    #[test]
    fn a_file_goes_to_its_place_below_the_target() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("src")).unwrap();
        std::fs::write(root.join("one.conf"), "").unwrap();
        let rules = rule(&root, sync("src"));
        assert_eq!(rules.target(&root.join("src/a/b.py")).unwrap(), "/app/a/b.py");
        let single = rule(&root, Watch { target: "/etc/one.conf".into(), ..sync("one.conf") });
        assert_eq!(single.target(&root.join("one.conf")).unwrap(), "/etc/one.conf");
    }

    #[test]
    fn a_rebuild_needs_something_to_build() {
        let watch = Watch { path: "/".into(), action: "rebuild".into(), ..Watch::default() };
        let service = Service { name: "web".into(), ..Service::default() };
        assert!(Rule::new(&service, &watch).unwrap_err().contains("without a build context"));
    }
}
