//! `COPY` and `ADD` to a [`CopyOperation`] (contract 8.4).

use super::history;
use super::operation::{CopyOperation, CopySource, Operation, Origin};
use super::state::StageState;
use crate::copy::mode;
use crate::dockerfile::{Add, Copy, Problem, Source, Transfer};
use crate::paths;

/// Plans a `COPY`; also returns its history text.
pub(super) fn copy(
    state: &StageState,
    escape: char,
    copy: &Copy,
    origin: Origin,
) -> Result<(Operation, String), Problem> {
    let mut planned = plan(state, escape, "COPY", &copy.transfer, origin)?;
    planned.0.parents = copy.parents;
    planned.0.into_directory |= copy.parents;
    Ok((Operation::Copy(planned.0), planned.1))
}

/// Plans an `ADD`; also returns its history text.
pub(super) fn add(state: &StageState, escape: char, add: &Add) -> Result<(Operation, String), Problem> {
    if add.checksum.is_some() {
        return Err(Problem::new("ADD --checksum works only for URLs, which are not supported"));
    }
    if add.keep_git_dir {
        return Err(Problem::new(
            "ADD --keep-git-dir works only for git repositories, which are not supported",
        ));
    }
    let (mut operation, text) = plan(state, escape, "ADD", &add.transfer, Origin::Context)?;
    for source in &operation.sources {
        refuse_remote(source)?;
    }
    operation.unpack = add.unpack.unwrap_or(true);
    Ok((Operation::Copy(operation), text))
}

fn refuse_remote(source: &CopySource) -> Result<(), Problem> {
    let CopySource::Path(path) = source else { return Ok(()) };
    let remote = ["http://", "https://", "git://", "ssh://", "git@"];
    match remote.iter().any(|scheme| path.starts_with(scheme)) {
        true => Err(Problem::new(format!("ADD from the network is not supported: {path}"))
            .help("download it in a RUN step, or put the file into the context")),
        false => Ok(()),
    }
}

fn plan(
    state: &StageState,
    escape: char,
    name: &str,
    transfer: &Transfer,
    origin: Origin,
) -> Result<(CopyOperation, String), Problem> {
    let written = expanded_sources(state, escape, &transfer.sources)?;
    let destination = state.word(escape, &transfer.destination)?;
    let shown: Vec<String> = written.iter().map(history::source).collect();
    let owner_and_mode = Transfer {
        chown: expand_option(state, escape, transfer.chown.as_ref())?,
        chmod: expand_option(state, escape, transfer.chmod.as_ref())?,
        ..transfer.clone()
    };
    if let Some(chmod) = &owner_and_mode.chmod {
        mode::Change::parse(chmod)
            .ok_or_else(|| Problem::new(format!("--chmod={chmod} is not a mode")).help("write 755 or u+x"))?;
    }
    let text = history::transfer(name, &owner_and_mode, &shown, &destination);
    let operation = CopyOperation {
        origin,
        into_directory: wants_directory(&destination, &written),
        destination: paths::absolute(state.working_directory(), &destination),
        sources: sources(state, escape, written)?,
        chown: owner_and_mode.chown.filter(|chown| !chown.is_empty()),
        chmod: owner_and_mode.chmod.filter(|chmod| !chmod.is_empty()),
        exclude: transfer
            .exclude
            .iter()
            .map(|pattern| state.word(escape, pattern))
            .collect::<Result<_, _>>()?,
        link: transfer.link,
        parents: false,
        unpack: false,
    };
    Ok((operation, text))
}

/// `dir/`, `.` and `..` name directories, and several sources need one (contract 8.4.1).
fn wants_directory(destination: &str, sources: &[Source]) -> bool {
    destination.ends_with('/') || matches!(paths::base_name(destination), "." | "..") || sources.len() > 1
}

fn expanded_sources(state: &StageState, escape: char, sources: &[Source]) -> Result<Vec<Source>, Problem> {
    sources
        .iter()
        .map(|source| match source {
            Source::Path(path) => Ok(Source::Path(state.word(escape, path)?)),
            heredoc @ Source::Heredoc(_) => Ok(heredoc.clone()),
        })
        .collect()
}

fn sources(state: &StageState, escape: char, written: Vec<Source>) -> Result<Vec<CopySource>, Problem> {
    written
        .into_iter()
        .map(|source| match source {
            Source::Path(path) => Ok(CopySource::Path(path)),
            Source::Heredoc(heredoc) if heredoc.expand => {
                let content = state.expand(escape, |expander| expander.body(&heredoc.body))?;
                Ok(CopySource::File { name: heredoc.name, content })
            }
            Source::Heredoc(heredoc) => Ok(CopySource::File { name: heredoc.name, content: heredoc.body }),
        })
        .collect()
}

fn expand_option(state: &StageState, escape: char, text: Option<&String>) -> Result<Option<String>, Problem> {
    Ok(text.map(|text| state.word(escape, text)).transpose()?)
}
