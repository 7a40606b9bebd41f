//! The keywords of a schema, each read into its type. This is the one list of what is
//! carried, what is refused by name, and what only annotates.

use serde_json::Value;

use super::Node;
use crate::diagnostic::{Code, Findings, Place};
use crate::document::{Additional, Choices, Format, Schema, TypeWord, Validation};

/// Keywords that say nothing about values.
const ANNOTATIONS: [&str; 9] = [
    "$comment",
    "$id",
    "$schema",
    "deprecated",
    "example",
    "examples",
    "id",
    "readOnly",
    "writeOnly",
];

/// Keywords of JSON Schema that are not carried: a schema that has one is refused,
/// since it would be taken for laxer than it is.
const UNSUPPORTED: [&str; 33] = [
    "$anchor",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveRef",
    "$ref",
    "additionalItems",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "maxProperties",
    "minContains",
    "minProperties",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "uniqueItems",
];

/// More properties of one object are refused: the largest real one has 40.
const MOST_PROPERTIES: usize = 500;
/// More choices of one `enum` are refused: the longest real one has some 300.
const MOST_CHOICES: usize = 2000;

/// Reads a schema. A keyword that cannot be read is reported and left out.
pub(super) fn schema(node: &Node<'_>, findings: &mut Findings) -> Schema {
    let mut schema = Schema::anything(node.place.clone());
    let Some(entries) = node.entries() else {
        // `true` takes everything, as an empty schema does.
        if node.to_value() != Value::Bool(true) {
            let help = "write a schema as {…}";
            findings.push(Code::MalformedKeyword, &node.place, "a schema is an object", help);
        }
        return schema;
    };
    for (keyword, value) in entries {
        read(&mut schema, keyword, &value, findings);
    }
    schema
}

impl Schema {
    /// The schema that says nothing.
    fn anything(place: Place) -> Self {
        Self {
            place,
            types: None,
            title: None,
            description: None,
            default: None,
            choices: None,
            format: None,
            properties: None,
            required: Vec::new(),
            additional: None,
            items: None,
            min_length: None,
            max_length: None,
            min_items: None,
            max_items: None,
            minimum: None,
            maximum: None,
            exclusive_minimum: None,
            exclusive_maximum: None,
            validations: Vec::new(),
        }
    }
}

fn read(schema: &mut Schema, keyword: &str, node: &Node<'_>, findings: &mut Findings) {
    match keyword {
        "type" => schema.types = type_word(node, findings),
        "title" => schema.title = text(node, findings),
        "description" => schema.description = text(node, findings),
        "default" => schema.default = Some(node.to_value()).filter(|value| !value.is_null()),
        "enum" => schema.choices = choices(node, findings),
        "format" => schema.format = format(node, findings),
        "properties" => schema.properties = properties(node, findings),
        "required" => schema.required = required(node, findings),
        "additionalProperties" => schema.additional = Some(additional(node, findings)),
        "items" => schema.items = Some(Box::new(self::schema(node, findings))),
        "minLength" => schema.min_length = count(node, findings),
        "maxLength" => schema.max_length = count(node, findings),
        "minItems" => schema.min_items = count(node, findings),
        "maxItems" => schema.max_items = count(node, findings),
        "minimum" => schema.minimum = number(node, findings),
        "maximum" => schema.maximum = number(node, findings),
        "exclusiveMinimum" => schema.exclusive_minimum = number(node, findings),
        "exclusiveMaximum" => schema.exclusive_maximum = number(node, findings),
        "validations" => schema.validations = validations(node, findings),
        _ if ANNOTATIONS.contains(&keyword) => {}
        _ if UNSUPPORTED.contains(&keyword) => findings.push(
            Code::UnsupportedKeyword,
            &node.place,
            format!("`{keyword}` is not carried by this version"),
            "take it out with a fixup, if the model works without it",
        ),
        _ => findings.push(
            Code::UnknownKeyword,
            &node.place,
            format!("`{keyword}` is no keyword that this version knows; it is not checked"),
            "nothing, if it only annotates; otherwise tell the maintainers",
        ),
    }
}

fn malformed(node: &Node<'_>, wanted: &str, findings: &mut Findings) {
    let is_name = |step: &&str| step.parse::<usize>().is_err();
    let keyword = node.place.pointer.rsplit('/').find(is_name).unwrap_or_default();
    findings.push(
        Code::MalformedKeyword,
        &node.place,
        format!("`{keyword}` must be {wanted}"),
        "correct the schema, or add a fixup",
    );
}

fn text(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = node.string().map(str::to_owned);
    if text.is_none() {
        malformed(node, "a string", findings);
    }
    text
}

fn type_word(node: &Node<'_>, findings: &mut Findings) -> Option<TypeWord> {
    if node.elements().is_some() {
        findings.push(
            Code::UnsupportedKeyword,
            &node.place,
            "a list of types is not carried by this version",
            "give one type, with a fixup",
        );
        return None;
    }
    let Some(word) = node.string() else {
        malformed(node, "a string", findings);
        return None;
    };
    Some(match word {
        "object" => TypeWord::Object,
        "array" => TypeWord::Array,
        "string" => TypeWord::String,
        "boolean" => TypeWord::Boolean,
        "integer" => TypeWord::Integer,
        "number" | "float" => TypeWord::Number,
        _ => {
            findings.push(
                Code::UnknownType,
                &node.place,
                format!("`{word}` is no type that this version knows; any value is taken"),
                "correct it with a fixup, if you know what is meant",
            );
            TypeWord::Unknown
        }
    })
}

fn choices(node: &Node<'_>, findings: &mut Findings) -> Option<Choices> {
    let Some(elements) = node.elements() else {
        malformed(node, "a list", findings);
        return None;
    };
    if elements.is_empty() {
        let help = "correct the schema, or add a fixup";
        findings.push(Code::Unsatisfiable, &node.place, "`enum` offers no choice", help);
        return None;
    }
    if elements.len() > MOST_CHOICES {
        let message = format!("`enum` offers over {MOST_CHOICES} choices");
        findings.push(Code::LimitPassed, &node.place, message, "take the `enum` out with a fixup");
        return None;
    }
    let mut values: Vec<Value> = Vec::new();
    for element in &elements {
        let value = element.to_value();
        if values.contains(&value) {
            let message = format!("the choice {value} is here twice");
            findings.push(Code::RepeatedChoice, &element.place, message, "nothing: it counts once");
        } else {
            values.push(value);
        }
    }
    let words: Option<Vec<String>> =
        values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
    let integers = || values.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>();
    let choices = words.map(Choices::Words).or_else(|| integers().map(Choices::Integers));
    if choices.is_none() {
        findings.push(
            Code::UnsupportedKeyword,
            &node.place,
            "an `enum` that is neither all strings nor all integers is not carried by this version",
            "make its choices of one kind, with a fixup",
        );
    }
    choices
}

fn format(node: &Node<'_>, findings: &mut Findings) -> Option<Format> {
    let word = text(node, findings)?;
    match word.as_str() {
        "uri" => Some(Format::Uri),
        "image_uri" | "image_uris" => Some(Format::Image),
        "video_uri" | "video_uris" => Some(Format::Video),
        "audio_uri" | "audio_uris" => Some(Format::Audio),
        _ => {
            findings.push(
                Code::UnknownFormat,
                &node.place,
                format!("`{word}` is no format that this version knows; it is not checked"),
                "nothing, if any string will do",
            );
            None
        }
    }
}

fn properties(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<(String, Schema)>> {
    let Some(entries) = node.entries() else {
        malformed(node, "an object", findings);
        return None;
    };
    if entries.len() > MOST_PROPERTIES {
        let message = format!("an object of over {MOST_PROPERTIES} properties");
        findings.push(Code::LimitPassed, &node.place, message, "give a smaller schema");
        return None;
    }
    let property = |(name, node): (&str, Node<'_>)| (name.to_owned(), schema(&node, findings));
    Some(entries.into_iter().map(property).collect())
}

fn required(node: &Node<'_>, findings: &mut Findings) -> Vec<(String, Place)> {
    let Some(elements) = node.elements() else {
        malformed(node, "a list of property names", findings);
        return Vec::new();
    };
    let mut required: Vec<(String, Place)> = Vec::new();
    for element in elements {
        match element.string() {
            Some(name) if required.iter().any(|(known, _)| known == name) => {}
            Some(name) => required.push((name.to_owned(), element.place)),
            None => malformed(node, "a list of property names", findings),
        }
    }
    required
}

fn additional(node: &Node<'_>, findings: &mut Findings) -> Additional {
    match node.value.as_boolean_lit() {
        Some(literal) if literal.value => Additional::Open,
        Some(_) => Additional::Closed,
        None => Additional::Schema(Box::new(schema(node, findings))),
    }
}

/// A count: a whole number from 0, which may be written `1995.0`.
fn count(node: &Node<'_>, findings: &mut Findings) -> Option<u64> {
    let value = node.to_value();
    let whole = |float: &f64| float.fract() == 0.0 && (0.0..9e15).contains(float);
    let count = value.as_u64().or_else(|| value.as_f64().filter(whole).map(|float| float as u64));
    if count.is_none() {
        malformed(node, "a whole number from 0", findings);
    }
    count
}

/// A number that a float holds exactly as an integer, or nearest as a decimal.
fn number(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    let value = node.to_value();
    let float = value.as_f64().filter(|float| float.is_finite());
    let exact = |float: &f64| match (value.as_i64(), value.as_u64()) {
        (Some(whole), _) => *float as i128 == i128::from(whole),
        (None, Some(whole)) => *float as i128 == i128::from(whole),
        (None, None) => true,
    };
    let number = float.filter(exact);
    if number.is_none() {
        malformed(node, "a number that a 64-bit float holds exactly", findings);
    }
    number
}

fn validations(node: &Node<'_>, findings: &mut Findings) -> Vec<Validation> {
    match node.elements() {
        Some(elements) => elements.iter().filter_map(|node| validation(node, findings)).collect(),
        None => {
            malformed(node, "a list of rules", findings);
            Vec::new()
        }
    }
}

fn validation(node: &Node<'_>, findings: &mut Findings) -> Option<Validation> {
    let mut rule = None;
    let mut value = Value::Null;
    let mut message = String::new();
    for (key, node) in node.entries().unwrap_or_default() {
        match (key, node.to_value()) {
            ("validation_rule", Value::String(word)) => rule = Some(word.trim().to_owned()),
            ("validation_value", any) => value = any,
            ("validation_error", Value::String(words)) => message = words,
            ("validation_error", Value::Null) => {}
            ("validation_rule" | "validation_error", _) => malformed(&node, "a string", findings),
            (key, _) => findings.push(
                Code::UnknownKeyword,
                &node.place,
                format!("`{key}` is no part of a rule that this version knows"),
                "nothing, if it only annotates; otherwise tell the maintainers",
            ),
        }
    }
    let rule = rule.filter(|rule| !rule.is_empty());
    if rule.is_none() {
        malformed(node, "a list of rules, each with a `validation_rule`", findings);
    }
    Some(Validation { place: node.place.clone(), rule: rule?, value, message })
}
