//! What the docker client's configuration says of commands that Docker Compose has too. Logins are read in `engine`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Context;

/// `psFormat`: how `ps` prints when no flag says it. A file that is not there or not understood says nothing.
pub(super) fn ps_format(context: &Context) -> Option<String> {
    let text = std::fs::read_to_string(folder(context)?.join("config.json")).ok()?;
    let configuration: Value = serde_json::from_str(&text).ok()?;
    configuration["psFormat"].as_str().filter(|format| !format.is_empty()).map(str::to_owned)
}

fn folder(context: &Context) -> Option<PathBuf> {
    let at_home = || Some(Path::new(context.variable("HOME")?).join(".docker"));
    context.variable("DOCKER_CONFIG").map(PathBuf::from).or_else(at_home)
}
