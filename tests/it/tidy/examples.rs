//! Holds the docs of `runcomfy` to an example for each method that programs call, and for each
//! error.

use syn::{Attribute, Expr, ExprLit, ImplItem, Item, ItemImpl, Lit, Meta, Type, Visibility};

use super::style::items;
use super::{is_library, sources};

/// The types whose methods each have an example.
const TYPES: [&str; 15] = [
    "AnyInput",
    "CancelOnDrop",
    "CatalogEntry",
    "Client",
    "ClientBuilder",
    "DownloadOptions",
    "Job",
    "JobError",
    "JsonInput",
    "Media",
    "RawClient",
    "Run",
    "RunError",
    "StatusStream",
    "Valid",
];

/// The methods whose examples are compiled and not run, and the reason.
const NOT_RUN: [(&str, &str); 2] = [
    ("Client::from_env", "it reads the token of whoever runs the tests"),
    ("ClientBuilder::from_env", "it reads the token of whoever runs the tests"),
];

/// Something public that people look up, and its docs.
struct Documented {
    name: String,
    docs: String,
}

#[test]
fn every_method_and_error_has_an_example() {
    let documented = documented();
    assert!(documented.len() > 90, "the methods were not found");
    for name in TYPES {
        let is_method_of = |it: &Documented| it.name.starts_with(&format!("{name}::"));
        assert!(documented.iter().any(is_method_of), "`{name}` has no methods");
    }

    let without = documented.iter().filter(|it| fences(&it.docs).is_empty());
    let without: Vec<&str> = without.map(|it| it.name.as_str()).collect();
    assert!(without.is_empty(), "{} have no example:\n{}", without.len(), without.join("\n"));

    let not_run = documented.iter().filter(|it| fences(&it.docs).contains(&"no_run"));
    let not_run: Vec<&str> = not_run.map(|it| it.name.as_str()).collect();
    assert_eq!(not_run, NOT_RUN.map(|(name, _)| name), "not run");
}

#[test]
fn an_example_is_a_block_of_rust() {
    let docs = " Sets it.\n\n ```text\n no\n ```\n\n ```\n f();\n ```\n\n ```no_run\n g();\n ```";
    assert_eq!(fences(docs), ["", "no_run"]);
    assert!(fences(" ```toml\n a = 1\n ```\n ```ignore\n f();\n ```").is_empty());
}

/// Returns the public methods of [`TYPES`], and the public errors.
fn documented() -> Vec<Documented> {
    let mut all = Vec::new();
    for source in sources() {
        let is_client = source.name.starts_with("crates/runcomfy/src/") && is_library(&source.name);
        if !is_client {
            continue;
        }
        // Its types have the names and the methods of the asynchronous ones, and link to these.
        let is_blocking = source.name.ends_with("/src/blocking.rs");
        for item in items(&source) {
            match item {
                Item::Impl(item) => {
                    let methods = methods(&item);
                    all.extend(
                        methods
                            .into_iter()
                            .filter(|it| !is_blocking || it.name.starts_with("ClientBuilder::")),
                    );
                }
                Item::Enum(item) if is_error(&item.ident.to_string(), &item.vis) => {
                    all.push(Documented { name: item.ident.to_string(), docs: docs(&item.attrs) });
                }
                Item::Struct(item) if is_error(&item.ident.to_string(), &item.vis) => {
                    all.push(Documented { name: item.ident.to_string(), docs: docs(&item.attrs) });
                }
                _ => {}
            }
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// Returns the public methods of an `impl` of one of the types.
fn methods(item: &ItemImpl) -> Vec<Documented> {
    let Type::Path(path) = &*item.self_ty else { return Vec::new() };
    let name = path.path.segments.last().map(|segment| segment.ident.to_string());
    let Some(name) = name.filter(|name| item.trait_.is_none() && TYPES.contains(&&**name)) else {
        return Vec::new();
    };
    let methods = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => Some(Documented {
            name: format!("{name}::{}", method.sig.ident),
            docs: docs(&method.attrs),
        }),
        _ => None,
    });
    methods.collect()
}

fn is_error(name: &str, visibility: &Visibility) -> bool {
    let is_error =
        name.ends_with("Error") || name.starts_with("Invalid") || name.starts_with("Unknown");
    is_error && matches!(visibility, Visibility::Public(_))
}

/// Returns the text of doc comments, one line each.
fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the words after the opening fences of the blocks that rustdoc compiles.
fn fences(docs: &str) -> Vec<&str> {
    let fences = docs.lines().filter_map(|line| line.trim().strip_prefix("```"));
    fences.step_by(2).filter(|words| ["", "no_run"].contains(words)).collect()
}
