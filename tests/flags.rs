//! Every flag that Docker Compose has, in the spellings that its flag library takes. Needs `docker compose`, and no engine.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

/// Commands that are refused as a whole.
const REFUSED: [&str; 2] = ["alpha", "bridge"];

/// A flag as a help text shows it.
#[derive(Debug)]
struct Flag {
    short: Option<String>,
    long: String,
    takes_value: bool,
}

fn compose(args: &[&str]) -> Option<String> {
    let output = Command::new("docker").arg("compose").args(args).arg("--help").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn wharf(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_wharf")).args(args).current_dir(&folder).output().unwrap()
}

/// Names of commands: the first words of lines below a heading with "Commands".
fn commands(help: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| !line.contains("Commands:"));
    let indented = below.filter(|line| line.starts_with("  "));
    let names = indented.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| !REFUSED.contains(name)).map(str::to_owned).collect()
}

/// `-a, --all    Text` is on or off; `--index int   Text` takes a value.
fn flag(line: &str) -> Option<Flag> {
    // Deeper lines go on with a text, which may begin with a flag's name.
    let mut names = line.strip_prefix("  ").map(|line| line.strip_prefix("    ").unwrap_or(line))?;
    if names.starts_with(' ') {
        return None;
    }
    let short = names.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let short = short.and_then(|rest| rest.split_once(", ")).map(|(name, _)| name.to_owned());
    if short.is_some() {
        names = names.split_once(", ")?.1;
    }
    let (long, rest) = names.strip_prefix("--")?.split_once(' ')?;
    Some(Flag { short, long: long.to_owned(), takes_value: !rest.starts_with(' ') })
}

fn flags(help: &str) -> Vec<Flag> {
    let below = help.lines().skip_while(|line| *line != "Options:").skip(1);
    below.take_while(|line| !line.is_empty()).filter_map(flag).collect()
}

/// The ways to write flags that are on or off.
fn spellings(flags: &[Flag]) -> [Vec<String>; 3] {
    let switches = || flags.iter().filter(|flag| !flag.takes_value);
    let short = |end: &str| -> Vec<String> {
        switches().filter_map(|flag| Some(format!("-{}{end}", flag.short.as_ref()?))).collect()
    };
    let long =
        |end: &str| -> Vec<String> { switches().map(|flag| format!("--{}{end}", flag.long)).collect() };
    [
        [long("=false"), short("=false")].concat(),
        [long("=T"), short("=1")].concat(),
        [long(""), short("")].concat(),
    ]
}

#[test]
fn flags_that_are_on_or_off_take_every_spelling() {
    let Some(help) = compose(&[]) else {
        eprintln!("skipped: there is no docker compose");
        return;
    };
    let mut refused = Vec::new();
    let mut tried = 0;
    for command in commands(&help) {
        for words in spellings(&flags(&compose(&[&command]).unwrap())) {
            tried += words.len();
            let words = words.iter().map(String::as_str);
            let line: Vec<&str> = [command.as_str()].into_iter().chain(words).chain(["--help"]).collect();
            let output = wharf(&line);
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                refused.push(format!("{line:?}: {}", said.lines().next().unwrap_or("")));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(tried > 200, "only {tried} spellings were found in the help texts");
}

#[test]
fn every_flag_with_a_value_is_known() {
    let Some(help) = compose(&[]) else { return };
    let mut unknown = Vec::new();
    for command in commands(&help) {
        let known = String::from_utf8_lossy(&wharf(&[&command, "--help"]).stdout).into_owned();
        for flag in flags(&compose(&[&command]).unwrap()).iter().filter(|flag| flag.takes_value) {
            if !known.contains(&format!("--{} ", flag.long)) {
                unknown.push(format!("{command} --{}", flag.long));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}
