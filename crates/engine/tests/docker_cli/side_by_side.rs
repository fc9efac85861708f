//! The same commands of the stock client on an engine of our own and on a reference Docker Engine, and what they print.
//!
//! Runs where `REFERENCE_DOCKER_HOST` names a reference.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::Engine;

/// A title, and commands with `docker` as the client, which print on either output. `$DIR`, where they
/// run, is a directory of the host; later steps build on what earlier ones made. Or a title, and why what such a step prints differs.
pub type Step = (&'static str, &'static str);

/// Steps on both engines.
pub struct Comparison {
    /// Makes what the steps need, and prints nothing. A file `prelude` is read by the shell of each step.
    pub prepare: &'static str,
    /// Removes all that steps may have left; what it prints is not looked at.
    pub clean: &'static str,
    /// What is compared.
    pub steps: &'static [Step],
    /// Titles of steps that differ, and why. One that is the same after all is an error.
    pub differences: &'static [Step],
}

impl Comparison {
    /// Runs everything on both engines, and fails with all unexpected differences.
    pub fn run(&self) {
        let Ok(reference) = std::env::var("REFERENCE_DOCKER_HOST") else {
            return println!("skipped: REFERENCE_DOCKER_HOST names no Docker Engine to compare with");
        };
        let Some(engine) = Engine::start() else { return };
        let ours = format!("unix://{}", engine.socket().display());
        let directory = tempfile::tempdir().unwrap();
        // One engine after the other: ours ends when it has nothing to do for a while.
        let own = self.run_on(&ours, &directory.path().join("ours"));
        let theirs = self.run_on(&reference, &directory.path().join("reference"));
        let mut different = Vec::new();
        for ((title, _), (own, theirs)) in self.steps.iter().zip(own.into_iter().zip(theirs)) {
            let excused = self.differences.iter().any(|(known, _)| known == title);
            if own != theirs && !excused {
                different.push(format!("== {title}\n-- ours\n{own}-- reference\n{theirs}"));
            }
            assert!(own != theirs || !excused, "{title}: the same now, so it is no difference");
        }
        assert!(different.is_empty(), "{}", different.join("\n"));
    }

    /// What each step prints.
    fn run_on(&self, host: &str, directory: &Path) -> Vec<String> {
        std::fs::create_dir(directory).unwrap();
        let clean = || shell(host, self.clean, directory);
        clean();
        assert_eq!(shell(host, self.prepare, directory), "", "what the steps need is made");
        let all = self.steps.iter().map(|(_, script)| normal(&shell(host, script, directory), directory));
        let all = all.collect();
        clean();
        all
    }
}

/// What a script prints on both of its outputs.
fn shell(host: &str, script: &str, directory: &Path) -> String {
    let output = Command::new("timeout")
        .args(["120", "sh", "-c", &format!("exec 2>&1; [ -e prelude ] && . ./prelude; {script}")])
        .current_dir(directory)
        .env("DOCKER_HOST", host)
        .env("DIR", directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What no step is about: an offer of the client's, and that Docker counts image mounts as experimental.
const IGNORED: [&str; 3] =
    ["", "Run 'docker run --help' for more information", "WARNING: Image mount is an experimental feature"];

/// Without what differs between any two engines: ids, and where they keep things.
fn normal(text: &str, directory: &Path) -> String {
    let text = text.replace(&directory.display().to_string(), "DIR");
    // The reference may live in a root of its own, with mounts of its own.
    let text = text.replace(" is mounted on /tmp but", " is mounted on / but");
    let mut lines = String::new();
    for line in text.lines().filter(|line| !IGNORED.contains(line)) {
        let words = line.split(' ').map(normal_word);
        lines.push_str(&words.collect::<Vec<_>>().join(" "));
        lines.push('\n');
    }
    lines
}

fn normal_word(word: &str) -> String {
    let id = word.trim_matches(['[', ']']);
    if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "ID".to_owned();
    }
    match word.find("/volumes/") {
        // `mount DEVICE:/var/lib/docker/volumes/NAME/_data`
        Some(at) => {
            let start = word[..at].rfind(['\'', ':']).map_or(0, |at| at + 1);
            format!("{}ROOT{}", &word[..start], &word[at..])
        }
        None => word.to_owned(),
    }
}
