//! Warnings about files that load: where people lose hours.
//!
//! Each is right on every file it speaks about, whatever the file was meant for; a mere matter of taste has no place here.
//! Nothing is changed, and nothing here is an error.

mod health;
mod images;
mod mounts;
mod ports;
mod profiles;
mod scalars;
mod unused;

pub use scalars::check as check_scalars;

use super::diagnostic::Diagnostic;
use super::model::Project;

/// What can be said about a whole project, with the services of all profiles.
pub fn check(project: &Project) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    unused::check(project, &mut warnings);
    ports::check(project, &mut warnings);
    health::check(project, &mut warnings);
    mounts::check(project, &mut warnings);
    images::check(project, &mut warnings);
    profiles::check(project, &mut warnings);
    warnings
}
