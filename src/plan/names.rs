//! Names of what a project owns (compose-surface 3.4).

use crate::project::model::Service;

/// What stands between the parts of a container's or image's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// `-`.
    #[default]
    Dash,
    /// `_`, with `--compatibility`.
    Underscore,
}

impl Separator {
    fn text(self) -> &'static str {
        match self {
            Separator::Dash => "-",
            Separator::Underscore => "_",
        }
    }
}

/// Name of replica `number` of a service.
pub fn container(project: &str, service: &Service, number: u32, separator: Separator) -> String {
    if !service.container_name.is_empty() {
        return service.container_name.clone();
    }
    let s = separator.text();
    format!("{project}{s}{}{s}{number}", service.name)
}

/// Name of a one-off container; `slug` is its random id in hexadecimal.
pub fn one_off(project: &str, service: &str, slug: &str, separator: Separator) -> String {
    let s = separator.text();
    format!("{project}{s}{service}{s}run{s}{}", &slug[..slug.len().min(12)])
}

/// Reference of the image of a service: what the file says, else the name of what is built for it.
pub fn image(project: &str, service: &Service, separator: Separator) -> String {
    if service.image.is_empty() {
        format!("{project}{}{}", separator.text(), service.name)
    } else {
        service.image.clone()
    }
}

/// An image in full (`docker.io/library/redis:7@sha256:…`), as Compose writes one whose digest is known. Of an image that
/// names a digest itself the tag goes.
pub fn pinned_image(image: &str, digest: Option<&str>) -> String {
    let (name, own_digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    };
    let repository = with_registry(repository);
    match (own_digest, digest) {
        (Some(own), _) => format!("{repository}@{own}"),
        (None, Some(digest)) => format!("{repository}:{tag}@{digest}"),
        (None, None) => format!("{repository}:{tag}"),
    }
}

/// Docker Hub is the registry of a name without one, and `library` the owner of a name without one.
fn with_registry(repository: &str) -> String {
    match repository.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => repository.to_owned(),
        Some(_) => format!("docker.io/{repository}"),
        None => format!("docker.io/library/{repository}"),
    }
}

/// Name of a container while it replaces the one with id `old`.
pub fn temporary(old: &str, name: &str) -> String {
    format!("{}_{name}", &old[..old.len().min(12)])
}

/// The name that a container has in the end: without what [`temporary`] puts in front.
pub fn lasting(name: &str) -> &str {
    match name.split_once('_') {
        Some((id, rest)) if id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()) => rest,
        _ => name,
    }
}

/// Name as people see it in logs: without the project in front.
pub fn short<'n>(project: &str, name: &'n str) -> &'n str {
    let name = lasting(name);
    let rest = name.strip_prefix(project).and_then(|rest| rest.strip_prefix(['-', '_']));
    rest.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let web = Service { name: "web".into(), ..Service::default() };
        assert_eq!(container("app", &web, 2, Separator::Dash), "app-web-2");
        assert_eq!(container("app", &web, 2, Separator::Underscore), "app_web_2");
        assert_eq!(image("app", &web, Separator::Dash), "app-web");
        assert_eq!(one_off("app", "web", "0123456789abcdef", Separator::Dash), "app-web-run-0123456789ab");
        assert_eq!(pinned_image("redis", Some("sha256:1")), "docker.io/library/redis:latest@sha256:1");
        assert_eq!(pinned_image("a/b:2", Some("sha256:1")), "docker.io/a/b:2@sha256:1");
        assert_eq!(pinned_image("localhost:5000/b", Some("sha256:1")), "localhost:5000/b:latest@sha256:1");
        assert_eq!(pinned_image("busybox:1@sha256:2", None), "docker.io/library/busybox@sha256:2");
        assert_eq!(temporary("0123456789abcdef", "app-web-1"), "0123456789ab_app-web-1");
        assert_eq!(short("app", "app-web-1"), "web-1");
        assert_eq!(short("app", "other"), "other");
        assert_eq!(short("app", &temporary("0123456789abcdef", "app-web-1")), "web-1");
        assert_eq!(lasting("app_web_1"), "app_web_1");
    }
}
