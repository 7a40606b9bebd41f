//! OpenAPI 3.1 document of a simulator, made from the schemas that it serves.

mod schemas;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::dialect;
use crate::models::{Model, Models};

/// Characters that are percent-encoded in a path: all but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Creates the document of a simulator of these models at `origin`.
pub(crate) fn document(models: &Models, origin: &str) -> Value {
    let mut paths = json!({
        "/v1/models": {"get": page()},
        "/v1/models/categories": {"get": operation("categories", "Every category", &json!({
            "200": reply("The categories", &schemas::reference("Categories")),
        }))},
    });
    let mut components = schemas::common();
    for model in models.all() {
        let id = encoded(model.entry.id());
        add(&mut components, &format!("Input.{}", component(&id)), input(model, &id));
        add(&mut paths, &format!("/v1/models/{id}"), one_model(model, &id));
    }
    let requests = [
        ("status", json!({"get": status()})),
        ("result", json!({"get": result()})),
        ("cancel", json!({"post": cancel()})),
    ];
    for (name, item) in requests {
        add(&mut paths, &format!("/v1/requests/{{request_id}}/{name}"), item);
    }
    let balance = operation(
        "balance",
        "Balance of the account",
        &json!({
            "200": reply("The balance", &schemas::reference("Balance")),
        }),
    );
    add(&mut paths, "/prod/v2/balance", json!({"get": balance}));
    add(&mut components, "Output", schemas::output(models));

    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "runcomfy-simulator",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A simulator of RunComfy's queue API. It is not RunComfy: no model \
                runs and nothing is charged.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": origin}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": components,
        },
    })
}

/// Encodes a model id for a path: slashes stay raw, each segment is percent-encoded.
fn encoded(id: &str) -> String {
    let segments = id.split('/').map(|segment| utf8_percent_encode(segment, ENCODED).to_string());
    segments.collect::<Vec<_>>().join("/")
}

/// Converts an encoded id to a component name, which may hold no `/`, `%` or `~`. `_` escapes all
/// three by their code.
fn component(encoded: &str) -> String {
    let mut name = String::new();
    for character in encoded.chars() {
        match character {
            '/' => name.push('.'),
            '.' => name.push_str("_2E"),
            '_' => name.push_str("_5F"),
            '~' => name.push_str("_7E"),
            '%' => name.push('_'),
            character => name.push(character),
        }
    }
    name
}

fn add(object: &mut Value, name: &str, member: Value) {
    object[name] = member;
}

fn input(model: &Model, id: &str) -> Value {
    // The text was parsed before. If that fails now, any input is described.
    let mut schema = serde_json::from_str(model.entry.input().get()).unwrap_or(Value::Bool(true));
    schemas::embed(&mut schema, &format!("/components/schemas/Input.{}", component(id)));
    dialect::for_each_schema(&mut schema, &drop_unasserted_format);
    schema
}

/// Removes a `format` that tools assert and the simulator does not, such as `uri`.
fn drop_unasserted_format(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if !dialect::MEDIA_FORMATS.contains(&format.trim_end_matches('s')) {
        schema.remove("format");
    }
}

fn one_model(model: &Model, id: &str) -> Value {
    let words = format!("Submit a job of {}", model.entry.id());
    let mut accepted = reply("The job was accepted", &schemas::reference("Submitted"));
    for operation in ["status", "result", "cancel"] {
        let id = json!({"request_id": "$response.body#/request_id"});
        accepted["links"][operation] = json!({"operationId": operation, "parameters": id});
    }
    let mut submit = operation(
        &format!("submit/{id}"),
        &words,
        &json!({
            "200": accepted,
            "402": reply("The balance is less than the price", &schemas::reference("Coded")),
            "413": reply("The body is too long", &schemas::reference("Problem")),
            "422": reply("The input is refused", &schemas::reference("Refused")),
        }),
    );
    let schema = schemas::reference(&format!("Input.{}", component(id)));
    submit["requestBody"] =
        json!({"required": true, "content": {"application/json": {"schema": schema}}});
    let mut item = json!({"post": submit});
    if model.entry.is_listed() {
        let words = format!("Catalog entry of {}", model.entry.id());
        item["get"] = operation(
            &format!("model/{id}"),
            &words,
            &json!({
                "200": reply("The entry", &schemas::reference("EntryWithSchema")),
            }),
        );
    }
    item
}

fn page() -> Value {
    let text = json!({"type": "string"});
    let flag = json!({"type": "boolean", "default": false});
    let parameters: Vec<Value> = [
        ("limit", json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 100})),
        ("offset", json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0})),
        ("search", text.clone()),
        ("category", text.clone()),
        ("kind", text),
        ("include_schema", flag),
    ]
    .into_iter()
    .map(|(name, schema)| json!({"name": name, "in": "query", "schema": schema}))
    .collect();
    let mut page = operation(
        "catalog",
        "A page of the catalog",
        &json!({
            "200": reply("The page", &schemas::reference("Page")),
            "422": reply("The query is refused", &schemas::reference("Problem")),
        }),
    );
    page["parameters"] = json!(parameters);
    page
}

fn status() -> Value {
    about_request(
        "status",
        "Status of a job",
        &json!({
            "200": reply("The state", &schemas::reference("Status")),
        }),
    )
}

fn result() -> Value {
    let mut result = about_request(
        "result",
        "Result of a job, or its status",
        &json!({
            "200": reply("The result or the state", &schemas::reference("Result")),
            "422": reply("The query is refused", &schemas::reference("Problem")),
        }),
    );
    if let Some(parameters) = result["parameters"].as_array_mut() {
        let flag = json!({"type": "boolean", "default": false});
        parameters.push(json!({"name": "include_cost", "in": "query", "schema": flag}));
    }
    result
}

fn cancel() -> Value {
    about_request(
        "cancel",
        "Cancel a job that is still queued",
        &json!({
            "202": reply("The outcome", &schemas::reference("Cancelled")),
        }),
    )
}

/// Creates an operation about one request.
fn about_request(id: &str, summary: &str, replies: &Value) -> Value {
    let mut operation = operation(id, summary, replies);
    operation["parameters"] = json!([{
        "name": "request_id", "in": "path", "required": true,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
    }]);
    let replies = &mut operation["responses"];
    replies["400"] = reply("The request id is malformed", &schemas::reference("Coded"));
    replies["404"] = reply("There is no such request", &schemas::reference("Coded"));
    operation
}

/// Creates an operation with these replies and those that every operation has.
fn operation(id: &str, summary: &str, replies: &Value) -> Value {
    let mut all = Map::new();
    all.extend(replies.as_object().cloned().unwrap_or_default());
    all.insert(
        "401".to_owned(),
        reply("The token is missing or not accepted", &schemas::reference("Coded")),
    );
    json!({"operationId": id, "summary": summary, "responses": all})
}

fn reply(description: &str, schema: &Value) -> Value {
    json!({
        "description": description,
        "content": {"application/json": {"schema": schema}},
    })
}
