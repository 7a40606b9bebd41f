//! The rival: a schema is passed to typify as it is, and formatted with prettyplease.

use std::panic::{self, AssertUnwindSafe, catch_unwind};

use schemars::schema::RootSchema;
use serde_json::Value;
use typify::{TypeSpace, TypeSpaceSettings};

/// Returns the module for a schema, or `None` if typify does not accept it.
pub(crate) fn module(schema: &str) -> Option<String> {
    // typify panics on some schemas; silence the message.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let module = catch_unwind(AssertUnwindSafe(|| attempt(schema)));
    panic::set_hook(hook);
    module.ok()?
}

fn attempt(schema: &str) -> Option<String> {
    let mut schema: Value = serde_json::from_str(schema).ok()?;
    // typify names the type after its title, and omits a type without one.
    schema.as_object_mut()?.insert("title".to_owned(), Value::from("Input"));
    let schema: RootSchema = serde_json::from_value(schema).ok()?;
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    space.add_root_schema(schema).ok()?;
    Some(prettyplease::unparse(&syn::parse2(space.to_stream()).ok()?))
}
