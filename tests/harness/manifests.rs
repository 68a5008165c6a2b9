//! A folder of manifests.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of YAML files, removed with this value.
pub struct Manifests {
    folder: TempDir,
}

impl Manifests {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("assay-manifests-")
            .tempdir()
            .expect("a temporary folder");
        Self { folder }
    }

    /// Writes a file, and the folders above it. `name` is relative to the folder.
    pub fn file(self, name: &str, content: &str) -> Self {
        self.write(name, content);
        self
    }

    /// Writes a file anew, as someone who edits it would.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path_of(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.path_of(name)).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn path_of(&self, name: &str) -> PathBuf {
        assert!(
            Path::new(name).is_relative(),
            "{name} must lie in the folder"
        );
        self.path().join(name)
    }
}

#[test]
fn the_folder_holds_what_was_written_and_goes_away() {
    let manifests = Manifests::new().file("teams/a/clients.yaml", "kind: OidcClient\n");
    let path = manifests.path().to_owned();
    let file = path.join("teams/a/clients.yaml");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "kind: OidcClient\n"
    );

    manifests.write("teams/a/clients.yaml", "kind: Module\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kind: Module\n");
    manifests.remove("teams/a/clients.yaml");
    assert!(!file.exists());

    drop(manifests);
    assert!(!path.exists());
}
