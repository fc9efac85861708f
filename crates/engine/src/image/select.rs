//! Which images a list shows.

use std::iter::Peekable;
use std::str::Chars;

use jiff::Timestamp;
use wharf_image::Reference;
use wharf_image::store::Image;

use super::local::LocalImages;
use crate::container::until;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::model::config::Labels;

/// Filter keys of a list.
const KEYS: &[&str] = &["before", "dangling", "label", "label!", "reference", "since", "until"];

/// Filters, decoded.
pub struct Selection<'a> {
    filters: &'a Filters,
    dangling: Option<bool>,
    before: Option<Timestamp>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl<'a> Selection<'a> {
    /// Decodes `filters`.
    ///
    /// # Errors
    /// An unknown key, an unknown image after `before` or `since`, or a value that does not decode.
    pub fn of(filters: &'a Filters, images: &LocalImages) -> Result<Selection<'a>> {
        filters.allow(KEYS)?;
        check_patterns(filters.get("reference"))?;
        let created = |key: &str| match filters.get(key).first() {
            Some(name) => images.resolve(name).map(|image| image.created),
            None => Ok(None),
        };
        Ok(Selection {
            filters,
            dangling: filters.flag("dangling")?,
            before: created("before")?,
            since: created("since")?,
            until: until(filters)?,
        })
    }

    /// The selected ones, in the same order, with the selected ones of their names.
    pub fn apply(&self, images: &[Image]) -> Vec<Image> {
        images.iter().filter(|image| self.wants(image)).map(|image| self.narrowed(image)).collect()
    }

    fn narrowed(&self, image: &Image) -> Image {
        let mut image = image.clone();
        let is_wanted = |name: &Reference| self.filters.any("reference", |pattern| is_named(name, pattern));
        image.tags.retain(is_wanted);
        image.digests.retain(is_wanted);
        image
    }

    fn wants(&self, image: &Image) -> bool {
        self.dangling.is_none_or(|wanted| wanted == image.is_dangling())
            && self.filters.labels(&labels(image))
            && self.filters.any("reference", |pattern| has_name(image, pattern))
            && is_between(image.created, self.since, self.before)
            && self.until.is_none_or(|until| image.created.is_none_or(|created| created < until))
    }
}

/// The labels of an image's configuration.
pub fn labels(image: &Image) -> Labels {
    image.config.config.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn is_between(created: Option<Timestamp>, after: Option<Timestamp>, before: Option<Timestamp>) -> bool {
    after.is_none_or(|after| created.is_some_and(|created| created > after))
        && before.is_none_or(|before| created.is_none_or(|created| created < before))
}

fn has_name(image: &Image, pattern: &str) -> bool {
    image.tags.iter().chain(&image.digests).any(|name| is_named(name, pattern))
}

/// A pattern stands for a familiar name, with or without its tag.
fn is_named(name: &Reference, pattern: &str) -> bool {
    matches(pattern, &name.familiar()) || matches(pattern, &name.familiar_name())
}

fn check_patterns(patterns: &[String]) -> Result<()> {
    match patterns.iter().find(|pattern| pattern.contains(['[', '\\'])) {
        Some(pattern) => Err(Error::BadParameter(format!(
            "invalid filter 'reference={pattern}': only * and ? are supported in patterns"
        ))),
        None => Ok(()),
    }
}

/// `*` is any text and `?` any character, neither of them a slash.
fn matches(pattern: &str, text: &str) -> bool {
    matches_here(pattern.chars().peekable(), text.chars())
}

fn matches_here(mut pattern: Peekable<Chars<'_>>, mut text: Chars<'_>) -> bool {
    while let Some(wanted) = pattern.next() {
        if wanted == '*' {
            return matches_star(&pattern, text);
        }
        match text.next() {
            Some(character) if character == wanted || (wanted == '?' && character != '/') => {}
            _ => return false,
        }
    }
    text.next().is_none()
}

fn matches_star(rest: &Peekable<Chars<'_>>, mut text: Chars<'_>) -> bool {
    loop {
        if matches_here(rest.clone(), text.clone()) {
            return true;
        }
        if text.next().is_none_or(|character| character == '/') {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stay_within_a_component() {
        assert!(matches("redis", "redis"));
        assert!(matches("redis:7*", "redis:7-alpine"));
        assert!(matches("*/api", "team/api"));
        assert!(matches("r?dis", "redis"));
        assert!(!matches("*", "team/api"));
        assert!(!matches("redis", "redis:7"));
    }

    #[test]
    fn classes_are_refused() {
        assert!(check_patterns(&["a[bc]".to_owned()]).is_err());
        assert!(check_patterns(&["a*".to_owned()]).is_ok());
    }
}
