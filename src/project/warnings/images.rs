//! Image references that no registry can have.

use crate::project::diagnostic::Diagnostic;
use crate::project::model::Project;

pub fn check(project: &Project, warnings: &mut Vec<Diagnostic>) {
    for (name, service) in project.services.iter().filter(|(_, service)| !service.image.is_empty()) {
        let Some((problem, part)) = problem(&service.image) else { continue };
        let Some(span) = project.locate(&["services", name, "image"]) else { continue };
        let offset = part.as_ptr() as usize - service.image.as_ptr() as usize;
        let place = project.sources.part(span, &service.image, offset..offset + part.len());
        let message = format!("{:?} is no valid image reference: {problem}", service.image);
        warnings.push(
            Diagnostic::warning("image-reference", place, message)
                .with_help("an image is [REGISTRY/]NAME[:TAG][@DIGEST]"),
        );
    }
}

/// What is wrong with a reference, and the part of it.
fn problem(image: &str) -> Option<(&'static str, &str)> {
    let (named, _) = image.split_once('@').unwrap_or((image, ""));
    let slash = named.rfind('/').map_or(0, |index| index + 1);
    let (name, tag) = match named[slash..].find(':') {
        Some(colon) => (&named[..slash + colon], Some(&named[slash + colon..])),
        None => (named, None),
    };
    if let Some(blank) = image.matches(char::is_whitespace).next() {
        return Some(("it has a blank in it", blank));
    }
    match tag {
        Some(":") => return Some(("the tag after the colon is empty", image)),
        Some(tag) if tag[1..].contains(':') => return Some(("a tag has no colon in it", tag)),
        _ => {}
    }
    let path = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => rest,
        _ => name,
    };
    path.contains(|c: char| c.is_ascii_uppercase()).then_some(("the name must be in lower case", path))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn only_what_is_certainly_wrong() {
        for image in [
            "redis",
            "redis:7",
            "LOCALHOST.example:5000/a/b:Tag",
            "a@sha256:00",
            "host:5000/a",
            "a:b@sha256:0",
            "localhost/a",
        ] {
            assert_eq!(problem(image), None, "{image}");
        }
        let cases = [
            ("Redis:7", "Redis"),
            ("redis 7", " "),
            ("redis\u{2028}7", "\u{2028}"),
            ("a:b:c", ":b:c"),
            ("h.io/Team/x", "Team/x"),
            ("redis:", "redis:"),
        ];
        for (image, part) in cases {
            assert_eq!(problem(image).map(|(_, part)| part), Some(part), "{image}");
        }
    }
}
