//! The log option `tag`: a template of a container's names (contract 6.7).

/// What a tag can be made of.
pub struct TagSource<'a> {
    /// 64 hexadecimal digits.
    pub id: &'a str,
    /// Without a slash.
    pub name: &'a str,
    /// Digest of the image's configuration.
    pub image_id: &'a str,
    /// The image as the user wrote it.
    pub image: &'a str,
}

impl TagSource<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        let image_id = self.image_id.strip_prefix("sha256:").unwrap_or(self.image_id);
        Some(match name {
            "ID" => short(self.id),
            "FullID" | "ContainerID" => self.id,
            "Name" | "ContainerName" => self.name,
            "ImageID" => short(image_id),
            "ImageFullID" | "ContainerImageID" => self.image_id,
            "ImageName" | "ContainerImageName" => self.image,
            "DaemonName" => "wharf",
            _ => return None,
        })
    }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// The template with its `{{.Field}}` replaced; `None` when it has another expression than Docker's fields.
pub fn expand(template: &str, source: &TagSource<'_>) -> Option<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("{{") {
        let (expression, after) = tail.split_once("}}")?;
        text.push_str(before);
        text.push_str(source.field(expression.trim().strip_prefix('.')?)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
impl TagSource<'_> {
    /// One for tests.
    pub fn example() -> TagSource<'static> {
        TagSource {
            id: "0123456789abcdef",
            name: "web",
            image_id: "sha256:fedcba9876543210",
            image: "busybox",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_dockers() {
        let expand = |template| expand(template, &TagSource::example());
        let all = expand("{{.ImageName}}/{{ .Name }}/{{.ID}} {{.ImageID}}").unwrap();
        assert_eq!(all, "busybox/web/0123456789ab fedcba987654");
        assert_eq!(expand("plain").unwrap(), "plain");
        assert_eq!(expand("{{.Nothing}}"), None);
        assert_eq!(expand("{{.Name"), None);
    }
}
