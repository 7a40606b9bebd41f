//! Reading a typed input in one pass gives what the steps give: the same input, or the same
//! violations, for every spelling of JSON.

use std::collections::BTreeMap;

use proptest::prelude::{Just, Strategy};
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest::{collection, prop_oneof};
use runcomfy::codegen_support::schema::Rule::{
    MaxItems, MaxLength, MaxProperties, Maximum, Minimum, MultipleOf, UniqueItems,
};
use runcomfy::codegen_support::schema::{
    ANY, BOOLEAN, Field, INTEGER, MEDIA, NUMBER, Shape, TEXT, ValueSchema,
};
use runcomfy::codegen_support::{object, string_enum, union};
use runcomfy::{Error, JsonInput, Media, MediaOutput, Model, Valid};
use serde_json::Value;

/// An input with a field of every type.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    whole: Option<i64>,
    count: Option<u64>,
    scale: Option<f64>,
    flag: Option<bool>,
    word: Option<String>,
    kind: Option<Kind>,
    image: Option<Media>,
    list: Option<Vec<f64>>,
    gaps: Option<Vec<Option<i64>>>,
    part: Option<Box<Part>>,
    parts: Option<Vec<Part>>,
    map: Option<BTreeMap<String, i64>>,
    any: Option<Value>,
    size: Option<Size>,
    nullable: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    path: String,
    scale: Option<f64>,
}

string_enum! {
    /// A kind.
    pub enum Kind {
        /// The first.
        A = "a",
        /// The second.
        B = "b\n",
    }
}

union! {
    input:
    /// A size.
    pub enum Size {
        /// A number.
        Integer(i64),
        /// A part.
        Part(Part),
        /// A string.
        Text(String),
    }
}

static PART: [Field; 2] = [
    Field::required("path", TEXT, &[]),
    Field::optional("scale", Shape::Nullable(&ValueSchema::new(NUMBER, &[])), &[Maximum(2.0)]),
];
static WORD: ValueSchema = ValueSchema::new(TEXT, &[MaxLength(3)]);
static SIZES: [ValueSchema; 3] = [
    ValueSchema::new(INTEGER, &[Minimum(1.0)]),
    ValueSchema::new(Shape::Object(&PART), &[MaxProperties(1)]),
    WORD,
];
static FIELDS: [Field; 15] = [
    Field::optional("whole", INTEGER, &[Maximum(1e15)]),
    Field::optional("count", INTEGER, &[Minimum(0.0)]),
    Field::optional("scale", NUMBER, &[MultipleOf(0.5)]),
    Field::optional("flag", BOOLEAN, &[]),
    Field::optional("word", TEXT, &[MaxLength(3)]),
    Field::optional("kind", TEXT, &[]),
    Field::optional("image", MEDIA, &[]),
    Field::optional("list", Shape::List(&ValueSchema::new(NUMBER, &[])), &[UniqueItems]),
    Field::optional(
        "gaps",
        Shape::List(&ValueSchema::new(Shape::Nullable(&ValueSchema::new(INTEGER, &[])), &[])),
        &[MaxItems(2)],
    ),
    Field::optional("part", Shape::Object(&PART), &[MaxProperties(1)]),
    Field::optional(
        "parts",
        Shape::List(&ValueSchema::new(Shape::Object(&PART), &[])),
        &[UniqueItems],
    ),
    Field::optional("map", Shape::Map(&ValueSchema::new(INTEGER, &[])), &[MaxProperties(1)]),
    Field::optional("any", ANY, &[]),
    Field::optional("size", Shape::AnyOf(&SIZES), &[]),
    Field::optional("nullable", Shape::Nullable(&WORD), &[]),
];

object!(Part, PART, [path, scale]);
object!(
    Input,
    FIELDS,
    [
        whole, count, scale, flag, word, kind, image, list, gaps, part, parts, map, any, size,
        nullable
    ]
);

impl Model for Input {
    const ID: &'static str = "acme/paint";
    const FIELDS: &'static [Field] = &FIELDS;
    type Output = MediaOutput;
}

/// Values of every type, some in more than one spelling.
const VALUES: [&str; 46] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "1.0",
    "1e0",
    "-1",
    "-1.5",
    "0.5",
    "0.25",
    "10E-1",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e15",
    "1e400",
    "0.1000000000000000055511151231257827",
    r#""""#,
    r#""a""#,
    r#""\u0061""#,
    r#""b\n""#,
    r#""boat""#,
    r#""\ud83c\udf0a""#,
    r#""\ud83c""#,
    r#""https://example.com/\u0061.png""#,
    r#""data:,x""#,
    "[]",
    "[1]",
    "[1, 1.0]",
    "[1, 2, 3]",
    "[null, 1]",
    "[[[]]]",
    "{}",
    r#"{"path": "x"}"#,
    r#"{"path": "x", "scale": null}"#,
    r#"{"path": "x", "scale": 1, "path": "y"}"#,
    r#"[{"path": "x"}, {"path": "x", "scale": null}]"#,
    r#"{"a": 1, "a": 2}"#,
    r#"{"a": null}"#,
    r#"{"$serde_json::private::RawValue": "1"}"#,
];

/// Returns the input, or everything that is wrong with it.
fn by_steps(text: &str) -> Result<Valid<Input>, Error> {
    Ok(JsonInput::parse(text)?.validate()?.typed()?)
}

/// Compares both ways. Returns `true` for a valid input.
fn same(text: &str) -> bool {
    let (one_pass, steps) = (Valid::<Input>::from_json(text).map_err(Error::from), by_steps(text));
    assert_eq!(format!("{one_pass:?}"), format!("{steps:?}"), "{text}");
    assert_eq!(
        one_pass.as_ref().map_err(ToString::to_string),
        steps.as_ref().map_err(ToString::to_string),
        "{text}"
    );
    if let Ok(json) = JsonInput::<Input>::parse(text) {
        assert_eq!(json.is_valid(), json.violations().is_empty(), "{text}");
        if let Ok(typed) = json.typed() {
            assert_eq!(typed.is_valid(), typed.violations().is_empty(), "{text}");
        }
    }
    one_pass.is_ok()
}

#[test]
fn one_pass_reads_every_value_like_the_steps() {
    let mut valid = 0;
    for field in &FIELDS {
        for value in VALUES {
            valid += usize::from(same(&format!(r#"{{"{}": {value}}}"#, field.name)));
        }
    }
    assert!((50..600).contains(&valid), "{valid} are valid");
    let deep = |depth: usize| format!(r#"{{"any": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let texts = [
        "",
        "{",
        "[]",
        "null",
        "{} x",
        " {} ",
        r#"{"any": 1,}"#,
        r#"{"up": 1}"#,
        "{1: 2}",
        r#"{"$serde_json::private::RawValue": "{}"}"#,
    ];
    for text in texts.iter().map(ToString::to_string).chain([deep(100), deep(200)]) {
        same(&text);
    }
    assert!(same(&deep(100)) && !same(&deep(200)), "the limit of depth is between");
}

#[test]
fn one_pass_reads_every_object_like_the_steps() {
    let name = prop_oneof![
        20 => select(FIELDS.map(|field| field.name).to_vec()),
        1 => Just("up"),
    ];
    let inputs = collection::vec((name, select(VALUES.to_vec())), 0..5).prop_map(|entries| {
        let entries = entries.iter().map(|(name, value)| format!(r#""{name}": {value}"#));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
    });
    let config = Config { cases: 4000, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let valid = std::cell::Cell::new(0);
    let found = TestRunner::new_with_rng(config, rng).run(&inputs, |text| {
        valid.set(valid.get() + usize::from(same(&text)));
        Ok(())
    });
    found.expect("both ways agree");
    assert!(valid.get() > 400, "{} are valid", valid.get());
}
