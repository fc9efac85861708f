//! The text that an instruction leaves in the image's history (contract 8.8.1).

use indexmap::IndexMap;

use crate::dockerfile::{Source, Transfer};

/// `["a" "b"]`.
pub(super) fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(" "))
}

/// `A=1 B=2`.
pub(super) fn pairs(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}

/// `RUN |1 A=x /bin/sh -c make # buildkit`.
pub(super) fn run(arguments: &IndexMap<String, String>, argv: &[String]) -> String {
    let command = argv.join(" ");
    let values: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match values.len() {
        0 => format!("RUN {command} # buildkit"),
        count => format!("RUN |{count} {} {command} # buildkit", values.join(" ")),
    }
}

/// `COPY --chown=app src /app # buildkit`.
pub(super) fn transfer(name: &str, transfer: &Transfer, sources: &[String], destination: &str) -> String {
    let flag = |flag: &str, value: &Option<String>| value.as_ref().map(|value| format!("--{flag}={value}"));
    let words = [flag("chown", &transfer.chown), flag("chmod", &transfer.chmod), transfer.link.then(|| "--link".to_owned())];
    let words: Vec<String> = words.into_iter().flatten().chain(sources.iter().cloned()).collect();
    format!("{name} {} {destination} # buildkit", words.join(" "))
}

/// How a source is shown.
pub(super) fn source(source: &Source) -> String {
    match source {
        Source::Path(path) => path.clone(),
        Source::Heredoc(heredoc) => format!("<<{}", heredoc.name),
    }
}
