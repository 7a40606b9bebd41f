//! One text for all JSON that means the same, and the fingerprint of an input.

use std::fmt::Write;

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use crate::job::InputFile;

/// Largest number up to which a float holds every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns the SHA-256, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns what two inputs have in common if a model would do the same work for both: the model,
/// the JSON without the order of its members, and the contents of its files, wherever they are.
pub(crate) fn fingerprint(model: &str, input: &Value, files: &[InputFile]) -> String {
    let mut input = input.clone();
    for file in files {
        if let Some(place) = input.pointer_mut(&file.at) {
            // No string of an input can be mistaken for an object.
            *place = serde_json::json!({ "sha256": file.sha256 });
        }
    }
    let mut text = String::new();
    write(&input, &mut text);
    sha256(format!("{model}\0{text}").as_bytes())
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Number(number) => write_number(number, text),
        Value::Array(list) => {
            text.push('[');
            for value in list {
                write(value, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            text.push('{');
            for name in names {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                members.get(name).into_iter().for_each(|value| write(value, text));
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// Writes 1.0 as 1.
fn write_number(number: &Number, text: &mut String) {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            text.push_str(&(float as i64).to_string());
        }
        _ => text.push_str(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json};

    use super::*;

    fn file(path: &str, sha256: &str) -> InputFile {
        InputFile { at: "/image".into(), path: path.into(), bytes: 1, sha256: sha256.into() }
    }

    #[test]
    fn inputs_with_the_same_meaning_have_one_fingerprint() {
        let one: Value = from_str(r#"{"a": 1, "b": {"d": [1.5, "x"], "c": null}}"#).expect("JSON");
        let two: Value = from_str(r#"{"b":{"c":null,"d":[15e-1,"x"]},"a":1.0}"#).expect("JSON");
        assert_eq!(fingerprint("m", &one, &[]), fingerprint("m", &two, &[]));
        let here = fingerprint("m", &json!({"image": "a.png"}), &[file("a.png", "77")]);
        let there = fingerprint("m", &json!({"image": "b.png"}), &[file("b.png", "77")]);
        assert_eq!(here, there);
    }

    #[test]
    fn inputs_that_differ_have_different_fingerprints() {
        let cases = [
            fingerprint("m", &json!({"a": 1}), &[]),
            fingerprint("n", &json!({"a": 1}), &[]),
            fingerprint("m", &json!({"a": "1"}), &[]),
            fingerprint("m", &json!({"a": [1]}), &[]),
            fingerprint("m", &json!({"a": null}), &[]),
            fingerprint("m", &json!({"a": -1}), &[]),
            fingerprint("m", &json!({"a": 1, "b": 2}), &[]),
            fingerprint("m", &json!({"image": "a.png"}), &[]),
            fingerprint("m", &json!({"image": "a.png"}), &[file("a.png", "77")]),
            fingerprint("m", &json!({"image": "a.png"}), &[file("a.png", "78")]),
        ];
        for (index, one) in cases.iter().enumerate() {
            assert!(!cases[index + 1..].contains(one), "{index}");
        }
        assert_eq!(sha256(b"abc")[..8], *"ba7816bf");
    }
}
