//! `COPY` and `ADD`.

use super::super::error::Problem;
use super::super::flags::{FlagKind, Flags, Known};
use super::super::heredoc;
use super::super::model::{Add, Copy, Source, Transfer};
use super::super::words;
use super::Line;

const COPY_FLAGS: Known = &[
    ("from", FlagKind::Value),
    ("chown", FlagKind::Value),
    ("chmod", FlagKind::Value),
    ("link", FlagKind::Boolean),
    ("parents", FlagKind::Boolean),
    ("exclude", FlagKind::List),
];

const ADD_FLAGS: Known = &[
    ("chown", FlagKind::Value),
    ("chmod", FlagKind::Value),
    ("link", FlagKind::Boolean),
    ("keep-git-dir", FlagKind::Boolean),
    ("checksum", FlagKind::Value),
    ("unpack", FlagKind::Boolean),
    ("exclude", FlagKind::List),
];

pub(super) fn copy(line: &Line) -> Result<Copy, Problem> {
    let (flags, rest) = line.flags(COPY_FLAGS)?;
    Ok(Copy {
        transfer: transfer(line, &flags, rest)?,
        from: flags.value("from"),
        parents: flags.boolean("parents").unwrap_or(false),
    })
}

pub(super) fn add(line: &Line) -> Result<Add, Problem> {
    let (flags, rest) = line.flags(ADD_FLAGS)?;
    Ok(Add {
        transfer: transfer(line, &flags, rest)?,
        checksum: flags.value("checksum"),
        keep_git_dir: flags.boolean("keep-git-dir").unwrap_or(false),
        unpack: flags.boolean("unpack"),
    })
}

fn transfer(line: &Line, flags: &Flags, rest: &str) -> Result<Transfer, Problem> {
    let mut paths = match words::json(rest)? {
        Some(paths) => paths,
        None => line.words(rest),
    };
    let destination = paths.pop().ok_or_else(|| line.needs("at least two arguments"))?;
    if paths.is_empty() {
        return Err(line.needs("at least two arguments, but got only one; the destination is missing"));
    }
    Ok(Transfer {
        sources: sources(paths, line),
        destination,
        chown: flags.value("chown"),
        chmod: flags.value("chmod"),
        exclude: flags.values("exclude"),
        link: flags.boolean("link").unwrap_or(false),
    })
}

/// Puts the heredoc bodies in the place of their `<<NAME`.
fn sources(paths: Vec<String>, line: &Line) -> Vec<Source> {
    let mut bodies = line.heredocs.iter();
    paths
        .into_iter()
        .map(|path| match heredoc::opening(&path).and_then(|_| bodies.next()) {
            Some(body) => Source::Heredoc(body.clone()),
            None => Source::Path(path),
        })
        .collect()
}
