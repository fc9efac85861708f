//! Which files the layers of a published project are. Their names are a stranger's words.

use std::collections::BTreeMap;

use super::kinds;
use crate::registry::Layer;

/// What the compose files become, one document after the other.
pub(super) const MAIN: &str = "compose.yaml";

/// The files by name, all to lie in one folder.
///
/// # Errors
/// A name is missing, taken, or more than a name; or there is no compose file.
pub(super) fn of(layers: &[Layer]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut files = BTreeMap::new();
    let mut main: Vec<u8> = Vec::new();
    for layer in layers {
        match layer.media_type.as_str() {
            kinds::COMPOSE_FILE if layer.annotations.contains_key(kinds::EXTENDED) => {
                add(&mut files, layer, kinds::COMPOSE_FILE_NAME)?;
            }
            kinds::COMPOSE_FILE => {
                if !main.is_empty() {
                    main.extend_from_slice(b"\n---\n");
                }
                main.extend_from_slice(&layer.content);
            }
            kinds::ENVIRONMENT => add(&mut files, layer, kinds::ENVIRONMENT_NAME)?,
            // What a later version publishes too is not needed to read the rest.
            _ => {}
        }
    }
    if main.is_empty() {
        return Err("it has no compose file".to_owned());
    }
    files.insert(MAIN.to_owned(), main);
    Ok(files)
}

fn add(files: &mut BTreeMap<String, Vec<u8>>, layer: &Layer, key: &str) -> Result<(), String> {
    let name = layer.annotations.get(key).ok_or_else(|| format!("a file of it has no annotation {key}"))?;
    if !is_plain(name) {
        return Err(format!("a file of it is called {name:?}, which is not the name of a file alone"));
    }
    if name == MAIN || files.insert(name.clone(), layer.content.clone()).is_some() {
        return Err(format!("it has two files called {name}"));
    }
    Ok(())
}

/// Whether a text is the name of a file in whatever folder it is put.
fn is_plain(name: &str) -> bool {
    let length = 1..=255;
    length.contains(&name.len()) && !matches!(name, "." | "..") && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(media_type: &str, annotations: &[(&str, &str)], content: &str) -> Layer {
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Layer {
            media_type: media_type.to_owned(),
            annotations: annotations.collect(),
            content: content.into(),
        }
    }

    fn named(name: &str) -> Layer {
        layer(kinds::ENVIRONMENT, &[(kinds::ENVIRONMENT_NAME, name)], "A=1")
    }

    #[test]
    fn compose_files_become_one_and_others_keep_their_names() {
        let base = [(kinds::COMPOSE_FILE_NAME, "base.yaml"), (kinds::EXTENDED, "true")];
        let layers = [
            layer(kinds::COMPOSE_FILE, &[(kinds::COMPOSE_FILE_NAME, "/any/where.yaml")], "a: 1\n"),
            layer(kinds::COMPOSE_FILE, &[], "a: 2\n"),
            layer(kinds::COMPOSE_FILE, &base, "b: 1\n"),
            layer("application/of.a.later.version", &[], "?"),
            named("x.env"),
        ];
        let files = of(&layers).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["base.yaml", "compose.yaml", "x.env"]);
        assert_eq!(files["compose.yaml"], b"a: 1\n\n---\na: 2\n");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let main = layer(kinds::COMPOSE_FILE, &[], "a: 1");
        for name in
            ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "a\0b", "compose.yaml", &"x".repeat(256)]
        {
            assert!(of(&[main.clone(), named(name)]).is_err(), "{name:?}");
        }
        assert!(of(&[main.clone(), named("x"), named("x")]).is_err());
        assert!(of(&[main, layer(kinds::ENVIRONMENT, &[], "")]).is_err());
        assert!(of(&[named("x")]).is_err());
    }
}
