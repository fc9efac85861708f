//! Paths inside an image or a context: text with `/`, cleaned without looking at any disk.

/// The path made absolute against a directory and cleaned: no `.`, no `..`, no doubled or trailing `/`. `..`
/// at the top stays there.
pub(crate) fn absolute(directory: &str, path: &str) -> String {
    match path.starts_with('/') {
        true => format!("/{}", relative(path)),
        false => format!("/{}", relative(&format!("{directory}/{path}"))),
    }
}

/// The path relative to its root and cleaned; the root itself is empty. `..` at the top is dropped (contract
/// 8.4.2).
pub(crate) fn relative(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// A cleaned directory and a name in it.
pub(crate) fn join(directory: &str, name: &str) -> String {
    match (directory.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => directory.to_owned(),
        _ => format!("{directory}/{name}"),
    }
}

/// The last component of a cleaned path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_and_stays_below_the_root() {
        assert_eq!(absolute("/app", "."), "/app");
        assert_eq!(absolute("/app", "../x//y/"), "/x/y");
        assert_eq!(absolute("/app", "/"), "/");
        assert_eq!(absolute("/", "../../etc"), "/etc");
        assert_eq!(relative("./a/../../b/."), "b");
        assert_eq!((join("", "a"), join("a", "b"), join("a", "")), ("a".into(), "a/b".into(), "a".into()));
    }
}
