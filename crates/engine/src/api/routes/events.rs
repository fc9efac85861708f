//! `/events`.

use axum::extract::State;

use crate::Engine;
use crate::api::error::ApiResult;
use crate::api::request::Params;
use crate::api::stream::json_lines;
use crate::events::{EventQuery, FILTERS};

/// `GET /events`: past events from `since`, then new ones until `until`.
pub async fn events(State(engine): State<Engine>, mut params: Params) -> ApiResult {
    let query =
        EventQuery { since: params.time("since")?, until: params.time("until")?, filters: params.filters()? };
    params.finish()?;
    query.filters.allow(FILTERS)?;
    Ok(json_lines(engine.events.subscribe(query)))
}
