//! JSON → typed, over types written by hand: what is lost, what is refused, and where.
#![cfg(feature = "from-json")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use runcomfy::codegen_support::Value;
use runcomfy::codegen_support::schema::Rule::MinProperties;
use runcomfy::codegen_support::schema::{
    ANY, Field, INTEGER, NUMBER, Rule, Shape, TEXT, ValueSchema,
};
use runcomfy::{JsonInput, MediaOutput, Model, Payload};
use serde_json::json;

#[derive(Debug, Clone, Default, PartialEq)]
struct Input {
    whole: Option<i64>,
    number: Option<f64>,
    maybe: Option<String>,
    words: Option<Vec<Option<String>>>,
    labels: Option<BTreeMap<String, i64>>,
    any: Option<Value>,
    tree: Option<Tree>,
}

runcomfy::codegen_support::union! {
    input:
    /// A tree of two kinds, which differ only in their leaves.
    pub enum Tree {
        /// Left.
        Left(Box<Left>),
        /// Right.
        Right(Box<Right>),
    }
}

/// Leads on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Left {
    n: Option<Tree>,
    tag: Option<bool>,
}

/// Leads on too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Right {
    n: Option<Tree>,
    tag: Option<String>,
}

static LEFT: [Field; 2] =
    [Field::optional("n", Shape::AnyOf(&TREES), &[]), Field::optional("tag", ANY, &[])];
static RIGHT: [Field; 2] =
    [Field::optional("n", Shape::AnyOf(&TREES), &[]), Field::optional("tag", ANY, &[])];
static TREES: [ValueSchema; 2] =
    [ValueSchema::new(Shape::Object(&LEFT), &[]), ValueSchema::new(Shape::Object(&RIGHT), &[])];
static FIELDS: [Field; 7] = [
    Field::optional("whole", INTEGER, &[]),
    Field::optional("number", NUMBER, &[]),
    Field::optional("maybe", Shape::Nullable(&ValueSchema::new(TEXT, &[])), &[]),
    Field::optional(
        "words",
        Shape::List(&ValueSchema::new(Shape::Nullable(&ValueSchema::new(TEXT, &[])), &[])),
        &[],
    ),
    Field::optional("labels", Shape::Map(&ValueSchema::new(INTEGER, &[])), &[]),
    Field::optional("any", ANY, &[]),
    Field::optional("tree", Shape::AnyOf(&TREES), &[]),
];

runcomfy::codegen_support::object!(Left, LEFT, [n, tag]);

runcomfy::codegen_support::object!(Right, RIGHT, [n, tag]);

runcomfy::codegen_support::object!(Input, FIELDS, [whole, number, maybe, words, labels, any, tree]);

impl Model for Input {
    const ID: &'static str = "acme/typed";
    const FIELDS: &'static [Field] = &FIELDS;
    const RULES: &'static [Rule] = &[MinProperties(1)];
    type Output = MediaOutput;
}

#[test]
fn a_typed_input_equals_its_json_or_is_refused() {
    let cases: [(Value, Result<Value, &[&str]>); 16] = [
        (json!({"whole": 1.0}), Ok(json!({"whole": 1}))),
        (json!({"whole": i64::MIN}), Ok(json!({"whole": i64::MIN}))),
        (json!({"whole": u64::MAX}), Err(&["whole type"])),
        (json!({"whole": 9_223_372_036_854_775_808.0}), Err(&["whole type"])),
        (json!({"whole": 1.5}), Err(&["whole type"])),
        (json!({"number": 0.1}), Ok(json!({"number": 0.1}))),
        (json!({"number": 9_007_199_254_740_993_u64}), Err(&["number type"])),
        (json!({"maybe": null}), Ok(json!({}))),
        (json!({"whole": null}), Err(&["whole type"])),
        (json!({"any": null}), Ok(json!({"any": null}))),
        (json!({"words": ["a", null]}), Ok(json!({"words": ["a", null]}))),
        (json!({"words": ["a", 1, 2]}), Err(&["words[1] type", "words[2] type"])),
        (json!({"labels": {"a": 1}}), Ok(json!({"labels": {"a": 1}}))),
        (json!({"labels": {"a": "b"}}), Err(&["labels.a type"])),
        (json!({"tree": {"n": {}, "tag": "x"}}), Ok(json!({"tree": {"n": {}, "tag": "x"}}))),
        (json!({"tree": {"n": 1}, "x": 1}), Err(&["x additionalProperties", "tree anyOf"])),
    ];
    for (input, expected) in cases {
        let typed = JsonInput::<Input>::from(input.clone()).typed();
        let found = typed.map(|typed| typed.to_json().expect("it is JSON")).map_err(|invalid| {
            let found = invalid.violations.iter();
            found.map(|found| format!("{} {}", found.path, found.rule)).collect::<Vec<_>>()
        });
        let expected = expected.map_err(|all| all.iter().map(|one| (*one).to_owned()).collect());
        assert_eq!(found, expected, "{input}");
    }
}

#[test]
fn a_default_null_is_checked_as_absent() {
    let valid =
        JsonInput::<Input>::from(json!({"maybe": null})).validate().expect("it has a property");
    let invalid = valid.typed().expect_err("it has none any more");
    assert_eq!(
        invalid.violations.iter().map(|found| found.rule.as_ref()).collect::<Vec<_>>(),
        ["minProperties"]
    );
    assert_eq!(invalid.input.as_value(), &json!({"maybe": null}));
}

#[test]
fn nested_unions_terminate() {
    let mut tree = json!({"tag": 7});
    for _ in 0..60 {
        tree = json!({"n": tree, "tag": "x"});
    }
    let start = Instant::now();
    assert!(JsonInput::<Input>::from(json!({"tree": tree})).typed().is_err());
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
}

/// Field case typed-picks-wrong-branch: the first branch whose type fits is not the first that
/// holds.
mod overlapping {
    use super::*;

    #[derive(Debug, Clone, Default, PartialEq)]
    struct Input {
        v: Option<V>,
        list: Option<Vec<V>>,
    }

    runcomfy::codegen_support::union! {
        input:
        /// An object with a checked part, or any object, or a number.
        pub enum V {
            /// The part is checked.
            Checked(Checked),
            /// It is not.
            Loose(BTreeMap<String, Value>),
            /// At least 5.
            Number(f64),
            /// At most 2.
            Integer(i64),
        }
    }

    /// Its part is an object with texts.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub(crate) struct Checked {
        a: Option<BTreeMap<String, Value>>,
    }

    static PART: [Field; 1] = [Field::optional("b", TEXT, &[])];
    static CHECKED: [Field; 1] =
        [Field::optional("a", Shape::Open(&PART, &ValueSchema::new(ANY, &[])), &[])];
    static BRANCHES: [ValueSchema; 4] = [
        ValueSchema::new(Shape::Object(&CHECKED), &[]),
        ValueSchema::new(Shape::Map(&ValueSchema::new(ANY, &[])), &[]),
        ValueSchema::new(NUMBER, &[Rule::Minimum(5.0)]),
        ValueSchema::new(INTEGER, &[Rule::Maximum(2.0)]),
    ];
    static FIELDS: [Field; 2] = [
        Field::optional("v", Shape::AnyOf(&BRANCHES), &[]),
        Field::optional("list", Shape::List(&ValueSchema::new(Shape::OneOf(&BRANCHES), &[])), &[]),
    ];
    runcomfy::codegen_support::object!(Checked, CHECKED, [a]);
    runcomfy::codegen_support::object!(Input, FIELDS, [v, list]);
    runcomfy::codegen_support::input_traits!(Input);

    impl Model for Input {
        const ID: &'static str = "acme/overlapping";
        const FIELDS: &'static [Field] = &FIELDS;
        type Output = MediaOutput;
    }

    #[test]
    fn a_valid_input_becomes_the_first_matching_branch() {
        let object = |value: Value| match value {
            Value::Object(map) => map.into_iter().collect::<BTreeMap<_, _>>(),
            _ => unreachable!("it is an object"),
        };
        let part = |value| Some(object(value));
        let cases = [
            (json!({"a": {"b": "x"}}), V::Checked(Checked { a: part(json!({"b": "x"})) })),
            (json!({"a": {"b": 2}}), V::Loose(object(json!({"a": {"b": 2}})))),
            (json!({"c": 1}), V::Loose(object(json!({"c": 1})))),
            (json!(7), V::Number(7.0)),
        ];
        for (v, expected) in cases {
            let json = JsonInput::<Input>::from(json!({"v": v, "list": []}));
            let valid = json.validate().expect("it is valid");
            let typed = valid.typed().unwrap_or_else(|invalid| panic!("{v}: {invalid}"));
            assert_eq!(typed.v.as_ref(), Some(&expected), "{v}");
        }
        // Inside a list too, where exactly one branch may hold.
        let json = JsonInput::<Input>::from(json!({"list": [1, 5.5, {"a": {"b": 1}}]}));
        let typed = json.validate().expect("it is valid").typed().expect("it stays valid");
        let loose = V::Loose(object(json!({"a": {"b": 1}})));
        // 1 fits `Number` by its type; both variants are the same JSON.
        assert_eq!(typed.list, Some(vec![V::Number(1.0), V::Number(5.5), loose]));
    }

    #[test]
    fn an_invalid_input_becomes_the_first_fitting_branch() {
        let typed = JsonInput::<Input>::from(json!({"v": 3})).typed().expect("a number fits");
        assert_eq!(typed.v, Some(V::Number(3.0)));
        assert_eq!(typed.violations().len(), 1);
        let invalid = JsonInput::<Input>::from(json!({"v": "x"})).typed().expect_err("no text");
        assert_eq!(
            invalid.violations.to_string(),
            "v: must match an alternative of the schema: an object, or a number, or a whole \
             number (found a string) [anyOf]"
        );
    }
}
