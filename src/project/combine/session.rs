//! What one loading keeps: the options, the texts read so far, the warnings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::extends::Base;
use super::{Result, Scope};
use crate::project::diagnostic::Diagnostic;
use crate::project::errors::Errors;
use crate::project::options::LoadOptions;
use crate::project::origin::Origins;
use crate::project::read::{self, discover::relative};
use crate::project::source::{FileId, SourceMap, Span};
use crate::project::yaml::{self, Document};

/// The state of one loading.
pub struct Session<'a> {
    /// What was asked for.
    pub options: &'a LoadOptions,
    /// Every text read.
    pub sources: SourceMap,
    /// Warnings so far.
    pub warnings: Vec<Diagnostic>,
    /// How values came about, when that is asked for.
    pub origins: Origins,
    /// Errors so far.
    pub errors: Errors,
    /// The project directory, once it is known.
    pub directory: PathBuf,
    /// `None`: it could not be read, which was said.
    documents: HashMap<PathBuf, Option<Rc<[Document]>>>,
    /// Files read as the base of an `extends`, by path.
    pub(super) bases: HashMap<PathBuf, Base>,
}

impl<'a> Session<'a> {
    /// Nothing read yet.
    pub fn new(options: &'a LoadOptions) -> Self {
        Self {
            options,
            sources: SourceMap::default(),
            warnings: Vec::new(),
            origins: Origins::new(options.record_origins),
            errors: Errors::default(),
            directory: PathBuf::new(),
            documents: HashMap::new(),
            bases: HashMap::new(),
        }
    }

    /// The documents of a file; `-` is standard input. A file is read once.
    ///
    /// # Errors
    /// When it cannot be read or is not YAML; the second time an empty list.
    pub fn documents(&mut self, file: &Path) -> Result<Rc<[Document]>> {
        if let Some(known) = self.documents.get(file) {
            return known.clone().ok_or_else(Vec::new);
        }
        let documents = self.read(file);
        self.documents.insert(file.to_path_buf(), documents.as_ref().ok().cloned());
        documents
    }

    fn read(&mut self, file: &Path) -> Result<Rc<[Document]>> {
        let text = self.text(file).map_err(|error| {
            let message = match error.is_missing() {
                true => format!("open {}: no such file or directory", file.display()),
                false => format!("{}: {error}", file.display()),
            };
            vec![Diagnostic::error("file", Span::default(), message)]
        })?;
        let id = self.add_source(file, text);
        let text = self.sources.get(id).map_or("", |source| source.text.as_str());
        Ok(yaml::parse(id, text, &mut self.origins).map_err(|error| vec![*error])?.into())
    }

    /// What the paths of a model are resolved against. When paths are to stay relative, those of an included model become
    /// relative to the project, and the project's own stay as they are.
    pub fn path_start(&self, scope: &Scope) -> Option<PathBuf> {
        if self.options.resolve_paths {
            return Some(scope.directory.clone());
        }
        let start = relative(&scope.directory, &self.directory);
        (!start.as_os_str().is_empty()).then_some(start)
    }

    /// Keeps a text for diagnostics, under its path as seen from where the user stands.
    pub fn add_source(&mut self, file: &Path, text: String) -> FileId {
        let near = file.strip_prefix(&self.options.current_directory).unwrap_or(file);
        let shown = if file.as_os_str() == "-" { Path::new("(stdin)") } else { near };
        self.sources.add(shown, text)
    }

    fn text(&self, file: &Path) -> std::result::Result<String, read::ReadError> {
        match &self.options.stdin {
            Some(bytes) if file.as_os_str() == "-" => read::utf8(bytes.clone()),
            _ => read::text(file),
        }
    }
}
