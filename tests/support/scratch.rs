//! Crates outside of the workspace, in which what is generated is compiled.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}

/// A crate outside of the workspace that depends on `runcomfy`, made of these sources.
pub fn scratch_crate(folder: &Path, dependencies: &str, sources: &[(String, String)]) {
    let manifest = format!(
        "[package]\nname = \"scratch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[dependencies]\n{dependencies}\n"
    );
    write(&folder.join("Cargo.toml"), &manifest);
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("there is a lock file");
    write(&folder.join("Cargo.lock"), &lock);
    for (name, text) in sources {
        write(&folder.join(name), text);
    }
}

/// A dependency on a crate of the workspace, as a line of a manifest.
pub fn dependency(name: &str, path: &str, features: &str) -> String {
    let path = root().join(path).display().to_string();
    format!("{name} = {{ path = {path:?}, default-features = false, features = [{features}] }}\n")
}

/// Writes a file, and the folders around it.
pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}
