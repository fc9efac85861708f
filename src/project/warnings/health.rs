//! Waiting for a service to become healthy that never will.

use crate::project::diagnostic::Diagnostic;
use crate::project::model::{Condition, Project, Service};

pub fn check(project: &Project, warnings: &mut Vec<Diagnostic>) {
    for (name, service) in &project.services {
        for (other, dependency) in &service.depends_on {
            let target =
                project.services.get(other).filter(|_| dependency.condition == Condition::ServiceHealthy);
            if let Some(reason) = target.and_then(never_healthy) {
                let message =
                    format!("service {name:?} waits until {other:?} is healthy, but {other:?} {reason}");
                let help =
                    format!("give {other} a `healthcheck:`, or wait with `condition: service_started`");
                let warning = Diagnostic::warning("never-healthy", dependency.span, message);
                warnings.push(
                    warning
                        .with_label(target.map(|target| target.span).unwrap_or_default(), "the service")
                        .with_help(help),
                );
            }
        }
    }
}

/// An image may bring a check of its own; those of Docker's official library have none, by its rules.
fn never_healthy(service: &Service) -> Option<&'static str> {
    match &service.healthcheck {
        Some(check) if check.disable || check.test.first().is_some_and(|word| word == "NONE") => {
            Some("has its health check switched off")
        }
        // Settings without a test go with the test of the image.
        Some(check) if !check.test.is_empty() => None,
        _ if service.build.is_none() && is_official(&service.image) => {
            Some("has no health check (official images bring none)")
        }
        _ => None,
    }
}

/// `redis:7`, `docker.io/library/redis`.
fn is_official(image: &str) -> bool {
    let name = image.strip_prefix("docker.io/").unwrap_or(image);
    let name = name.strip_prefix("library/").unwrap_or(name);
    !name.is_empty() && !name.contains('/') && !name.starts_with("sha256:")
}
