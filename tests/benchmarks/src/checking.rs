//! Benchmarks of the checker: Hailuo's input against the `jsonschema` crate, and inputs that
//! grow in one dimension each.

use std::fs;

use anyhow::{Context, Result, ensure};
use jsonschema::{ValidationError, Validator};
use runcomfy::{JsonInput, Media, Model};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::{Map, Value, json};

use crate::generating::root;
use crate::measure::{GROWTH, Pair, Report};
use crate::tables::{Grown, NARROW, WIDE};

/// A typical URL.
const IMAGE: &str = "https://example.com/boat.png";
const ROUNDS: usize = 101;

/// Targets of an invalid input. With few violations, most of the cost is checking the valid
/// parts. With many, it is the violations: a third of theirs, and room for noise.
const MAX_RATIO_OF_FEW: f64 = 0.7;
const MAX_RATIO_OF_MANY: f64 = 1.0 / 3.0 + 0.03;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let judge = judge()?;
    report.part("Checking a Hailuo input, ours : jsonschema's iter_errors, collected");
    for (name, prompt) in [
        ("80 characters", "a paper boat".repeat(7)[..80].to_owned()),
        ("1995 characters", "a".repeat(1995)),
        ("1995 Japanese characters", "波".repeat(1995)),
    ] {
        let typed = Input::new(prompt.clone(), Media::url(IMAGE)?).with_prompt_optimizer(true);
        let value = json!({"prompt": prompt, "image_url": IMAGE, "prompt_optimizer": true});
        right(report, &judge, name, &typed, &value)?;
    }
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
        broken::<Input>(report, &judge, name, input, MAX_RATIO_OF_FEW)?;
    }
    // `jsonschema` reports all of these names in one error.
    broken::<Input>(report, &judge, "1000 unknown names", names.into(), 1.0)?;
    report.part("Checking a list with only invalid elements, ours : theirs");
    let lists = json!({"properties": {
        "words": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        "items": {"type": "array", "items": {
            "type": "object",
            "properties": {"word": {"type": "string", "maxLength": 3}},
            "required": ["word"],
            "additionalProperties": false,
        }},
    }});
    let lists = jsonschema::validator_for(&lists).context("the schema does not compile")?;
    for (name, input) in [
        ("1000 strings too long", json!({"words": vec!["long"; 1000]})),
        ("1000 strings of another type", json!({"words": vec![1; 1000]})),
        ("1000 objects with one too long", json!({"items": vec![json!({"word": "long"}); 1000]})),
        ("1000 objects with one missing", json!({"items": vec![json!({}); 1000]})),
    ] {
        broken::<Grown>(report, &lists, name, input, MAX_RATIO_OF_MANY)?;
    }
    growth(report)
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
    let pair = Pair::of(ROUNDS, || typed.violations(), || errors(judge, value));
    report.ratio(&format!("{name}, typed"), pair, 1.0);
    let pair = Pair::of(ROUNDS, || json.violations(), || errors(judge, value));
    report.ratio(&format!("{name}, JSON"), pair, 1.0);
    let ours = || JsonInput::<Input>::parse(&text).map(|json| json.violations());
    let theirs = || serde_json::from_str::<Value>(&text).map(|value| errors(judge, &value));
    report.ratio(&format!("{name}, text → verdict"), Pair::of(ROUNDS, ours, theirs), 1.1);
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
    let pair = Pair::of(ROUNDS, || json.violations(), || errors(judge, &input));
    report.ratio(name, pair, most);
    let ours = || json.violations().iter().map(ToString::to_string).collect::<Vec<_>>();
    let told = |error: ValidationError<'_>| format!("{}: {error}", error.instance_path());
    let theirs = || judge.iter_errors(&input).map(told).collect::<Vec<_>>();
    let pair = Pair::of(ROUNDS, ours, theirs);
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
