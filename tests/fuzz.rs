//! Fuzzing without nightly: changes the inputs under `fuzz/corpus` at random and checks the properties in
//! `fuzz/entries.rs`. The same seed gives the same inputs; `WHARF_FUZZ_ROUNDS` and `WHARF_FUZZ_SEED` change how many and
//! which. A failing input is written to a file, whose name is printed; put it into the corpus, where it is tried first.

#[path = "../fuzz/entries.rs"]
mod entries;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Changed inputs per entry in an ordinary run.
const ROUNDS: u64 = 1_500;

/// However slow the machine: the changed inputs of one entry end after this time.
const LONGEST: Duration = Duration::from_secs(60);

/// What is put into inputs: the characters that mean something in one of the languages.
const PIECES: [&str; 54] = [
    "$",
    "${",
    "}",
    "$$",
    "${A:-",
    "${B?",
    ":",
    ": ",
    "-",
    "- ",
    "\n",
    "\n  ",
    "\n=== next file\n",
    "\t",
    "[",
    "]",
    "{",
    "\"",
    "'",
    "\\",
    "&a ",
    "*a",
    "<<: ",
    "!reset ",
    "!override ",
    "!!int ",
    "#",
    " #",
    "|\n",
    ">-\n",
    "0x",
    "1e999",
    "é",
    "\u{1}",
    "\0",
    "~",
    ",",
    "null",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "=",
    "/",
    "..",
    "0",
    "-1",
    "65536",
    "1.5",
    "1g",
    "99999999999999999999",
    "'0777'",
    "2024-01-01",
    "yes",
    "\r\n",
];

/// A small generator of numbers (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn corpus(name: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).expect("the corpus is in the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let text = |path: PathBuf| fs::read_to_string(&path).ok().map(|text| (path, text));
    paths.into_iter().filter_map(text).collect()
}

/// One to four changes: a piece put in, a stretch replaced, taken out or repeated, or the start of another input.
fn changed(numbers: &mut Numbers, inputs: &[(PathBuf, String)]) -> String {
    let mut text = inputs[numbers.below(inputs.len())].1.clone();
    for _ in 0..=numbers.below(4) {
        let at = boundary(&text, numbers.below(text.len() + 1));
        let to = boundary(&text, (at + numbers.below(16)).min(text.len())).max(at);
        let piece = PIECES[numbers.below(PIECES.len())];
        match numbers.below(6) {
            0 | 1 => text.insert_str(at, piece),
            2 => text.replace_range(at..to, piece),
            3 => text.replace_range(at..to, ""),
            4 => text.insert_str(at, &text[at..to].repeat(2)),
            _ => {
                let other = &inputs[numbers.below(inputs.len())].1;
                let from = boundary(other, numbers.below(other.len() + 1));
                text.truncate(at);
                text.push_str(&other[from..]);
            }
        }
    }
    text
}

fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Runs the entry; an input that breaks a property is kept and named.
fn check(name: &str, entry: fn(&str), text: &str) {
    if catch_unwind(AssertUnwindSafe(|| entry(text))).is_err() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}-failed"));
        fs::write(&path, text).expect("the failing input is written");
        panic!("{name}: a property is broken by {text:?}, kept in {}", path.display());
    }
}

fn fuzz(name: &str) {
    let (_, entry) = entries::ENTRIES.into_iter().find(|(known, _)| *known == name).expect("an entry");
    let inputs = corpus(name);
    inputs.iter().for_each(|(_, text)| check(name, entry, text));
    let mut numbers = Numbers(number("WHARF_FUZZ_SEED", 0x5eed).max(1));
    let rounds = number("WHARF_FUZZ_ROUNDS", ROUNDS);
    let start = Instant::now();
    for _ in 0..rounds {
        check(name, entry, &changed(&mut numbers, &inputs));
        if rounds == ROUNDS && start.elapsed() > LONGEST {
            return;
        }
    }
}

#[test]
fn yaml() {
    fuzz("yaml");
}

#[test]
fn interpolation() {
    fuzz("interpolation");
}

#[test]
fn dotenv() {
    fuzz("dotenv");
}

#[test]
fn loader() {
    fuzz("loader");
}

#[test]
fn short_forms() {
    fuzz("short_forms");
}
