//! Counts style faults: first words of docs, named closures, `bool` parameters, long functions.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, ImplItem, Item, ReturnType, Signature, TraitItem, Type, Visibility};

use super::{Source, sources};

/// Named closures in all of `src`.
const MAX_CLOSURES: usize = 60;
/// Docs that open with What, Whether, How, Which or Where.
const MAX_OPENINGS: usize = 0;

/// A function with more lines needs a reason, and an entry in [`LONG_FUNCTIONS`].
const MAX_FUNCTION_LINES: usize = 60;
/// Long functions: the end of the file's path, the name, the reason. At most 5.
const LONG_FUNCTIONS: [(&str, &str, &str); 0] = [];

/// First words of a question, where a reader expects an answer.
const OPENINGS: [&str; 5] = ["What", "Whether", "How", "Which", "Where"];

#[test]
fn no_doc_opens_with_a_question_word() {
    let sources = library_sources();
    let found = sources.iter().flat_map(|source| found_in(source, openings(&source.text)));
    at_most(MAX_OPENINGS, "docs open with a question word", found.collect());
}

#[test]
fn no_doc_says_is_none() {
    let sources = library_sources();
    let found = sources.iter().flat_map(|source| found_in(source, nones(&source.text)));
    at_most(0, "docs say \"is none\"", found.collect());
}

#[test]
fn closures_are_passed_where_they_are_written() {
    let sources = library_sources();
    let found = sources.iter().flat_map(|source| {
        let names = code(source).into_iter().flat_map(closures).collect::<Vec<_>>();
        names.into_iter().map(|name| format!("{}: `{name}`", source.name))
    });
    at_most(MAX_CLOSURES, "closures are bound to names", found.collect());
}

#[test]
fn no_function_that_others_call_takes_a_bool() {
    let sources = library_sources();
    let found = sources.iter().flat_map(|source| {
        let names = bool_functions(&items(source));
        names.into_iter().map(|name| format!("{}: `{name}`", source.name))
    });
    at_most(0, "functions take a `bool`; give an enum", found.collect());
}

#[test]
fn no_function_is_too_long() {
    assert!(LONG_FUNCTIONS.len() <= 5, "only five functions may be long");
    let mut used = Vec::new();
    let mut found = Vec::new();
    for source in library_sources() {
        for (line, name, lines) in functions(&source.text) {
            if lines <= MAX_FUNCTION_LINES {
                continue;
            }
            let listed = LONG_FUNCTIONS
                .iter()
                .find(|(file, function, _)| source.name.ends_with(file) && *function == name);
            match listed {
                Some(listed) => used.push(listed),
                None => found.push(format!("{}:{line}: `{name}` has {lines} lines", source.name)),
            }
        }
    }
    at_most(0, "functions are too long", found);
    for listed in &LONG_FUNCTIONS {
        assert!(used.contains(&listed), "{listed:?} is not too long, or not there");
    }
}

#[test]
fn each_habit_is_seen_to_be_broken() {
    let docs = "//! What it is.\n\n/// Creates it.\n///\n/// Where it goes.\nfn f() {}\n\
                /// It is so.\n/// What follows is said.\n/// This is none.\n";
    assert_eq!(openings(docs), [1, 5]);
    assert_eq!(nones(docs), [9]);
    let text = "fn f() { let a = |x: u8| x; let mut b: fn() = move || (); let c = d || e; \
                if let Some(x) = y.map(|z| z) {} }\n#[cfg(test)] mod tests { fn g() { let t = || 1; } }";
    let source = Source { name: "x.rs".to_owned(), text: text.to_owned() };
    assert_eq!(code(&source).into_iter().flat_map(closures).collect::<Vec<_>>(), ["a", "b"]);
    let text = "pub fn a(b: bool) {} fn private(b: bool) {} \
                impl X { pub(crate) fn c(&self, d: bool) -> u8 { 0 } pub fn with_e(self, e: bool) -> Self { self } \
                pub fn set_f(&mut self, f: bool) {} } trait T { fn g(b: bool); }";
    let source = Source { name: "x.rs".to_owned(), text: text.to_owned() };
    assert_eq!(bool_functions(&items(&source)), ["a", "c", "g"]);
    let long = format!(
        "impl X {{\n    pub async fn f(\n    ) {{\n{}    }}\n}}\n",
        "        x();\n".repeat(60)
    );
    assert_eq!(functions(&long), [(2, "f".to_owned(), 63)]);
}

/// Returns the handwritten sources that are built into crates, without tests.
fn library_sources() -> Vec<Source> {
    let mut sources = sources();
    sources.retain(|source| super::is_handwritten(&source.name) && super::is_library(&source.name));
    assert!(sources.len() > 80, "the sources were not found");
    sources
}

fn at_most(limit: usize, what: &str, found: Vec<String>) {
    let count = found.len();
    assert!(count <= limit, "{count} {what}, where {limit} may:\n{}", found.join("\n"));
}

fn found_in(source: &Source, lines: Vec<usize>) -> Vec<String> {
    let text: Vec<&str> = source.text.lines().collect();
    lines.iter().map(|line| format!("{}:{line}: {}", source.name, text[line - 1].trim())).collect()
}

/// Returns the text of a line of docs.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(str::trim)
}

/// Returns the lines, from 1, at which a paragraph of docs opens with a question word.
fn openings(text: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut before = None;
    for (index, line) in text.lines().enumerate() {
        let doc = doc(line);
        let opens = before.is_none_or(str::is_empty);
        let first = doc.and_then(|doc| doc.split([' ', ',', '\'']).next());
        if opens && first.is_some_and(|word| OPENINGS.contains(&word)) {
            lines.push(index + 1);
        }
        before = doc;
    }
    lines
}

fn nones(text: &str) -> Vec<usize> {
    let lines = text.lines().enumerate();
    let found = lines.filter(|(_, line)| {
        line.split_once("//").is_some_and(|(_, comment)| comment.to_lowercase().contains("is none"))
    });
    found.map(|(index, _)| index + 1).collect()
}

/// Returns the items of a file and of its modules, without tests.
pub(super) fn items(source: &Source) -> Vec<Item> {
    let file = syn::parse_file(&source.text);
    flat(file.unwrap_or_else(|why| unreachable!("{}: {why}", source.name)).items)
}

fn flat(items: Vec<Item>) -> Vec<Item> {
    let mut all = Vec::new();
    for item in items.into_iter().filter(|item| !super::is_test(item)) {
        match item {
            Item::Mod(mut item) if item.content.is_some() => {
                all.extend(flat(item.content.take().map(|(_, items)| items).unwrap_or_default()));
            }
            item => all.push(item),
        }
    }
    all
}

fn code(source: &Source) -> Vec<TokenStream> {
    items(source).iter().map(ToTokens::to_token_stream).collect()
}

/// Returns the names of `let name = |…|` in code.
fn closures(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut names = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => names.extend(closures(group.stream())),
            TokenTree::Ident(word) if word == "let" => names.extend(closure(&tokens[index + 1..])),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    names
}

/// Returns the name of a closure that a `let` binds.
fn closure(after: &[TokenTree]) -> Option<String> {
    let mut rest = after.iter().skip_while(|token| is_word(token, "mut"));
    let TokenTree::Ident(name) = rest.next()? else { return None };
    // The type, if there is one.
    let mut rest = rest.skip_while(|token| !is_sign(token, '=') && !is_sign(token, ';'));
    if !is_sign(rest.next()?, '=') {
        return None;
    }
    let mut rest = rest.skip_while(|token| is_word(token, "move") || is_word(token, "async"));
    is_sign(rest.next()?, '|').then(|| name.to_string())
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(found) if found == word)
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == sign)
}

/// Returns the functions that are not private and take a `bool`, except setters.
fn bool_functions(items: &[Item]) -> Vec<String> {
    let mut signatures: Vec<&Signature> = Vec::new();
    for item in items {
        match item {
            Item::Fn(item) if is_visible(&item.vis) => signatures.push(&item.sig),
            Item::Impl(item) if item.trait_.is_none() => {
                for item in &item.items {
                    match item {
                        ImplItem::Fn(item) if is_visible(&item.vis) => signatures.push(&item.sig),
                        _ => {}
                    }
                }
            }
            Item::Trait(item) => {
                for item in &item.items {
                    if let TraitItem::Fn(item) = item {
                        signatures.push(&item.sig);
                    }
                }
            }
            _ => {}
        }
    }
    signatures.retain(|signature| takes_bool(signature) && !is_setter(signature));
    signatures.iter().map(|signature| signature.ident.to_string()).collect()
}

fn is_visible(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

fn takes_bool(signature: &Signature) -> bool {
    signature.inputs.iter().any(|input| match input {
        FnArg::Typed(input) => is_bool(&input.ty),
        FnArg::Receiver(_) => false,
    })
}

fn is_bool(of: &Type) -> bool {
    matches!(of, Type::Path(path) if path.path.is_ident("bool"))
}

/// Returns `true` for a setter: a method with one `bool` that returns `Self` or nothing.
fn is_setter(signature: &Signature) -> bool {
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, output) => output.to_token_stream().to_string(),
    };
    let gives_itself = ["", "Self", "& mut Self"].contains(&output.as_str());
    signature.receiver().is_some() && signature.inputs.len() == 2 && gives_itself
}

/// Returns the functions of a formatted file: line, name and number of lines.
fn functions(text: &str) -> Vec<(usize, String, usize)> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let Some(name) = function(line.trim_start()) else { continue };
        let end = format!("{indent}}}");
        if let Some(length) = lines[start..].iter().position(|line| *line == end) {
            functions.push((start + 1, name.to_owned(), length + 1));
        }
    }
    functions
}

/// Returns the name of the function that starts at a line.
fn function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let mut words = before.split(' ').filter(|word| !word.is_empty());
    let known =
        |word: &str| ["const", "async", "unsafe"].contains(&word) || word.starts_with("pub");
    let name = after.split(['(', '<']).next()?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    // A function on one line ends there.
    (words.all(known) && is_name && !line.ends_with('}') && !line.ends_with(';')).then_some(name)
}
