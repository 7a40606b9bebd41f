//! The checker over each shape, and over structs where another's table applies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::same::same;
use super::*;
use crate::codegen_support::value_ref::{AsValueRef, Members};
use crate::media::{Bound, Metric};
use crate::number::Number;
use crate::schema::{ANY, BOOLEAN, IMAGE, INTEGER, NUMBER, TEXT};

static WORD: ValueSchema = ValueSchema::new(TEXT, &[Rule::MaxLength(2)]);
static COUNT: ValueSchema = ValueSchema::new(INTEGER, &[Rule::Minimum(2.0)]);
static PAIR: [Field; 2] =
    [Field::required("left", TEXT, &[]), Field::optional("right", INTEGER, &[])];
static KINDS: [ValueSchema; 3] =
    [ValueSchema::new(Shape::Object(&PAIR), &[]), ValueSchema::new(Shape::List(&WORD), &[]), WORD];
static SPARSE: [Field; 6] = [
    Field::required("a", INTEGER, &[]),
    Field::optional("b", INTEGER, &[]),
    Field::optional("c", INTEGER, &[]),
    Field::optional("d", INTEGER, &[]),
    Field::optional("e", INTEGER, &[]),
    Field::optional("f", INTEGER, &[]),
];
static OVERLAPPING: [ValueSchema; 2] = [WORD, ValueSchema::new(TEXT, &[])];
static EITHER: [ValueSchema; 2] = [WORD, COUNT];
static SIZED: [Rule; 2] = [
    Rule::Measured(Metric::WidthPixels, Bound::Over(300.0), ""),
    Rule::Measured(Metric::FileSizeMb, Bound::Under(30.0), "Too large."),
];

/// What is found of a value, as path, rule and message.
fn found(of: ValueSchema, node: ValueRef<'_>) -> Vec<(String, String, String)> {
    let mut violations = Violations::default();
    let mut findings = Findings { violations: Some(&mut violations), ..Findings::default() };
    check_value(&of, &node, &PathRef::Name(&PathRef::Top, "v"), &mut findings);
    assert_eq!(is_valid(&of, node), violations.is_empty(), "{of:?}: {violations}");
    let all = violations.iter();
    all.map(|of| (of.path.to_string(), of.rule.to_string(), of.message.clone())).collect()
}

fn rules(of: ValueSchema, node: ValueRef<'_>) -> Vec<String> {
    found(of, node).into_iter().map(|(path, rule, _)| format!("{path} {rule}")).collect()
}

#[test]
fn a_wrong_type_names_the_expected_one() {
    let cases = [
        (BOOLEAN, json!(0), "must be a boolean"),
        (INTEGER, json!(0.5), "must be a whole number"),
        (NUMBER, json!("0"), "must be a number"),
        (TEXT, json!(0), "must be a string"),
        (IMAGE, json!(0), "must be a string with the URL of media"),
        (Shape::List(&WORD), json!({}), "must be a list"),
        (Shape::Map(&WORD), json!([]), "must be an object"),
        (Shape::Object(&PAIR), json!([]), "must be an object"),
        (Shape::Open(&PAIR, &WORD), json!(null), "must be an object"),
        (Shape::Nullable(&WORD), json!(1), "must be a string"),
    ];
    for (shape, value, message) in cases {
        let expected = ("v".to_owned(), "type".to_owned(), message.to_owned());
        assert_eq!(
            found(ValueSchema::new(shape, &[]), value.as_value_ref()),
            [expected],
            "{shape:?}"
        );
    }
    let union = found(ValueSchema::new(Shape::AnyOf(&EITHER), &[]), ValueRef::Bool(true));
    let message = "must match an alternative of the schema: a string, or a whole number";
    assert_eq!(union, [("v".to_owned(), "anyOf".to_owned(), message.to_owned())]);
    static NESTED: [ValueSchema; 2] = [
        ValueSchema::new(Shape::OneOf(&EITHER), &[Rule::Integers(&[])]),
        ValueSchema::new(ANY, &[]),
    ];
    static NEVER: [ValueSchema; 2] = [
        ValueSchema::new(Shape::OneOf(&EITHER), &[Rule::Integers(&[])]),
        ValueSchema::new(ANY, &[Rule::Integers(&[])]),
    ];
    assert_eq!(rules(ValueSchema::new(Shape::AnyOf(&NESTED), &[]), ValueRef::Null), [""; 0]);
    let never = found(ValueSchema::new(Shape::AnyOf(&NEVER), &[]), ValueRef::Null);
    assert_eq!(
        never.first().map(|(.., message)| message.as_str()),
        Some("must match an alternative of the schema: a value of several types, or any value")
    );
}

#[test]
fn every_part_of_a_value_is_checked_at_its_place() {
    let cases = [
        (Shape::List(&WORD), json!(["ab", "abc"]), vec!["v[1] maxLength"]),
        (Shape::Map(&WORD), json!({"a": "ab", "b": "abc"}), vec!["v.b maxLength"]),
        (Shape::Object(&PAIR), json!({"right": "x"}), vec!["v.left required", "v.right type"]),
        (Shape::Object(&PAIR), json!({"left": "x", "up": 1}), vec!["v.up additionalProperties"]),
        (
            Shape::Open(&PAIR, &WORD),
            json!({"left": 1, "up": "abc"}),
            vec!["v.left type", "v.up maxLength"],
        ),
        (Shape::Object(&SPARSE), json!({"a": 1, "b": 2}), vec![]),
        (Shape::Object(&SPARSE), json!({"b": 2, "c": 2}), vec!["v.a required"]),
        (Shape::Object(&SPARSE), json!({"a": 1, "b": 0.5}), vec!["v.b type"]),
        (Shape::Object(&SPARSE), json!({"a": 1, "x": 2}), vec!["v.x additionalProperties"]),
        (Shape::Open(&SPARSE, &WORD), json!({"a": 1, "x": "abc"}), vec!["v.x maxLength"]),
        (Shape::Open(&SPARSE, &WORD), json!({"a": 1, "x": "ab"}), vec![]),
        (Shape::OneOf(&OVERLAPPING), json!("abc"), vec![]),
        (Shape::OneOf(&OVERLAPPING), json!("ab"), vec!["v oneOf"]),
        (Shape::OneOf(&OVERLAPPING), json!(0), vec!["v oneOf"]),
        (Shape::Nullable(&WORD), json!("abc"), vec!["v maxLength"]),
        (Shape::Nullable(&WORD), json!(null), vec![]),
        (Shape::ByKind(&KINDS), json!("abc"), vec!["v maxLength"]),
        (Shape::ByKind(&KINDS), json!(["abc"]), vec!["v[0] maxLength"]),
        (Shape::ByKind(&KINDS), json!({}), vec!["v.left required"]),
        (Shape::ByKind(&KINDS), json!(12345), vec![]),
        (Shape::ByKind(&KINDS), json!(null), vec![]),
        (INTEGER, json!(2.0), vec![]),
        (INTEGER, json!(7), vec![]),
    ];
    for (shape, value, expected) in cases {
        assert_eq!(
            rules(ValueSchema::new(shape, &[]), value.as_value_ref()),
            expected,
            "{shape:?}: {value}"
        );
    }
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for shape in [NUMBER, INTEGER] {
            assert_eq!(
                rules(ValueSchema::new(shape, &[]), ValueRef::Number(Number::Float(number))),
                ["v type"]
            );
        }
    }
}

/// A struct whose table is not the one that it is checked by.
struct Other {
    left: Option<String>,
    right: Option<i64>,
}

static OTHER: [Field; 2] =
    [Field::required("left", Shape::Nullable(&WORD), &[]), Field::optional("right", INTEGER, &[])];

impl Members for Other {
    fn fields(&self) -> &'static [Field] {
        &OTHER
    }

    fn get(&self, index: usize) -> ValueRef<'_> {
        match index {
            0 => self.left.as_value_ref(),
            1 => self.right.as_value_ref(),
            _ => ValueRef::Absent,
        }
    }
}

#[test]
fn a_struct_is_checked_by_its_own_and_another_table() {
    static LEFT: [Field; 1] = [Field::required("left", Shape::Nullable(&WORD), &[])];
    static REQUIRED: [Field; 2] =
        [Field::required("left", ANY, &[]), Field::required("right", INTEGER, &[])];
    let none = Other { left: None, right: None };
    let both = Other { left: Some("abc".to_owned()), right: Some(1) };
    let cases = [
        // What is required and not set can only be null.
        (&OTHER[..], &none, vec![]),
        (&OTHER[..], &both, vec!["v.left maxLength"]),
        (&LEFT[..], &none, vec![]),
        (&LEFT[..], &both, vec!["v.left maxLength", "v.right additionalProperties"]),
        (&REQUIRED[..], &none, vec!["v.right required"]),
        (&PAIR[..], &none, vec!["v.left type"]),
    ];
    for (fields, of, expected) in cases {
        assert_eq!(
            rules(ValueSchema::new(Shape::Object(fields), &[]), ValueRef::Struct(of)),
            expected
        );
    }
    static MOST: [Rule; 1] = [Rule::MaxProperties(1)];
    static LEAST: [Rule; 1] = [Rule::MinProperties(2)];
    let counted =
        |of: &Other, own: &'static [Rule]| rules(ValueSchema::new(ANY, own), ValueRef::Struct(of));
    assert_eq!(counted(&both, &MOST), ["v maxProperties"]);
    assert_eq!(counted(&both, &LEAST), [""; 0]);
    assert_eq!(counted(&none, &LEAST), ["v minProperties"]);

    static STRICT: [Field; 2] =
        [Field::required("left", TEXT, &[]), Field::optional("right", INTEGER, &[])];
    struct Unset;
    impl Members for Unset {
        fn fields(&self) -> &'static [Field] {
            &STRICT
        }
        fn get(&self, _: usize) -> ValueRef<'_> {
            ValueRef::Absent
        }
    }
    assert_eq!(
        rules(ValueSchema::new(Shape::Object(&STRICT), &[]), ValueRef::Struct(&Unset)),
        ["v.left required"]
    );
}

#[test]
fn a_violation_shows_what_was_found() {
    static CHOICE: [Rule; 1] = [Rule::Strings(&["16:9"])];
    static STEP: [Rule; 1] = [Rule::MultipleOf(2.0)];
    static LONG: [Rule; 1] = [Rule::MaxLength(2)];
    static ONCE: [Rule; 1] = [Rule::UniqueItems];
    static BOTH: [ValueSchema; 2] = [ValueSchema::new(ANY, &[]), ValueSchema::new(TEXT, &[])];
    let long = "波".repeat(100);
    let cases = [
        (ValueSchema::new(TEXT, &CHOICE), json!("1:2"), Some("\"1:2\"")),
        (ValueSchema::new(TEXT, &CHOICE), json!("\u{1b}[2J"), Some(r#""\u{1b}[2J""#)),
        (ValueSchema::new(ANY, &CHOICE), json!([1]), Some("a list")),
        (ValueSchema::new(ANY, &CHOICE), json!({}), Some("an object")),
        (ValueSchema::new(ANY, &CHOICE), json!(null), Some("null")),
        (ValueSchema::new(ANY, &CHOICE), json!(true), Some("true")),
        (ValueSchema::new(NUMBER, &STEP), json!(-0.25), Some("-0.25")),
        (ValueSchema::new(NUMBER, &STEP), json!(3), Some("3")),
        (ValueSchema::new(NUMBER, &STEP), json!(u64::MAX), Some("18446744073709551615")),
        // A text is shown only if the rule is about which text it is.
        (ValueSchema::new(TEXT, &LONG), json!("secret"), Some("6")),
        (ValueSchema::new(INTEGER, &[]), json!("secret"), Some("a string")),
        (ValueSchema::new(Shape::List(&WORD), &ONCE), json!(["a", "b", "a"]), Some("item 2 again")),
        (ValueSchema::new(Shape::OneOf(&BOTH), &[]), json!("a"), Some("2")),
        (ValueSchema::new(Shape::AnyOf(&EITHER), &[]), json!("secret"), Some("a string")),
        (ValueSchema::new(Shape::Object(&PAIR), &[]), json!({}), None),
        (ValueSchema::new(Shape::Object(&PAIR), &[]), json!({"left": "", "x": "secret"}), None),
    ];
    for (schema, value, expected) in cases {
        let found = violations(&schema, value.as_value_ref());
        let [violation] = &found[..] else { panic!("{value} breaks one rule: {found}") };
        assert_eq!(violation.found.as_deref(), expected, "{value}");
    }
    let cut = violations(&ValueSchema::new(TEXT, &CHOICE), json!(long).as_value_ref());
    let shown = format!("\"{}\"…", "波".repeat(60));
    assert_eq!(cut.first().and_then(|violation| violation.found.clone()), Some(shown));
}

#[test]
fn an_unknown_name_gets_a_suggestion_or_the_list() {
    static NAMES: [Field; 2] =
        [Field::optional("prompt", ANY, &[]), Field::optional("negative_prompt", ANY, &[])];
    static SHORT: [Field; 1] = [Field::optional("abcd", ANY, &[])];
    static WAVES: [Field; 1] = [Field::optional("🌊🌊🌊🌊🌊🌊🌊🌊", ANY, &[])];
    let nearest = |known: &str| format!("unknown property; did you mean `{known}`?");
    let all = "unknown property; the schema has `prompt`, `negative_prompt`".to_owned();
    let cases = [
        // A quarter of the name, and one more, may differ.
        (&NAMES[..], "promt", nearest("prompt")),
        (&NAMES[..], "Prompts", nearest("prompt")),
        (&NAMES[..], "xxompt", nearest("prompt")),
        (&NAMES[..], "xxxmpt", all.clone()),
        (&NAMES[..], "negativePrompt", nearest("negative_prompt")),
        (&NAMES[..], "xxxxtive_prompt", nearest("negative_prompt")),
        (&NAMES[..], "xxxxxive_prompt", all),
        (&SHORT[..], "xxcd", nearest("abcd")),
        (&SHORT[..], "xxxd", "unknown property; the schema has `abcd`".to_owned()),
        // So may a quarter of characters that have four bytes each.
        (&WAVES[..], "🌊🌊🌊🌊🌊", nearest("🌊🌊🌊🌊🌊🌊🌊🌊")),
        (&[], "x", "unknown property; the schema has none".to_owned()),
    ];
    for (fields, name, message) in cases {
        let value = json!({ name: 1 });
        let found = found(ValueSchema::new(Shape::Object(fields), &[]), value.as_value_ref());
        let said: Vec<&str> = found.iter().map(|(.., message)| message.as_str()).collect();
        assert_eq!(said, [message.as_str()], "{name}");
    }
}

#[test]
fn measured_media_is_checked_and_unknown_facts_are_unchecked() {
    let picture = json!("https://example.com/1.png");
    for node in
        [picture.as_value_ref(), ValueRef::Media(&Media::from_wire("https://example.com/1.png"))]
    {
        let mut media = Vec::new();
        let mut findings = Findings { media: Some(&mut media), ..Findings::default() };
        let path = PathRef::Name(&PathRef::Top, "v");
        check_value(&ValueSchema::new(IMAGE, &SIZED), &node, &path, &mut findings);
        let [media] = media.as_slice() else { panic!("there is one") };
        let unchecked = |facts: &MediaInfo| -> Vec<String> {
            media.unchecked(facts).into_iter().map(|(rule, _)| rule.into_owned()).collect()
        };
        assert_eq!(unchecked(&MediaInfo::default()), ["width_pixels>", "file_size_mb<"]);
        assert_eq!(media.violations(&MediaInfo::default()), []);

        let small = MediaInfo::of_size(300, 200).with_bytes(30_000_000);
        assert_eq!(unchecked(&small), [""; 0]);
        let said: Vec<String> = media
            .violations(&small)
            .iter()
            .map(|of| format!("{} {}: {} ({:?})", of.path, of.rule, of.message, of.found))
            .collect();
        assert_eq!(
            said,
            [
                "v width_pixels>: must have a width over 300 px (Some(\"300 × 200 px\"))",
                "v file_size_mb<: Too large. (Some(\"30 MB\"))",
            ]
        );
        assert_eq!(media.violations(&MediaInfo::of_size(301, 1).with_bytes(1)), []);
    }
}

#[test]
fn string_rules_apply_to_media_too() {
    static SHORT: [Rule; 1] = [Rule::MaxLength(3)];
    let media = Media::from_wire("https://example.com/1.png");
    assert_eq!(rules(ValueSchema::new(IMAGE, &SHORT), ValueRef::Media(&media)), ["v maxLength"]);
}

#[test]
fn equality_of_values_follows_json_schema() {
    let (a, b) = (Media::from_wire("a"), Media::from_wire("b"));
    let map: BTreeMap<String, i64> = [("left".to_owned(), 1)].into();
    let own = Other { left: None, right: Some(1) };
    let values: [(ValueRef<'_>, Value); 9] = [
        (ValueRef::Absent, json!(null)),
        (ValueRef::Bool(true), json!(true)),
        (ValueRef::Number(Number::Float(1.0)), json!(1)),
        (ValueRef::Text("a"), json!("a")),
        (ValueRef::Media(&b), json!("b")),
        (ValueRef::List(&vec![true, false]), json!([true, false])),
        (ValueRef::Map(&map), json!({"left": 1.0})),
        (ValueRef::Struct(&own), json!({"right": 1, "left": null})),
        (ValueRef::Map(&BTreeMap::<String, i64>::new()), json!({})),
    ];
    for (at, (node, _)) in values.iter().enumerate() {
        for (other, (_, json)) in values.iter().enumerate() {
            assert_eq!(same(*node, json.as_value_ref()), at == other, "{at} and {json}");
            assert_eq!(same(json.as_value_ref(), *node), at == other, "{json} and {at}");
        }
    }
    assert!(
        same(ValueRef::Media(&a), ValueRef::Media(&a))
            && !same(ValueRef::Media(&a), ValueRef::Media(&b))
    );
    assert!(!same(json!([1]).as_value_ref(), json!([1, 2]).as_value_ref()));
    assert!(!same(json!({"a": 1}).as_value_ref(), json!({"a": 1, "b": 1}).as_value_ref()));
}
