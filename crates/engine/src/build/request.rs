//! What the API asks for, as `wharf_build` takes it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use wharf_build::{BuildRequest, Context, DockerfileSource, ExtraHost, NetworkMode, SecretSource};
use wharf_container::fsroot::Root;

use crate::bridge;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::files::{UnpackRules, unpack};
use crate::io::ByteStream;
use crate::model::build::{self, BuildContext};
use crate::model::image::RegistryAuth;
use crate::names;

/// Labels of a build that tell this engine where a secret's file is; they do not reach the image.
const SECRET: &str = "dev.wharf.build.secret.";
const RESERVED: &str = "dev.wharf.build.";

/// A build that is ready to run. Dropping it removes an unpacked context.
pub struct Prepared {
    /// For the builder.
    pub request: BuildRequest,
    /// Bytes of `/dev/shm` in steps; `None` for the default.
    pub shm_size: Option<u64>,
    /// For base images.
    pub logins: BTreeMap<String, RegistryAuth>,
    _context: Option<Unpacked>,
}

/// A context that came as an archive.
struct Unpacked(PathBuf);

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a build context is left");
        }
    }
}

/// Translates a request and unpacks its context.
///
/// # Errors
/// The archive cannot be unpacked, a value makes no sense, or an option is not supported.
pub async fn prepare(
    core: &Arc<Core>,
    request: build::BuildRequest,
    archive: ByteStream,
) -> Result<Prepared> {
    let host_gateway = core.connector.host_gateway().map(IpAddr::V4);
    let mut translated = translate(&request, host_gateway)?;
    let unpacked = match &request.context {
        BuildContext::Directory(_) => None,
        BuildContext::Archive => Some(receive(core, archive).await?),
    };
    if let Some(unpacked) = &unpacked {
        translated.context = Context::Directory(unpacked.0.clone());
    }
    let shm_size = u64::try_from(request.shm_size).ok().filter(|size| *size > 0);
    Ok(Prepared { request: translated, shm_size, logins: request.logins, _context: unpacked })
}

fn translate(request: &build::BuildRequest, host_gateway: Option<IpAddr>) -> Result<BuildRequest> {
    let mut translated = BuildRequest::new(match &request.context {
        BuildContext::Directory(path) => Context::Directory(path.clone()),
        BuildContext::Archive => Context::Empty,
    });
    translated.dockerfile = DockerfileSource::Path(PathBuf::from(&request.dockerfile));
    translated.target = request.target.clone().filter(|target| !target.is_empty());
    let given = request.build_args.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    translated.build_args = given.collect();
    translated.tags = request.tags.clone();
    translated.platform = request.platform.clone().filter(|platform| !platform.is_empty());
    (translated.no_cache, translated.pull) = (request.no_cache, request.pull);
    (translated.network, translated.allow_host_network) = network(&request.network_mode)?;
    for text in &request.extra_hosts {
        translated.extra_hosts.push(extra_host(text, host_gateway)?);
    }
    for (name, value) in &request.labels {
        match name.strip_prefix(SECRET) {
            Some(id) => {
                _ = translated.secrets.insert(id.to_owned(), SecretSource::File(PathBuf::from(value)))
            }
            None if name.starts_with(RESERVED) => {
                return Err(Error::BadParameter(format!("build label {name} is not known to this engine")));
            }
            None => _ = translated.labels.insert(name.clone(), value.clone()),
        }
    }
    Ok(translated)
}

fn network(mode: &str) -> Result<(NetworkMode, bool)> {
    match mode {
        "" | "default" | "bridge" => Ok((NetworkMode::Default, false)),
        "none" => Ok((NetworkMode::None, false)),
        "host" => Ok((NetworkMode::Host, true)),
        other => Err(Error::NotImplemented(format!("network mode {other:?} is not supported in builds"))),
    }
}

fn extra_host(text: &str, gateway: Option<IpAddr>) -> Result<ExtraHost> {
    let invalid = || Error::BadParameter(format!("bad format for add-host: {text:?}"));
    let (name, address) = text.split_once([':', '=']).ok_or_else(invalid)?;
    let address = match address {
        "host-gateway" => gateway.ok_or_else(invalid)?,
        address => address.trim_matches(['[', ']']).parse().map_err(|_| invalid())?,
    };
    Ok(ExtraHost { name: name.to_owned(), address })
}

async fn receive(core: &Arc<Core>, archive: ByteStream) -> Result<Unpacked> {
    let directory = core.paths.temporary().join(format!("context-{}", names::short(&names::new_id()?)));
    std::fs::create_dir(&directory).map_err(Error::io("make", &directory))?;
    let unpacked = Unpacked(directory);
    let reader = bridge::reader(archive);
    blocking(move || {
        let root = Root::open(&unpacked.0).map_err(|error| Error::Internal(crate::error::chain(&error)))?;
        unpack(&root, "/", "the build context", reader, UnpackRules::default())?;
        Ok(unpacked)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Labels;

    fn request(labels: &[(&str, &str)], network_mode: &str) -> build::BuildRequest {
        build::BuildRequest {
            context: BuildContext::Directory("/srv".into()),
            dockerfile: "Dockerfile".to_owned(),
            tags: Vec::new(),
            build_args: [("A".to_owned(), Some("1".to_owned())), ("B".to_owned(), None)]
                .into_iter()
                .collect(),
            labels: labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Labels>(),
            target: Some(String::new()),
            no_cache: false,
            pull: false,
            platform: None,
            network_mode: network_mode.to_owned(),
            extra_hosts: vec!["up:host-gateway".to_owned()],
            shm_size: 0,
            logins: BTreeMap::new(),
        }
    }

    #[test]
    fn secrets_leave_the_labels() {
        let asked = request(&[("dev.wharf.build.secret.ca", "/etc/ca.pem"), ("team", "ml")], "");
        let translated = translate(&asked, Some("172.17.0.1".parse().unwrap())).unwrap();
        assert_eq!(translated.secrets["ca"], SecretSource::File("/etc/ca.pem".into()));
        assert_eq!(translated.labels.keys().collect::<Vec<_>>(), ["team"]);
        assert_eq!(translated.build_args.keys().collect::<Vec<_>>(), ["A"]);
        assert_eq!((translated.target, translated.extra_hosts[0].name.as_str()), (None, "up"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let gateway = Some("172.17.0.1".parse().unwrap());
        assert!(translate(&request(&[("dev.wharf.build.magic", "1")], ""), gateway).is_err());
        assert!(translate(&request(&[], "my-network"), gateway).is_err());
    }
}
