//! The docs of each model's module open with a call. All of them compile, and their inputs keep the
//! rules of their models.

use std::path::Path;
use std::process::Command;

use crate::support::{Uses, compile, root, scratch};

/// The line of a call that needs a client.
const RUN: &str = "let completed = client.run(&input).await?;\n";

/// Adds a function for the call in each file of a folder. The function submits nothing without a
/// client.
fn add_calls(folder: &Path, functions: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("it exists") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            add_calls(&path, functions);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let Some((_, rest)) = text.split_once("//! ```ignore\n") else { continue };
        let (call, _) = rest.split_once("//! ```\n").expect("the block ends");
        let call = call.replace("//! ", "");
        assert!(call.ends_with(RUN), "{}: {call}", path.display());
        let provider = folder.file_name().and_then(|name| name.to_str()).expect("it has a name");
        let module = path.file_stem().and_then(|name| name.to_str()).expect("it has a name");
        let call = call
            .replace(RUN, &format!("if let Some(client) = client {{ {RUN} drop(completed); }}"));
        functions.push(format!(
            "async fn call_{}(client: Option<&Client>) -> Result<(), Error> {{\n\
             use runcomfy_models::{provider}::{module};\n{call}drop(input);\nOk(()) }}\n",
            functions.len()
        ));
    }
}

#[test]
fn the_call_of_each_model_page_compiles_and_is_valid() {
    let mut functions = Vec::new();
    add_calls(&root().join("crates/runcomfy-models/src/generated"), &mut functions);
    assert!(functions.len() > 80, "the calls were not found");
    let calls: String = (0..functions.len())
        .map(|index| format!("assert!(ready(call_{index}(None)).is_ok(), \"call {index}\");\n"))
        .collect();
    let program = format!(
        "//! Scratch.\n#![allow(unused_imports)]\nuse runcomfy::{{Client, Error, Media, Model}};\n\
         fn ready<T>(future: impl Future<Output = T>) -> T {{\n\
         let mut context = std::task::Context::from_waker(std::task::Waker::noop());\n\
         match std::pin::pin!(future).poll(&mut context) {{\n\
         std::task::Poll::Ready(value) => value,\n\
         std::task::Poll::Pending => unreachable!(),\n}} }}\n\
         {}fn main() {{\n{calls}}}\n",
        functions.concat()
    );
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sources = [("src/main.rs".to_owned(), program)].into();
    let scratch = scratch(folder.path(), Uses::Models, &sources);
    let (compiles, printed) = compile(scratch.build("src/main.rs"));
    assert!(compiles, "{printed}");
    let ran = Command::new(scratch.program("src/main.rs")).output().expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
