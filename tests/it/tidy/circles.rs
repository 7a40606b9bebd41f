//! Finds circles of imports between the files of a crate. A module and its own child modules may
//! import each other: they are one idea in several files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, UseTree};

use super::{Source, is_handwritten, sources};

/// The folders of library crates. A binary beside a library is a module that nobody imports.
const CRATES: [&str; 6] = [
    "codegen/src/",
    "crates/runcomfy/src/",
    "crates/runcomfy-models/src/",
    "crates/runcomfy-simulator/src/",
    "xtask/src/",
    "tests/support/",
];

/// A path of module names from the root of a crate.
type ModulePath = Vec<String>;

/// A module: its file, and its names.
#[derive(Default)]
struct Module {
    file: String,
    /// The names of the items that it defines.
    items: BTreeSet<String>,
    /// The path of each imported name.
    aliases: BTreeMap<String, ModulePath>,
    /// The modules that are imported with `*`.
    globs: Vec<ModulePath>,
}

/// The modules of one crate, and the paths that each file names.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<ModulePath, Module>,
    named: Vec<(String, ModulePath)>,
}

#[test]
fn no_file_imports_another_that_leads_back_to_it() {
    let sources = sources();
    let mut circles = Vec::new();
    for folder in CRATES {
        let files = sources.iter().filter(|source| source.name.starts_with(folder));
        let files: Vec<&Source> = files.filter(|source| is_handwritten(&source.name)).collect();
        assert!(!files.is_empty(), "there are no files in {folder}");
        circles.extend(Crate::read(folder, &files).circles());
    }
    assert!(circles.is_empty(), "circles of imports:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_through_groups_globs_and_exports() {
    let read = |files: &[(&str, &str)]| {
        let files: Vec<Source> = files
            .iter()
            .map(|(name, text)| Source { name: format!("x/{name}"), text: (*text).to_owned() })
            .collect();
        Crate::read("x/", &files.iter().collect::<Vec<_>>()).circles()
    };
    let root = ("lib.rs", "mod a; mod b; mod c; pub use b::B; pub use c::*;");
    let none =
        read(&[root, ("a.rs", "use crate::{B, b};"), ("b.rs", "pub struct B;"), ("c.rs", "")]);
    assert_eq!(none, [""; 0]);
    for back in [
        "use crate::a::A;",
        "use super::a::{self};",
        "fn f() { crate::a::f(); }",
        "mod inner { use super::super::a; }",
    ] {
        let text = format!("pub struct B; {back}");
        let found = read(&[root, ("a.rs", "use crate::B;"), ("b.rs", &text), ("c.rs", "")]);
        assert_eq!(found, ["x/a.rs → x/b.rs → x/a.rs"], "{back}");
    }
    let glob =
        read(&[root, ("a.rs", "use crate::C;"), ("b.rs", ""), ("c.rs", "use crate::a; struct C;")]);
    assert_eq!(glob, ["x/a.rs → x/c.rs → x/a.rs"]);
    let own = read(&[
        root,
        ("a.rs", "mod d; use d::D;"),
        ("a/d.rs", "use super::A;"),
        ("b.rs", ""),
        ("c.rs", ""),
    ]);
    assert_eq!(own, [""; 0], "a module and its own child");
    let test = "#[cfg(test)] mod tests { use crate::a; }";
    let found = read(&[root, ("a.rs", "use crate::b;"), ("b.rs", test), ("c.rs", "")]);
    assert_eq!(found, [""; 0], "tests");
}

impl Crate {
    fn read(folder: &str, files: &[&Source]) -> Self {
        let mut read = Self::default();
        for file in files {
            let name = file.name.strip_prefix(folder).expect("it is in the folder");
            let stem = name.strip_suffix(".rs").expect("it is Rust");
            let path = if stem == "lib" { "" } else { stem };
            let path = path.split('/').filter(|step| !step.is_empty()).map(str::to_owned);
            let syntax = syn::parse_file(&file.text);
            let items = syntax.unwrap_or_else(|why| unreachable!("{}: {why}", file.name)).items;
            read.module(&file.name, path.collect(), items);
        }
        read
    }

    fn module(&mut self, file: &str, path: ModulePath, items: Vec<Item>) {
        let module = self.modules.entry(path.clone()).or_default();
        module.file = file.to_owned();
        for item in items.into_iter().filter(|item| !super::is_test(item)) {
            match item {
                Item::Use(item) => self.bring(file, &path, Vec::new(), &item.tree),
                Item::Mod(item) => {
                    if let Some((_, items)) = item.content {
                        let below = [&path[..], &[item.ident.to_string()]].concat();
                        self.module(file, below, items);
                    }
                }
                item => {
                    let own = self.modules.entry(path.clone()).or_default();
                    own.items.extend(name(&item));
                    self.record(file, &path, item.to_token_stream());
                }
            }
        }
    }

    /// Records the imports of a `use` in a module.
    fn bring(&mut self, file: &str, module: &ModulePath, mut to: ModulePath, tree: &UseTree) {
        let alias = match tree {
            UseTree::Path(tree) => {
                to.push(tree.ident.to_string());
                return self.bring(file, module, to, &tree.tree);
            }
            UseTree::Group(tree) => {
                for tree in &tree.items {
                    self.bring(file, module, to.clone(), tree);
                }
                return;
            }
            UseTree::Name(tree) if tree.ident == "self" => to.last().cloned(),
            UseTree::Name(tree) => {
                to.push(tree.ident.to_string());
                Some(tree.ident.to_string())
            }
            UseTree::Rename(tree) => {
                if tree.ident != "self" {
                    to.push(tree.ident.to_string());
                }
                Some(tree.rename.to_string())
            }
            UseTree::Glob(_) => None,
        };
        let Some(to) = absolute(module, to) else { return };
        self.named.push((file.to_owned(), to.clone()));
        let own = self.modules.entry(module.clone()).or_default();
        match alias {
            Some(alias) => drop(own.aliases.insert(alias, to)),
            None => own.globs.push(to),
        }
    }

    /// Records every path in code that starts with `crate`, `super` or `self`.
    fn record(&mut self, file: &str, module: &ModulePath, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.record(file, module, group.stream()),
                TokenTree::Ident(first) if is_relative(&first.to_string()) => {
                    let mut path = vec![first.to_string()];
                    while let [TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(next), ..] =
                        &tokens[at..]
                        && a.as_char() == ':'
                        && b.as_char() == ':'
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    if let Some(path) = absolute(module, path) {
                        self.named.push((file.to_owned(), path));
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Returns the module that defines the item of a path, after all re-exports.
    fn resolve(&self, path: &[String], depth: usize) -> Option<ModulePath> {
        let mut at = ModulePath::new();
        for (index, step) in path.iter().enumerate() {
            let below = [&at[..], std::slice::from_ref(step)].concat();
            if self.modules.contains_key(&below) {
                at = below;
                continue;
            }
            return match self.exported(&at, step, depth) {
                Some(to) => self.resolve(&[&to, &path[index + 1..]].concat(), depth + 1),
                None => Some(at),
            };
        }
        Some(at)
    }

    /// Returns the path of a name that a module re-exports. Returns `None` if the module defines the
    /// name, or if it is from another crate.
    fn exported(&self, module: &ModulePath, name: &String, depth: usize) -> Option<ModulePath> {
        let own = self.modules.get(module)?;
        if depth > 20 || own.items.contains(name) {
            return None;
        }
        let named = [&module[..], std::slice::from_ref(name)].concat();
        if let Some(to) = own.aliases.get(name).filter(|to| **to != named) {
            return Some(to.clone());
        }
        own.globs.iter().filter(|glob| *glob != module).find_map(|glob| {
            let to = self.resolve(glob, depth + 1)?;
            let is_there = self.modules.get(&to)?.items.contains(name)
                || self.modules.contains_key(&[&to[..], std::slice::from_ref(name)].concat())
                || self.exported(&to, name, depth + 1).is_some();
            is_there.then(|| [&to[..], std::slice::from_ref(name)].concat())
        })
    }

    /// Returns the files that each file imports, except its parent and child modules.
    fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let files: BTreeMap<&str, &ModulePath> =
            self.modules.iter().rev().map(|(path, module)| (module.file.as_str(), path)).collect();
        let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, path) in &self.named {
            let Some(module) = self.resolve(path, 0).and_then(|to| self.modules.get(&to)) else {
                continue;
            };
            let (from, to) = (files[file.as_str()], files[module.file.as_str()]);
            if !from.starts_with(to) && !to.starts_with(from) {
                imports.entry(file).or_default().insert(&module.file);
            }
        }
        imports
    }

    /// Returns the shortest circle through each file, without duplicates.
    fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for file in imports.keys().filter(|file| !file.is_empty()) {
            if seen.contains(file) {
                continue;
            }
            if let Some(circle) = shortest(&imports, file) {
                seen.extend(circle.iter().copied());
                circles.push(circle.join(" → "));
            }
        }
        circles
    }
}

/// Returns the shortest path from a file back to itself.
fn shortest<'a>(
    imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    file: &'a str,
) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![file]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way.last().expect("a way has a file");
        for next in imports.get(last).into_iter().flatten() {
            let further = [&way[..], &[*next]].concat();
            if *next == file {
                return Some(further);
            }
            if seen.insert(*next) {
                ways.push_back(further);
            }
        }
    }
    None
}

/// Returns a path from the root of the crate, or `None` if it leads out of the crate.
fn absolute(module: &ModulePath, path: ModulePath) -> Option<ModulePath> {
    let mut at = module.clone();
    let mut steps = path.into_iter().peekable();
    match steps.peek()?.as_str() {
        "crate" => {
            at.clear();
            steps.next();
        }
        "self" => drop(steps.next()),
        "super" => {}
        // A child module, or another crate.
        _ => {}
    }
    while steps.next_if(|step| step == "super").is_some() {
        at.pop()?;
    }
    at.extend(steps);
    Some(at)
}

fn is_relative(name: &str) -> bool {
    matches!(name, "crate" | "super" | "self")
}

/// Returns the name of an item, if it has one.
fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(ident.to_string())
}
