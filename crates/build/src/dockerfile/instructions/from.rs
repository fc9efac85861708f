//! `FROM [--platform=…] image [AS name]`.

use super::super::error::Problem;
use super::super::flags::FlagKind;
use super::Line;

/// A parsed `FROM`.
pub(in crate::dockerfile) struct From {
    /// The image or stage, as written.
    pub base: String,
    /// The stage's name, lower-cased.
    pub name: Option<String>,
    /// `--platform`, as written.
    pub platform: Option<String>,
}

pub(super) fn parse(line: &Line) -> Result<From, Problem> {
    let (flags, rest) = line.flags(&[("platform", FlagKind::Value)])?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (base, name) = match words.as_slice() {
        [base] => (*base, None),
        [base, keyword, name] if keyword.eq_ignore_ascii_case("as") => (*base, Some(stage_name(name)?)),
        _ => return Err(line.needs("one image, or image AS name")),
    };
    Ok(From { base: base.to_owned(), name, platform: flags.value("platform") })
}

fn stage_name(written: &str) -> Result<String, Problem> {
    let name = written.to_lowercase();
    let valid = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter));
    match name.as_str() {
        "scratch" => Err(Problem::new("the stage name scratch is reserved").help("choose another name")),
        _ if valid => Ok(name),
        _ => Err(Problem::new(format!("invalid stage name {written:?}"))
            .help("a stage name begins with a letter and has letters, digits, '-', '_' and '.'")),
    }
}
