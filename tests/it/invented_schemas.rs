//! Schemas are invented at random: unions, references, `allOf`, enums of several types, and media
//! formats within each other. The check of a table that is made at run time and an independent
//! validator must agree on values near each schema.
//!
//! `RUNCOMFY_INVENTED=100000` invents that many schemas.

use std::collections::BTreeMap;

use fastrand::Rng;
use jsonschema::Validator;
use runcomfy_codegen::runtime::{RuntimeError, RuntimeModel};
use serde_json::{Map, Value, json};

/// Default number of invented schemas.
const SCHEMAS: usize = 1_500;
/// Number of values that are checked against each.
const VALUES: usize = 24;
/// The maximum depth to which a value follows its schema.
const MAX_DEPTH: usize = 6;
/// Every string is a URL, so that a media format refuses none.
const TEXTS: [&str; 4] = [
    "https://e.co/",
    "https://example.com/a",
    "https://example.com/b",
    "https://example.com/abcdefgh",
];
const SCALARS: [&str; 5] = ["string", "integer", "number", "boolean", "null"];

#[test]
fn invented_schemas_accept_what_an_independent_validator_accepts() {
    let count = std::env::var("RUNCOMFY_INVENTED").ok();
    let count = count.map_or(SCHEMAS, |count| count.parse().expect("it is a number"));
    let mut dice = Rng::with_seed(0x51ed_270b);
    let (mut compared, mut valid, mut invalid) = (0, 0, 0);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..count {
        let mut inventor = Inventor { dice: &mut dice, definitions: 0 };
        let document = inventor.document();
        let judge = judge(&document);
        let values: Vec<Value> = (0..VALUES).map(|_| inventor.input(&document)).collect();
        let model = match RuntimeModel::from_schema("acme/x", &document.to_string()) {
            Ok(model) => model,
            Err(RuntimeError::Refused(found)) => {
                *refused.entry(format!("{:?}", found[0].code)).or_default() += 1;
                continue;
            }
            Err(other) => panic!("{other}: {document}"),
        };
        compared += 1;
        for value in &values {
            let is_valid = judge.is_valid(value);
            *if is_valid { &mut valid } else { &mut invalid } += 1;
            let found = model.info().violations(value);
            assert_eq!(found.is_empty(), is_valid, "{document}\n{value}\n{found:?}");
        }
    }
    println!("compared {compared}; valid {valid}, invalid {invalid}; refused {refused:?}");
    assert!(compared > count / 2, "only {compared} of {count} could be compared: {refused:?}");
    assert!(valid > compared * 6 && invalid > compared * 6, "{valid} and {invalid} prove little");
}

/// Returns the validator of a schema.
fn judge(document: &Value) -> Validator {
    jsonschema::draft7::new(&in_draft_7(document)).expect("it is a schema")
}

/// Writes a schema so that draft 7 says what is meant: the keywords beside a `$ref` apply too, and
/// `nullable` adds null to the type.
fn in_draft_7(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut plain = Map::new();
            for (keyword, value) in object {
                let is_data = keyword == "enum" || keyword == "const";
                let value = if is_data { value.clone() } else { in_draft_7(value) };
                plain.insert(keyword.clone(), value);
            }
            if plain.remove("nullable").is_some() {
                plain["type"] = json!([plain["type"], "null"]);
            }
            if let Some(target) = plain.remove("$ref") {
                let parts = plain.entry("allOf").or_insert(json!([]));
                parts.as_array_mut().expect("it is a list").push(json!({"$ref": target}));
            }
            plain.into()
        }
        Value::Array(values) => values.iter().map(in_draft_7).collect(),
        other => other.clone(),
    }
}

/// Invents schemas and values.
struct Inventor<'d> {
    dice: &'d mut Rng,
    /// Number of definitions that a `$ref` may name.
    definitions: usize,
}

impl Inventor<'_> {
    /// Returns `true` once in so many calls.
    fn once_in(&mut self, calls: usize) -> bool {
        self.dice.usize(..calls) == 0
    }

    fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.dice.usize(..values.len())].clone()
    }

    fn document(&mut self) -> Value {
        let mut definitions = Map::new();
        for index in 0..self.dice.usize(..3) {
            definitions.insert(format!("D{index}"), self.schema(2));
            self.definitions = index + 1;
        }
        json!({
            "type": "object",
            "properties": {"p": self.schema(3)},
            "additionalProperties": false,
            "$defs": definitions,
        })
    }

    fn schema(&mut self, depth: usize) -> Value {
        if depth == 0 {
            return self.scalar();
        }
        match self.dice.usize(..16) {
            0..2 => self.list(depth),
            2..4 => self.object(depth),
            4..8 => {
                let branches = (0..self.dice.usize(1..4)).map(|_| match self.once_in(25) {
                    true => self.dice.bool().into(),
                    false => self.schema(depth - 1),
                });
                let branches = branches.collect();
                self.union(branches)
            }
            8 => {
                let parts = (0..self.dice.usize(1..3)).map(|_| match self.once_in(3) {
                    true => self.union_of_scalars(),
                    false => self.scalar(),
                });
                let parts = parts.collect();
                self.beside("allOf", parts)
            }
            9 | 10 if self.definitions > 0 => {
                let target = format!("#/$defs/D{}", self.dice.usize(..self.definitions));
                self.beside("$ref", target.into())
            }
            _ => self.scalar(),
        }
    }

    /// Returns a keyword, sometimes with others beside it.
    fn beside(&mut self, keyword: &str, value: Value) -> Value {
        let mut schema = if self.once_in(3) { self.scalar() } else { json!({}) };
        schema[keyword] = value;
        schema
    }

    fn union(&mut self, branches: Value) -> Value {
        let keyword = self.one_of(&["anyOf", "oneOf"]);
        let mut schema = self.beside(keyword, branches);
        if says_its_type(&schema) && self.once_in(3) {
            schema["format"] = "video_uri".into();
        }
        schema
    }

    fn union_of_scalars(&mut self) -> Value {
        let branches: Value = (0..self.dice.usize(1..4)).map(|_| self.scalar()).collect();
        let keyword = self.one_of(&["anyOf", "oneOf"]);
        json!({keyword: branches})
    }

    fn list(&mut self, depth: usize) -> Value {
        let mut schema = json!({"items": self.schema(depth - 1)});
        if !self.once_in(5) {
            schema["type"] = "array".into();
        }
        if self.once_in(3) {
            schema["minItems"] = self.dice.usize(..3).into();
        }
        if self.once_in(3) {
            schema["maxItems"] = self.dice.usize(1..4).into();
        }
        if self.once_in(5) {
            schema["uniqueItems"] = true.into();
        }
        // Without a type, items beside a media format are strings.
        if says_its_type(&schema["items"]) && self.once_in(3) {
            schema["format"] = "image_uris".into();
        }
        if says_its_type(&schema["items"]) && self.once_in(3) {
            schema["validations"] = json!([
                {"validation_rule": "file_size_mb<", "validation_value": 9, "error_message": "Big"},
            ]);
        }
        schema
    }

    fn object(&mut self, depth: usize) -> Value {
        let names = &["a", "b", "c"][..self.dice.usize(1..4)];
        let mut properties = Map::new();
        for name in names {
            properties.insert((*name).to_owned(), self.schema(depth - 1));
        }
        let required: Vec<&str> = names.iter().copied().filter(|_| self.once_in(3)).collect();
        let mut schema = json!({"properties": properties, "required": required});
        schema["additionalProperties"] = match self.dice.usize(..6) {
            0 => self.scalar(),
            1 => true.into(),
            _ => false.into(),
        };
        if !self.once_in(6) {
            schema["type"] = "object".into();
        }
        if self.once_in(6) {
            schema["minProperties"] = self.dice.usize(..3).into();
        }
        if self.once_in(6) {
            schema["maxProperties"] = self.dice.usize(1..4).into();
        }
        schema
    }

    fn scalar(&mut self) -> Value {
        let mut schema = json!({});
        match self.dice.usize(..11) {
            0..7 => {
                let word = self.one_of(&SCALARS);
                schema["type"] = word.into();
                match word {
                    "string" => self.bound_length(&mut schema),
                    "integer" | "number" => self.bound_number(&mut schema),
                    _ => {}
                }
                if word == "string" && self.once_in(4) {
                    schema["format"] = "image_uri".into();
                }
                match self.dice.usize(..8) {
                    0 if word != "null" => schema["nullable"] = true.into(),
                    1 | 2 => self.choose(&mut schema),
                    _ => {}
                }
            }
            7 => {
                let words = [&SCALARS[..], &["array"]].concat();
                let mut types: Vec<&str> = Vec::new();
                for _ in 0..self.dice.usize(1..4) {
                    types.push(self.one_of(&words));
                }
                types.sort_unstable();
                types.dedup();
                schema["type"] = types.into();
                self.bound_length(&mut schema);
                self.bound_number(&mut schema);
            }
            8 => {
                self.bound_length(&mut schema);
                self.bound_number(&mut schema);
            }
            _ => self.choose(&mut schema),
        }
        schema
    }

    fn bound_length(&mut self, schema: &mut Value) {
        if self.once_in(2) {
            schema["minLength"] = self.one_of(&[0, 13, 14, 21, 28]).into();
        }
        if self.once_in(3) {
            schema["maxLength"] = self.one_of(&[13, 20, 21, 22, 40]).into();
        }
    }

    fn bound_number(&mut self, schema: &mut Value) {
        for keyword in ["minimum", "exclusiveMinimum"] {
            if self.once_in(4) {
                schema[keyword] = self.dice.i64(-1..3).into();
            }
        }
        for keyword in ["maximum", "exclusiveMaximum"] {
            if self.once_in(4) {
                schema[keyword] = self.dice.i64(1..6).into();
            }
        }
        if self.once_in(5) {
            schema["multipleOf"] = self.one_of(&[2.0, 0.5, 1.0, 3.0]).into();
        }
    }

    fn choose(&mut self, schema: &mut Value) {
        if self.once_in(3) {
            schema["const"] = self.choice();
            return;
        }
        let mut choices: Vec<Value> = Vec::new();
        for _ in 0..self.dice.usize(1..5) {
            let choice = self.choice();
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
        schema["enum"] = choices.into();
    }

    fn choice(&mut self) -> Value {
        match self.dice.usize(..9) {
            0..4 => self.one_of(&TEXTS).into(),
            4..7 => self.dice.i64(-1..5).into(),
            7 => 1.5.into(),
            _ => self.one_of(&[json!(true), json!(false), Value::Null]),
        }
    }

    fn input(&mut self, document: &Value) -> Value {
        json!({"p": self.value(&document["properties"]["p"], document, MAX_DEPTH)})
    }

    /// Returns a value that a schema may accept, or sometimes any.
    fn value(&mut self, schema: &Value, document: &Value, depth: usize) -> Value {
        if depth == 0 || self.once_in(8) {
            return self.any(1);
        }
        if let Some(target) = schema["$ref"].as_str() {
            let target = document.pointer(&target[1..]).expect("it is defined");
            return self.value(target, document, depth - 1);
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(branches) = schema[keyword].as_array() {
                let branch = self.one_of(branches);
                return self.value(&branch, document, depth - 1);
            }
        }
        if let Some(choices) = schema["enum"].as_array() {
            return self.one_of(choices);
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        let word = match &schema["type"] {
            Value::Array(words) => self.one_of(words),
            word => word.clone(),
        };
        let items = schema.get("items");
        let properties = schema["properties"].as_object();
        match (word.as_str(), items, properties) {
            (Some("string"), ..) => self.one_of(&TEXTS).into(),
            (Some("integer"), ..) => self.dice.i64(-2..6).into(),
            (Some("number"), ..) => self.one_of(&[1.5, 2.0, 0.5, 3.0]).into(),
            (Some("boolean"), ..) => self.dice.bool().into(),
            (Some("null"), ..) => Value::Null,
            (_, Some(items), _) => {
                let count = self.dice.usize(..4);
                (0..count).map(|_| self.value(items, document, depth - 1)).collect()
            }
            (_, _, Some(properties)) => {
                let mut object = Map::new();
                for (name, property) in properties {
                    if !self.once_in(3) {
                        object.insert(name.clone(), self.value(property, document, depth - 1));
                    }
                }
                object.into()
            }
            _ => self.any(1),
        }
    }

    fn any(&mut self, depth: usize) -> Value {
        match self.dice.usize(..(if depth == 0 { 9 } else { 13 })) {
            0..3 => self.one_of(&TEXTS).into(),
            3..6 => self.dice.i64(-2..6).into(),
            6 => self.one_of(&[1.5, 2.0, 0.25]).into(),
            7 => self.dice.bool().into(),
            8 => Value::Null,
            9 | 10 => (0..self.dice.usize(..4)).map(|_| self.any(depth - 1)).collect(),
            _ => {
                let names = &["a", "b", "c", "d"][..self.dice.usize(..4)];
                let entries = names.iter().map(|name| ((*name).to_owned(), self.any(depth - 1)));
                entries.collect::<Map<_, _>>().into()
            }
        }
    }
}

/// Returns `true` if a schema says the types of its values, and of the items of its lists.
fn says_its_type(schema: &Value) -> bool {
    if let Some(branches) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return branches.iter().all(says_its_type);
    }
    match &schema["type"] {
        Value::String(word) if word == "array" => schema.get("items").is_some_and(says_its_type),
        Value::String(_) => true,
        Value::Array(words) => !words.contains(&json!("array")),
        _ => schema.get("enum").is_some() || schema.get("const").is_some(),
    }
}
