//! No progress.

use super::{Progress, ProgressEvent};

/// Shows nothing.
#[derive(Debug)]
pub struct QuietProgress;

impl Progress for QuietProgress {
    fn event(&self, _event: &ProgressEvent) {}

    fn line(&self, _id: &str, _text: &str) {}

    fn warning(&self, _text: &str) {}

    fn finish(&self) {}
}
