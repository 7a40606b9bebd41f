//! typify with prettyplease alone: what a program has that hands a schema to typify as it
//! is and writes down what comes out.

use std::panic::{self, AssertUnwindSafe, catch_unwind};

use schemars::schema::RootSchema;
use serde_json::Value;
use typify::{TypeSpace, TypeSpaceSettings};

/// The module for a schema; nothing where typify does not take it.
pub(crate) fn module(schema: &str) -> Option<String> {
    // typify has panicked on what it did not foresee; nobody wants to read of it each time.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let module = catch_unwind(AssertUnwindSafe(|| attempt(schema)));
    panic::set_hook(hook);
    module.ok()?
}

fn attempt(schema: &str) -> Option<String> {
    let mut schema: Value = serde_json::from_str(schema).ok()?;
    // It names the type after the title, and leaves out one that has none.
    schema.as_object_mut()?.insert("title".to_owned(), Value::from("Input"));
    let schema: RootSchema = serde_json::from_value(schema).ok()?;
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    space.add_root_schema(schema).ok()?;
    Some(prettyplease::unparse(&syn::parse2(space.to_stream()).ok()?))
}
