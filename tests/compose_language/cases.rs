//! Reads the case files.
//!
//! * `*.services`: one line per case, the attributes of service `a` in flow form; ` ++ ` separates files that merge.
//!   Around them are volumes `v`, `w`, `vol` and `wol`, networks `n` and `m`, secrets `s` and `t`, configs `c` and `d`, models `ai` and `bi`.
//! * `*.elements`: the same for whole documents, all resources kept.
//! * `*.strings`: one line per case, a text with variables.
//! * `*.project`: `=== title`, settings (`env`, `args`, `in`, `stdin`, `differs`), then `--- path` and its content for each
//!   file. `args` are the global flags and after `|` the command; `@` is the project's folder.
//!
//! In the first three `~ ` at the start marks a case that differs on purpose, and the variables below are set.

use std::path::{Path, PathBuf};

/// Attributes that are or replace an image.
const OWN_IMAGE: [&str; 5] = ["image:", "build:", "extends:", "provider:", "- "];
const VARIABLES: [(&str, &str); 6] =
    [("SET", "value"), ("EMPTY", ""), ("OTHER", "other"), ("NUM", "7"), ("YES", "yes"), ("TRUE", "true")];
const RESOURCES: &str = "\
volumes: {v: , w: , vol: , wol: }
networks: {n: , m: }
secrets: {s: {file: ./s}, t: {environment: SET}}
configs: {c: {content: text}, d: {file: ./d}}
models: {ai: {model: ai/m}, bi: {model: ai/n}}
";

/// A small project and how it is loaded.
#[derive(Default)]
pub struct Case {
    /// Its name, unique in its file.
    pub title: String,
    /// Paths below the project's folder, and their content.
    pub files: Vec<(String, String)>,
    /// Global flags.
    pub flags: Vec<String>,
    /// Whether all resources are kept.
    pub all_resources: bool,
    /// Whether the case is a whole project with flags of its own, for which the binary has to run.
    pub is_project: bool,
    /// The command; empty for `config`.
    pub command: Vec<String>,
    /// The environment, beside `HOME` and `PATH`.
    pub variables: Vec<(String, String)>,
    /// Where the user stands, below the project's folder.
    pub directory: String,
    /// The file that is standard input.
    pub stdin: Option<String>,
    /// Whether our output differs from the reference on purpose.
    pub differs: bool,
}

/// The folder with the case and golden files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose_language")
}

/// The cases of a file.
pub fn read(file: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("cases").join(file)).expect("the case file");
    let lines = || text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    match file.rsplit('.').next() {
        Some("services") => lines().map(|line| documents(line, service)).collect(),
        Some("elements") => lines().map(elements).collect(),
        Some("strings") => lines().map(string).collect(),
        _ => format!("\n{text}").split("\n=== ").skip(1).map(project).collect(),
    }
}

fn line_case(line: &str) -> (Case, &str) {
    let variables = VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let content = line.strip_prefix("~ ");
    let case = Case { title: line.to_owned(), variables, differs: content.is_some(), ..Case::default() };
    (case, content.unwrap_or(line))
}

fn documents(line: &str, document: fn(&str, bool) -> String) -> Case {
    let (mut case, content) = line_case(line);
    for (index, part) in content.split(" ++ ").enumerate() {
        let name = if index == 0 { "compose.yaml".to_owned() } else { format!("o{index}.yaml") };
        case.files.push((name.clone(), document(part, index == 0)));
        case.flags.extend(["-f".to_owned(), name]);
    }
    case
}

fn service(attributes: &str, first: bool) -> String {
    let image =
        if first && !OWN_IMAGE.iter().any(|own| attributes.starts_with(own)) { "image: x, " } else { "" };
    let attributes = attributes.strip_prefix("- ").unwrap_or(attributes);
    let resources = if first { RESOURCES } else { "" };
    format!("services:\n  a: {{{image}{attributes}}}\n{resources}")
}

fn elements(line: &str) -> Case {
    let mut case = documents(line, |document, _| format!("{{{document}}}\n"));
    case.flags.push("--all-resources".into());
    case.all_resources = true;
    case
}

fn string(line: &str) -> Case {
    let (mut case, content) = line_case(line);
    let quoted = content.replace('\'', "''");
    let text = format!("services: {{a: {{image: x, environment: {{V: '{quoted}'}}}}}}\n");
    case.files.push(("compose.yaml".into(), text));
    case
}

fn project(block: &str) -> Case {
    let mut sections = block.split("\n--- ");
    let mut head = sections.next().unwrap_or_default().lines();
    let title = head.next().unwrap_or_default().to_owned();
    let mut case = Case { title, is_project: true, ..Case::default() };
    head.for_each(|line| setting(&mut case, line));
    case.files = sections.map(file).collect();
    case
}

fn file(section: &str) -> (String, String) {
    let (path, content) = section.split_once('\n').unwrap_or((section, ""));
    (path.to_owned(), format!("{}\n", content.trim_end_matches('\n')))
}

fn setting(case: &mut Case, line: &str) {
    let (key, value) = line.split_once(' ').unwrap_or((line, ""));
    match key {
        "args" => {
            let (flags, command) = value.split_once('|').unwrap_or((value, ""));
            case.flags = flags.split_whitespace().map(str::to_owned).collect();
            case.command = command.split_whitespace().map(str::to_owned).collect();
        }
        "env" => {
            let (name, value) = value.split_once('=').expect("env NAME=VALUE");
            case.variables.push((name.to_owned(), value.to_owned()));
        }
        "in" => value.clone_into(&mut case.directory),
        "stdin" => case.stdin = Some(value.to_owned()),
        "differs" => case.differs = true,
        _ => panic!("{}: {line:?} is no setting", case.title),
    }
}
