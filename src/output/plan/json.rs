//! One JSON document; `schema/plan.json` describes it.

use serde_json::{Value, json};

use super::{Row, Sheet};

/// Raised when a program that reads the document would have to change.
const VERSION: u32 = 1;

pub(super) fn render(sheet: &Sheet) -> String {
    let document = json!({
        "version": VERSION,
        "project": sheet.project,
        "steps": steps(&sheet.rows),
        "unchanged": sheet.kept,
        "warnings": sheet.warnings,
    });
    format!("{document:#}\n")
}

/// The objects for steps.
pub fn steps(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(step).collect()
}

fn step(row: &Row) -> Value {
    let numbers = |ids: &[usize]| ids.iter().map(|id| id + 1).collect::<Vec<_>>();
    let changes = row.changes.iter().map(|change| {
        json!({ "field": change.field, "old": change.old, "new": change.new, "place": change.place })
    });
    let destroyed = row.destroyed.iter().map(|destroyed| {
        json!({ "kind": destroyed.kind.text(), "name": destroyed.name, "bytes": destroyed.bytes })
    });
    json!({
        "id": row.id + 1,
        "action": row.action,
        "resource": row.resource,
        "name": row.name,
        "service": (!row.service.is_empty()).then_some(&row.service),
        "text": row.text,
        "reason": { "code": row.reason.0, "text": row.reason.1 },
        "after": numbers(&row.after),
        "after_optional": numbers(&row.after_optional),
        "changes": changes.collect::<Vec<_>>(),
        "destroys": destroyed.collect::<Vec<_>>(),
    })
}
