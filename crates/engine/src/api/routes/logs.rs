//! `/containers/{id}/logs`.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;

use crate::Engine;
use crate::api::error::ApiResult;
use crate::api::request::Params;
use crate::api::stream::{media_type, output_body};
use crate::container::LogOptions;

/// `GET /containers/{id}/logs`: raw for a terminal, framed otherwise (contract 6.12).
pub async fn logs(State(engine): State<Engine>, Path(id): Path<String>, mut params: Params) -> ApiResult {
    let options = LogOptions {
        stdout: params.flag("stdout"),
        stderr: params.flag("stderr"),
        since: params.time("since")?,
        until: params.time("until")?,
        timestamps: params.flag("timestamps"),
        details: params.flag("details"),
        follow: params.flag("follow"),
        tail: tail(params.text("tail").as_deref()),
    };
    params.finish()?;
    let log = engine.containers.logs(&id, options).await?;
    Ok(([(header::CONTENT_TYPE, media_type(log.tty))], output_body(log.output, log.tty)).into_response())
}

/// Anything that is not a number of lines means all of them (contract 6.10).
fn tail(text: Option<&str>) -> Option<usize> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_limit_the_tail() {
        assert_eq!(tail(Some("10")), Some(10));
        assert_eq!(tail(Some("all")), None);
        assert_eq!(tail(Some("-1")), None);
        assert_eq!(tail(None), None);
    }
}
