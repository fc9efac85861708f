//! Progress as lines, for logs and pipes.

use std::io::Write;

use super::{Progress, ProgressEvent, Status};
use crate::output::harmless;

/// One line per change on standard error, with a leading blank as Docker Compose prints it.
#[derive(Debug)]
pub struct PlainProgress;

impl Progress for PlainProgress {
    fn event(&self, event: &ProgressEvent) {
        // Byte counts of layers would be a line per packet.
        if event.parent.is_empty() || event.status != Status::Working {
            write_line(&plain_line(event));
        }
    }

    fn line(&self, id: &str, text: &str) {
        write_line(&format!("{id}  {text}"));
    }

    fn warning(&self, text: &str) {
        write_line(&format!("WARNING: {}", harmless(text)));
    }

    fn finish(&self) {}
}

fn plain_line(event: &ProgressEvent) -> String {
    let line = format!(" {} {} {}", event.id, event.text, event.details);
    harmless(line.trim_end()).into_owned()
}

fn write_line(line: &str) {
    // A closed standard error is nobody's problem here: the exit code still tells the result.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let event = ProgressEvent::new("Container app-web-1", Status::Done, "Created");
        assert_eq!(plain_line(&event), " Container app-web-1 Created");
        assert_eq!(plain_line(&event.with_details("0.1s")), " Container app-web-1 Created 0.1s");
        let probe = ProgressEvent::new("Container a", Status::Working, "Waiting: \u{1b}[31mX");
        assert_eq!(plain_line(&probe), " Container a Waiting: ␛[31mX");
    }
}
