//! `/build`: classic builds, from a tar stream or a directory of this host.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use futures::{StreamExt, future};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::unsupported::BUILDKIT;
use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{ByteBody, Params, registry_logins};
use crate::api::stream::progress;
use crate::io::ProgressStream;
use crate::model::build::{BuildContext, BuildRequest};
use crate::model::progress::Message;

/// `POST /build`.
pub async fn build(
    State(engine): State<Engine>,
    headers: HeaderMap,
    mut params: Params,
    ByteBody(body): ByteBody,
) -> ApiResult {
    let quiet = params.flag("q");
    let request = BuildRequest { logins: registry_logins(&headers), ..build_request(params)? };
    let messages = engine.builds.build(request, body).await?;
    Ok(progress(if quiet { only_result(messages) } else { messages }))
}

/// `POST /build/prune`. Without `all` only what no image needs any more is removed.
pub async fn prune(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<Value>> {
    let all = params.flag("all");
    params.finish()?;
    let freed = engine.builds.prune(all).await?;
    Ok(Json(json!({ "CachesDeleted": null, "SpaceReclaimed": freed })))
}

fn build_request(mut params: Params) -> ApiResult<BuildRequest> {
    refuse_buildkit(&mut params)?;
    // There are no intermediate containers to keep or to remove, and a build is cancelled by closing its connection.
    params.ignore(&["rm", "forcerm", "buildid"]);
    let request = BuildRequest {
        context: context(params.text("remote"))?,
        dockerfile: params.text("dockerfile").unwrap_or_else(|| "Dockerfile".to_owned()),
        tags: params.list("t").into_iter().filter(|tag| !tag.is_empty()).collect(),
        build_args: params.json::<IndexMap<String, Option<String>>>("buildargs")?,
        labels: params.json("labels")?,
        target: params.text("target"),
        no_cache: params.flag("nocache"),
        pull: params.flag("pull"),
        platform: params.text("platform"),
        network_mode: params.text("networkmode").unwrap_or_default(),
        extra_hosts: extra_hosts(&mut params),
        shm_size: params.number("shmsize")?.unwrap_or_default(),
        logins: BTreeMap::new(),
    };
    params.finish()?;
    Ok(request)
}

fn refuse_buildkit(params: &mut Params) -> ApiResult<()> {
    let version = params.text("version");
    if params.text("session").is_some() || version.is_some_and(|version| version != "1") {
        return Err(ApiError::not_implemented(BUILDKIT));
    }
    Ok(())
}

fn context(remote: Option<String>) -> ApiResult<BuildContext> {
    let Some(remote) = remote else { return Ok(BuildContext::Archive) };
    match remote.strip_prefix("file://") {
        Some(path) if path.starts_with('/') => Ok(BuildContext::Directory(PathBuf::from(path))),
        _ => Err(ApiError::not_implemented(format!(
            "a build context at {remote:?} is not supported: send a tar archive or use file:///absolute/directory"
        ))),
    }
}

/// Repeated `name:address` values; some clients send one JSON object instead.
fn extra_hosts(params: &mut Params) -> Vec<String> {
    let one = |value: String| match serde_json::from_str::<BTreeMap<String, String>>(&value) {
        Ok(hosts) => hosts.into_iter().map(|(name, address)| format!("{name}:{address}")).collect(),
        Err(_) => vec![value],
    };
    params.list("extrahosts").into_iter().flat_map(one).filter(|host| !host.is_empty()).collect()
}

/// `q=1`: nothing but the image's id, or the error.
fn only_result(messages: ProgressStream) -> ProgressStream {
    messages.filter_map(|message| future::ready(quiet_form(message))).boxed()
}

fn quiet_form(message: Message) -> Option<Message> {
    let id = message.aux.as_ref().and_then(|aux| aux.get("ID")).and_then(Value::as_str);
    match id {
        Some(id) => Some(Message::stream(format!("{id}\n"))),
        None => Some(message).filter(|message| message.error.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::FromRequestParts;
    use axum::http::Request;

    async fn request(query: &str) -> ApiResult<BuildRequest> {
        let (mut parts, ()) = Request::get(format!("/build?{query}")).body(()).unwrap().into_parts();
        build_request(Params::from_request_parts(&mut parts, &()).await?)
    }

    #[tokio::test]
    async fn what_the_docker_client_sends_is_understood() {
        let query = "buildargs=%7B%22A%22%3A%221%22%2C%22B%22%3Anull%7D&cachefrom=%5B%5D&cgroupparent=&cpuperiod=0&cpuquota=0\
                     &cpusetcpus=&cpusetmems=&cpushares=0&dockerfile=Dockerfile&labels=%7B%7D&memory=0&memswap=0\
                     &networkmode=default&rm=1&shmsize=0&t=a%3A1&t=b&target=&ulimits=null&version=1";
        let request = request(query).await.unwrap();
        assert_eq!(request.tags, ["a:1", "b"]);
        assert_eq!(request.build_args["A"].as_deref(), Some("1"));
        assert_eq!(request.build_args["B"], None);
        assert_eq!(request.context, BuildContext::Archive);
        assert_eq!(request.target, None);
    }

    #[tokio::test]
    async fn sessions_and_foreign_contexts_are_refused() {
        for query in
            ["version=2", "session=abc", "remote=https%3A%2F%2Fexample.com%2Fx.git", "memory=1000000"]
        {
            assert!(request(query).await.is_err(), "{query}");
        }
    }

    #[tokio::test]
    async fn a_directory_of_this_host_is_a_context() {
        let request = request("remote=file%3A%2F%2F%2Fsrv%2Fapp").await.unwrap();
        assert_eq!(request.context, BuildContext::Directory(PathBuf::from("/srv/app")));
    }

    #[test]
    fn quiet_builds_say_only_the_id() {
        let aux = Message::aux(json!({ "ID": "sha256:1" }));
        assert_eq!(quiet_form(aux).unwrap().stream.unwrap(), "sha256:1\n");
        assert!(quiet_form(Message::stream("Step 1/2")).is_none());
        assert!(quiet_form(Message::error("no")).is_some());
    }
}
