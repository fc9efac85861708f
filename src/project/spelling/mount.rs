//! The short form of a mount: `[SOURCE:]TARGET[:OPTIONS]` (compose-surface 1.13).

use super::Malformed;

/// A mount in short form, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShortMount {
    /// A path makes it a bind mount, a name a volume, nothing an anonymous volume.
    pub source: String,
    /// Path in the container, cleaned.
    pub target: String,
    /// `bind` or `volume`.
    pub is_bind: bool,
    /// `ro`.
    pub read_only: bool,
    /// `nocopy`.
    pub nocopy: bool,
    /// `z` or `Z`.
    pub selinux: Option<&'static str>,
    /// A propagation word.
    pub propagation: Option<String>,
}

const PROPAGATIONS: [&str; 6] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

/// Takes a short mount apart.
///
/// # Errors
/// When it is empty, has an empty part or too many parts.
pub fn parse(text: &str) -> Result<ShortMount, Malformed> {
    let wrong = |part: &str, message: String| Malformed::new(text, part, message);
    match text.chars().count() {
        0 => return Err(wrong("", "invalid empty volume spec".into())),
        1 | 2 => return Ok(anonymous(&clean(text))),
        _ => {}
    }
    let parts = split(text);
    if parts.iter().any(|part| part.is_empty()) {
        return Err(wrong("", format!("invalid spec: {text}: empty section between colons")));
    }
    let mut mount = match parts.as_slice() {
        [target] => anonymous(target),
        [source, target] => named(source, target),
        [source, target, options] => {
            let mut mount = named(source, target);
            options.split(',').for_each(|option| apply(&mut mount, option));
            mount
        }
        [.., extra] => return Err(wrong(extra, format!("invalid spec: {text}: too many colons"))),
        [] => return Err(wrong("", "invalid empty volume spec".into())),
    };
    if mount.is_bind && mount.source.is_empty() {
        return Err(wrong("", format!("invalid spec: {text}: empty section between colons")));
    }
    mount.target = clean(&mount.target);
    Ok(mount)
}

fn anonymous(target: &str) -> ShortMount {
    ShortMount { target: target.to_owned(), ..ShortMount::default() }
}

fn named(source: &str, target: &str) -> ShortMount {
    ShortMount { source: source.to_owned(), is_bind: is_path(source), ..anonymous(target) }
}

fn apply(mount: &mut ShortMount, option: &str) {
    match option {
        "ro" => mount.read_only = true,
        "rw" => mount.read_only = false,
        "nocopy" => mount.nocopy = true,
        "z" => mount.selinux = Some("z"),
        "Z" => mount.selinux = Some("Z"),
        _ if PROPAGATIONS.contains(&option) => mount.propagation = Some(option.to_owned()),
        // Compose ignores what it does not know here, `cached` and its like among it.
        _ => {}
    }
}

/// Whether a source names a path rather than a volume.
pub fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~']) || source.starts_with("\\\\") || is_drive(source)
}

fn is_drive(source: &str) -> bool {
    let bytes = source.as_bytes();
    bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

/// Splits at colons; the colon after a single letter at the start of a part belongs to a Windows drive, those in `${…}`
/// to a variable that is left as it is written.
fn split(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if index > 0 && bytes[index - 1] == b'$' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && !is_drive_letter(&bytes[start..index]) => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn is_drive_letter(part: &[u8]) -> bool {
    matches!(part, [letter] if letter.is_ascii_alphabetic())
}

/// A path without `.`, `..` and doubled slashes, as Go's `path.Clean` gives it.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::{ShortMount, clean, parse};

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(ShortMount { source, target, is_bind, read_only, .. }) => {
                format!(
                    "{} {source:?} {target:?}{}",
                    if is_bind { "bind" } else { "volume" },
                    if read_only { " ro" } else { "" }
                )
            }
            Err(error) => error.message,
        }
    }

    #[test]
    fn sources_decide_the_kind() {
        let cases = [
            ("data:/x", "volume \"data\" \"/x\""),
            ("/x", "volume \"\" \"/x\""),
            ("./a:/x", "bind \"./a\" \"/x\""),
            ("/a:/x:ro", "bind \"/a\" \"/x\" ro"),
            ("~/a:/x", "bind \"~/a\" \"/x\""),
            ("data:/x:rw,nocopy", "volume \"data\" \"/x\""),
            ("..:/x/", "bind \"..\" \"/x\""),
            ("data:/x/../y", "volume \"data\" \"/y\""),
            ("d:/x", "volume \"\" \"d:/x\""),
            ("C:\\a:/x", "bind \"C:\\\\a\" \"/x\""),
            ("data:/x:whatever", "volume \"data\" \"/x\""),
            ("${DIR:-${HOME:-.}/a}/b:/x:ro", "volume \"${DIR:-${HOME:-.}/a}/b\" \"/x\" ro"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn options_are_read() {
        let mount = parse("/a:/x:ro,z,rshared,cached").expect("valid");
        assert_eq!((mount.selinux, mount.propagation.as_deref()), (Some("z"), Some("rshared")));
        assert!(parse("vol:/x:nocopy").expect("valid").nocopy);
    }

    #[test]
    fn malformed_mounts_are_refused() {
        for text in ["", "abc::/x", ":/x/y", "a1:b1:ro:d1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_are_cleaned_as_go_does() {
        let cases =
            [("/a//b/./c/..", "/a/b"), ("/..", "/"), ("a/../..", ".."), ("", "."), ("./a/", "a"), ("/", "/")];
        for (path, expected) in cases {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
