//! Pulling and pushing: the registry client's work as progress streams with Docker's errors.

use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{self, BoxStream, StreamExt};
use wharf_image::registry::{Credentials, PullOptions, PushOptions, RegistryError};
use wharf_image::{Digest, Reference};

use super::local::{parse_platform, store_error};
use super::progress::{Receiver, Reporter, line};
use super::requests::PullRequest;
use super::{names, publish};
use crate::core::Core;
use crate::error::{Error, Result, chain};
use crate::io::ProgressStream;
use crate::model::image::{DistributionInspect, RegistryAuth};
use crate::model::progress::Message;

/// Pulls an image. Dropping the stream ends the pull.
///
/// # Errors
/// What fails before there is anything to show; what fails later is the last line.
pub async fn pull(core: &Arc<Core>, request: PullRequest) -> Result<ProgressStream> {
    let reference = reference(&request.image, request.tag.as_deref())?;
    let platform = request.platform.as_deref().filter(|text| !text.is_empty());
    let options = PullOptions {
        platform: platform.map(parse_platform).transpose()?,
        credentials: credentials(request.auth)?,
    };
    let (core, (reporter, receiver)) = (core.clone(), Reporter::channel());
    let work = async move {
        let pulled = core.images.registry().pull(&reference, &options, &reporter.sink(line)).await;
        pulled.map_err(registry_error)?;
        publish(&core.events, "pull", &reference.familiar(), &reference.familiar_name());
        Ok(())
    };
    started(run(work, receiver)).await
}

/// Pushes an image under one of its names. Dropping the stream ends the push.
///
/// # Errors
/// As [`pull`].
pub async fn push(
    core: &Arc<Core>,
    name: &str,
    tag: Option<&str>,
    auth: Option<RegistryAuth>,
) -> Result<ProgressStream> {
    let reference = reference(name, tag)?;
    if core.images.resolve(&reference.to_string()).is_err() {
        let text = format!("An image does not exist locally with the tag: {}", reference.familiar_name());
        return Err(Error::NotFound(text));
    }
    let options = PushOptions { credentials: credentials(auth)? };
    let (core, (reporter, receiver)) = (core.clone(), Reporter::channel());
    let work = async move {
        let pushed = core.images.registry().push(&reference, &options, &reporter.sink(line)).await;
        let pushed = pushed.map_err(registry_error)?;
        let aux = serde_json::json!({
            "Tag": reference.tag(), "Digest": pushed.digest.to_string(), "Size": pushed.size,
        });
        reporter.send(Message { progress_detail: Some(Default::default()), ..Message::aux(aux) });
        publish(&core.events, "push", &reference.familiar(), &reference.familiar_name());
        Ok(())
    };
    started(run(work, receiver)).await
}

/// What the registry says about a name.
///
/// # Errors
/// Not a reference; the registry refuses, knows no such image or cannot be reached.
pub async fn inspect(core: &Core, name: &str, auth: Option<RegistryAuth>) -> Result<DistributionInspect> {
    let reference = reference(name, None)?;
    let inspected = core.images.registry().inspect(&reference, &credentials(auth)?).await;
    let inspected = inspected.map_err(registry_error)?;
    let platforms = inspected.platforms;
    Ok(DistributionInspect {
        descriptor: inspected.descriptor,
        platforms: (!platforms.is_empty()).then_some(platforms),
    })
}

/// A name whose tag or digest may come apart from it.
fn reference(name: &str, tag: Option<&str>) -> Result<Reference> {
    let tag = tag.unwrap_or_default();
    if let Ok(digest) = tag.parse::<Digest>() {
        let reference = name.parse::<Reference>().map_err(|error| Error::BadParameter(error.to_string()))?;
        return Ok(reference.with_digest(digest));
    }
    let empty = || Error::BadParameter("invalid reference format: the name is empty".to_owned());
    names::target(name, tag)?.ok_or_else(empty)
}

/// What a client says of itself, for the registry client.
///
/// # Errors
/// Credentials of a kind that this client cannot use.
pub fn credentials(auth: Option<RegistryAuth>) -> Result<Credentials> {
    let Some(auth) = auth else { return Ok(Credentials::Anonymous) };
    if !auth.registrytoken.is_empty() {
        return Ok(Credentials::Token(auth.registrytoken));
    }
    if !auth.identitytoken.is_empty() {
        let text = "identity tokens are not supported: log in with a password or an access token";
        return Err(Error::NotImplemented(text.to_owned()));
    }
    if !auth.username.is_empty() {
        return Ok(Credentials::Basic { username: auth.username, password: auth.password });
    }
    Ok(basic(&auth.auth).unwrap_or_default())
}

/// `auth` of Docker's `config.json`: base64 of `user:password`.
fn basic(encoded: &str) -> Option<Credentials> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (username, password) = text.trim_end_matches('\0').split_once(':')?;
    Some(Credentials::Basic { username: username.to_owned(), password: password.to_owned() })
}

/// The kind decides the status when nothing was sent yet.
fn registry_error(error: RegistryError) -> Error {
    let text = chain(&error);
    match error {
        RegistryError::PullDenied { .. }
        | RegistryError::NotFound { .. }
        | RegistryError::NoPlatform { .. } => Error::NotFound(text),
        RegistryError::PushDigest | RegistryError::NoImage { .. } => Error::BadParameter(text),
        RegistryError::Store(error) => store_error("", error),
        _ => Error::Internal(text),
    }
}

type Lines = BoxStream<'static, Result<Message>>;

/// The lines of `work` while it runs; its error is the last item.
fn run(work: impl Future<Output = Result<()>> + Send + 'static, receiver: Receiver) -> Lines {
    stream::unfold(Running { work: Some(Box::pin(work)), receiver }, Running::next).boxed()
}

struct Running {
    work: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
    receiver: Receiver,
}

impl Running {
    async fn next(mut self) -> Option<(Result<Message>, Running)> {
        while let Some(work) = &mut self.work {
            tokio::select! {
                biased;
                Some(message) = self.receiver.recv() => return Some((Ok(message), self)),
                result = work => {
                    self.work = None;
                    if let Err(error) = result {
                        self.receiver.close();
                        return Some((Err(error), self));
                    }
                }
            }
        }
        let message = self.receiver.recv().await?;
        Some((Ok(message), self))
    }
}

/// Waits for the first line, so that an early error can still be an error status.
async fn started(mut lines: Lines) -> Result<ProgressStream> {
    let first = lines.next().await.transpose()?;
    let rest = lines.map(|item| item.unwrap_or_else(|error| Message::error(error.message())));
    Ok(stream::iter(first).chain(rest).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_early_error_is_an_error_and_a_late_one_a_line() {
        let early = run(async { Err(Error::NotFound("gone".to_owned())) }, Reporter::channel().1);
        assert!(matches!(started(early).await, Err(Error::NotFound(_))));
        let (reporter, receiver) = Reporter::channel();
        let late = run(
            async move {
                reporter.send(Message::status("begun"));
                tokio::task::yield_now().await;
                Err(Error::Internal("broken".to_owned()))
            },
            receiver,
        );
        let lines: Vec<_> = started(late).await.unwrap().collect().await;
        assert_eq!(lines[0].status.as_deref(), Some("begun"));
        assert_eq!(lines[1].error.as_deref(), Some("broken"));
    }

    #[test]
    fn names_with_tags_and_digests() {
        let familiar = |name, tag| reference(name, tag).unwrap().familiar();
        assert_eq!(familiar("busybox", None), "busybox:latest");
        assert_eq!(familiar("busybox", Some("1.36")), "busybox:1.36");
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(familiar("busybox", Some(&digest)), format!("busybox@{digest}"));
        assert!(reference("Bad Name", None).is_err());
    }
}
