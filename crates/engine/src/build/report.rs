//! What a build tells, as lines of Docker's classic build stream.

use std::collections::BTreeMap;

use serde_json::json;
use wharf_build::{BuildError, BuildEvent, StepError};

use crate::model::progress::{ErrorDetail, Message};

/// Which steps there are: lines of steps that run side by side say whose they are.
#[derive(Default)]
pub struct Report {
    running: BTreeMap<usize, String>,
    last_speaker: Option<usize>,
}

impl Report {
    /// The lines for an event.
    pub fn translate(&mut self, event: BuildEvent) -> Vec<Message> {
        match event {
            BuildEvent::Warning { message } => vec![line(format!("[Warning] {message}"))],
            BuildEvent::Started { step, name } => {
                self.running.insert(step, name.clone());
                self.last_speaker = Some(step);
                vec![line(name)]
            }
            BuildEvent::Cached { step } => self.say(step, " ---> Using cache".to_owned(), true),
            BuildEvent::Output { step, line, .. } | BuildEvent::Pull { step, message: line } => {
                self.say(step, line, false)
            }
            BuildEvent::Finished { step, took } => {
                let text = format!(" ---> done in {:.1} s", took.as_secs_f64());
                self.say(step, text, true)
            }
            BuildEvent::Failed { step, .. } => {
                // Its output is told already; the error is the last line of the stream.
                self.running.remove(&step);
                Vec::new()
            }
            BuildEvent::Built { image } => {
                let digits = image.trim_start_matches("sha256:").get(..12).unwrap_or(&image);
                let said = line(format!("Successfully built {digits}"));
                vec![Message::aux(json!({ "ID": image })), said]
            }
            BuildEvent::Tagged { name } => vec![line(format!("Successfully tagged {name}"))],
        }
    }

    /// A line of a step, under the step's name again when another one spoke meanwhile.
    fn say(&mut self, step: usize, text: String, ends: bool) -> Vec<Message> {
        let mut messages = Vec::new();
        let interrupted = self.last_speaker != Some(step) && self.running.len() > 1;
        if let Some(name) = self.running.get(&step).filter(|_| interrupted) {
            messages.push(line(name.clone()));
        }
        self.last_speaker = Some(step);
        if ends {
            self.running.remove(&step);
        }
        messages.push(line(text));
        messages
    }
}

fn line(text: String) -> Message {
    Message::stream(format!("{text}\n"))
}

/// The last line of a failed build, with the exit code of a process that failed.
pub fn failure(error: &BuildError) -> Message {
    let text = error.report();
    let code = match error {
        BuildError::Step { source, .. } => match source.as_ref() {
            StepError::Exit { code, .. } => Some(*code),
            _ => None,
        },
        _ => None,
    };
    let detail = ErrorDetail { code, message: text.clone() };
    Message { error_detail: Some(detail), ..Message::error(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn texts(report: &mut Report, events: Vec<BuildEvent>) -> Vec<String> {
        let messages = events.into_iter().flat_map(|event| report.translate(event));
        messages.filter_map(|message| message.stream).collect()
    }

    #[test]
    fn steps_side_by_side_are_told_apart() {
        let output = |step, line: &str| BuildEvent::Output {
            step,
            stream: wharf_build::OutputStream::Stdout,
            line: line.to_owned(),
        };
        let started = |step: usize| BuildEvent::Started { step, name: format!("[{step}]") };
        let events = vec![
            started(1),
            output(1, "a"),
            started(2),
            output(2, "b"),
            output(1, "c"),
            BuildEvent::Finished { step: 2, took: Duration::from_secs(1) },
            output(1, "d"),
        ];
        let texts = texts(&mut Report::default(), events);
        assert_eq!(
            texts,
            ["[1]\n", "a\n", "[2]\n", "b\n", "[1]\n", "c\n", "[2]\n", " ---> done in 1.0 s\n", "d\n"]
        );
    }

    #[test]
    fn the_image_is_told_to_programs_and_people() {
        let image = format!("sha256:{}", "ab".repeat(32));
        let messages = Report::default().translate(BuildEvent::Built { image: image.clone() });
        assert_eq!(messages[0].aux.as_ref().unwrap()["ID"], image);
        assert_eq!(messages[1].stream.as_deref(), Some("Successfully built abababababab\n"));
    }
}
