//! Benchmarks of the checker: Hailuo's input against the `jsonschema` crate and garde, lists, and
//! inputs that grow in one dimension each.

use std::fs;

use anyhow::{Context, Result, ensure};
use garde::Validate;
use jsonschema::{ValidationError, Validator};
use runcomfy::{JsonInput, Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::{Map, Value, json};

use crate::measure::{GROWTH, Pair, Report};
use crate::tables::{Grown, NARROW, WIDE};
use crate::{peers, root};

/// A typical URL.
const IMAGE: &str = "https://example.com/boat.png";
const ROUNDS: usize = 101;

/// Targets of an invalid input. With few violations, most of the cost is checking the valid
/// parts. With many, it is the violations: a third of theirs.
const MAX_RATIO_OF_FEW: f64 = 0.7;
const MAX_RATIO_OF_MANY: f64 = 1.0 / 3.0;

/// Limit of `is_valid` of a valid input: theirs, and room for noise.
const MAX_RATIO_OF_YES: f64 = 1.1;

/// Limit of `is_valid` of an invalid input. Both stop at the first violation, which may be the first
/// thing that theirs looks at and the last of ours: a required property that is missing.
const MAX_RATIO_OF_NO: f64 = 2.0;

/// Targets against garde, which has neither table nor media: its code is written for one struct.
const MAX_RATIO_TO_GARDE: f64 = 2.0;
const MAX_RATIO_TO_SERDE_AND_GARDE: f64 = 2.75;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let ordered = json!({"b": 0, "a": 0}).to_string().starts_with(r#"{"b""#);
    let order = if ordered { "as read (`preserve_order`)" } else { "sorted" };
    report.part(&format!("Checking, with the properties of `serde_json` {order}"));
    let judge = judge()?;
    valid_hailuo(report, &judge)?;
    invalid_hailuo(report, &judge)?;
    lists(report)?;
    growth(report)
}

fn valid_hailuo(report: &mut Report, judge: &Validator) -> Result<()> {
    report.part("Checking a Hailuo input, ours : jsonschema's iter_errors, collected");
    for (name, prompt) in [
        ("80 characters", "a paper boat".repeat(7)[..80].to_owned()),
        ("1995 characters", "a".repeat(1995)),
        ("1995 Japanese characters", "波".repeat(1995)),
    ] {
        let typed = Input::new(prompt.clone(), Media::url(IMAGE)?).with_prompt_optimizer(true);
        let value = json!({"prompt": prompt, "image_url": IMAGE, "prompt_optimizer": true});
        right(report, judge, name, &typed, &value)?;
        against_garde(report, name, &typed, &value)?;
    }
    Ok(())
}

fn invalid_hailuo(report: &mut Report, judge: &Validator) -> Result<()> {
    report.part("Checking an invalid Hailuo input, ours : theirs");
    let (long, image) = ("a".repeat(1996), IMAGE);
    let names: Map<String, Value> =
        (0..1000).map(|index| (format!("name {index}"), json!(index))).collect();
    for (name, input) in [
        ("too long", json!({"prompt": long, "image_url": image})),
        ("too long, Japanese", json!({"prompt": "波".repeat(1996), "image_url": image})),
        ("one missing", json!({"prompt": "a"})),
        ("all missing", json!({})),
        ("wrong types", json!({"prompt": 1, "image_url": [], "prompt_optimizer": "yes"})),
        ("a misspelled name", json!({"promt": "a", "image_url": image})),
        ("one of each", json!({"prompt": long, "image_url": null, "negative_prompt": "b"})),
    ] {
        broken::<Input>(report, judge, name, input, MAX_RATIO_OF_FEW)?;
    }
    // `jsonschema` reports all of these names in one error.
    broken::<Input>(report, judge, "1000 unknown names", names.into(), 1.0)
}

fn lists(report: &mut Report) -> Result<()> {
    let schema = json!({"properties": {
        "words": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        "items": {"type": "array", "items": {
            "type": "object",
            "properties": {"word": {"type": "string", "maxLength": 3}},
            "required": ["word"],
            "additionalProperties": false,
        }},
    }});
    let judge = jsonschema::validator_for(&schema).context("the schema does not compile")?;
    report.part("Checking a list with only valid elements, ours : theirs");
    for (name, input) in [
        ("10,000 strings", json!({"words": vec!["sea"; 10_000]})),
        ("1000 objects", json!({"items": vec![json!({"word": "sea"}); 1000]})),
    ] {
        let json = JsonInput::<Grown>::from(input.clone());
        ensure!(json.is_valid() && judge.is_valid(&input), "{name}: not valid");
        report.compare(name, 1.0, ROUNDS, || json.violations(), || errors(&judge, &input));
        yes_or_no(report, name, || json.is_valid(), || judge.is_valid(&input));
    }
    report.part("Checking a list with only invalid elements, ours : theirs");
    for (name, input) in [
        ("1000 strings too long", json!({"words": vec!["long"; 1000]})),
        ("1000 strings of another type", json!({"words": vec![1; 1000]})),
        ("1000 objects with one too long", json!({"items": vec![json!({"word": "long"}); 1000]})),
        ("1000 objects with one missing", json!({"items": vec![json!({}); 1000]})),
    ] {
        broken::<Grown>(report, &judge, name, input, MAX_RATIO_OF_MANY)?;
    }
    Ok(())
}

/// Returns RunComfy's schema of Hailuo, with objects closed as ours are.
fn judge() -> Result<Validator> {
    let file = root().join("schemas/minimax/hailuo-video-01-live/input.json");
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let mut schema: Value = serde_json::from_str(&text)?;
    schema["additionalProperties"] = Value::Bool(false);
    jsonschema::validator_for(&schema).context("Hailuo's schema does not compile")
}

fn errors(judge: &Validator, input: &Value) -> usize {
    judge.iter_errors(input).collect::<Vec<_>>().len()
}

fn right(
    report: &mut Report,
    judge: &Validator,
    name: &str,
    typed: &Input,
    value: &Value,
) -> Result<()> {
    let json = JsonInput::<Input>::from(value.clone());
    let text = value.to_string();
    ensure!(typed.violations().is_empty() && json.violations().is_empty(), "{name}: not valid");
    ensure!(errors(judge, value) == 0, "{name}: not valid to jsonschema");
    let typed_name = format!("{name}, typed");
    report.compare(&typed_name, 1.0, ROUNDS, || typed.violations(), || errors(judge, value));
    yes_or_no(report, &typed_name, || typed.is_valid(), || judge.is_valid(value));
    let json_name = format!("{name}, JSON");
    report.compare(&json_name, 1.0, ROUNDS, || json.violations(), || errors(judge, value));
    yes_or_no(report, &json_name, || json.is_valid(), || judge.is_valid(value));
    let ours = || JsonInput::<Input>::parse(&text).map(|json| json.violations());
    let theirs = || serde_json::from_str::<Value>(&text).map(|value| errors(judge, &value));
    report.compare(&format!("{name}, text → verdict"), 1.1, ROUNDS, ours, theirs);
    Ok(())
}

/// Compares the check without violations with jsonschema's.
fn yes_or_no(
    report: &mut Report,
    name: &str,
    ours: impl FnMut() -> bool,
    theirs: impl FnMut() -> bool,
) {
    report.compare(&format!("{name}, is_valid"), MAX_RATIO_OF_YES, ROUNDS, ours, theirs);
}

/// Compares typed inputs with a struct of serde and garde.
fn against_garde(report: &mut Report, name: &str, typed: &Input, value: &Value) -> Result<()> {
    let text = value.to_string();
    let peer = peers::read(&text)?;
    let ours: Valid<Input> = Valid::from_json(&text).context("it is not valid")?;
    ensure!(*ours == *typed, "{name}: read otherwise");
    let theirs = (&peer.prompt, peer.image_url.as_str(), peer.prompt_optimizer);
    ensure!(theirs == (&typed.prompt, IMAGE, typed.prompt_optimizer), "{name}: read otherwise");
    let name = format!("{name}, typed : garde");
    report.compare(&name, MAX_RATIO_TO_GARDE, ROUNDS, || typed.violations(), || peer.validate());
    let (ours, theirs) = (|| Valid::<Input>::from_json(&text), || peers::read(&text));
    let name = format!("{name}, from text, with serde");
    report.compare(&name, MAX_RATIO_TO_SERDE_AND_GARDE, ROUNDS, ours, theirs);
    let parse = || serde_json::from_str::<Value>(&text);
    let alone = Pair::within(f64::INFINITY, ROUNDS, parse, || ());
    report.note("the same as `Value` alone", &format!("{:.1?}", alone.ours));
    Ok(())
}

/// Measures collecting the violations and, for orientation, also formatting them.
fn broken<M: Model>(
    report: &mut Report,
    judge: &Validator,
    name: &str,
    input: Value,
    most: f64,
) -> Result<()> {
    let json = JsonInput::<M>::from(input.clone());
    let (ours, theirs) = (json.violations().len(), errors(judge, &input));
    ensure!(ours > 0 && theirs > 0, "{name}: {ours} violations of ours, {theirs} of theirs");
    report.compare(name, most, ROUNDS, || json.violations(), || errors(judge, &input));
    let no = format!("{name}, is_valid");
    report.compare(&no, MAX_RATIO_OF_NO, ROUNDS, || json.is_valid(), || judge.is_valid(&input));
    let ours = || json.violations().iter().map(ToString::to_string).collect::<Vec<_>>();
    let told = |error: ValidationError<'_>| format!("{}: {error}", error.instance_path());
    let theirs = || judge.iter_errors(&input).map(told).collect::<Vec<_>>();
    let pair = Pair::within(f64::INFINITY, ROUNDS, ours, theirs);
    report.note(&format!("{name}, as text"), &format!("{:6.2} ×", pair.ratio));
    Ok(())
}

/// Measures inputs that are small and large in one dimension, valid or invalid in every part.
fn growth(report: &mut Report) -> Result<()> {
    report.part(&format!("How checking grows: cost per item with {GROWTH} times"));
    let list = |name: &str, count: usize, item: fn(usize) -> Value| json!({name: (0..count).map(item).collect::<Vec<_>>()});
    let nested = |name: &str, depth: usize, end: Value| {
        (0..depth).fold(json!({name: end}), |inner, _| json!({name: inner}))
    };
    let names = |count: usize, first: char| -> Value {
        (0..count)
            .map(|index| (format!("{first}{index:03}"), json!(1)))
            .collect::<Map<_, _>>()
            .into()
    };
    let deep = |depth, end| json!({"deep": nested("n", depth, end)});
    let tree = |depth, end| json!({"tree": nested("n", depth, end)});
    // Name, small input, large input, and the number of violations of the large one.
    let many = 500 * GROWTH;
    let item = |count: usize, word: &str| json!({"items": vec![json!({"word": word}); count]});
    let cases: Vec<(&str, Value, Value, usize)> = vec![
        ("characters", json!({"text": "波".repeat(500)}), json!({"text": "波".repeat(many)}), 1),
        (
            "items of a list",
            list("words", 500, |_| json!("a")),
            list("words", many, |_| json!("a")),
            0,
        ),
        (
            "items of a list, each invalid",
            list("words", 500, |_| json!("long")),
            list("words", many, |_| json!("long")),
            many,
        ),
        ("objects of a list", item(500, "a"), item(many, "a"), 0),
        ("objects of a list, each invalid", item(500, "long"), item(many, "long"), many),
        (
            "different numbers",
            list("unique", 500, |n| json!(n)),
            list("unique", many, |n| json!(n)),
            0,
        ),
        (
            "different objects",
            list("unique", 500, |n| json!({"n": n})),
            list("unique", many, |n| json!({"n": n})),
            0,
        ),
        ("properties", json!({"narrow": names(NARROW, 'p')}), json!({"wide": names(WIDE, 'p')}), 0),
        (
            "properties of an open object",
            json!({"open": names(62, 'q')}),
            json!({"open": names(496, 'q')}),
            0,
        ),
        ("unknown names", names(500, 'q'), names(many, 'q'), many),
        (
            "unknown names in a wide object",
            json!({"wide": names(500, 'q')}),
            json!({"wide": names(many, 'q')}),
            many,
        ),
        ("depth", deep(15, json!({})), deep(15 * GROWTH, json!({})), 0),
        ("depth of unions", tree(15, json!("a")), tree(15 * GROWTH, json!("a")), 0),
        (
            "depth of unions, invalid at the end",
            tree(15, json!("long")),
            tree(15 * GROWTH, json!("long")),
            1,
        ),
    ];
    for (name, small, large, breaks) in cases {
        let (small, large) = (JsonInput::<Grown>::from(small), JsonInput::<Grown>::from(large));
        let found = large.violations().len();
        ensure!(found == breaks, "{name}: {found} violations, not {breaks}");
        report.growth(name, 31, || large.violations(), || small.violations());
    }
    Ok(())
}
