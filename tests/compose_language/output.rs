//! What a program makes of a case, on a disk of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use wharf::output::diagnostics::{Look, render_all};
use wharf::project::{Diagnostic, LoadOptions, SourceMap, load, render};

use crate::cases::Case;
use crate::said;

/// What `config` says.
#[derive(PartialEq)]
pub enum Output {
    /// It ended with an error.
    Refused,
    /// It printed the project.
    Accepted {
        /// With `--format yaml`.
        yaml: String,
        /// With `--format json`; null when that form is refused or no JSON.
        json: Value,
    },
}

/// The output, and what was said beside it.
pub struct Answer {
    /// The output.
    pub output: Output,
    /// Errors and warnings, a line each.
    pub said: Vec<String>,
}

impl Output {
    /// How another output differs from this one, which is expected.
    pub fn difference(&self, found: &Output) -> Option<String> {
        match (self, found) {
            (Output::Refused, Output::Refused) => None,
            (Output::Refused, Output::Accepted { yaml, .. }) => Some(format!("accepted:\n{yaml}")),
            (Output::Accepted { .. }, Output::Refused) => Some("refused".into()),
            (Output::Accepted { yaml, json }, Output::Accepted { yaml: found, json: found_json }) => {
                if yaml != found {
                    return Some(format!("expected:\n{yaml}\nfound:\n{found}"));
                }
                (json != found_json).then(|| format!("expected:\n{json}\nfound:\n{found_json}"))
            }
        }
    }
}

/// The files of a case on disk: `project/` and an empty `home/`.
pub struct Disk {
    root: TempDir,
}

impl Disk {
    /// Writes them.
    pub fn new(case: &Case) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let disk = Self { root };
        fs::create_dir_all(disk.root.path().join("home")).expect("a home");
        fs::create_dir_all(disk.project().join(&case.directory)).expect("a project");
        for (path, text) in &case.files {
            let path = disk.project().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, text).expect("a file");
        }
        disk
    }

    /// The project's folder.
    pub fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// A command with the environment of the case, where its user stands.
    pub fn command(&self, program: &str, case: &Case) -> Command {
        let mut words = program.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        let directory = self.project().join(&case.directory);
        command.args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs([self.home()]).env("PWD", &directory).current_dir(directory);
        // Docker finds its plugins through the real home.
        if let Some(home) = std::env::var_os("HOME") {
            command.env("DOCKER_CONFIG", Path::new(&home).join(".docker"));
        }
        command.envs(case.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The variable of the user's home.
    fn home(&self) -> (String, String) {
        ("HOME".into(), self.root.path().join("home").to_string_lossy().into_owned())
    }

    /// Text with paths as if the disk's root were `/`.
    fn shortened(&self, text: &str) -> String {
        text.replace(&*self.root.path().to_string_lossy(), "")
    }

    /// A flag with `@` replaced by the project's folder.
    pub fn flag(&self, flag: &str) -> String {
        flag.replace('@', &self.project().to_string_lossy())
    }

    /// What a program prints, `None` when it fails, and its messages.
    pub fn run(&self, command: &mut Command) -> (Option<String>, String) {
        let output = command.output().expect("the program runs");
        let text = |bytes| self.shortened(&String::from_utf8(bytes).expect("UTF-8"));
        (output.status.success().then(|| text(output.stdout)), text(output.stderr))
    }
}

/// What we make of a case: by the library where no flag has to be read, which takes a tenth of the time.
pub fn ours(case: &Case) -> Answer {
    if case.is_project {
        return of(case, concat!(env!("CARGO_BIN_EXE_wharf"), " --verbose"), said::by_wharf);
    }
    let disk = Disk::new(case);
    let options = LoadOptions {
        files: case.files.iter().map(|(path, _)| path.into()).collect(),
        environment: case.variables.iter().cloned().chain([disk.home()]).collect(),
        current_directory: disk.project(),
        all_resources: case.all_resources,
        ..LoadOptions::default()
    };
    let said = |diagnostics: &[Diagnostic], sources: &SourceMap| {
        let look = Look { verbose: true, ..Look::default() };
        // The resources around each case are there to be used by some of them.
        let told = diagnostics.iter().filter(|diagnostic| diagnostic.code != "unused");
        let text = render_all(&told.cloned().collect::<Vec<_>>(), sources, look);
        said::by_wharf(&disk.shortened(&text))
    };
    let loaded = match load(&options) {
        Ok(loaded) => loaded,
        Err(failure) => {
            return Answer { output: Output::Refused, said: said(&failure.diagnostics, &failure.sources) };
        }
    };
    let json = disk.shortened(&render::json(&loaded.project));
    let output = Output::Accepted {
        yaml: disk.shortened(&render::yaml(&loaded.project)),
        json: serde_json::from_str(&json).expect("JSON"),
    };
    Answer { output, said: said(&loaded.warnings, &loaded.project.sources) }
}

/// What a program makes of a case; `said` reads its messages.
pub fn of(case: &Case, program: &str, said: fn(&str) -> Vec<String>) -> Answer {
    let disk = Disk::new(case);
    let printed = |format: &str| {
        let mut command = disk.command(program, case);
        command.args(case.flags.iter().map(|flag| disk.flag(flag)));
        match case.command.as_slice() {
            [] => command.arg("config"),
            words => command.args(words),
        };
        command.args(["--format", format]).stdin(Stdio::null());
        if let Some(file) = &case.stdin {
            command.stdin(File::open(disk.project().join(file)).expect("standard input"));
        }
        disk.run(&mut command)
    };
    let (yaml, messages) = printed("yaml");
    let said = said(&messages);
    let Some(yaml) = yaml else { return Answer { output: Output::Refused, said } };
    let json = printed("json").0.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Answer { output: Output::Accepted { yaml: format!("{}\n", yaml.trim_end_matches('\n')), json }, said }
}
