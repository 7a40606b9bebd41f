//! An oracle: compares two schemas node by node, after it has normalized each node by the
//! allowed equivalences. It is written from the JSON Schema specification and shares no code
//! with the generator.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::equivalence::Equivalence::{self, *};

type Node = Map<String, Value>;
/// The values of an enum, and its annotations.
type Choices = (Vec<Value>, Node);

/// The keywords that constrain values. All others are annotations.
const ASSERTIONS: [&str; 26] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "properties",
    "required",
    "type",
    "uniqueItems",
    "validations",
    "const",
    "definitions",
];
const BOUNDS: [&str; 11] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
];
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
/// A longer chain of references is a circle.
const MAX_STEPS: usize = 64;

/// A schema, and the equivalences by which it is normalized.
pub(super) struct OracleSchema<'a> {
    document: Value,
    allowed: &'a BTreeSet<Equivalence>,
}

/// Returns the path and the text of the first difference between two schemas.
pub(super) fn difference(a: &OracleSchema<'_>, b: &OracleSchema<'_>) -> Option<String> {
    Comparison { a, b, seen: HashSet::new() }.nodes(&a.document, &b.document, "")
}

struct Comparison<'a> {
    a: &'a OracleSchema<'a>,
    b: &'a OracleSchema<'a>,
    /// The pairs that have been compared or are being compared, since schemas may be recursive.
    seen: HashSet<(String, String)>,
}

impl Comparison<'_> {
    fn nodes(&mut self, a: &Value, b: &Value, path: &str) -> Option<String> {
        if !self.seen.insert((a.to_string(), b.to_string())) {
            return None;
        }
        let is_root = path.is_empty();
        let (mut a, mut b) = (self.a.normalize(a, is_root), self.b.normalize(b, is_root));
        for keyword in ["properties", "items", "additionalProperties", "anyOf", "oneOf"] {
            let (Some(a), Some(b)) = (a.get(keyword), b.get(keyword)) else { continue };
            let found = match (a, b) {
                (Value::Array(a), Value::Array(b)) if a.len() == b.len() => (0..a.len())
                    .find_map(|at| self.nodes(&a[at], &b[at], &format!("{path}/{keyword}/{at}"))),
                (Value::Object(a), Value::Object(b)) if keyword == "properties" => {
                    if a.keys().collect::<BTreeSet<_>>() != b.keys().collect::<BTreeSet<_>>() {
                        return Some(format!("{path}/properties: {a:?} is not {b:?}"));
                    }
                    a.iter().find_map(|(name, a)| {
                        self.nodes(a, &b[name], &format!("{path}/properties/{name}"))
                    })
                }
                (Value::Object(_), Value::Object(_)) => {
                    self.nodes(a, b, &format!("{path}/{keyword}"))
                }
                (a, b) => (a != b).then(|| format!("{path}/{keyword}: {a} is not {b}")),
            };
            if found.is_some() {
                return found;
            }
        }
        // These keywords are equal on both sides.
        for keyword in ["properties", "items", "additionalProperties", "anyOf", "oneOf"] {
            if a.contains_key(keyword) && b.contains_key(keyword) {
                a.remove(keyword);
                b.remove(keyword);
            }
        }
        let (a, b) = (Value::Object(a), Value::Object(b));
        (a != b).then(|| format!("{path}: {a} is not {b}"))
    }
}

impl<'a> OracleSchema<'a> {
    /// Creates a published schema, with the `required_inputs` of its catalog entry.
    pub(super) fn published(
        schema: &Value,
        required_inputs: &[String],
        allowed: &'a BTreeSet<Equivalence>,
    ) -> Self {
        let mut document = schema.clone();
        if allowed.contains(&RequiredInputs)
            && document.get("required").is_none()
            && !required_inputs.is_empty()
        {
            document["required"] = json!(required_inputs);
        }
        Self { document, allowed }
    }

    /// Creates a schema without a catalog entry.
    pub(super) fn of(schema: &Value, allowed: &'a BTreeSet<Equivalence>) -> Self {
        Self { document: schema.clone(), allowed }
    }

    fn allows(&self, equivalence: Equivalence) -> bool {
        self.allowed.contains(&equivalence)
    }

    /// Normalizes one node for the comparison. Subschemas stay as they are written.
    fn normalize(&self, schema: &Value, is_root: bool) -> Node {
        let mut node = self.resolve(schema, 0);
        self.types_as_union(&mut node);
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = node.remove(keyword) {
                return self.normalize_union(node, keyword, branches);
            }
        }
        self.normalize_enum(&mut node);
        self.normalize_media_list(&mut node);
        self.normalize_object(&mut node, is_root);
        if self.allows(Null) && !node.contains_key("type") && !node.contains_key("enum") {
            node.remove("nullable");
        }
        node
    }

    /// Merges a schema with the targets of its `$ref` and `allOf`.
    fn resolve(&self, schema: &Value, steps: usize) -> Node {
        let mut node = match schema {
            Value::Object(node) => node.clone(),
            Value::Bool(true) if self.allows(SaysNothing) => Node::new(),
            other => Node::from_iter([("not a schema".to_owned(), other.clone())]),
        };
        self.normalize_spelling(&mut node);
        self.normalize_null(&mut node);
        let silent = !node.contains_key("type") && !node.contains_key("enum");
        let refers = node.contains_key("$ref") || node.contains_key("allOf");
        // `nullable` beside a reference applies to its target, of any type.
        let null_beside = silent && refers && node.contains_key("nullable");
        if self.allows(Reference) {
            node.remove("$defs");
            node.remove("definitions");
            let target = node.get("$ref").and_then(Value::as_str).map(str::to_owned);
            if let Some(target) = target.filter(|_| steps < MAX_STEPS) {
                let found = self.document.pointer(target.trim_start_matches('#'));
                let found = found.expect("a reference leads somewhere");
                node.remove("$ref");
                node = intersect(node, self.resolve(found, steps + 1));
            }
        }
        if self.allows(AllOf)
            && let Some(Value::Array(parts)) = node.remove("allOf")
        {
            for part in &parts {
                node = intersect(node, self.resolve(part, steps + 1));
            }
        }
        if null_beside {
            node.insert("nullable".to_owned(), true.into());
        }
        node
    }

    /// Normalizes keywords that have several spellings.
    fn normalize_spelling(&self, node: &mut Node) {
        if let Some(words) = node.get_mut("type") {
            let each = match words {
                Value::Array(words) => words.iter_mut().collect(),
                word => vec![word],
            };
            for word in each {
                if self.allows(Float) && *word == "float" {
                    *word = "number".into();
                }
            }
        }
        let is_known = |word: &Value| word.as_str().is_none_or(|word| TYPES.contains(&word));
        if self.allows(StrangeType) && !node.get("type").is_none_or(is_known) {
            node.remove("type");
        }
        if self.allows(Const)
            && let Some(value) = node.remove("const")
        {
            let within = node.get("enum").and_then(Value::as_array);
            let may = within.is_none_or(|choices| choices.contains(&value));
            node.insert("enum".to_owned(), if may { json!([value]) } else { json!([]) });
        }
        if self.allows(ChoiceTwice)
            && let Some(Value::Array(choices)) = node.get_mut("enum")
        {
            let mut once: Vec<Value> = Vec::new();
            choices.retain(|choice| {
                let is_new = !once.contains(choice);
                once.push(choice.clone());
                is_new
            });
        }
        if self.allows(ExclusiveFlag) {
            for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")]
            {
                if node.get(flag) == Some(&Value::Bool(true)) {
                    let bound = node.remove(bound).unwrap_or_default();
                    node.insert(flag.to_owned(), bound);
                }
            }
        }
        if self.allows(SaysNothing) {
            node.retain(|keyword, value| match keyword.as_str() {
                "uniqueItems" | "nullable" | "exclusiveMinimum" | "exclusiveMaximum" => {
                    *value != false
                }
                "required" | "examples" => *value != json!([]),
                "items" => *value != json!({}) && *value != true,
                _ => true,
            });
        }
        if self.allows(DefaultNull) && node.get("default") == Some(&Value::Null) {
            node.remove("default");
        }
        if self.allows(EmptyWords) {
            node.retain(|keyword, value| {
                *value != "" || !["title", "description"].contains(&keyword.as_str())
            });
        }
        if self.allows(Example)
            && let Some(example) = node.remove("example")
        {
            let examples = node.entry("examples").or_insert_with(|| json!([]));
            if let Value::Array(examples) = examples {
                examples.insert(0, example);
            }
        }
        if self.allows(NumberSpelling) {
            for bound in BOUNDS {
                let float = node.get(bound).filter(|value| value.is_f64()).and_then(Value::as_f64);
                if let Some(float) = float.filter(|float| float.fract() == 0.0) {
                    node.insert(bound.to_owned(), json!(float as i64));
                }
            }
        }
        if let Some(Value::Array(rules)) = node.get_mut("validations") {
            rules
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|rule| self.normalize_rule(rule));
        }
    }

    fn normalize_rule(&self, rule: &mut Node) {
        let number = rule.get("validation_value").and_then(Value::as_str).map(str::to_owned);
        if self.allows(ValidationNumber)
            && let Some(number) = number.and_then(|text| text.trim().parse::<Value>().ok())
        {
            rule.insert("validation_value".to_owned(), number);
        }
        if self.allows(ValidationWords) && rule.get("validation_error") == Some(&json!("")) {
            rule.remove("validation_error");
        }
    }

    /// Turns every way to allow null into `nullable`.
    fn normalize_null(&self, node: &mut Node) {
        if !self.allows(Null) {
            return;
        }
        let flag = node.get("nullable") == Some(&Value::Bool(true));
        let silent = !node.contains_key("type");
        let mut takes = flag;
        if let Some(Value::Array(words)) = node.get_mut("type") {
            let before = words.len();
            words.retain(|word| word != "null");
            // A `null` in `type` counts only if `enum` has it too.
            takes |= words.len() < before;
            if let [word] = words.as_slice() {
                let word = word.clone();
                node.insert("type".to_owned(), word);
            }
        }
        if let Some(Value::Array(choices)) = node.get_mut("enum") {
            let others = choices.iter().filter(|choice| !choice.is_null());
            let of = |word: &str| others.clone().all(|choice| has_type(&json!(word), choice));
            let is_apart = choices.len() > 1 && (of("string") || of("integer"));
            takes |= silent && is_apart && choices.contains(&Value::Null);
            takes &= flag || choices.contains(&Value::Null);
            if takes {
                choices.retain(|choice| !choice.is_null());
            }
        }
        match takes {
            true => _ = node.insert("nullable".to_owned(), true.into()),
            false => _ = node.remove("nullable"),
        }
    }

    /// Turns a list of types into a union with one branch per type.
    fn types_as_union(&self, node: &mut Node) {
        let Some(Value::Array(words)) = node.get("type").cloned() else { return };
        if !self.allows(TypeList) || node.contains_key("anyOf") || node.contains_key("oneOf") {
            return;
        }
        let (own, mut rest) = split_annotations(node.clone());
        let takes_null = rest.remove("nullable");
        let mut branches = Vec::new();
        for word in words {
            let mut branch = rest.clone();
            if let Some(Value::Array(choices)) = branch.get_mut("enum") {
                choices.retain(|choice| has_type(&word, choice));
                if choices.is_empty() {
                    continue;
                }
            }
            branch.insert("type".to_owned(), word);
            branches.push(Value::Object(branch));
        }
        *node = own;
        node.insert("anyOf".to_owned(), branches.into());
        node.extend(takes_null.map(|flag| ("nullable".to_owned(), flag)));
    }

    /// Normalizes a union. `node` holds its sibling keywords.
    fn normalize_union(&self, node: Node, keyword: &str, mut branches: Vec<Value>) -> Node {
        let (mut own, mut beside) = split_annotations(node);
        if self.allows(Null) {
            let is_null = |branch: &Value| {
                let mut branch = branch.as_object().cloned().unwrap_or_default();
                self.normalize_spelling(&mut branch);
                branch.get("type") == Some(&json!("null"))
                    || branch.get("enum") == Some(&json!([null]))
            };
            let offers = branches.iter().any(is_null);
            branches.retain(|branch| !is_null(branch));
            let flag = beside.remove("nullable").is_some();
            let silent = !beside.contains_key("type") && !beside.contains_key("enum");
            if flag || (offers && silent) {
                own.insert("nullable".to_owned(), true.into());
            }
        }
        if self.allows(BesideUnion) && !beside.is_empty() {
            for branch in &mut branches {
                *branch = Value::Object(intersect(beside.clone(), self.resolve(branch, 0)));
            }
            beside.clear();
        }
        own.extend(beside);
        if self.allows(ChoiceBranches) {
            branches = self.merge_choices(keyword, branches);
        }
        match branches.as_slice() {
            [only] if self.allows(SingleBranch) => {
                let mut only = self.normalize(only, false);
                only.extend(own);
                only
            }
            _ => {
                own.insert(keyword.to_owned(), branches.into());
                own
            }
        }
    }

    /// Merges the branches that are enums of values of one type. Their annotations are kept beside
    /// their values.
    fn merge_choices(&self, keyword: &str, branches: Vec<Value>) -> Vec<Value> {
        let mut merged: Vec<(Node, Vec<Choices>)> = Vec::new();
        for mut branch in branches.iter().flat_map(|branch| self.described_choices(branch)) {
            self.normalize_enum(&mut branch);
            let is_typed =
                branch.get("type").is_some_and(|word| word == "string" || word == "integer");
            let (own, mut rest) = split_annotations(branch.clone());
            match rest.remove("enum") {
                Some(Value::Array(choices)) if is_typed => {
                    let choices = (choices, own);
                    match merged.iter_mut().find(|(other, all)| *other == rest && !all.is_empty()) {
                        Some((_, all)) => all.push(choices),
                        None => merged.push((rest, vec![choices])),
                    }
                }
                _ => merged.push((branch, Vec::new())),
            }
        }
        let merged = merged.into_iter().map(|(mut node, enums)| {
            let all: Vec<&Value> = enums.iter().flat_map(|(choices, _)| choices).collect();
            let mut choices: Vec<&Value> = Vec::new();
            for choice in &all {
                let count = all.iter().filter(|other| *other == choice).count();
                if !choices.contains(choice) && (count == 1 || keyword == "anyOf") {
                    choices.push(choice);
                }
            }
            if !enums.is_empty() {
                node.insert("enum".to_owned(), json!(choices));
                let described = enums.iter().filter(|(_, own)| !own.is_empty());
                let described: Vec<_> = described.collect();
                if !described.is_empty() {
                    node.insert("described".to_owned(), json!(described));
                }
            }
            Value::Object(node)
        });
        merged.collect()
    }

    /// Returns an enum with a union of its values as one enum for each branch, and any other schema
    /// as it is.
    fn described_choices(&self, branch: &Value) -> Vec<Node> {
        let mut node = self.resolve(branch, 0);
        let within = ["anyOf", "oneOf"].iter().find_map(|keyword| node.remove(*keyword));
        match within {
            Some(Value::Array(within)) if node.contains_key("enum") => within
                .iter()
                .map(|branch| intersect(node.clone(), self.resolve(branch, 0)))
                .collect(),
            _ => vec![self.resolve(branch, 0)],
        }
    }

    /// Adds the type that the enum values imply, and removes values of other types.
    fn normalize_enum(&self, node: &mut Node) {
        if self.allows(ImpliedType)
            && let (None, Some(word)) = (node.get("type"), implied_type(node))
        {
            node.insert("type".to_owned(), word.into());
        }
        let word = node.get("type").cloned().unwrap_or_default();
        if self.allows(AnotherType)
            && word.is_string()
            && let Some(Value::Array(choices)) = node.get_mut("enum")
        {
            choices.retain(|choice| has_type(&word, choice));
        }
    }

    /// Moves media keywords from an array to its items.
    fn normalize_media_list(&self, node: &mut Node) {
        if !self.allows(MediaList) {
            return;
        }
        let single = |format: &Value| match format.as_str() {
            Some("image_uris" | "image_uri") => Some("image_uri"),
            Some("video_uris" | "video_uri") => Some("video_uri"),
            Some("audio_uris" | "audio_uri") => Some("audio_uri"),
            _ => None,
        };
        let format = node.get("format").and_then(single);
        match node.get("type").and_then(Value::as_str) {
            Some("string") => {
                node.extend(format.map(|format| ("format".to_owned(), format.into())));
            }
            Some("array") => {
                let rules = node.remove("validations");
                if format.is_some() {
                    node.remove("format");
                }
                if format.is_none() && rules.is_none() {
                    return;
                }
                let items = node.entry("items").or_insert_with(|| json!({}));
                if let Value::Object(items) = &mut *items {
                    items.entry("type").or_insert_with(|| "string".into());
                }
                if let (Value::Object(items), Some(format)) = (&mut *items, format) {
                    items.entry("format").or_insert_with(|| format.into());
                }
                if let (Value::Object(items), Some(Value::Array(rules))) = (&mut *items, rules) {
                    let own = items.entry("validations").or_insert_with(|| json!([]));
                    own.as_array_mut().expect("it is a list").extend(rules);
                }
            }
            _ => {}
        }
    }

    /// Normalizes `required`, `properties` and `additionalProperties`.
    fn normalize_object(&self, node: &mut Node, is_root: bool) {
        if node.get("type").and_then(Value::as_str) != Some("object") && !is_root {
            return;
        }
        let required: Vec<Value> =
            node.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let named = |node: &Node| {
            node.get("properties").and_then(Value::as_object).is_some_and(|all| !all.is_empty())
        };
        if self.allows(RequiredOnly) && !required.is_empty() {
            let properties = node.entry("properties").or_insert_with(|| json!({}));
            for name in required.iter().filter_map(Value::as_str) {
                if properties.get(name).is_none() {
                    properties[name] = json!({});
                }
            }
        }
        if self.allows(RequiredOrder)
            && let Some(Value::Array(required)) = node.get_mut("required")
        {
            required.sort_by_key(Value::to_string);
            required.dedup();
        }
        let is_named = named(node);
        let additional = node.get("additionalProperties").cloned();
        let is_open =
            additional.as_ref().is_some_and(|value| *value == true || *value == json!({}));
        if self.allows(Closed) && (is_root || (is_named && additional.is_none())) {
            node.insert("additionalProperties".to_owned(), false.into());
        } else if self.allows(Open) && is_open {
            match is_named {
                true => _ = node.insert("additionalProperties".to_owned(), json!({})),
                false => _ = node.remove("additionalProperties"),
            }
        }
        if self.allows(SaysNothing) && !named(node) {
            node.remove("properties");
        }
    }
}

/// Returns the type that a schema's enum values imply.
pub(crate) fn implied_type(node: &Node) -> Option<&'static str> {
    let choices = node.get("enum").and_then(Value::as_array);
    let all = |word: &str| {
        choices.is_some_and(|choices| choices.iter().all(|choice| has_type(&json!(word), choice)))
    };
    match () {
        () if all("string") => Some("string"),
        () if all("integer") => Some("integer"),
        () => None,
    }
}

/// Splits a schema into annotations and constraints.
fn split_annotations(node: Node) -> (Node, Node) {
    let is_media = |value: &Value| {
        let word = value.as_str().unwrap_or_default();
        ["image_uri", "video_uri", "audio_uri"].iter().any(|media| word.starts_with(media))
    };
    let asserts = |keyword: &str, value: &Value| {
        ASSERTIONS.contains(&keyword) || (keyword == "format" && is_media(value))
    };
    let (assertions, own): (Vec<_>, Vec<_>) =
        node.into_iter().partition(|(keyword, value)| asserts(keyword, value));
    (own.into_iter().collect(), assertions.into_iter().collect())
}

fn has_type(word: &Value, value: &Value) -> bool {
    match word.as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => true,
    }
}

/// Returns a schema that accepts the values that both accept. Annotations of `outer` win.
fn intersect(outer: Node, inner: Node) -> Node {
    let flagged = |node: &Node| node.contains_key("nullable");
    let silent = |node: &Node| !node.contains_key("type") && !node.contains_key("enum");
    let nullable = (flagged(&outer) || flagged(&inner))
        && (flagged(&outer) || silent(&outer))
        && (flagged(&inner) || silent(&inner));
    let mut node = outer;
    node.remove("nullable");
    for (keyword, b) in inner {
        let Some(a) = node.get(&keyword) else {
            node.insert(keyword, b);
            continue;
        };
        let together = match (keyword.as_str(), a, &b) {
            ("type", a, b) => intersect_types(a, b),
            ("enum", Value::Array(a), Value::Array(b)) => {
                a.iter().filter(|choice| b.contains(choice)).cloned().collect()
            }
            ("required" | "examples" | "validations", Value::Array(a), Value::Array(b)) => {
                a.iter().chain(b).cloned().collect()
            }
            ("properties", Value::Object(a), Value::Object(b)) => {
                let mut all = a.clone();
                for (name, schema) in b {
                    match all.get(name) {
                        Some(known) => all[name] = json!({"allOf": [known, schema]}),
                        None => _ = all.insert(name.clone(), schema.clone()),
                    }
                }
                Value::Object(all)
            }
            ("additionalProperties", Value::Bool(false), _)
            | ("additionalProperties", _, Value::Bool(false)) => Value::Bool(false),
            ("items" | "additionalProperties", a, b) => json!({"allOf": [a, b]}),
            (bound, a, b) if BOUNDS.contains(&bound) => {
                let is_upper = bound.starts_with("max") || bound == "exclusiveMaximum";
                let more = a.as_f64() > b.as_f64();
                if more != is_upper { a.clone() } else { b.clone() }
            }
            _ => continue,
        };
        node.insert(keyword, together);
    }
    node.remove("nullable");
    if nullable {
        node.insert("nullable".to_owned(), true.into());
    }
    node
}

/// Returns the types that both have. An integer is a number.
fn intersect_types(a: &Value, b: &Value) -> Value {
    let list = |value: &Value| match value {
        Value::Array(words) => words.clone(),
        word => vec![word.clone()],
    };
    let (a, b) = (list(a), list(b));
    let has = |words: &[Value], word: &Value| {
        words.contains(word) || (*word == "integer" && words.contains(&json!("number")))
    };
    let mut all: Vec<Value> = a.iter().filter(|word| has(&b, word)).cloned().collect();
    all.extend(b.iter().filter(|word| has(&a, word) && !a.contains(word)).cloned());
    if let [word] = all.as_slice() { word.clone() } else { all.into() }
}
