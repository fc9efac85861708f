//! Seccomp profiles: the engine gets the text, because the path means nothing to an engine elsewhere.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Failure;
use crate::project::Project;

/// Largest profile read, in bytes; Docker's own has 13 KB.
const LARGEST: u64 = 1 << 20;

/// Replaces paths of profiles in `security_opt` by what the files hold.
///
/// # Errors
/// A file that cannot be read, or that holds no JSON.
pub(super) fn read_profiles(project: &mut Project) -> Result<(), Failure> {
    let directory = project.directory.clone();
    for service in project.services.values_mut() {
        for option in &mut service.security_opt {
            let path = option.strip_prefix("seccomp=").or_else(|| option.strip_prefix("seccomp:"));
            if let Some(path) = path.filter(|path| is_path(path)) {
                *option = format!("seccomp={}", profile(&directory.join(path), &service.name)?);
            }
        }
    }
    Ok(())
}

fn is_path(value: &str) -> bool {
    !matches!(value, "unconfined" | "builtin") && !value.trim_start().starts_with('{')
}

fn profile(path: &Path, service: &str) -> Result<String, Failure> {
    let failed = |reason: String| {
        Failure::message(format!("service {service}: seccomp profile {}: {reason}", path.display()))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(LARGEST).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    Ok(value.to_string())
}
