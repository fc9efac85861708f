//! References and limits across the whole project (compose-surface 1.14), in Compose's words.

use std::collections::BTreeMap;

use super::cycles;
use crate::project::diagnostic::Diagnostic;
use crate::project::errors::Errors;
use crate::project::limits::MAX_REPLICAS;
use crate::project::model::{FileObject, Project, Service};
use crate::project::schema::did_you_mean;
use crate::project::source::Span;

/// Checks every active service and gives everything that does not fit together; on the way `scale` is copied into
/// `deploy.replicas`. What is missing where an earlier error was cut out is no error of its own.
pub fn check(project: &mut Project, earlier: &Errors) -> Vec<Diagnostic> {
    let mut errors: Vec<Diagnostic> = Vec::new();
    for service in project.services.values() {
        let mut checks = Checks { project, service, earlier, errors: &mut errors };
        checks.image();
        checks.networks();
        checks.references();
        checks.dependencies();
        checks.limits();
        checks.scale();
        checks.watch();
        checks.mounts();
    }
    let whole = project.secrets.iter().filter(|(key, _)| !earlier.is_damaged("secrets", key));
    errors.extend(whole.filter_map(|(key, secret)| sourceless(key, secret)));
    errors.extend(shared_container_names(project));
    errors.extend(cycles::find(&project.services));
    for service in project.services.values_mut() {
        if let (Some(scale), Some(deploy)) = (service.scale, &mut service.deploy) {
            deploy.replicas = Some(scale);
        }
    }
    errors
}

/// A driver's secret: Compose knows no drivers outside of clusters.
fn sourceless(key: &str, secret: &FileObject) -> Option<Diagnostic> {
    let nowhere = !secret.external && secret.file.is_empty() && secret.environment.is_empty();
    let message = format!("secret {key:?} must declare either `file` or `environment`");
    nowhere.then(|| Diagnostic::error("missing", secret.span, message))
}

/// Two services cannot both have one container name.
fn shared_container_names(project: &Project) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<&str, &Service> = BTreeMap::new();
    let mut errors = Vec::new();
    for service in project.services.values().filter(|service| !service.container_name.is_empty()) {
        let Some(first) = seen.insert(&service.container_name, service) else { continue };
        let message = format!(
            "services.{}: container name {:?} is already in use by service {:?}",
            service.name, service.container_name, first.name
        );
        let place = |service: &Service| {
            project.locate(&["services", &service.name, "container_name"]).unwrap_or(service.span)
        };
        errors.push(
            Diagnostic::error("conflict", place(service), message)
                .with_label(place(first), "first used here"),
        );
    }
    errors
}

struct Checks<'a> {
    project: &'a Project,
    service: &'a Service,
    earlier: &'a Errors,
    errors: &'a mut Vec<Diagnostic>,
}

impl Checks<'_> {
    /// Where an attribute of the service was written, or the service's name.
    fn span(&self, attribute: &str) -> Span {
        self.project.locate(&["services", &self.service.name, attribute]).unwrap_or(self.service.span)
    }

    fn report(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.errors.push(Diagnostic::error(code, span, message));
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }

    fn image(&mut self) {
        let Service { name, image, build, provider, .. } = self.service;
        let whole = !self.earlier.is_damaged("services", name);
        if whole && build.is_none() && image.is_empty() && provider.is_none() {
            let message = format!("service {name:?} has neither an image nor a build context specified");
            let help = "add `image:` with the image to run, or `build:` with the directory of its Dockerfile";
            self.report("no-image", self.service.span, message).help = Some(help.into());
        }
        let Some(build) = build else { return };
        if !build.dockerfile_inline.is_empty() && !build.dockerfile.is_empty() {
            let message =
                format!("service {name:?} declares mutually exclusive dockerfile and dockerfile_inline");
            let place =
                |key| self.project.locate_key(&["services", name, "build", key]).unwrap_or(build.span);
            let (one, other) = (place("dockerfile_inline"), place("dockerfile"));
            self.report("conflict", one, message).and(other, "the other one", "remove one of the two");
        }
        let platform = &self.service.platform;
        if !platform.is_empty() && !build.platforms.is_empty() && !build.platforms.contains(platform) {
            let message = format!("service.build.platforms MUST include service.platform {platform:?}");
            let place = self.project.locate(&["services", name, "build", "platforms"]);
            let help = format!("add {platform} to `build.platforms`, or remove `platform:`");
            self.report("platform", self.span("platform"), message).and(
                place.unwrap_or_default(),
                "the platforms that are built",
                help,
            );
        }
        for (context, target) in &build.additional_contexts {
            if let Some(other) = target.strip_prefix("service:") {
                let path = ["services", name, "build", "additional_contexts", context];
                self.build_context(context, other, self.project.locate(&path).unwrap_or(build.span));
            }
        }
    }

    fn build_context(&mut self, context: &str, other: &str, span: Span) {
        let name = &self.service.name;
        match self.project.any_service(other) {
            None => {
                let message = format!(
                    "build.additional_contexts[{context}]: service {name:?} depends on undefined service {other:?}"
                );
                let known = self.project.services.keys().map(String::as_str);
                self.report("undefined", span, message).help = did_you_mean(other, known);
            }
            Some(target) if target.build.is_none() => {
                let message = format!("build.additional_contexts[{context}]: service {other:?} has no build");
                let help = format!(
                    "only a service with `build:` can be a context; for its image write docker-image://{}",
                    target.image
                );
                self.report("conflict", span, message).help = Some(help);
            }
            Some(_) => {}
        }
    }

    fn networks(&mut self) {
        let Service { name, network_mode, networks, .. } = self.service;
        if !network_mode.is_empty() && !networks.is_empty() {
            let message = format!("service {name} declares mutually exclusive `network_mode` and `networks`");
            let networks = self.span("networks");
            self.report("conflict", self.span("network_mode"), message).and(
                networks,
                "the networks",
                "remove one of the two: `network_mode` takes the place of networks",
            );
            return;
        }
        for network in networks.keys() {
            let here = self.project.locate_key(&["services", name, "networks", network]);
            self.known("network", network, &self.project.networks, here.unwrap_or(self.span("networks")));
        }
    }

    /// Reports a name that the top level does not define.
    fn known<T>(&mut self, kind: &str, name: &str, defined: &BTreeMap<String, T>, span: Span) {
        if defined.contains_key(name) {
            return;
        }
        if name.is_empty() {
            let message = format!("service {:?} does not say which {kind} it means", self.service.name);
            self.report("undefined", span, message).help = Some("add `source:` with its name".into());
            return;
        }
        let message = format!("service {:?} refers to undefined {kind} {name}", self.service.name);
        let section = kind.rsplit(' ').next().unwrap_or(kind);
        let help = did_you_mean(name, defined.keys().map(String::as_str))
            .unwrap_or_else(|| format!("define it at the top level:\n\n{section}s:\n  {name}:"));
        self.report("undefined", span, message).help = Some(help);
    }

    fn references(&mut self) {
        let (project, service) = (self.project, self.service);
        for mount in
            service.volumes.iter().filter(|mount| mount.kind == super::super::model::MountKind::Volume)
        {
            if !mount.source.is_empty() {
                self.known("volume", &mount.source, &project.volumes, mount.span);
            }
        }
        for secret in &service.secrets {
            self.known("secret", &secret.source, &project.secrets, secret.span);
        }
        for config in &service.configs {
            self.known("config", &config.source, &project.configs, config.span);
        }
        for secret in service.build.iter().flat_map(|build| &build.secrets) {
            self.known("build secret", &secret.source, &project.secrets, secret.span);
        }
        for model in service.models.keys() {
            let here = project.locate_key(&["services", &service.name, "models", model]);
            self.known("model", model, &project.models, here.unwrap_or(self.span("models")));
        }
    }

    fn dependencies(&mut self) {
        for (name, dependency) in &self.service.depends_on {
            let disabled = self.project.disabled_services.contains_key(name);
            if self.project.services.contains_key(name) || (disabled && !dependency.required) {
                continue;
            }
            let message = format!("service {:?} depends on undefined service {name:?}", self.service.name);
            let help = match self.project.disabled_services.get(name) {
                Some(other) => Some(format!(
                    "it is only part of the profile {}: activate it with --profile, or set `required: false`",
                    other.profiles.join(", ")
                )),
                None => Some(self.other_service(name)),
            };
            self.report("undefined", dependency.span, message).help = help;
        }
    }

    fn other_service(&self, name: &str) -> String {
        let known = || self.project.services.keys().map(String::as_str);
        did_you_mean(name, known()).unwrap_or_else(|| {
            let others: Vec<&str> = known().filter(|other| *other != self.service.name).take(8).collect();
            match others.is_empty() {
                true => format!("define a service {name:?}, or remove the dependency"),
                false => format!("define a service {name:?}, or name one of {}", others.join(", ")),
            }
        })
    }

    /// `cpus`, `mem_limit` and the like must agree with `deploy.resources`.
    fn limits(&mut self) {
        let Service { name, deploy, .. } = self.service;
        let Some(resources) = deploy.as_ref().map(|deploy| &deploy.resources) else { return };
        let mut distinct = Vec::new();
        if let Some(limits) = &resources.limits {
            let service = self.service;
            distinct.push((
                "cpus",
                "limits.cpus",
                service.cpus.0 != 0.0 && limits.cpus.0 != 0.0 && service.cpus != limits.cpus,
            ));
            distinct.push((
                "mem_limit",
                "limits.memory",
                service.mem_limit.0 != 0 && limits.memory.0 != 0 && service.mem_limit != limits.memory,
            ));
            distinct.push((
                "pids_limit",
                "limits.pids",
                service.pids_limit != 0 && limits.pids != 0 && service.pids_limit != limits.pids,
            ));
        }
        if let Some(reservations) = &resources.reservations {
            let (own, other) = (self.service.mem_reservation, reservations.memory);
            distinct.push((
                "mem_reservation",
                "reservations.memory",
                own.0 != 0 && other.0 != 0 && own != other,
            ));
        }
        for (own, other, _) in distinct.into_iter().filter(|(.., differ)| *differ) {
            let message = format!(
                "services.{name}: can't set distinct values on '{own}' and 'deploy.resources.{other}'"
            );
            let path: Vec<&str> =
                ["services", name, "deploy", "resources"].into_iter().chain(other.split('.')).collect();
            let place = self.project.locate(&path).unwrap_or_default();
            let help = format!("remove `{own}:`, or give both the same value");
            self.report("conflict", self.span(own), message).and(place, "the other value", help);
        }
    }

    fn scale(&mut self) {
        let Service { name, scale, deploy, container_name, .. } = self.service;
        let replicas = deploy.as_ref().and_then(|deploy| deploy.replicas);
        if let (Some(scale), Some(replicas)) = (scale, replicas)
            && *scale != replicas
        {
            let message =
                format!("services.{name}: can't set distinct values on 'scale' and 'deploy.replicas'");
            let place = self.project.locate(&["services", name, "deploy", "replicas"]).unwrap_or_default();
            self.report("conflict", self.span("scale"), message).and(
                place,
                "the other value",
                "remove one of the two",
            );
        }
        let wanted = scale.or(replicas).unwrap_or(1);
        let attribute = if scale.is_some() { "scale" } else { "deploy.replicas" };
        let path: Vec<&str> = ["services", name].into_iter().chain(attribute.split('.')).collect();
        let place = self.project.locate(&path).unwrap_or_default();
        if wanted < 0 {
            self.report("scale", place, format!("services.{name}: {attribute} must not be negative")).help =
                Some("a service with 0 replicas is made without containers".into());
        }
        if usize::try_from(wanted).is_ok_and(|wanted| wanted > MAX_REPLICAS) {
            let message = format!(
                "services.{name}: {wanted} replicas are more than the {MAX_REPLICAS} a service may have"
            );
            self.report("project-limit", place, message);
        }
        if wanted > 1 && !container_name.is_empty() {
            let message = format!(
                "services.{name}: can't set container_name and {attribute} as container name must be unique"
            );
            self.report("conflict", self.span("container_name"), message).and(
                place,
                "more than one is asked for here",
                "remove `container_name:`, so that each container gets a name of its own",
            );
        }
    }

    fn watch(&mut self) {
        for rule in self.service.develop.iter().flat_map(|develop| &develop.watch) {
            if rule.target.is_empty() && !matches!(rule.action.as_str(), "rebuild" | "restart") {
                let message = format!(
                    "services.{}.develop.watch: target is required for non-rebuild actions",
                    self.service.name
                );
                let help = "add `target:`, the path in the container that changes go to";
                self.report("watch", rule.span, message).help = Some(help.into());
            }
        }
    }

    /// Two mounts on one path.
    fn mounts(&mut self) {
        let Service { name, tmpfs, volumes, .. } = self.service;
        let tmpfs_span = self.span("tmpfs");
        let tmpfs = tmpfs.iter().enumerate().map(|(index, text)| {
            let target = text.split(':').next().unwrap_or(text);
            (target, format!("services.{name}.tmpfs[{index}]"), tmpfs_span)
        });
        let volumes = volumes.iter().enumerate().map(|(index, mount)| {
            (mount.target.as_str(), format!("services.{name}.volumes[{index}]"), mount.span)
        });
        let mut seen: BTreeMap<&str, (String, Span)> = BTreeMap::new();
        for (target, place, span) in tmpfs.chain(volumes) {
            if let Some((earlier, first)) = seen.get(target) {
                let message = format!("{place}: target {target} already mounted as {earlier}");
                self.errors.push(
                    Diagnostic::error("conflict", span, message).with_label(*first, "mounted here first"),
                );
            } else {
                seen.insert(target, (place, span));
            }
        }
    }
}
