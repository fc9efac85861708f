//! A map of the tree: text keys in the order of the file.
//!
//! Owns the type and its size. The map itself is `indexmap`'s.

use std::ops::{Deref, DerefMut};

use indexmap::IndexMap;
use indexmap::map::{IntoIter, Iter, IterMut};

use super::node::Entry;

type Entries = IndexMap<String, Entry, foldhash::fast::RandomState>;

/// A map with text keys.
///
/// Boxed: most values of a project are text, and each takes as much room as the largest kind of value. A map in place
/// would make every one of them 56 bytes larger, and clearing memory is what loading a large project spends most time on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping(Box<Entries>);

impl Mapping {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Deref for Mapping {
    type Target = Entries;

    fn deref(&self) -> &Entries {
        &self.0
    }
}

impl DerefMut for Mapping {
    fn deref_mut(&mut self) -> &mut Entries {
        &mut self.0
    }
}

impl FromIterator<(String, Entry)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (String, Entry)>>(entries: I) -> Self {
        Self(Box::new(entries.into_iter().collect()))
    }
}

impl IntoIterator for Mapping {
    type Item = (String, Entry);
    type IntoIter = IntoIter<String, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = (&'a String, &'a Entry);
    type IntoIter = Iter<'a, String, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Mapping {
    type Item = (&'a String, &'a mut Entry);
    type IntoIter = IterMut<'a, String, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}
