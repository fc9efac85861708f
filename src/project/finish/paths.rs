//! Relative paths to absolute ones (compose-surface 1.15).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};
use crate::project::path::visit;
use crate::project::read::discover::absolute;

const CONTEXTS: [&str; 2] = ["services.*.build.context", "services.*.build.additional_contexts.*"];
const FILES: [&str; 7] = [
    "services.*.build.ssh.*",
    "services.*.env_file.[].path",
    "services.*.label_file.[]",
    "services.*.extends.file",
    "services.*.develop.watch.[].path",
    "configs.*.file",
    "secrets.*.file",
];

type Variables = BTreeMap<String, String>;

/// Makes the paths of a tree absolute; a bind mount without a source is an error.
pub fn resolve(tree: &mut Node, directory: &Path, environment: &Variables) -> Vec<Diagnostic> {
    let resolver = Resolver { directory, environment };
    for pattern in CONTEXTS {
        visit(tree, pattern, &mut |node, _| resolver.context(node));
    }
    visit(tree, "services.*.build.additional_contexts.[]", &mut |node, _| resolver.context_pair(node));
    for pattern in FILES {
        visit(tree, pattern, &mut |node, _| resolver.file(node));
    }
    let mut errors = Vec::new();
    visit(tree, "services.*.volumes.[]", &mut |node, trail| {
        if node.get("type").and_then(Node::as_str) != Some("bind") {
            return;
        }
        match node.get_mut("source") {
            Some(source) => resolver.file(source),
            None => {
                let message = format!(
                    "{trail}: invalid mount config for type \"bind\": field Source must not be empty"
                );
                errors.push(Diagnostic::error("volume", node.span, message));
            }
        }
    });
    visit(tree, "volumes.*", &mut |node, _| resolver.volume_device(node));
    errors
}

struct Resolver<'a> {
    directory: &'a Path,
    environment: &'a Variables,
}

impl Resolver<'_> {
    fn file(&self, node: &mut Node) {
        if let Some(text) = node.as_str() {
            node.value = Value::String(self.absolute(text));
        }
    }

    fn absolute(&self, text: &str) -> String {
        if text.starts_with('/') || is_windows_absolute(text) {
            return text.to_owned();
        }
        absolute(self.directory, &expand_home(text, self.environment)).to_string_lossy().into_owned()
    }

    fn context(&self, node: &mut Node) {
        if let Some(text) = node.as_str().filter(|text| !is_remote(text)) {
            node.value = Value::String(self.absolute(text));
        }
    }

    /// `name=context`.
    fn context_pair(&self, node: &mut Node) {
        let Some((name, context)) = node.as_str().and_then(|text| text.split_once('=')) else { return };
        if !is_remote(context) {
            node.value = Value::String(format!("{name}={}", self.absolute(context)));
        }
    }

    /// A local volume that is a bind mount in disguise: only with the driver named and `bind` as the one option.
    fn volume_device(&self, node: &mut Node) {
        let local = node.get("driver").and_then(Node::as_str) == Some("local");
        let Some(options) = node.get_mut("driver_opts").filter(|_| local) else { return };
        let binds = options.get("o").and_then(Node::as_str) == Some("bind");
        if let Some(device) = options.get_mut("device").filter(|_| binds) {
            self.file(device);
        }
    }
}

/// What follows `~` under the user's home directory; `~name` is not another user's, as in Compose.
pub fn expand_home(text: &str, environment: &Variables) -> PathBuf {
    match (text.strip_prefix('~'), environment.get("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(format!("{home}/{rest}")),
        _ => PathBuf::from(text),
    }
}

fn is_windows_absolute(text: &str) -> bool {
    let bytes = text.as_bytes();
    let drive = bytes.len() > 2
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'/' | b'\\');
    drive || text.starts_with("\\\\")
}

/// Whether a build context is fetched rather than found on disk.
fn is_remote(text: &str) -> bool {
    text.contains("://")
        || text.starts_with("service:")
        || text.starts_with("target:")
        || text.starts_with("github.com/")
        || text.starts_with("git@")
}
