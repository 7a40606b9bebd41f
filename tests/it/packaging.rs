//! The published crates: the files that they hold, and what a registry shows of them.

use std::process::Command;

use toml_edit::{DocumentMut, Item};

use crate::support::root;
use crate::tidy::published_folders;

/// The files of every package.
const ALWAYS: [&str; 7] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];

/// The folders of a package, and the ends of the names of their files.
const FOLDERS: [(&str, &[&str]); 5] = [
    ("src", &["rs", "md", "txt", "json", "sql", "html", "css", "js", "svg"]),
    ("tests", &["rs", "toml", "txt", "json"]),
    ("examples", &["rs"]),
    ("migrations", &["sql"]),
    ("assets", &[]),
];

#[test]
fn every_published_crate_holds_its_files_and_no_other() {
    for folder in published_folders() {
        let output = Command::new(env!("CARGO"))
            .args(["package", "--list", "--offline", "--allow-dirty", "--quiet"])
            .current_dir(root().join(&folder))
            .output()
            .expect("cargo runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let files: Vec<String> = printed.lines().map(|line| line.replace('\\', "/")).collect();
        let stray: Vec<&String> = files.iter().filter(|file| !is_expected(file)).collect();
        assert_eq!(stray, [""; 0], "{folder}");
        for file in ALWAYS.iter().filter(|file| !file.starts_with('.')) {
            assert!(files.iter().any(|found| found == file), "{folder} has no {file}");
        }
        assert!(files.iter().any(|file| file == "src/lib.rs" || file == "src/main.rs"), "{folder}");
    }
}

fn is_expected(file: &str) -> bool {
    let Some((folder, rest)) = file.split_once('/') else { return ALWAYS.contains(&file) };
    let is_hidden = rest.split('/').any(|step| step.starts_with('.'));
    let (_, end) = rest.rsplit_once('.').unwrap_or_default();
    let of_folder = FOLDERS.iter().find(|(name, _)| *name == folder);
    of_folder.is_some_and(|(_, ends)| !is_hidden && (ends.is_empty() || ends.contains(&end)))
}

#[test]
fn a_missing_provider_is_named_with_its_feature() {
    let read = |file: &str| {
        let path = root().join("crates/runcomfy-models/src").join(file);
        std::fs::read_to_string(path).expect("it can be read")
    };
    let (all, named) = (read("generated/mod.rs"), read("lib.rs"));
    let lines: Vec<&str> = all.lines().collect();
    let mut providers = 0;
    for pair in lines.windows(2).filter(|pair| pair[1].starts_with("pub mod ")) {
        let export = pair[1].replace("pub mod ", "pub use generated::");
        let wanted = format!("{}\n{export}\n", pair[0]);
        assert!(named.contains(&wanted), "lib.rs of runcomfy-models lacks:\n{wanted}");
        providers += 1;
    }
    assert!(providers >= 15, "the providers were not found");
}

#[test]
fn a_registry_can_show_every_published_crate() {
    for folder in published_folders() {
        let read = |file: &str| {
            let text = std::fs::read_to_string(root().join(&folder).join(file));
            text.unwrap_or_else(|why| unreachable!("{folder}/{file}: {why}"))
        };
        let manifest: DocumentMut = read("Cargo.toml").parse().expect("it is TOML");
        let package = &manifest["package"];
        let text = |key: &str| package.get(key).and_then(Item::as_str).unwrap_or_default();
        let name = text("name");
        assert!(!text("description").is_empty(), "{name} has no description");
        assert_eq!(text("readme"), "README.md", "{name}");
        assert_eq!(text("documentation"), format!("https://docs.rs/{name}"));
        for (key, most) in [("keywords", 5), ("categories", 5)] {
            let count = package.get(key).and_then(Item::as_array).map_or(0, |list| list.len());
            assert!((1..=most).contains(&count), "{name} has {count} {key}");
        }
        // A registry does not have the other files of the repository.
        let readme = read("README.md");
        for (_, link) in readme.match_indices("](").map(|(at, _)| readme.split_at(at + 2)) {
            let link = link.split(')').next().unwrap_or_default();
            let is_whole = link.starts_with("https://") || link.starts_with('#');
            assert!(is_whole, "{folder}/README.md links to {link}");
        }
        // rustdoc finds an item by its name; a registry needs its address.
        for (_, item) in readme.match_indices("[`").map(|(at, _)| readme.split_at(at)) {
            let Some((item, rest)) = item.split_once("`]") else { continue };
            let has_address =
                rest.starts_with(['(', ':']) || readme.contains(&format!("\n{item}`]: "));
            assert!(has_address, "{folder}/README.md does not say where {item}`] is");
        }
    }
}
