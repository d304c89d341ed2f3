//! The folder of a story.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A folder for everything; it stays where a story fails.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL has a user of its own, who has to get to what is in it.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what the programs said is kept: {}", self.path().display());
            self.0.disable_cleanup(true);
        }
    }
}
