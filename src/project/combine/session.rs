//! What one loading keeps: the options, the texts read so far, the warnings.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::extends::Base;
use super::{Result, Scope};
use crate::project::diagnostic::{Diagnostic, Label};
use crate::project::errors::Errors;
use crate::project::limits::{Budget, keep_warnings};
use crate::project::options::LoadOptions;
use crate::project::origin::Origins;
use crate::project::read;
use crate::project::read::discover::{absolute, relative};
use crate::project::read::remote::{is_address, is_remote};
use crate::project::source::{FileId, SourceMap, Span};
use crate::project::yaml::{self, Document};

/// What is known of a file's documents.
enum Documents {
    /// It could not be read, which was said.
    Failed,
    /// They are here.
    Ready(FileId, Vec<Document>),
    /// Somebody took them.
    Taken(FileId),
}

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
    /// How large the project may still become.
    pub budget: Budget,
    /// The project directory, once it is known.
    pub directory: PathBuf,
    /// Which place of another file a file was named at, and how.
    named: HashMap<PathBuf, Label>,
    /// The same for files that were read.
    named_by_file: BTreeMap<FileId, Label>,
    documents: HashMap<PathBuf, Documents>,
    /// Folders that were fetched, with their addresses.
    fetched: HashMap<PathBuf, String>,
    /// Files read as the base of an `extends`, by path.
    pub(super) bases: HashMap<PathBuf, Base>,
}

impl<'a> Session<'a> {
    /// Nothing read yet.
    pub fn new(options: &'a LoadOptions) -> Self {
        Self {
            options,
            sources: SourceMap::seen_from(&options.current_directory),
            warnings: Vec::new(),
            origins: Origins::new(options.record_origins),
            errors: Errors::default(),
            budget: Budget::default(),
            directory: PathBuf::new(),
            named: HashMap::new(),
            named_by_file: BTreeMap::new(),
            documents: HashMap::new(),
            fetched: HashMap::new(),
            bases: HashMap::new(),
        }
    }

    /// The documents of a file; `-` is standard input. A file is read once.
    ///
    /// # Errors
    /// When it cannot be read or is not YAML; the second time an empty list.
    pub fn documents(&mut self, file: &Path) -> Result<&[Document]> {
        self.prepare(file)?;
        match self.documents.get(file) {
            Some(Documents::Ready(_, documents)) => Ok(documents),
            _ => Ok(&[]),
        }
    }

    /// The documents of a file, to be changed. Whoever asks for them again gets them parsed again: that is rare, and a
    /// copy for that case would cost every other project a quarter of its memory.
    ///
    /// # Errors
    /// As [`Session::documents`].
    pub fn take_documents(&mut self, file: &Path) -> Result<Vec<Document>> {
        self.prepare(file)?;
        let Some(state) = self.documents.get_mut(file) else { return Ok(Vec::new()) };
        let Documents::Ready(id, documents) = state else { return Ok(Vec::new()) };
        let documents = std::mem::take(documents);
        *state = Documents::Taken(*id);
        Ok(documents)
    }

    fn prepare(&mut self, file: &Path) -> Result<()> {
        let read = match self.documents.get(file) {
            Some(Documents::Ready(..)) => return Ok(()),
            Some(Documents::Failed) => return Err(Vec::new()),
            Some(Documents::Taken(id)) => Ok(*id),
            None => self.read(file),
        };
        let is_new = !self.documents.contains_key(file);
        let mut parsed = read.and_then(|id| Ok((id, self.parse(id)?)));
        if let (true, Ok((_, documents))) = (is_new, &mut parsed) {
            let found = documents.iter_mut().flat_map(|document| std::mem::take(&mut document.warnings));
            keep_warnings(&mut self.warnings, found);
        }
        let (state, result) = match parsed {
            Ok((id, documents)) => (Documents::Ready(id, documents), Ok(())),
            Err(errors) => (Documents::Failed, Err(errors)),
        };
        self.documents.insert(file.to_path_buf(), state);
        result
    }

    fn read(&mut self, file: &Path) -> Result<FileId> {
        let text = self.text(file).map_err(|error| {
            let message = match error.is_missing() {
                true => format!("open {}: no such file or directory", file.display()),
                false => format!("{}: {error}", file.display()),
            };
            let place = error.place(|text| self.add_source(file, text));
            let diagnostic = Diagnostic::error("file", place, message);
            vec![if error.is_missing() {
                diagnostic.with_help("create it, or correct the path")
            } else {
                diagnostic
            }]
        })?;
        Ok(self.add_source(file, text))
    }

    fn parse(&mut self, id: FileId) -> Result<Vec<Document>> {
        let text = self.sources.get(id).map_or("", |source| source.text.as_str());
        yaml::parse(id, text, &mut self.origins).map_err(|error| vec![*error])
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

    /// Where a file is that is named in `base`: a path from there, or the place that a remote one was fetched to. `verb` says
    /// what is to be done with it.
    ///
    /// # Errors
    /// It cannot be fetched.
    pub fn local(&mut self, base: &Path, file: &Path, span: Span, verb: &str) -> Result<PathBuf> {
        if is_remote(file) {
            return self.fetch(file, span);
        }
        let text = file.to_string_lossy();
        if is_address(&text) {
            let message = format!("cannot {verb} {text}: files are fetched from registries (oci://) only");
            let help = "fetch it and name the local copy";
            return Err(vec![Diagnostic::error("remote", span, message).with_help(help)]);
        }
        Ok(absolute(base, file))
    }

    /// The place of a remote file on this machine.
    ///
    /// # Errors
    /// It cannot be fetched.
    pub fn fetch(&mut self, file: &Path, span: Span) -> Result<PathBuf> {
        let address = file.to_string_lossy().into_owned();
        let fetched = match &self.options.remote {
            Some(remote) => remote.fetch(&address),
            None => Err(format!("cannot fetch {address}: only files of this machine are read here")),
        };
        let place = fetched.map_err(|message| vec![Diagnostic::error("remote", span, message)])?;
        let folder = place.parent().unwrap_or(&place).to_path_buf();
        self.fetched.insert(folder, address);
        Ok(place)
    }

    /// Keeps a text for diagnostics, with the place its file was named at.
    pub fn add_source(&mut self, file: &Path, text: String) -> FileId {
        let address = file.parent().and_then(|folder| self.fetched.get(folder)).zip(file.file_name());
        let shown = address.map(|(address, name)| Path::new(address).join(name));
        let id = self.sources.add(shown.as_deref().unwrap_or(file), text);
        if let Some(label) = self.named.get(file) {
            self.named_by_file.insert(id, label.clone());
        }
        id
    }

    /// Notes why a file is about to be read. Only the first time counts.
    pub fn named(&mut self, file: &Path, span: Span, text: &str) {
        self.named.entry(file.to_path_buf()).or_insert_with(|| Label { span, text: text.into() });
    }

    /// The errors of this loading, each with the way from the project's own files to the file it is in.
    pub fn take_errors(&mut self) -> Vec<Diagnostic> {
        let mut errors = std::mem::take(&mut self.errors).into_list();
        for error in &mut errors {
            let mut file = error.span.file;
            // A file is named by one that was read before it, so the way has an end.
            while let Some(label) = self.named_by_file.get(&file) {
                error.labels.push(label.clone());
                file = label.span.file;
            }
        }
        errors
    }

    fn text(&self, file: &Path) -> std::result::Result<String, read::ReadError> {
        match &self.options.stdin {
            Some(bytes) if file.as_os_str() == "-" => read::utf8(bytes.clone()),
            _ => read::text(file),
        }
    }
}
