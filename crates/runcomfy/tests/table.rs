//! The checker over tables written by hand: unions, null, openness and recursion, of JSON
//! and of structs alike.

use std::time::{Duration, Instant};

use runcomfy::codegen_support::schema::Rule::{MaxLength, Maximum, Minimum, Strings};
use runcomfy::codegen_support::schema::{
    Field, IMAGE, INTEGER, NUMBER, Rule, Shape, TEXT, ValueSchema,
};
use runcomfy::codegen_support::{AsValueRef, Members, ValueRef};
use runcomfy::{JsonInput, MediaOutput, Model, Payload};
use serde_json::{Value, json};

/// A model whose table has one field of each kind that is not a scalar.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    size: Size,
}

runcomfy::codegen_support::union! {
    input:
    /// A size.
    pub enum Size {
        /// In pixels.
        Object(Pixels),
        /// By name.
        Text(String),
    }
}

/// Width and height.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pixels {
    width: Option<i64>,
    height: Option<i64>,
}

static PIXELS: [Field; 2] =
    [Field::optional("width", INTEGER, &[Maximum(9.0)]), Field::optional("height", INTEGER, &[])];
static SIZES: [ValueSchema; 2] = [
    ValueSchema::new(Shape::Object(&PIXELS), &[]),
    ValueSchema::new(TEXT, &[Strings(&["square", "wide"])]),
];
static NUMBERS: [ValueSchema; 2] =
    [ValueSchema::new(INTEGER, &[Minimum(2.0)]), ValueSchema::new(NUMBER, &[Maximum(5.0)])];
static TREES: [ValueSchema; 2] =
    [ValueSchema::new(Shape::Object(&LEFT), &[]), ValueSchema::new(Shape::Object(&RIGHT), &[])];
static LEFT: [Field; 1] = [Field::optional("n", Shape::AnyOf(&TREES), &[])];
static RIGHT: [Field; 2] =
    [Field::optional("n", Shape::OneOf(&TREES), &[]), Field::required("leaf", INTEGER, &[])];
static BOX: [Field; 1] =
    [Field::required("lid", Shape::Nullable(&ValueSchema::new(TEXT, &[])), &[])];
static PICTURES: [ValueSchema; 3] = [
    ValueSchema::new(Shape::List(&ValueSchema::new(IMAGE, &[])), &[Rule::MaxItems(1)]),
    ValueSchema::new(Shape::List(&ValueSchema::new(TEXT, &[])), &[]),
    ValueSchema::new(Shape::List(&ValueSchema::new(IMAGE, &[])), &[Rule::MaxItems(1)]),
];
/// More properties than are looked through one by one, or listed in a message.
static WIDE: [Field; 26] = {
    let names = "abcdefghijklmnopqrstuvwxyz";
    let mut fields = [Field::optional("", INTEGER, &[]); 26];
    let mut row = 0;
    while row < 26 {
        let (_, rest) = names.split_at(row);
        fields[row] = Field::optional(rest.split_at(1).0, INTEGER, &[]);
        row += 1;
    }
    fields
};
static FIELDS: [Field; 9] = [
    Field::required("size", Shape::AnyOf(&SIZES), &[]),
    Field::optional("strength", Shape::OneOf(&NUMBERS), &[]),
    Field::optional("maybe", Shape::Nullable(&ValueSchema::new(TEXT, &[MaxLength(1)])), &[]),
    Field::optional("open", Shape::Open(&PIXELS, &ValueSchema::new(TEXT, &[])), &[]),
    Field::optional("tree", Shape::AnyOf(&TREES), &[]),
    Field::optional("box", Shape::Object(&BOX), &[]),
    Field::optional("pictures", Shape::AnyOf(&PICTURES), &[]),
    Field::optional("wide", Shape::Object(&WIDE), &[]),
    Field::optional("boxes", Shape::List(&ValueSchema::new(Shape::Object(&BOX), &[])), &[]),
];

runcomfy::codegen_support::object!(Pixels, PIXELS, [width, height]);

impl AsValueRef for Input {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Struct(self)
    }
}

impl Members for Input {
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn get(&self, index: usize) -> ValueRef<'_> {
        if index == 0 { self.size.as_value_ref() } else { ValueRef::Absent }
    }
}

impl Model for Input {
    const ID: &'static str = "acme/table";
    const FIELDS: &'static [Field] = &FIELDS;
    const RULES: &'static [Rule] = &[Rule::MaxProperties(2)];
    type Output = MediaOutput;
}

fn found(input: Value) -> Vec<String> {
    let violations = JsonInput::<Input>::from(input).violations();
    violations.iter().map(|violation| format!("{} {}", violation.path, violation.rule)).collect()
}

#[test]
fn a_broken_union_is_one_violation_at_its_node() {
    let cases: [(Value, &[&str]); 19] = [
        (json!({"size": "square"}), &[]),
        (json!({"size": {"width": 9}}), &[]),
        (json!({"size": {"width": 10}}), &["size anyOf"]),
        (json!({"size": {"depth": 1}}), &["size anyOf"]),
        (json!({"size": "huge"}), &["size anyOf"]),
        (json!({"size": null}), &["size anyOf"]),
        (json!({}), &["size required"]),
        (json!({"size": "wide", "strength": 1}), &[]),
        (json!({"size": "wide", "strength": 6}), &[]),
        (json!({"size": "wide", "strength": 3}), &["strength oneOf"]),
        (json!({"size": "wide", "strength": 5.5}), &["strength oneOf"]),
        (json!({"size": "wide", "maybe": null}), &[]),
        (json!({"size": "wide", "box": {"lid": null}}), &[]),
        (json!({"size": "wide", "box": {}}), &["box.lid required"]),
        (json!({"size": "wide", "boxes": [{"lid": null}, {"lid": 1}]}), &["boxes[1].lid type"]),
        (json!({"size": "wide", "maybe": "ab"}), &["maybe maxLength"]),
        (json!({"size": "wide", "open": {"width": 1, "x": "y"}}), &[]),
        (
            json!({"size": "wide", "open": {"width": "1", "x": 2}}),
            &["open.width type", "open.x type"],
        ),
        (json!({"size": "wide", "maybe": null, "strength": 1}), &["input maxProperties"]),
    ];
    for (input, expected) in cases {
        assert_eq!(found(input.clone()), expected, "{input}");
    }
}

#[test]
fn a_typed_union_is_checked_and_written_like_json() {
    let cases = [
        (Size::from("wide".to_owned()), json!({"size": "wide"}), true),
        (Size::from("huge".to_owned()), json!({"size": "huge"}), false),
        (Size::from(Pixels { width: Some(9), height: None }), json!({"size": {"width": 9}}), true),
        (
            Size::from(Pixels { width: Some(10), height: None }),
            json!({"size": {"width": 10}}),
            false,
        ),
    ];
    for (size, written, right) in cases {
        let input = Input { size };
        assert_eq!(input.to_json().ok(), Some(written.clone()));
        assert_eq!(input.violations().is_empty(), right, "{written}");
        assert_eq!(input.violations(), JsonInput::<Input>::from(written).violations());
    }
}

#[test]
fn the_media_of_a_union_is_that_of_its_first_matching_branch() {
    let media = |pictures: Value| {
        let input = json!({"size": "wide", "pictures": pictures});
        JsonInput::<Input>::from(input).media().len()
    };
    assert_eq!(media(json!(["https://example.com/1.png"])), 1);
    assert_eq!(media(json!(["a", "b"])), 0);
}

#[test]
fn nested_unions_cost_linear_time_in_depth() {
    let mut tree = json!("no tree");
    for _ in 0..60 {
        tree = json!({"n": tree});
    }
    let start = Instant::now();
    assert_eq!(found(json!({"size": "wide", "tree": tree})), ["tree anyOf"]);
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
    let mut tree = json!({"leaf": 1});
    for _ in 0..60 {
        tree = json!({"n": tree});
    }
    assert_eq!(found(json!({"size": "wide", "tree": tree})), Vec::<String>::new());
}

#[test]
fn a_wide_object_is_checked_like_a_narrow_one() {
    let all: serde_json::Map<String, Value> =
        ('a'..='z').map(|name| (name.to_string(), json!(1))).collect();
    let wide = |change: &[(&str, Value)]| {
        let mut wide = all.clone();
        wide.extend(change.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        json!({"size": "wide", "wide": wide})
    };
    let cases: [(Value, &[&str]); 4] = [
        (wide(&[]), &[]),
        (wide(&[("k", json!("1"))]), &["wide.k type"]),
        (wide(&[("no name", json!(1))]), &["wide[\"no name\"] additionalProperties"]),
        (
            json!({"size": "wide", "wide": {"z": 1, "é!": 1}}),
            &["wide[\"é!\"] additionalProperties"],
        ),
    ];
    for (input, expected) in cases {
        assert_eq!(found(input.clone()), expected, "{input}");
    }
    let violations = JsonInput::<Input>::from(wide(&[("no name", json!(1))])).violations();
    let message = &violations.first().expect("there is one").message;
    assert!(message.ends_with("`w`, `x` and 2 more"), "{message}");
}

#[test]
fn reading_violations_does_not_change_them() {
    let input =
        JsonInput::<Input>::from(json!({"size": 1, "box": {"lod": 1}, "open": {"x": [{}]}}));
    let (read, unread) = (input.violations(), input.violations());
    let shown: Vec<String> = read.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "input: must have at most 2 properties (found 3) [maxProperties]",
            "size: must match an alternative of the schema: an object, or a string (found 1) [anyOf]",
            "open.x: must be a string (found a list) [type]",
            "box.lid: missing required property [required]",
            "box.lod: unknown property; did you mean `lid`? [additionalProperties]",
        ]
    );
    assert_eq!((unread.len(), unread.is_empty()), (5, false));
    assert_eq!(unread.clone(), read);
    assert_eq!(unread.into_iter().collect::<Vec<_>>(), read.into_iter().collect::<Vec<_>>());
    let none = JsonInput::<Input>::from(json!({"size": "wide"})).violations();
    assert_eq!((none.len(), none.is_empty(), none.first()), (0, true, None));
    assert_eq!(none, runcomfy::Violations::default());
}

#[test]
fn a_huge_unknown_name_costs_no_time() {
    let start = Instant::now();
    let input = json!({"size": "wide", "x".repeat(5_000_000): 1});
    assert_eq!(found(input).len(), 1);
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
}
