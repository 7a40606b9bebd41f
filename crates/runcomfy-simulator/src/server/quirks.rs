//! State names, and the reply quirks that a scenario may request.

use serde_json::{Value, json};

use crate::faults::{Failure, JobScenario};
use crate::jobs::Phase;

/// Vocabulary of statuses. RunComfy has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// That of `/status`, which does not distinguish success from failure.
    Status,
    Result,
}

impl Vocabulary {
    pub(super) fn word(self, phase: Phase, scenario: JobScenario) -> &'static str {
        let other = scenario == JobScenario::OtherStatuses;
        let unknown = scenario == JobScenario::UnknownStatuses;
        match phase {
            Phase::Queued { .. } if other => "pending",
            Phase::Queued { .. } if unknown => "napping",
            Phase::Queued { .. } => "in_queue",
            Phase::Running if other => "processing",
            Phase::Running if unknown => "hibernating",
            Phase::Running => "in_progress",
            Phase::Finished { .. } => match (self, other) {
                (Self::Status, false) | (Self::Result, true) => "completed",
                (Self::Status, true) | (Self::Result, false) => "succeeded",
            },
            Phase::Failed { .. } => match self {
                Self::Status => "completed",
                Self::Result => "failed",
            },
            Phase::Cancelled { .. } if other => "canceled",
            Phase::Cancelled { .. } => "cancelled",
        }
    }
}

/// Returns the `error` of a failed job.
pub(super) fn error(failure: Failure) -> Option<Value> {
    let words = "the simulated model ran out of memory";
    match failure {
        Failure::Text => Some(json!(words)),
        Failure::Object => Some(json!({"code": "OUT_OF_MEMORY", "message": words, "node": 7})),
        Failure::Array => {
            Some(json!([{"loc": ["body", "prompt"], "msg": words, "type": "value_error"}]))
        }
        Failure::Missing => None,
    }
}

/// Adds unknown fields to a reply and its output, and nulls for known ones.
pub(super) fn add_unknown_fields(reply: &mut Value) {
    add(reply, "worker", json!({"region": "nowhere", "retries": [0, 1.5, null]}));
    add(reply, "queue_position", Value::Null);
    if let Some(output) = reply.get_mut("output") {
        for (name, value) in [
            ("preview", json!({"blurhash": "LKO2?U%2Tw=w"})),
            ("nsfw", json!([false])),
            ("images", Value::Null),
            ("audio", Value::Null),
        ] {
            add(output, name, value);
        }
    }
}

/// Adds a member unless the object has it.
fn add(value: &mut Value, name: &str, member: Value) {
    if let Value::Object(object) = value {
        object.entry(name).or_insert(member);
    }
}
