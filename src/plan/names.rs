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

/// Name of a container while it replaces the one with id `old`.
pub fn temporary(old: &str, name: &str) -> String {
    format!("{}_{name}", &old[..old.len().min(12)])
}

/// Name as people see it in logs: without the project in front.
pub fn short<'n>(project: &str, name: &'n str) -> &'n str {
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
        assert_eq!(temporary("0123456789abcdef", "app-web-1"), "0123456789ab_app-web-1");
        assert_eq!(short("app", "app-web-1"), "web-1");
        assert_eq!(short("app", "other"), "other");
    }
}
