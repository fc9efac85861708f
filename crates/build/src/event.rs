//! What a build tells its caller while it runs.
//!
//! The events carry enough for Docker's classic `{"stream": "…"}` messages and for a console that draws steps
//! side by side; how they look is the caller's business.

use std::time::Duration;

/// Receives the events of one build, possibly from several threads; it must not block.
pub type EventSink<'a> = dyn Fn(BuildEvent) + Send + Sync + 'a;

/// Which output of a step's process a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One thing that happened. `step` numbers are unique within a build and say nothing about order.
#[derive(Debug, Clone, PartialEq)]
pub enum BuildEvent {
    /// Something odd about the Dockerfile or the arguments that does not stop the build.
    Warning {
        /// The whole message, with file and line where it has them.
        message: String,
    },
    /// A step begins. Its name reads like `[builder 2/5] RUN pip install …`.
    Started {
        /// The step's number.
        step: usize,
        /// Stage, position and instruction.
        name: String,
    },
    /// The step's result was found in the cache; nothing else follows for it.
    Cached {
        /// The step's number.
        step: usize,
    },
    /// One line written by the step's process, without its line end; invalid UTF-8 is replaced.
    Output {
        /// The step's number.
        step: usize,
        /// Where the line was written to.
        stream: OutputStream,
        /// The text.
        line: String,
    },
    /// Progress of a base image's download, in the image store's own words.
    Pull {
        /// The step's number.
        step: usize,
        /// What happened, e.g. `4f4fb700ef54: Pull complete`.
        message: String,
    },
    /// The step ended well.
    Finished {
        /// The step's number.
        step: usize,
        /// How long it took.
        took: Duration,
    },
    /// The step failed; the build ends with the same message.
    Failed {
        /// The step's number.
        step: usize,
        /// Why, e.g. `process "/bin/sh -c make" did not complete successfully: exit code: 2`.
        message: String,
        /// The last lines of its output, oldest first.
        last_lines: Vec<String>,
    },
    /// The image exists now.
    Built {
        /// `sha256:…`, the image's id.
        image: String,
    },
    /// A name points to the image now.
    Tagged {
        /// The name in its familiar form.
        name: String,
    },
}
