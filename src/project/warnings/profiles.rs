//! A profile that was asked for and that no service has, when it looks like one that exists.

use std::collections::BTreeSet;

use crate::project::diagnostic::Diagnostic;
use crate::project::model::Project;
use crate::project::schema::did_you_mean;
use crate::project::source::Span;

pub fn check(project: &Project, warnings: &mut Vec<Diagnostic>) {
    let services = project.services.values().chain(project.disabled_services.values());
    let known: BTreeSet<&str> = services.flat_map(|service| &service.profiles).map(String::as_str).collect();
    for profile in project.profiles.iter().filter(|profile| !known.contains(profile.as_str())) {
        if let Some(help) = did_you_mean(profile, known.iter().copied()) {
            let message = format!("no service has the profile {profile:?}; {help}");
            warnings.push(Diagnostic::warning("unknown-profile", Span::default(), message));
        }
    }
}
