//! Mounts.

use super::{Findings, object};
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};
use crate::project::path::Trail;
use crate::project::spelling::mount::{self, ShortMount};

/// `[SOURCE:]TARGET[:OPTIONS]` in long form; a long form's target is cleaned.
pub fn mount(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    let Some(text) = node.as_str() else { return clean_target(node, trail, findings) };
    match mount::parse(text) {
        Ok(short) => {
            if let Some(warning) = drive_letter(text, &short, node) {
                findings.warnings.push(warning);
            }
            // One or two characters give the bare target, as Compose has it.
            let options = text.chars().count() > 2;
            *node = long(node, short, options);
        }
        Err(problem) => {
            let help = "a volume is TARGET, SOURCE:TARGET or SOURCE:TARGET:OPTIONS";
            let error = findings.malformed("volume", node, trail, problem).with_help(help);
            findings.errors.push(error);
        }
    }
}

fn clean_target(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    let span = node.span;
    match node.get_mut("target") {
        Some(target) if target.as_str().is_some_and(|text| !text.is_empty()) => {
            let clean = mount::clean(target.as_str().unwrap_or_default());
            target.value = Value::String(clean);
        }
        _ => findings.errors.push(Diagnostic::error(
            "volume",
            span,
            format!("{trail}: service volume is missing a mount target"),
        )),
    }
}

/// Compose reads a single letter before the first colon as a Windows drive, which is hardly ever meant.
fn drive_letter(text: &str, short: &ShortMount, node: &Node) -> Option<Diagnostic> {
    let bytes = text.as_bytes();
    let looks_so = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'/';
    looks_so.then(|| {
        let drive = char::from(bytes[0]);
        let message =
            format!("{text:?} is read as a path on Windows drive {drive}:, mounted at {:?}", short.target);
        Diagnostic::warning("volume-drive", node.span, message)
            .with_help("give the volume a name of at least two letters")
    })
}

fn long(node: &Node, short: ShortMount, options: bool) -> Node {
    let kind = if short.is_bind { "bind" } else { "volume" };
    let mut long = object(node, [("type", kind.into())]);
    if !short.source.is_empty() {
        long.set("source", Node::string(short.source, node.span));
    }
    long.set("target", Node::string(short.target, node.span));
    if short.read_only {
        long.set("read_only", Node::new(Value::Bool(true), node.span));
    }
    if short.is_bind || short.propagation.is_some() || short.selinux.is_some() {
        long.set("bind", bind(node, short.is_bind, short.propagation, short.selinux));
    }
    if !short.is_bind && options {
        let mut volume = object(node, []);
        if short.nocopy {
            volume.set("nocopy", Node::new(Value::Bool(true), node.span));
        }
        long.set("volume", volume);
    }
    long
}

fn bind(node: &Node, create: bool, propagation: Option<String>, selinux: Option<&str>) -> Node {
    let mut bind = object(node, []);
    if create {
        bind.set("create_host_path", Node::new(Value::Bool(true), node.span));
    }
    if let Some(propagation) = propagation {
        bind.set("propagation", Node::string(propagation, node.span));
    }
    if let Some(selinux) = selinux {
        bind.set("selinux", Node::string(selinux, node.span));
    }
    bind
}
