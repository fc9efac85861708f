//! The JSON lines of pull, push, load, import and build.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line. Only the members that say something are written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(rename = "progressDetail", skip_serializing_if = "Option::is_none")]
    pub progress_detail: Option<ProgressDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "errorDetail", skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<ErrorDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aux: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgressDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    pub message: String,
}

impl Message {
    /// A plain line of text (classic builds).
    pub fn stream(text: impl Into<String>) -> Self {
        Message { stream: Some(text.into()), ..Message::default() }
    }

    /// A status line without an id.
    pub fn status(text: impl Into<String>) -> Self {
        Message { status: Some(text.into()), ..Message::default() }
    }

    /// The line that ends a failed stream.
    pub fn error(text: impl Into<String>) -> Self {
        let message = text.into();
        Message {
            error: Some(message.clone()),
            error_detail: Some(ErrorDetail { code: None, message }),
            ..Message::default()
        }
    }

    /// Data for programs, such as the id of a built image.
    pub fn aux(value: Value) -> Self {
        Message { aux: Some(value), ..Message::default() }
    }
}
