//! What is published: the compose files as they are written, the files they extend, and env files of services. Paths of
//! the latter two become names in the artifact, because nobody else has these paths.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::artifacts::kinds;
use crate::hex;
use crate::project::node::Node;
use crate::project::origin::Origins;
use crate::project::{Project, SourceMap, yaml};

/// A file in the artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    /// What it is called there.
    pub name: String,
    pub media_type: &'static str,
    pub annotations: BTreeMap<&'static str, String>,
    pub content: Vec<u8>,
}

impl Layer {
    /// A compose file.
    pub fn compose(name: &str, content: Vec<u8>) -> Layer {
        Layer::new(name, kinds::COMPOSE_FILE, kinds::COMPOSE_FILE_NAME, content)
    }

    fn environment(name: &str, content: Vec<u8>) -> Layer {
        Layer::new(name, kinds::ENVIRONMENT, kinds::ENVIRONMENT_NAME, content)
    }

    fn new(name: &str, media_type: &'static str, kind: &'static str, content: Vec<u8>) -> Layer {
        let version = ("com.docker.compose.version", env!("CARGO_PKG_VERSION").to_owned());
        let annotations = BTreeMap::from([(kind, name.to_owned()), version]);
        Layer { name: name.to_owned(), media_type, annotations, content }
    }
}

/// The layers of a project, in the order in which its files are merged; what they need comes after them.
///
/// # Errors
/// A file cannot be read, includes others, or has a path that is made of variables.
pub(super) fn of(project: &Project) -> Result<Vec<Layer>, Failure> {
    let mut files = Files::default();
    let mut layers = Vec::new();
    for path in &project.files {
        if path.as_os_str() == "-" {
            return Err(Failure::message("standard input cannot be published: give it a file's name"));
        }
        let content = files.rewritten(path, &project.directory)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let taken = layers.iter().any(|layer: &Layer| layer.name == name);
        let name = if taken { artifact_name(path, "yaml") } else { name };
        layers.push(Layer::compose(&name, content));
    }
    layers.extend(files.extended()?);
    for path in &files.environment {
        layers.push(Layer::environment(&artifact_name(path, "env"), read(path)?));
    }
    Ok(layers)
}

/// Files that compose files name, by absolute path.
#[derive(Default)]
struct Files {
    extended: BTreeSet<PathBuf>,
    environment: BTreeSet<PathBuf>,
}

/// A path in a text that has to be another in the artifact.
type Edit = (Range<usize>, String);

impl Files {
    /// A compose file with names of the artifact for the paths in it, which are noted. `base` is what they are relative to
    /// in `env_file`.
    fn rewritten(&mut self, path: &Path, base: &Path) -> Result<Vec<u8>, Failure> {
        let text = String::from_utf8(read(path)?);
        let mut text = text.map_err(|_| Failure::message(format!("{}: is not UTF-8", path.display())))?;
        let mut sources = SourceMap::default();
        let file = sources.add(path, text.clone());
        let documents = yaml::parse(file, &text, &mut Origins::new(false));
        let documents =
            documents.map_err(|error| Failure::message(format!("{}: {}", path.display(), error.message)))?;
        let mut edits = Vec::new();
        for document in &documents {
            self.document(&document.root, path, base, &mut edits)?;
        }
        // From the end on, so that the places before stay right; an alias names its anchor's place again.
        edits.sort_by_key(|(range, _): &Edit| std::cmp::Reverse(range.start));
        edits.dedup();
        for (range, name) in edits {
            text.replace_range(range, &name);
        }
        Ok(text.into_bytes())
    }

    fn document(
        &mut self,
        root: &Node,
        path: &Path,
        base: &Path,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Failure> {
        if root.get("include").is_some_and(|include| !include.is_null()) {
            return Err(Failure::message(
                "cannot publish compose file with local includes: publish what `wharf config` prints",
            ));
        }
        let services = root.get("services").and_then(Node::as_mapping);
        for (_, service) in services.into_iter().flatten() {
            let extended = service.node.get("extends").and_then(|extends| extends.get("file"));
            if let Some(node) = extended {
                let folder = path.parent().unwrap_or(base);
                let target = target(node, folder, "extends.file")?;
                edits.push((range(node), artifact_name(&target, "yaml")));
                self.extended.insert(target);
            }
            for node in service.node.get("env_file").into_iter().flat_map(items) {
                let named = node.get("path").unwrap_or(node);
                let target = target(named, base, "env_file")?;
                if target.exists() {
                    edits.push((range(named), artifact_name(&target, "env")));
                    self.environment.insert(target);
                }
            }
        }
        Ok(())
    }

    /// The files that are extended, and those that these extend.
    fn extended(&mut self) -> Result<Vec<Layer>, Failure> {
        let mut layers = Vec::new();
        let mut done = BTreeSet::new();
        while let Some(path) = self.extended.iter().find(|path| !done.contains(*path)).cloned() {
            let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
            let content = self.rewritten(&path, &folder)?;
            let mut layer = Layer::compose(&artifact_name(&path, "yaml"), content);
            layer.annotations.insert(kinds::EXTENDED, "true".to_owned());
            layers.push(layer);
            done.insert(path);
        }
        Ok(layers)
    }
}

/// One node or a list of them.
fn items(node: &Node) -> &[Node] {
    node.as_sequence().unwrap_or(std::slice::from_ref(node))
}

fn target(node: &Node, base: &Path, key: &str) -> Result<PathBuf, Failure> {
    let text = node.as_str().unwrap_or_default();
    if text.contains('$') {
        return Err(Failure::message(format!(
            "{key} {text}: a path made of variables cannot be published: write the path"
        )));
    }
    Ok(base.join(text.strip_prefix("./").unwrap_or(text)))
}

fn range(node: &Node) -> Range<usize> {
    node.span.start as usize..node.span.end as usize
}

/// A name that no other path has, and that tells nothing of the path.
fn artifact_name(path: &Path, extension: &str) -> String {
    format!("{}.{extension}", hex::sha256(path.as_os_str().as_encoded_bytes()))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::message(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_names_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.env", "A=1\n");
        write("base.yaml", "services: {b: {image: x, env_file: 'a.env'}}\n");
        write(
            "compose.yaml",
            "services:\n  a:\n    env_file: [\"./a.env\", {path: gone.env, required: false}]\n    extends: {file: base.yaml, service: b}\n",
        );
        let project = Project {
            directory: folder.path().to_owned(),
            files: vec![folder.path().join("compose.yaml")],
            ..Project::default()
        };
        let layers = of(&project).unwrap();
        let env = artifact_name(&folder.path().join("a.env"), "env");
        let base = artifact_name(&folder.path().join("base.yaml"), "yaml");
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["compose.yaml", &base, &env]);
        let text = |layer: &Layer| String::from_utf8(layer.content.clone()).unwrap();
        let main = text(&layers[0]);
        let tree: serde_yaml::Value = serde_yaml::from_str(&main).unwrap();
        assert_eq!(tree["services"]["a"]["env_file"][0], env.as_str(), "{main}");
        assert_eq!(tree["services"]["a"]["env_file"][1]["path"], "gone.env");
        assert_eq!(tree["services"]["a"]["extends"]["file"], base.as_str());
        let tree: serde_yaml::Value = serde_yaml::from_str(&text(&layers[1])).unwrap();
        assert_eq!(tree["services"]["b"]["env_file"], env.as_str());
        assert_eq!(layers[1].annotations["com.docker.compose.extends"], "true");
    }

    #[test]
    fn a_path_of_variables_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("compose.yaml");
        std::fs::write(&file, "services: {a: {env_file: '${X}.env'}}\n").unwrap();
        let project =
            Project { directory: folder.path().to_owned(), files: vec![file], ..Project::default() };
        assert!(of(&project).unwrap_err().to_string().contains("${X}.env"));
    }
}
