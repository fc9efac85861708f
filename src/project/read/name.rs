//! The project name (compose-surface 3.2).

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::diagnostic::Diagnostic;
use crate::project::interpolate::template::{self, Variables};
use crate::project::options::LoadOptions;
use crate::project::source::Span;

/// Lower case, of letters, digits, `_` and `-`, beginning with a letter or digit.
pub fn normalize(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept: String = lower
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

/// The name from `-p`, `COMPOSE_PROJECT_NAME`, a file's `name:` or the directory, in this order.
///
/// # Errors
/// When one of the first two is not normalised, or nothing gives a name.
pub fn choose(
    options: &LoadOptions,
    environment: &BTreeMap<String, String>,
    in_file: Option<&str>,
    directory: &Path,
) -> Result<String, Box<Diagnostic>> {
    let variable = environment.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty());
    let flag = options.project_name.as_ref().filter(|name| !name.is_empty());
    if let Some(explicit) = flag.or(variable) {
        return if normalize(explicit) == *explicit { Ok(explicit.clone()) } else { Err(invalid(explicit)) };
    }
    let from_file = in_file.map(|name| interpolated(name, environment)).filter(|name| !name.is_empty());
    let base = || directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match normalize(&from_file.clone().unwrap_or_else(base)) {
        name if name.is_empty() => {
            let message = match &from_file {
                Some(name) => {
                    format!("project name must not be empty: nothing in {name:?} may be part of one")
                }
                None => "project name must not be empty".into(),
            };
            let help = "give one with -p NAME, COMPOSE_PROJECT_NAME or `name:` in the file";
            Err(Box::new(Diagnostic::error("project-name", Span::default(), message).with_help(help)))
        }
        name => Ok(name),
    }
}

fn invalid(name: &str) -> Box<Diagnostic> {
    let message = format!(
        "invalid project name {name:?}: must consist only of lowercase alphanumeric characters, hyphens, and underscores as \
         well as start with a letter or number"
    );
    let normal = normalize(name);
    let diagnostic = Diagnostic::error("project-name", Span::default(), message);
    Box::new(if normal.is_empty() {
        diagnostic
    } else {
        diagnostic.with_help(format!("for example {normal:?}"))
    })
}

/// The name with variables put in; a template that has no value leaves the text as it is (the later pass reports it).
fn interpolated(name: &str, environment: &BTreeMap<String, String>) -> String {
    struct Quiet<'a>(&'a BTreeMap<String, String>);
    impl Variables for Quiet<'_> {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).cloned()
        }
        fn unset(&mut self, _: &str) {}
    }
    template::substitute(name, &mut Quiet(environment)).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::{choose, normalize};
    use crate::project::options::LoadOptions;

    #[test]
    fn names_are_normalised() {
        let cases = [("My App", "myapp"), ("_-x_Y-1", "x_y-1"), ("été", "t"), ("...", "")];
        for (name, expected) in cases {
            assert_eq!(normalize(name), expected, "{name}");
        }
    }

    #[test]
    fn the_first_source_wins() {
        let environment: BTreeMap<String, String> =
            [("COMPOSE_PROJECT_NAME".into(), "env".into()), ("V".into(), "x".into())].into();
        let flag = LoadOptions { project_name: Some("flag".into()), ..LoadOptions::default() };
        let none = LoadOptions::default();
        let empty = BTreeMap::new();
        let directory = Path::new("/a/My Dir");
        assert_eq!(choose(&flag, &environment, Some("file"), directory).expect("name"), "flag");
        assert_eq!(choose(&none, &environment, Some("file"), directory).expect("name"), "env");
        assert_eq!(
            choose(&none, &[("V".to_owned(), "x".to_owned())].into(), Some("File${V}"), directory)
                .expect("name"),
            "filex"
        );
        assert_eq!(choose(&none, &empty, None, directory).expect("name"), "mydir");
        assert!(choose(&none, &empty, None, Path::new("/")).is_err());
        let bad = LoadOptions { project_name: Some("Bad".into()), ..LoadOptions::default() };
        assert!(choose(&bad, &empty, None, directory).is_err());
    }
}
