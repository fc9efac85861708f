//! Noticing changes: every folder that a rule looks at is watched by inotify, new ones from the moment they are seen.
//!
//! A folder is watched before it is listed, so a file is in the list, in an event, or in both, and never in neither.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::rules::Rule;
use crate::cli::Failure;

/// Changes belong together until nothing happens for this long: an editor's save, a `git checkout`.
const QUIET: Duration = Duration::from_millis(100);
/// Changes are not held back longer than this, however many come.
const PATIENCE: Duration = Duration::from_secs(3);

/// The watched folders.
pub(super) struct Tree {
    rules: Arc<Vec<Rule>>,
    watcher: RecommendedWatcher,
    events: mpsc::UnboundedReceiver<notify::Result<Event>>,
    /// Files that the watched folders held at the beginning.
    files: BTreeSet<PathBuf>,
}

impl Tree {
    /// Begins to watch what `rules` name.
    pub(super) fn watch(rules: Arc<Vec<Rule>>) -> Result<Tree, Failure> {
        let (sender, events) = mpsc::unbounded_channel();
        // The receiver is gone when nobody watches any more.
        let watcher = notify::recommended_watcher(move |event| drop(sender.send(event)));
        let watcher = watcher.map_err(|error| failed(Path::new(""), &error))?;
        let mut tree = Tree { rules: Arc::clone(&rules), watcher, events, files: BTreeSet::new() };
        for rule in rules.iter() {
            if rule.path.is_dir() {
                let found = tree.enter(&rule.path)?;
                tree.files.extend(found);
            } else {
                // Editors replace a file by another of its name, which only its folder tells of.
                let folder = rule.path.parent().unwrap_or(Path::new("/"));
                tree.watch_folder(folder)?;
                tree.files.insert(rule.path.clone());
            }
        }
        Ok(tree)
    }

    /// The files that were there at the beginning.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter()
    }

    /// Waits for changes, and until they are over: paths of files and links that are there or no longer are.
    pub(super) async fn changes(&mut self) -> Result<BTreeSet<PathBuf>, Failure> {
        let mut paths = BTreeSet::new();
        while paths.is_empty() {
            let first = self.events.recv().await;
            self.note(first, &mut paths)?;
            let latest = Instant::now() + PATIENCE;
            loop {
                let until = latest.min(Instant::now() + QUIET);
                match timeout_at(until, self.events.recv()).await {
                    Ok(event) => self.note(event, &mut paths)?,
                    Err(_) => break,
                }
            }
            paths.retain(|path| self.rules.iter().any(|rule| rule.concerns(path)));
        }
        Ok(paths)
    }

    fn note(
        &mut self,
        event: Option<notify::Result<Event>>,
        paths: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Failure> {
        let event = event.ok_or_else(|| Failure::message("files are no longer watched"))?;
        let event = event.map_err(|error| failed(Path::new(""), &error))?;
        if event.need_rescan() {
            // The kernel lost events: everything may have changed.
            for rule in Arc::clone(&self.rules).iter() {
                paths.extend(self.enter(&rule.path)?);
            }
        }
        if !is_change(event.kind) {
            return Ok(());
        }
        for path in event.paths {
            match std::fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() && is_new(event.kind) => paths.extend(self.enter(&path)?),
                // What is in a folder has events of its own.
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => drop(paths.insert(path)),
                Err(_) => {
                    // A folder that was moved away would go on to tell of its files under the old name. Files and
                    // folders that were deleted are not watched any more, which is an error that does not matter.
                    let _ = self.watcher.unwatch(&path);
                    paths.insert(path);
                }
            }
        }
        Ok(())
    }

    /// Watches a folder and all below it that some rule looks at, and lists the files.
    fn enter(&mut self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            if self.rules.iter().all(|rule| rule.skips_folder(&folder)) {
                continue;
            }
            self.watch_folder(&folder)?;
            // A folder that is gone again has nothing to list; its end is an event.
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder { folders.push(entry.path()) } else { files.push(entry.path()) }
            }
        }
        Ok(files)
    }

    fn watch_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
            Err(error) if !folder.exists() => drop(error),
            Err(error) => return Err(failed(folder, &error)),
            Ok(()) => {}
        }
        Ok(())
    }
}

/// Reading a file changes nothing, and what is written is complete when it is closed.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Whether the event is of something that was not there before.
fn is_new(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_)
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both | RenameMode::Any))
    )
}

fn failed(folder: &Path, error: &notify::Error) -> Failure {
    let help = match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            ": raise fs.inotify.max_user_watches, or name large folders in `ignore`"
        }
        _ => "",
    };
    Failure::message(format!("cannot watch {}: {error}{help}", folder.display()))
}
