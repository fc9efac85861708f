//! Progress for programs: one JSON object per line on standard error.

use std::io::Write;

use serde::Serialize;

use super::{Progress, ProgressEvent, Status};

/// One object per event, with the keys of Docker Compose.
#[derive(Debug)]
pub struct JsonProgress;

#[derive(Serialize)]
struct Line<'e> {
    id: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    parent_id: &'e str,
    status: &'static str,
    text: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    details: &'e str,
    #[serde(skip_serializing_if = "is_zero")]
    current: u64,
    #[serde(skip_serializing_if = "is_zero")]
    total: u64,
    #[serde(skip_serializing_if = "is_zero")]
    percent: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Progress for JsonProgress {
    fn event(&self, event: &ProgressEvent) {
        let (current, total) = event.bytes;
        write_line(&serde_json::json!(Line {
            id: &event.id,
            parent_id: &event.parent,
            status: status_text(event.status),
            text: &event.text,
            details: &event.details,
            current,
            total,
            percent: (current * 100).checked_div(total).unwrap_or(0),
        }));
    }

    fn line(&self, id: &str, text: &str) {
        write_line(&serde_json::json!({ "id": id, "status": "Working", "text": text }));
    }

    fn warning(&self, text: &str) {
        write_line(&serde_json::json!({ "level": "warning", "msg": text }));
    }

    fn finish(&self) {}
}

fn status_text(status: Status) -> &'static str {
    match status {
        Status::Working => "Working",
        Status::Done => "Done",
        Status::Warning => "Warning",
        Status::Error => "Error",
    }
}

fn write_line(value: &serde_json::Value) {
    let _ = writeln!(std::io::stderr(), "{value}");
}
