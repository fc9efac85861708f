//! Files that nobody would write: whatever the bytes, loading ends with a project or with errors, never with a panic.

use std::fmt::Write;
use std::path::PathBuf;

use wharf::output::diagnostics;
use wharf::project::{LoadOptions, Project, load, render};

const SEEDS: [&str; 4] = [
    "x-a: &a {init: true}\nservices:\n  web:\n    <<: *a\n    image: \"nginx:${TAG:-1}\"\n    ports: [\"80-81:80-81/udp\", {target: 90, published: '91'}]\n    \
     volumes: [\"./a:/b:ro,z\", data:/c]\n    environment: {A: 1, B: null}\n    depends_on: {db: {condition: service_healthy}}\n    healthcheck: {test: curl x, interval: 1m30s}\n  db: {image: x}\nvolumes: {data: }\n",
    "services:\n  db: {image: postgres, command: 'a \"b c\" $$d', mem_limit: 1.5g, ulimits: {nofile: {soft: 1, hard: 2}}, devices: ['/a:/b:rw']}\nvolumes: {data: {driver_opts: {o: bind, device: ./x}}}\n",
    "name: ${N:-n}\nservices:\n  a:\n    extends: {service: b}\n    build: {context: ., args: [A=1], ssh: [default, 'k=/p']}\n  b: &b\n    image: x\n    extra_hosts: ['a=1', 'b:::1']\n    tmpfs: /t\n---\nservices: {a: !reset {}, b: {ports: !override [1]}}\n",
    "services: {a: {image: x, deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: all}]}}}, develop: {watch: [{path: ., action: rebuild}]}, stop_grace_period: 1h, secrets: [{source: s, mode: 0440}]}}\nsecrets: {s: {environment: S}}\n",
];

const PIECES: [&str; 32] = [
    "$", "${", "}", "$$", ":", ": ", "-", "- ", "\n", "\n  ", "\t", "[", "]", "{", "\"", "'", "&a", "*a",
    "<<: ", "!reset ", "!!int ", "#", "|\n", ">", "0x", "1e999", "é", "\u{1}", "~", ",", "null", "\u{feff}",
];

const WORDS: [&str; 20] = [
    "0",
    "-1",
    "80",
    "99999999999999999999",
    "1g",
    "1m",
    "1.5",
    "null",
    "true",
    "yes",
    "~",
    "x",
    "''",
    "'a b'",
    "'$$'",
    "'${N:-${M}}'",
    "0777",
    "0x1f",
    "2024-01-01",
    "'#'",
];

/// A small generator of numbers (xorshift): the same files every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

fn mutated(numbers: &mut Numbers) -> String {
    let mut text = SEEDS[numbers.below(SEEDS.len())].to_owned();
    for _ in 0..=numbers.below(3) {
        if numbers.below(3) > 0 {
            text = with_another_word(&text, numbers);
            continue;
        }
        let at = boundary(&text, numbers.below(text.len()));
        let to = boundary(&text, (at + numbers.below(12)).min(text.len()));
        match numbers.below(3) {
            0 => text.insert_str(at, PIECES[numbers.below(PIECES.len())]),
            1 => text.replace_range(at..to.max(at), ""),
            _ => text.replace_range(at..to.max(at), PIECES[numbers.below(PIECES.len())]),
        }
    }
    text
}

/// One run of letters and digits replaced by a value of some other kind.
fn with_another_word(text: &str, numbers: &mut Numbers) -> String {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let word = words[numbers.below(words.len())];
    let start = word.as_ptr() as usize - text.as_ptr() as usize;
    let mut text = text.to_owned();
    text.replace_range(start..start + word.len(), WORDS[numbers.below(WORDS.len())]);
    text
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn attempt(text: Vec<u8>) -> Option<Project> {
    let options = LoadOptions {
        files: vec![PathBuf::from("-")],
        stdin: Some(text),
        current_directory: PathBuf::from("/nonexistent/wharf"),
        project_name: Some("t".into()),
        ..LoadOptions::default()
    };
    match load(&options) {
        Ok(loaded) => Some(loaded.project),
        Err(failure) => {
            assert!(
                !diagnostics::render_all(
                    &failure.diagnostics,
                    &failure.sources,
                    diagnostics::Look::default()
                )
                .is_empty()
            );
            None
        }
    }
}

#[test]
fn changed_files_never_panic_and_what_loads_loads_again() {
    let mut numbers = Numbers(0x5eed);
    let mut accepted = 0;
    for seed in SEEDS {
        assert!(attempt(seed.as_bytes().to_vec()).is_some(), "{seed}");
    }
    for _ in 0..3000 {
        let text = mutated(&mut numbers);
        let Some(project) = attempt(text.clone().into_bytes()) else { continue };
        accepted += 1;
        let printed = render::yaml(&project);
        let again = attempt(printed.clone().into_bytes());
        let again =
            again.unwrap_or_else(|| panic!("printed form does not load:\n{text}\n---- printed\n{printed}"));
        assert_eq!(printed, render::yaml(&again), "from\n{text}");
    }
    assert!(accepted > 250, "only {accepted} changed files were valid: the seeds are bad");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut numbers = Numbers(7);
    for _ in 0..500 {
        let bytes: Vec<u8> =
            (0..numbers.below(200)).map(|_| u8::try_from(numbers.below(256)).expect("a byte")).collect();
        attempt(bytes);
    }
}

#[test]
fn large_and_deep_files_are_bounded() {
    let mut wide = String::from("services:\n");
    for index in 0..3000 {
        // Writing to a string cannot fail.
        let _ = writeln!(wide, "  s{index}: {{image: x, environment: {{A: b}}}}");
    }
    assert_eq!(attempt(wide.into_bytes()).expect("many services load").services.len(), 3000);
    assert!(attempt("a: ".repeat(100_000).into_bytes()).is_none());
    assert!(attempt(["services: ", &"{a: ".repeat(50_000)].concat().into_bytes()).is_none());
    assert!(attempt(["x: \"", &"${A:-".repeat(20_000), "\""].concat().into_bytes()).is_none());
    assert!(attempt(vec![b' '; 1 << 20]).is_none());
}
