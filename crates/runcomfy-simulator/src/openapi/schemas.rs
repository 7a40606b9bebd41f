//! Schemas of the replies. They describe replies without faults and are closed, so a tool notices
//! any difference.

use serde_json::{Map, Value, json};

use crate::dialect;
use crate::models::Models;

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Normalises a published schema and moves its references to this place in the document.
pub(super) fn embed(schema: &mut Value, place: &str) {
    dialect::normalise(schema);
    dialect::for_each_schema(schema, &drop_own_identity);
    dialect::for_each_schema(schema, &drop_wrong_default);
    dialect::for_each_schema(schema, &|schema| rebase(schema, place));
}

/// Removes the keywords that make a schema a separate document.
fn drop_own_identity(schema: &mut Map<String, Value>) {
    schema.remove("$schema");
    schema.remove("$id");
}

/// Removes a `default` that the schema itself refuses, such as null or an empty example. Removes it
/// too if that cannot be decided because the schema refers to another.
fn drop_wrong_default(schema: &mut Map<String, Value>) {
    let Some(default) = schema.get("default") else {
        return;
    };
    let alone = jsonschema::options().offline().build(&Value::Object(schema.clone()));
    if !alone.is_ok_and(|alone| alone.is_valid(default)) {
        schema.remove("default");
    }
}

/// Points a reference within the schema's own document to its new place.
fn rebase(schema: &mut Map<String, Value>, place: &str) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref")
        && let Some(pointer) = reference.strip_prefix('#')
    {
        *reference = format!("#{place}{pointer}");
    }
}

/// Returns the schemas that do not depend on the models.
pub(super) fn common() -> Value {
    let mut all = job_replies();
    all.extend(catalog_replies());
    all.extend(errors());
    Value::Object(all)
}

fn job_replies() -> Map<String, Value> {
    object(json!({
        "RequestId": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
        "Submitted": closed(&["request_id", "status_url", "result_url", "cancel_url"], json!({
            "request_id": reference("RequestId"),
            "status_url": url(), "result_url": url(), "cancel_url": url(),
        })),
        "Status": closed(&["request_id", "status", "status_url", "result_url"], json!({
            "request_id": reference("RequestId"),
            "status": {"enum": ["in_queue", "in_progress", "completed", "cancelled"]},
            "queue_position": {"type": "integer", "minimum": 1},
            "status_url": url(), "result_url": url(),
        })),
        "Result": result(),
        "Cancelled": closed(&["request_id", "status", "outcome"], json!({
            "request_id": reference("RequestId"), "status": {"type": "string"},
            "outcome": {"enum": ["cancelled", "not_cancellable"]},
        })),
    }))
}

fn result() -> Value {
    let moment = json!({"type": "string", "format": "date-time"});
    let members = json!({
        "request_id": reference("RequestId"),
        "status": {"enum": ["in_queue", "in_progress", "succeeded", "failed", "cancelled"]},
        "queue_position": {"type": "integer", "minimum": 1},
        "status_url": url(), "result_url": url(),
        "output": reference("Output"), "error": true, "cost": {"type": "number", "minimum": 0},
        "created_at": moment, "finished_at": moment,
    });
    let by_status = json!({"allOf": [
        {"if": has_status(&["in_queue"]), "then": {"required": ["queue_position"]}},
        {"if": has_status(&["succeeded"]), "then": {"required": ["output"]}},
        {"if": has_status(&["in_queue", "in_progress"]),
         "then": {"required": ["status_url", "result_url"],
                  "properties": {"output": false, "error": false, "finished_at": false}},
         "else": {"required": ["created_at", "finished_at"]}},
    ]});
    with(closed(&["request_id", "status"], members), by_status)
}

fn has_status(words: &[&str]) -> Value {
    json!({"properties": {"status": {"enum": words}}})
}

fn catalog_replies() -> Map<String, Value> {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": text});
    let entry = json!({
        "model_id": text, "display_name": text, "description": text, "categories": texts,
        "kind": text, "required_inputs": texts,
        "base_price_usd": {"type": "number", "minimum": 0},
        "price_unit": text, "pricing_note": text, "model_url": text,
    });
    let schema = json!({"input_schema": {"type": ["object", "boolean"]}});
    object(json!({
        "Entry": open(&["model_id"], entry.clone()),
        "EntryWithSchema": open(&["model_id", "input_schema"], with(entry, schema)),
        "Page": closed(&["models", "total"], json!({
            "models": {"type": "array", "items": reference("Entry")},
            "total": {"type": "integer", "minimum": 0},
        })),
        "Categories": closed(&["categories"], json!({"categories": texts})),
        "Balance": closed(&["balance_usd", "currency"], json!({
            "balance_usd": {"type": "number"}, "currency": text,
        })),
    }))
}

fn errors() -> Map<String, Value> {
    let text = json!({"type": "string"});
    let refusal = closed(
        &["loc", "msg", "type"],
        json!({
            "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
            "msg": text, "type": text,
        }),
    );
    object(json!({
        "Coded": closed(&["error_code", "error_message"], json!({
            "error_code": {"type": "integer"}, "error_message": text,
        })),
        "Problem": closed(&["detail"], json!({"detail": text})),
        "Refused": closed(&["detail"], json!({
            "detail": {"type": "array", "minItems": 1, "items": refusal},
        })),
    }))
}

/// Returns the union of the models' output schemas.
pub(super) fn output(models: &Models) -> Value {
    let mut choices: Vec<Value> = Vec::new();
    for model in models.all() {
        let mut schema = match &model.output_schema {
            Some(schema) => schema.clone(),
            None => usual_output(),
        };
        embed(&mut schema, &format!("/components/schemas/Output/anyOf/{}", choices.len()));
        if !choices.contains(&schema) {
            choices.push(schema);
        }
    }
    json!({"anyOf": choices})
}

/// Returns the output schema of a model that publishes none.
fn usual_output() -> Value {
    json!({"type": "object", "minProperties": 1, "properties": {
        "image": url(), "video": url(), "audio": url(),
    }})
}

fn url() -> Value {
    json!({"type": "string", "format": "uri"})
}

fn closed(required: &[&str], properties: Value) -> Value {
    with(open(required, properties), json!({"additionalProperties": false}))
}

fn open(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

fn with(schema: Value, more: Value) -> Value {
    let mut schema = object(schema);
    schema.extend(object(more));
    Value::Object(schema)
}

/// Returns the members of an object, or none for any other value.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
