//! What broken files are answered with, word for word.
//!
//! Each `tests/golden/diagnostics/NAME.yml` is loaded; what is printed must equal `NAME.txt` beside it. After a wanted
//! change, run with `UPDATE_GOLDEN=1` and read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use wharf::output::diagnostics;
use wharf::project::{LoadOptions, load};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/diagnostics")
}

fn printed(file: &Path) -> String {
    let options = LoadOptions {
        files: vec![file.to_path_buf()],
        current_directory: folder(),
        ..LoadOptions::default()
    };
    let text = match load(&options) {
        Ok(loaded) => format!("loaded, with {} warnings\n", loaded.warnings.len()),
        Err(failure) => diagnostics::render_all(&failure.diagnostics, &failure.sources, false),
    };
    text.replace(&format!("{}/", folder().display()), "")
}

fn cases() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the golden folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    files
}

#[test]
fn broken_files_are_answered_word_for_word() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for file in cases() {
        let expected = file.with_extension("txt");
        let found = printed(&file);
        if update {
            fs::write(&expected, &found).expect("golden file written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_broken_file_is_refused_with_a_place() {
    let placeless = ["empty", "bad-project-name"];
    for file in cases() {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = printed(&file);
        assert!(text.starts_with("error[") || text.starts_with("warning"), "{name}: {text}");
        assert!(text.contains(" --> ") || placeless.contains(&name.as_str()), "{name} has no place: {text}");
    }
}
