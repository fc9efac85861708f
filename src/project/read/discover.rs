//! Which compose files make up the project, and which directory it is in (compose-surface 3.1).

use std::path::{Component, Path, PathBuf};

use crate::project::diagnostic::Diagnostic;
use crate::project::options::LoadOptions;
use crate::project::source::Span;

use super::remote::is_remote;

const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Files and project directory, all absolute but `-` and addresses.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Compose files in the order they merge.
    pub files: Vec<PathBuf>,
    /// The project directory.
    pub directory: PathBuf,
}

/// `path` seen from `base`.
pub fn absolute(base: &Path, path: &Path) -> PathBuf {
    let joined = base.join(path);
    PathBuf::from(crate::project::spelling::mount::clean(&joined.to_string_lossy()))
}

/// `path` as seen from `from`, both absolute.
pub fn relative(path: &Path, from: &Path) -> PathBuf {
    let shared = path.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// The directory that `.env` and relative paths belong to, as far as the given files tell.
pub fn directory(options: &LoadOptions, files: &[PathBuf]) -> PathBuf {
    if let Some(directory) = &options.project_directory {
        return absolute(&options.current_directory, directory);
    }
    let first = files.iter().find(|file| file.as_os_str() != "-");
    let first = first.filter(|file| !is_remote(file));
    let parent =
        first.and_then(|file| absolute(&options.current_directory, file).parent().map(Path::to_path_buf));
    parent.unwrap_or_else(|| options.current_directory.clone())
}

/// The files given, or those of `COMPOSE_FILE`; empty when neither says anything.
pub fn given(options: &LoadOptions, variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let files = if options.files.is_empty() { from_variable(variable) } else { options.files.clone() };
    let place = |file: PathBuf| {
        let is_path = file.as_os_str() != "-" && !is_remote(&file);
        if !is_path { file } else { absolute(&options.current_directory, &file) }
    };
    files.into_iter().map(place).collect()
}

fn from_variable(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let separator =
        variable("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty()).unwrap_or_else(|| ":".into());
    let files = variable("COMPOSE_FILE").unwrap_or_default();
    files.split(separator.as_str()).filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

/// Searches from the project directory upward.
///
/// # Errors
/// When there is no compose file.
pub fn search(start: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Found, Box<Diagnostic>> {
    for directory in start.ancestors() {
        let Some(main) = first("config", directory, &NAMES, warnings) else { continue };
        let mut files = vec![main];
        files.extend(first("override", directory, &OVERRIDES, warnings));
        return Ok(Found { files, directory: directory.to_path_buf() });
    }
    let message = "no configuration file provided: not found";
    let help =
        format!("looked for {} in {} and above; name a file with -f", NAMES.join(", "), start.display());
    Err(Box::new(Diagnostic::error("no-file", Span::default(), message).with_help(help)))
}

fn first(kind: &str, directory: &Path, names: &[&str], warnings: &mut Vec<Diagnostic>) -> Option<PathBuf> {
    let found: Vec<PathBuf> =
        names.iter().map(|name| directory.join(name)).filter(|path| path.exists()).collect();
    if found.len() > 1 {
        let shown: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
        let message = format!(
            "Found multiple {kind} files with supported names: {}. Using {}",
            shown.join(", "),
            shown[0]
        );
        let help = "remove the others, or name the files with -f";
        warnings.push(Diagnostic::warning("several-files", Span::default(), message).with_help(help));
    }
    found.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::{Found, search};

    #[test]
    fn the_first_name_in_the_nearest_directory_wins() {
        let root = tempfile::tempdir().expect("temporary directory");
        let deep = root.path().join("a/b");
        std::fs::create_dir_all(&deep).expect("directories");
        for name in ["docker-compose.yml", "compose.yaml", "compose.override.yaml"] {
            std::fs::write(root.path().join("a").join(name), "services: {}").expect("file");
        }
        let mut warnings = Vec::new();
        let found = search(&deep, &mut warnings).expect("found");
        let directory = root.path().join("a");
        let files = vec![directory.join("compose.yaml"), directory.join("compose.override.yaml")];
        assert_eq!(found, Found { files, directory });
        assert_eq!(warnings.len(), 1);
        assert!(search(root.path(), &mut warnings).is_err());
    }
}
