//! Text that nobody meant: the parser must answer, never panic and never take long.

use std::time::{Duration, Instant};

use wharf_build::dockerfile::{self, MAX_LINE_BYTES, MAX_STAGES};

const SEED: &str = "# escape=\\\nARG V=1\nFROM --platform=$P a:${V:-x} AS one\nRUN --mount=type=cache,target=/x,mode=07 <<-'E' cat && \\\n  b\n\tx\nE\n\
COPY --from=one --chmod=u+x,go= [\"a\", \"b\"]\nENV A=\"b c\" D='e' f\\ g=h\nHEALTHCHECK --interval=1m30s --retries=3 CMD [\"x\"]\n\
ONBUILD ADD <<f /g\nbody $V\nf\nSHELL [\"/bin/sh\", \"-c\"]\nVOLUME [\"/a\"]\nEXPOSE 1-3/udp\nLABEL é=ü\n";

/// Pieces that change the meaning of what is around them.
const PIECES: [&str; 20] = [
    "\\", "\n", "\"", "'", "<<", "<<-E", "$", "${", "}", "[", "]", "=", "--", ",", " ", "\t", "#", "µ", "\0",
    "FROM x\n",
];

/// A repeatable source of numbers (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

fn damaged(numbers: &mut Numbers) -> String {
    let mut text = SEED.to_owned();
    for _ in 0..=numbers.below(6) {
        let at = numbers.place(&text);
        match numbers.below(3) {
            0 => text.insert_str(at, PIECES[numbers.below(PIECES.len())]),
            1 => text.truncate(at),
            _ => {
                let end = numbers.place(&text);
                text.replace_range(at.min(end)..at.max(end), PIECES[numbers.below(PIECES.len())]);
            }
        }
    }
    text
}

#[test]
fn damaged_files_get_an_answer_with_a_line_of_the_file() {
    let mut numbers = Numbers(1);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..20_000 {
        let text = damaged(&mut numbers);
        match dockerfile::parse("Dockerfile", &text) {
            Ok(file) => {
                good += 1;
                assert!(!file.stages.is_empty());
            }
            Err(error) => {
                bad += 1;
                assert!(
                    error.line >= 1 && error.line as usize <= text.lines().count().max(1),
                    "{error}\n{text}"
                );
            }
        }
    }
    assert!(good > 100 && bad > 100, "both happen: {good} good, {bad} bad");
}

#[test]
fn large_files_are_bounded() {
    let start = Instant::now();
    let message = |text: String| dockerfile::parse("D", &text).map(drop).expect_err("too large").to_string();
    let long = message(format!("FROM a\nRUN {}", "x".repeat(MAX_LINE_BYTES)));
    assert!(long.starts_with("D:2: the line is longer than 65535 bytes"), "{long:.80}");
    let stages = message("FROM a\n".repeat(MAX_STAGES + 1));
    assert!(stages.starts_with("D:1001: the file has more than 1000 stages"), "{stages}");
    let continued =
        dockerfile::parse("D", &format!("FROM a\nRUN x {}", "\\\n y".repeat(200_000))).expect("valid");
    assert_eq!(continued.stages[0].instructions.len(), 1);
    assert!(start.elapsed() < Duration::from_secs(20), "time grows with the size only");
}
