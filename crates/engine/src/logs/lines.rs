//! Cuts a stream of bytes into the texts of records (contract 6.1).

/// A longer line becomes several partial records.
const LONGEST: usize = 16 * 1024;

/// The unfinished line of one stream.
#[derive(Default)]
pub struct LineCutter {
    pending: Vec<u8>,
    /// The unfinished line already gave a partial record.
    continued: bool,
}

/// A piece for one record.
pub struct Piece<'a> {
    /// The text, with its newline unless the record is partial.
    pub text: &'a [u8],
    /// It continues a line: it takes the time of the line's first record.
    pub continues: bool,
}

impl LineCutter {
    /// Hands every finished line, and every full buffer of an unfinished one, to `emit`.
    pub fn push(&mut self, mut data: &[u8], mut emit: impl FnMut(Piece<'_>)) {
        while !data.is_empty() {
            let room = LONGEST - self.pending.len();
            let window = &data[..data.len().min(room)];
            let taken = match window.iter().position(|&byte| byte == b'\n') {
                Some(at) => {
                    self.take(&window[..=at], &mut emit);
                    at + 1
                }
                None => {
                    self.pending.extend_from_slice(window);
                    window.len()
                }
            };
            if self.pending.len() == LONGEST {
                self.take_full(&mut emit);
            }
            data = &data[taken..];
        }
    }

    /// Hands over what the stream left without a newline.
    pub fn finish(&mut self, mut emit: impl FnMut(Piece<'_>)) {
        if !self.pending.is_empty() {
            self.take(&[], &mut emit);
        }
    }

    /// The line ends with `text`. Without an unfinished beginning it is not copied.
    fn take(&mut self, text: &[u8], emit: &mut impl FnMut(Piece<'_>)) {
        let continues = std::mem::take(&mut self.continued);
        if self.pending.is_empty() {
            emit(Piece { text, continues });
        } else {
            self.pending.extend_from_slice(text);
            emit(Piece { text: &self.pending, continues });
            self.pending.clear();
        }
    }

    /// A full buffer is cut before a character that is not complete yet, so that it stays whole in the next record.
    fn take_full(&mut self, emit: &mut impl FnMut(Piece<'_>)) {
        let cut = self.pending.len() - incomplete_tail(&self.pending);
        emit(Piece { text: &self.pending[..cut], continues: self.continued });
        self.pending.drain(..cut);
        self.continued = true;
    }
}

/// How many bytes at the end begin a UTF-8 character that does not end in `text`.
fn incomplete_tail(text: &[u8]) -> usize {
    let start = text.len().saturating_sub(3);
    let tail = &text[start..];
    match tail.iter().rposition(|&byte| byte >= 0xc0) {
        Some(at) if tail.len() - at < width(tail[at]) => tail.len() - at,
        _ => 0,
    }
}

fn width(lead: u8) -> usize {
    match lead {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let mut cutter = LineCutter::default();
        let mut pieces = Vec::new();
        let mut emit = |piece: Piece<'_>| pieces.push((piece.text.to_vec(), piece.continues));
        for chunk in chunks {
            cutter.push(chunk, &mut emit);
        }
        cutter.finish(&mut emit);
        pieces
    }

    #[test]
    fn lines_over_chunks() {
        let pieces = cut(&[b"one\ntw", b"o\n", b"rest"]);
        let texts: Vec<_> = pieces.iter().map(|(text, _)| text.as_slice()).collect();
        assert_eq!(texts, [b"one\n".as_slice(), b"two\n", b"rest"]);
        assert!(pieces.iter().all(|(_, continues)| !continues));
    }

    #[test]
    fn long_lines_are_continued() {
        let line = [vec![b'x'; LONGEST * 2 + 5], vec![b'\n']].concat();
        let pieces = cut(&[&line, b"next\n"]);
        let shape: Vec<_> = pieces.iter().map(|(text, continues)| (text.len(), *continues)).collect();
        assert_eq!(shape, [(LONGEST, false), (LONGEST, true), (6, true), (5, false)]);
    }

    #[test]
    fn no_character_is_cut() {
        let line = format!("{}€\n", "x".repeat(LONGEST - 1));
        for split in [1, LONGEST - 1, LONGEST, LONGEST + 1] {
            let (head, tail) = line.as_bytes().split_at(split);
            let pieces = cut(&[head, tail]);
            assert!(pieces.iter().all(|(text, _)| std::str::from_utf8(text).is_ok()), "split at {split}");
            assert_eq!(pieces.concat_text(), line.as_bytes());
        }
    }

    trait ConcatText {
        fn concat_text(&self) -> Vec<u8>;
    }

    impl ConcatText for Vec<(Vec<u8>, bool)> {
        fn concat_text(&self) -> Vec<u8> {
            self.iter().flat_map(|(text, _)| text.clone()).collect()
        }
    }
}
