//! Inputs made from a published schema: probably valid ones, and every fault at each of their
//! paths. Only the validators decide whether an input is valid.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

type Node = Map<String, Value>;

/// Below this depth, values are minimal.
const MAX_DEPTH: usize = 4;
/// Maximum length of a generated text or list.
const MAX_LENGTH: u64 = 5000;

/// One change of an input.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// The path, with the value to insert where a step is missing.
    path: Vec<(Step, Value)>,
    /// The new value. `None` removes the old one.
    value: Option<Value>,
}

#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Index(usize),
}

/// Returns a strategy for inputs with up to three faults.
pub(super) fn inputs(schema: &Value) -> BoxedStrategy<Value> {
    let good = instance(schema, schema, 0);
    let some = prop::collection::vec(select(faults(schema)), 0..=3);
    (good, some)
        .prop_map(|(good, some)| some.iter().fold(good, |input, fault| fault.in_(input)))
        .boxed()
}

impl Fault {
    /// Returns an input with this fault.
    pub(super) fn in_(&self, mut input: Value) -> Value {
        let Some(((last, _), way)) = self.path.split_last() else {
            return self.value.clone().unwrap_or_default();
        };
        let mut here = &mut input;
        for (step, sample) in way {
            here = place(here, step);
            let fits = |value: &Value| value.is_object() == sample.is_object();
            if here.is_null() || !fits(here) {
                *here = sample.clone();
            }
        }
        match (&self.value, last, &mut *here) {
            (Some(value), step, here) => *place(here, step) = value.clone(),
            (None, Step::Name(name), Value::Object(entries)) => _ = entries.remove(name),
            (None, Step::Index(index), Value::Array(items)) if *index < items.len() => {
                items.remove(*index);
            }
            (None, ..) => {}
        }
        input
    }
}

/// Returns the value at a step, and creates it if it is missing.
fn place<'v>(value: &'v mut Value, step: &Step) -> &'v mut Value {
    match step {
        Step::Name(name) => {
            if !value.is_object() {
                *value = json!({});
            }
            &mut value[name.as_str()]
        }
        Step::Index(index) => {
            if !value.is_array() {
                *value = json!([]);
            }
            let items = value.as_array_mut().expect("it is one now");
            while items.len() <= *index {
                let another = items.first().cloned().unwrap_or_default();
                items.push(another);
            }
            &mut items[*index]
        }
    }
}

/// Everything that can be wrong with an input, each thing alone.
pub(super) fn faults(schema: &Value) -> Vec<Fault> {
    let mut all = Vec::new();
    for value in [json!([]), json!("x"), Value::Null, json!(1)] {
        all.push(Fault { path: Vec::new(), value: Some(value) });
    }
    find_faults(schema, schema, &[], &mut all);
    all
}

fn find_faults(schema: &Value, document: &Value, at: &[(Step, Value)], found: &mut Vec<Fault>) {
    let node = flat(schema, document);
    for union in ["anyOf", "oneOf"] {
        for branch in list(&node, union) {
            if at.len() < MAX_DEPTH {
                find_faults(branch, document, at, found);
            }
        }
    }
    if !at.is_empty() {
        let set = |value: Value| Fault { path: at.to_vec(), value: Some(value) };
        found.extend(wrong_values(&node, document).into_iter().map(set));
        found.push(Fault { path: at.to_vec(), value: None });
    }
    if at.len() >= MAX_DEPTH {
        return;
    }
    let mut below = |step: Step, schema: &Value| {
        let mut way = at.to_vec();
        way.push((step, sample(schema, document)));
        find_faults(schema, document, &way, found);
    };
    let properties = node.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        below(Step::Name(name.clone()), schema);
    }
    if let Some(items @ Value::Object(_)) = node.get("items") {
        below(Step::Index(0), items);
        below(Step::Index(2), items);
    }
    if let Some(others @ Value::Object(_)) = node.get("additionalProperties") {
        below(Step::Name("of my own".to_owned()), others);
    }
    // Names that are not in the schema.
    let is_object = node.get("type").is_some_and(|word| *word == "object") || properties.is_some();
    let known: Vec<String> =
        properties.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let alike = known.iter().take(2).flat_map(|name| [format!("{name}_"), name.to_uppercase()]);
    let strange = ["", "x", "a/b~c", "0"].map(str::to_owned);
    for name in alike.chain(strange).filter(|_| is_object) {
        let mut path = at.to_vec();
        path.push((Step::Name(name), Value::Null));
        found.push(Fault { path, value: Some(json!(1)) });
    }
}

/// Returns values of every type, and values at and next to each bound.
fn wrong_values(node: &Node, document: &Value) -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(2.0),
        json!(1e300),
        json!(9_223_372_036_854_775_808.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(9_007_199_254_740_993_u64),
        json!(""),
        json!("x"),
        json!("https://example.com/a.png"),
        json!("data:image/png;base64,AA=="),
        json!("two words"),
        json!([]),
        json!([null]),
        json!(["x", "x"]),
        json!([[]]),
        json!({}),
        json!({"x": 1}),
    ];
    for keyword in ["minLength", "maxLength"] {
        for length in around(node, keyword) {
            values.push(json!("a".repeat(length)));
            values.push(json!("波".repeat(length)));
        }
    }
    let item = node.get("items").map(|items| sample(items, document)).unwrap_or(json!("x"));
    for keyword in ["minItems", "maxItems"] {
        for length in around(node, keyword) {
            values.push(vec![item.clone(); length].into());
        }
    }
    for keyword in ["minProperties", "maxProperties"] {
        for count in around(node, keyword) {
            let entries = (0..count).map(|number| (format!("n{number}"), json!(1)));
            values.push(Value::Object(entries.collect()));
        }
    }
    for keyword in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        let Some(bound) = node.get(keyword) else { continue };
        values.push(bound.clone());
        if let Some(whole) = bound.as_i64() {
            values.extend([json!(whole.saturating_sub(1)), json!(whole.saturating_add(1))]);
        }
        if let Some(float) = bound.as_f64() {
            let beside = [float, float - 0.5, float + 0.5, float - 1e-9, float * 3.0, float * 1.5];
            values.extend(beside.map(|float| json!(float)));
        }
    }
    for choice in list(node, "enum").iter().chain(node.get("const")) {
        values.push(choice.clone());
        values.push(json!([choice]));
        match choice {
            Value::String(word) => {
                values.push(json!(format!("{word}x")));
                values.push(json!(format!(" {word}")));
                values.push(json!(word.to_uppercase()));
                values.push(json!(word.chars().skip(1).collect::<String>()));
            }
            Value::Number(number) => {
                values.push(json!(number.to_string()));
                let float = number.as_f64().unwrap_or_default();
                values.extend([json!(float), json!(float + 1.0), json!(float - 0.5)]);
            }
            _ => {}
        }
    }
    values
}

/// Returns the lengths next to a bound.
fn around(node: &Node, keyword: &str) -> Vec<usize> {
    let bound = node.get(keyword).and_then(Value::as_u64).filter(|bound| *bound < MAX_LENGTH);
    let lengths =
        bound.into_iter().flat_map(|bound| [bound.checked_sub(1), Some(bound), Some(bound + 1)]);
    lengths.flatten().map(|length| length as usize).collect()
}

/// Returns the smallest value that is probably valid.
pub(super) fn sample(schema: &Value, document: &Value) -> Value {
    sampled(schema, document, 0)
}

fn sampled(schema: &Value, document: &Value, depth: usize) -> Value {
    let node = flat(schema, document);
    if depth > 2 * MAX_DEPTH {
        return json!({});
    }
    if let Some(choice) = list(&node, "enum").first().or(node.get("const")) {
        return choice.clone();
    }
    if let Some(branch) = list(&node, "anyOf").first().or(list(&node, "oneOf").first()) {
        return sampled(branch, document, depth + 1);
    }
    let count = |keyword: &str| node.get(keyword).and_then(Value::as_u64).unwrap_or(0);
    match word(&node).as_deref() {
        Some("boolean") => json!(true),
        Some("integer") => json!(bounds(&node).0.ceil() as i64),
        Some("number" | "float") => json!(bounds(&node).0),
        Some("string") => json!("a".repeat(count("minLength").max(1) as usize)),
        Some("array") => {
            let items = node.get("items").map(|items| sampled(items, document, depth + 1));
            vec![items.unwrap_or(json!("x")); count("minItems") as usize].into()
        }
        Some("null") => Value::Null,
        Some("object") => {
            let mut object = Map::new();
            for name in list(&node, "required").iter().filter_map(Value::as_str) {
                let schema = node.get("properties").and_then(|properties| properties.get(name));
                let value = schema.map(|schema| sampled(schema, document, depth + 1));
                object.insert(name.to_owned(), value.unwrap_or(json!(1)));
            }
            Value::Object(object)
        }
        _ => json!("anything"),
    }
}

/// Returns a strategy for values that are probably valid.
fn instance(schema: &Value, document: &Value, depth: usize) -> BoxedStrategy<Value> {
    let node = flat(schema, document);
    if depth > MAX_DEPTH {
        return Just(sampled(schema, document, depth)).boxed();
    }
    let below = |schema: &Value| instance(schema, document, depth + 1);
    let choices: Vec<Value> =
        list(&node, "enum").iter().chain(node.get("const")).cloned().collect();
    if !choices.is_empty() {
        return select(choices).boxed();
    }
    let branches = list(&node, "anyOf").iter().chain(list(&node, "oneOf"));
    let branches: Vec<BoxedStrategy<Value>> = branches.map(below).collect();
    if !branches.is_empty() {
        return Union::new(branches).boxed();
    }
    let count = |keyword: &str| node.get(keyword).and_then(Value::as_u64);
    match word(&node).as_deref() {
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("integer") => {
            let (least, most) = bounds(&node);
            let (least, most) = (least.ceil() as i64, most.floor() as i64);
            prop_oneof![Just(least), Just(most), least..=most.max(least)]
                .prop_map(Value::from)
                .boxed()
        }
        Some("number" | "float") => {
            let (least, most) = bounds(&node);
            prop_oneof![Just(least), Just(most), least..=most.max(least)]
                .prop_map(Value::from)
                .boxed()
        }
        Some("string") => {
            let least = count("minLength").unwrap_or(0);
            let most = count("maxLength").filter(|most| *most < MAX_LENGTH).unwrap_or(least + 12);
            let (least, most) = (least as usize, most as usize);
            let chars = select(vec!["a", "Z", " ", "é", "波", "🌊", "\u{0}", "\n", "\""]);
            let short = prop::collection::vec(chars, least..=most.min(least + 12).max(least));
            let media = ["https://example.com/a.png", "boat.png", "data:image/png;base64,AA=="];
            prop_oneof![
                4 => short.prop_map(|chars| Value::from(chars.concat())),
                2 => select(media.to_vec()).prop_map(Value::from),
                1 => Just(Value::from("波".repeat(most))),
            ]
            .boxed()
        }
        Some("array") => {
            let least = count("minItems").unwrap_or(0) as usize;
            let most = count("maxItems").map_or(least + 3, |most| (most as usize).min(least + 3));
            let text = json!({"type": "string"});
            let item = below(node.get("items").unwrap_or(&text));
            prop::collection::vec(item, least..=most.max(least)).prop_map(Value::from).boxed()
        }
        Some("object") => {
            let required = list(&node, "required");
            let properties = node.get("properties").and_then(Value::as_object);
            let members: Vec<_> = properties
                .into_iter()
                .flatten()
                .map(|(name, schema)| {
                    let name = name.clone();
                    let value = match required.contains(&json!(name)) {
                        true => below(schema).prop_map(Some).boxed(),
                        false => prop::option::weighted(0.4, below(schema)).boxed(),
                    };
                    value.prop_map(move |value| Some((name.clone(), value?)))
                })
                .collect();
            let others = match node.get("additionalProperties") {
                Some(others @ Value::Object(_)) => {
                    prop::collection::vec(("[a-z]{1,3}", below(others)), 0..3).boxed()
                }
                _ => Just(Vec::new()).boxed(),
            };
            (members, others)
                .prop_map(|(members, others)| {
                    Value::Object(others.into_iter().chain(members.into_iter().flatten()).collect())
                })
                .boxed()
        }
        Some("null") => Just(Value::Null).boxed(),
        _ => {
            select(vec![json!(1), json!("x"), json!([null]), json!({"a": {}}), Value::Null]).boxed()
        }
    }
}

/// Returns the first type of a schema that is not null.
fn word(node: &Node) -> Option<String> {
    let word = match node.get("type") {
        Some(Value::Array(words)) => words.iter().find(|word| **word != "null").or(words.first()),
        word => word,
    };
    let implied = || node.contains_key("properties").then(|| "object".to_owned());
    word.and_then(Value::as_str).map(str::to_owned).or_else(implied)
}

/// Returns the bounds of a number, as floats.
fn bounds(node: &Node) -> (f64, f64) {
    let bound = |keyword: &str| node.get(keyword).and_then(Value::as_f64);
    let flag = |keyword: &str| node.get(keyword) == Some(&Value::Bool(true));
    let step = if word(node).as_deref() == Some("integer") { 1.0 } else { 0.25 };
    let over = bound("exclusiveMinimum").map(|bound| bound + step);
    let under = bound("exclusiveMaximum").map(|bound| bound - step);
    let least =
        over.or(
            bound("minimum").map(|bound| bound + if flag("exclusiveMinimum") { step } else { 0.0 })
        );
    let most = under.or(bound("maximum")).map(|bound| bound.min(9e15));
    match (least, most) {
        (Some(least), Some(most)) => (least, most),
        (Some(least), None) => (least, least + 100.0),
        (None, Some(most)) => (most - 100.0, most),
        (None, None) => (-10.0, 100.0),
    }
}

/// Merges a schema with its references, well enough to generate values.
fn flat(schema: &Value, document: &Value) -> Node {
    let mut node = schema.as_object().cloned().unwrap_or_default();
    for _ in 0..16 {
        let target = node.remove("$ref");
        let target = target.as_ref().and_then(Value::as_str);
        let found = target.and_then(|target| document.pointer(target.trim_start_matches('#')));
        let parts = node.remove("allOf");
        let parts = parts.as_ref().and_then(Value::as_array).into_iter().flatten();
        let mut done = true;
        for part in parts.chain(found).filter_map(Value::as_object) {
            done = false;
            for (keyword, value) in part {
                node.entry(keyword).or_insert_with(|| value.clone());
            }
        }
        if done {
            break;
        }
    }
    node
}

fn list<'n>(node: &'n Node, keyword: &str) -> &'n [Value] {
    node.get(keyword).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
