//! Imports: accepted texts, their results, and the messages of refusals.

mod catalog;
mod files;
mod mutated;
mod page;
mod page_refused;
mod pages;

use runcomfy_codegen::import::import;

/// Two schemas as pages have them: unsorted keys, and unusual spellings of numbers and escapes.
const INPUT: &str = r#"{"type": "object", "title": "In", "required": ["zeta"],
"properties": {"zeta": {"type": "string", "maxLength": 40},
"alpha": {"type": "number", "default": 1.0, "description": "a {brace}, a \"quote\" \u00e9"}}}"#;

const OUTPUT: &str = r#"{"output": {"type": "object", "properties": {"audio": {"type": "string", "format": "uri"}}}}"#;

/// A page from the clipboard, in three languages. INPUT and OUTPUT are placeholders of the schemas.
const PAGES: [(&str, &str); 3] = [
    (
        "English",
        r#"Call acme/Paper Boat 2.1 over HTTP. Anything in {braces} is yours to fill in.
curl --request POST \
--url https://model-api.runcomfy.net/v1/models/acme/Paper Boat 2.1 \
--header "Content-Type: application/json" \
--data '{
"zeta": "the ship's {name}, "quoted" and
broken over lines", "parts": [{ "output": { "type": "object" } }]
}'Put your key into YOUR_API_TOKEN. A reply looks like { "request_id": "r-1", "status": "in_queue" } at first.
The same works for /v1/models/{model_id}, say https://model-api.runcomfy.net/v1/models/acme/other.
curl --url https://model-api.runcomfy.net/v1/requests/{request_id}/status \
--header "Authorization: Bearer <token>"Later it is { "output": { "audio": "https://x.example/a.wav" } }.
INPUTOUTPUTMade with care, with no promise."#,
    ),
    (
        "Japanese",
        r#"紙の舟を流すモデルです。まず送信します。
curl -X POST 'https://model-api.runcomfy.net/v1/models/acme/Paper%20Boat%202.1' \
-H "Content-Type: application/json" \
-d '{
"zeta": "it'\''s {here}'\''s", "parts": [{ "properties": {} }]
}'鍵は変数に入れてください。{request_id} は応答の番号です。
入力の形INPUT出力の形OUTPUT以上です。"#,
    ),
    (
        "German",
        r#"So läuft „Paper Boat“: Schlüssel setzen, Auftrag senden, Ergebnis holen.
curl --location --request POST "https://model-api.runcomfy.net/v1/models/acme/Paper Boat 2.1" \
  --header 'Authorization: Bearer <token>' \
  --data-raw "{\"zeta\": \"{ \\\"properties\\\": {} }\"}"
Für später: curl --url https://model-api.runcomfy.net/v1/models/acme/Paper Boat 2.1 --data-raw '{}'
Ausgabe zuerst: OUTPUT, dann die Eingabe: INPUT und noch einmal dieselbe: INPUTTschüss."#,
    ),
];

fn english() -> String {
    let (_, template) = PAGES[0];
    template.replace("INPUT", INPUT).replace("OUTPUT", OUTPUT)
}

/// Returns the English page with the first occurrence of a text replaced.
fn english_with(from: &str, to: &str) -> String {
    let page = english();
    assert!(page.contains(from), "the page has no {from}");
    page.replacen(from, to, 1)
}

/// Asserts that each text is refused with a message that has all of its words.
fn assert_refused(cases: &[(&str, String, &[&str])]) {
    let mut failures = Vec::new();
    for (name, text, words) in cases {
        match import(text).map_err(|error| error.to_string()) {
            Ok(found) => failures.push(format!("{name}: taken as {found:?}")),
            Err(error) if words.iter().all(|word| error.contains(word)) => {}
            Err(error) => failures.push(format!("{name}: {words:?} are not in: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
