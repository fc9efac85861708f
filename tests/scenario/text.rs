//! Reading scenario files. A file that is not understood fails the whole run: no step may be lost.

use std::path::Path;

use super::column::Column;
use super::expect::Expectation;

/// What a user does and sees.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file that it is in, without its extension.
    pub area: String,
    /// What a user wants.
    pub intent: String,
    pub columns: Vec<Column>,
    /// Why its columns are not alike: the comments before what is for some columns only.
    pub reasons: Vec<String>,
    pub needs: Vec<Need>,
    /// Name and content.
    pub files: Vec<(String, String)>,
    pub steps: Vec<Step>,
}

impl Scenario {
    /// File and intent, for filters.
    pub fn name(&self) -> String {
        format!("{}: {}", self.area, self.intent)
    }

    /// Notes why a line is not for all columns.
    fn explained(&mut self, reason: Option<String>, line: &str) {
        let reason = reason.unwrap_or_else(|| panic!("{}: {line:?}: no comment says why", self.name()));
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// What a scenario needs beside the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A registry with the tests' images.
    Registry,
    /// `docker compose`, whatever the column.
    Compose,
}

/// Something done, and what is seen then.
#[derive(Clone, Debug)]
pub struct Step {
    /// As it was written.
    pub text: String,
    pub action: Action,
    /// The column that it is for; all when empty.
    pub only: String,
    pub expectations: Vec<(String, Expectation)>,
}

/// Something done.
#[derive(Clone, Debug)]
pub enum Action {
    /// `$ ARGS`: the tool, to its end.
    Run(Vec<String>),
    /// `until $ ARGS`: again and again until it shows what is expected.
    Until(Vec<String>),
    /// `NAME & ARGS`: the tool, in the background.
    Begin(String, Vec<String>),
    /// `shows NAME`: waits until the background command printed what is expected.
    Shows(String),
    /// `signal NAME INT`.
    Signal(String, String),
    /// `ends NAME`: waits for the end of a background command.
    Ends(String),
    /// `sh LINE`: a shell in the project's folder.
    Shell(String),
    /// `until sh LINE`.
    UntilShell(String),
}

/// All scenarios of a folder, by file.
pub fn all(folder: &Path) -> Vec<Scenario> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().flat_map(|path| file(path)).collect()
}

fn file(path: &Path) -> Vec<Scenario> {
    let text = std::fs::read_to_string(path).unwrap();
    let area = path.file_stem().unwrap().to_string_lossy().into_owned();
    let parts: Vec<&str> = text.split("\n=== ").collect();
    let first = parts[0].strip_prefix("=== ");
    let for_all = if first.is_none() { comment(parts[0]) } else { None };
    let rest = parts[1..].iter().copied();
    first.into_iter().chain(rest).map(|part| scenario(&area, for_all.as_deref(), part)).collect()
}

/// One scenario; `for_all` is the comment at the beginning of its file.
fn scenario(area: &str, for_all: Option<&str>, part: &str) -> Scenario {
    let (intent, body) = part.split_once('\n').unwrap_or((part, ""));
    let mut scenario = Scenario {
        area: area.to_owned(),
        intent: intent.trim().to_owned(),
        columns: Column::ALL.to_vec(),
        reasons: Vec::new(),
        needs: Vec::new(),
        files: Vec::new(),
        steps: Vec::new(),
    };
    let (head, sections) = body.split_once("--- ").unwrap_or((body, ""));
    heading(&mut scenario, head, for_all);
    for section in sections.split("\n--- ") {
        let (title, content) = section.split_once('\n').unwrap_or((section, ""));
        match title.trim() {
            "steps" => steps(&mut scenario, content),
            name => scenario.files.push((name.to_owned(), format!("{}\n", content.trim_end()))),
        }
    }
    assert!(!scenario.steps.is_empty(), "{} has no steps", scenario.name());
    scenario
}

/// `columns:` and `needs:`.
fn heading(scenario: &mut Scenario, head: &str, for_all: Option<&str>) {
    for line in head.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("columns:") => {
                let words: Vec<_> = words.collect();
                scenario.columns.retain(|column| words.iter().any(|word| column.is_named(word)));
                let reason = comment(head).or(for_all.map(str::to_owned));
                scenario.explained(reason, line);
            }
            Some("needs:") => {
                scenario.needs = words.map(|word| need(&scenario.name(), word)).collect();
            }
            _ => panic!("{}: {line:?}", scenario.name()),
        }
    }
}

/// The comment lines of a text as one.
fn comment(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("# ")).collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn need(name: &str, word: &str) -> Need {
    match word {
        "registry" => Need::Registry,
        "compose" => Need::Compose,
        other => panic!("{name}: nobody knows how to need {other}"),
    }
}

fn steps(scenario: &mut Scenario, content: &str) {
    let name = scenario.name();
    let mut steps: Vec<Step> = Vec::new();
    let mut reason = None;
    let mut before = "";
    for line in content.lines().map(str::trim) {
        if let Some(words) = comment(line) {
            let begun = reason.take().filter(|_| before.starts_with('#'));
            reason = Some(begun.map_or(words.clone(), |begun: String| format!("{begun} {words}")));
        }
        before = line;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (only, rest) = match line.strip_prefix('@') {
            Some(marked) => marked.split_once(' ').unwrap_or((marked, "")),
            None => ("", line),
        };
        if !only.is_empty() {
            scenario.explained(reason.clone(), line);
        }
        let rest = rest.trim();
        if let Some(expectation) = rest.strip_prefix("? ") {
            let step = steps.last_mut().unwrap_or_else(|| panic!("{name}: nothing before {line:?}"));
            let expectation = Expectation::parse(expectation).unwrap_or_else(|| panic!("{name}: {line:?}"));
            step.expectations.push((only.to_owned(), expectation));
        } else {
            let action = action(rest).unwrap_or_else(|| panic!("{name}: {line:?} is no step"));
            steps.push(Step {
                text: line.to_owned(),
                action,
                only: only.to_owned(),
                expectations: Vec::new(),
            });
        }
    }
    scenario.steps = steps;
}

fn action(line: &str) -> Option<Action> {
    if let Some(args) = line.strip_prefix("$ ") {
        return Some(Action::Run(words(args)));
    }
    if let Some(args) = line.strip_prefix("until $ ") {
        return Some(Action::Until(words(args)));
    }
    if let Some(shell) = line.strip_prefix("until sh ") {
        return Some(Action::UntilShell(shell.to_owned()));
    }
    let (verb, rest) = line.split_once(' ')?;
    match verb {
        "sh" => Some(Action::Shell(rest.to_owned())),
        "shows" => Some(Action::Shows(rest.to_owned())),
        "ends" => Some(Action::Ends(rest.to_owned())),
        "signal" => rest.split_once(' ').map(|(name, signal)| Action::Signal(name.into(), signal.into())),
        name => rest.strip_prefix("& ").map(|args| Action::Begin(name.to_owned(), words(args))),
    }
}

/// Words with single and double quotes, as a shell has them; nothing is expanded.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut begun) = (None, false);
    for character in text.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '\'' | '"') => (quote, begun) = (Some(character), true),
            None if character.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(character);
                begun = true;
            }
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {text}");
    if begun {
        words.push(word);
    }
    words
}
