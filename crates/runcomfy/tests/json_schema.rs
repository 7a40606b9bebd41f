//! The JSON Schema of an input as a part of other schemas, and of tables that lead back to
//! themselves.
#![cfg(feature = "schemars")]

use runcomfy::codegen_support::schema::Rule::{Annotation, MaxItems, Strings};
use runcomfy::codegen_support::schema::{Field, INTEGER, Rule, Shape, TEXT, ValueSchema};
use runcomfy::schemars::{JsonSchema, Schema, SchemaGenerator};
use runcomfy::{JsonInput, MediaOutput, Model, json_schema};
use serde_json::json;

#[derive(Debug, Clone, Default, PartialEq)]
struct Input {
    tree: Option<Box<Tree>>,
    other: Option<Box<Tree>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Tree {
    name: Option<String>,
    left: Option<Box<Tree>>,
}

static TREE_FIELDS: [Field; 2] = [
    Field::optional("name", TEXT, &[Strings(&["oak", "elm"])]).described("Which."),
    Field::optional(
        "left",
        Shape::Nullable(&ValueSchema::new(Shape::Object(&TREE_FIELDS), &[])),
        &[],
    ),
];
static FIELDS: [Field; 3] = [
    Field::optional("tree", Shape::Object(&TREE_FIELDS), &[]).titled("Tree"),
    Field::optional("other tree", Shape::Object(&TREE_FIELDS), &[]),
    Field::optional(
        "sizes",
        Shape::List(&ValueSchema::new(INTEGER, &[Annotation("title", "\"Size\"")])),
        &[MaxItems(2)],
    ),
];

runcomfy::codegen_support::object!(Tree, TREE_FIELDS, [name, left]);

runcomfy::codegen_support::object!(Input, FIELDS, [tree, other]);

impl Model for Input {
    const ID: &'static str = "acme/Trees 2";
    const FIELDS: &'static [Field] = &FIELDS;
    const RULES: &'static [Rule] = &[Annotation("description", "\"Trees.\"")];
    type Output = MediaOutput;
}

runcomfy::codegen_support::input_traits!(Input);

fn tree() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": ["oak", "elm"], "description": "Which."},
            "left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
        },
        "additionalProperties": false,
    })
}

fn input() -> serde_json::Value {
    json!({
        "type": "object",
        "description": "Trees.",
        "properties": {
            "tree": {"$ref": "#/$defs/tree", "title": "Tree"},
            "other tree": {"$ref": "#/$defs/tree"},
            "sizes": {"type": "array", "maxItems": 2, "items": {"type": "integer", "title": "Size"}},
        },
        "additionalProperties": false,
    })
}

#[test]
fn a_repeated_type_is_described_once() {
    let mut expected = input();
    expected["$defs"] = json!({"tree": tree()});
    assert_eq!(json_schema::<Input>().to_value(), expected);
}

#[test]
fn exported_references_resolve() {
    /// A tool that takes an input as it is, and one that arrives as JSON.
    struct Tool;

    impl JsonSchema for Tool {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Tool".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let typed = generator.subschema_for::<Input>();
            let json = generator.subschema_for::<JsonInput<Input>>();
            let both = json!({"properties": {"typed": typed, "json": json}});
            Schema::try_from(both).expect("it is an object")
        }
    }

    let schema = SchemaGenerator::default().into_root_schema_for::<Tool>().to_value();
    let name = "#/$defs/acme~1Trees%202";
    assert_eq!(schema["properties"]["typed"], json!({"$ref": name}));
    assert_eq!(schema["properties"]["json"], json!({"$ref": name}));
    assert_eq!(schema["$defs"], json!({"acme/Trees 2": input(), "tree": tree()}));

    let root = SchemaGenerator::default().into_root_schema_for::<Input>().to_value();
    assert_eq!(root["title"], "acme/Trees 2");
    assert_eq!(root["$defs"], json!({"tree": tree()}));
}
