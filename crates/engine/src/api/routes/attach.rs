//! `/containers/{id}/attach` and `/containers/{id}/resize`.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::Params;
use crate::api::stream::{DetachKeys, Hijack};
use crate::container::AttachOptions;
use crate::io::TtySize;

/// `POST /containers/{id}/attach`.
pub async fn attach(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    hijack: Hijack,
    mut params: Params,
) -> ApiResult {
    let detach_keys = params.text("detachKeys");
    let keys = DetachKeys::parse(detach_keys.as_deref().unwrap_or_default())?;
    let options = AttachOptions {
        stdin: params.flag("stdin"),
        stdout: params.flag("stdout"),
        stderr: params.flag("stderr"),
        logs: params.flag("logs"),
        stream: params.flag("stream"),
        detach_keys,
    };
    params.finish()?;
    hijack.connect(engine.containers.attach(&id, options).await?, keys)
}

/// `POST /containers/{id}/resize`.
pub async fn resize(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<StatusCode> {
    engine.containers.resize(&id, tty_size(params)?).await?;
    Ok(StatusCode::OK)
}

/// `h` and `w`, in characters.
pub fn tty_size(mut params: Params) -> ApiResult<TtySize> {
    let size = TtySize { height: side(&mut params, "h")?, width: side(&mut params, "w")? };
    params.finish()?;
    Ok(size)
}

fn side(params: &mut Params, name: &str) -> ApiResult<u16> {
    params.number(name)?.ok_or_else(|| ApiError::bad_request(format!("invalid resize: {name:?} is missing")))
}
