//! State names, and the reply quirks that a scenario may request.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::faults::{Failure, JobScenario, Quirk};
use crate::jobs::Phase;

/// Size of the media of [`Quirk::LargeOutput`]: more than 16 MiB in base64.
const LARGE_BYTES: usize = 13_000_000;

/// Lists nested 200 deep.
const NESTED: [u8; 400] = {
    let mut text = [b'['; 400];
    let mut index = 200;
    while index < 400 {
        text[index] = b']';
        index += 1;
    }
    text
};

/// Stands for raw bytes in a reply that is serialized.
const PLACEHOLDER: &str = "@raw@";

/// Vocabulary of statuses. RunComfy has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// That of `/status`, which does not distinguish success from failure.
    Status,
    Result,
}

/// Effect of a quirk on the replies about a job.
pub(super) enum Effect {
    /// Changes the status words.
    Statuses(fn(&str) -> String),
    /// Changes the reply to a cancel.
    Cancel(StatusCode, fn(&mut Map<String, Value>)),
    /// Converts the media in the output from its URL, content type and bytes.
    Media(fn(&str, &str, Vec<u8>) -> String),
    /// Replaces the output by its first media, converted likewise.
    Output(fn(&str, &str, Vec<u8>) -> String),
    /// Changes the members of the result.
    Result(fn(&mut Map<String, Value>)),
    /// Adds a member with this text to the output.
    RawMember(&'static [u8]),
    /// Adds bytes before the result.
    Prefix(&'static [u8]),
}

impl Effect {
    /// Returns the effect of a job's quirk, if it has one.
    pub(super) fn for_scenario(scenario: JobScenario) -> Option<Self> {
        let JobScenario::Quirk(quirk) = scenario else { return None };
        Some(match quirk {
            Quirk::UpperCaseStatuses => Self::Statuses(str::to_uppercase),
            Quirk::PaddedStatuses => Self::Statuses(|status| format!(" {status}\n")),
            Quirk::CancelWithoutOutcome => {
                Self::Cancel(StatusCode::ACCEPTED, |reply| _ = reply.remove("outcome"))
            }
            Quirk::CancelConflict => Self::Cancel(StatusCode::CONFLICT, |_| {}),
            Quirk::DataUriOutput => Self::Media(data_uri),
            Quirk::Base64Output => Self::Media(|_, _, bytes| STANDARD.encode(bytes)),
            Quirk::SchemelessOutput => {
                Self::Media(|url, _, _| url.trim_start_matches("http:").to_owned())
            }
            Quirk::LargeOutput => Self::Media(|url, content_type, mut bytes| {
                bytes.resize(LARGE_BYTES, 0);
                data_uri(url, content_type, bytes)
            }),
            Quirk::StringOutput => Self::Output(data_uri),
            Quirk::NoStatus => Self::Result(|result| _ = result.remove("status")),
            Quirk::NullStatus => Self::Result(|result| set(result, "status", Value::Null)),
            Quirk::DoneStatus => Self::Result(|result| set(result, "status", json!("done"))),
            Quirk::ErrorCode => Self::Result(|result| set(result, "error_code", json!(500_001))),
            Quirk::OtherRequestId => {
                Self::Result(|result| set(result, "request_id", json!("sim-999999")))
            }
            Quirk::HugeNumber => Self::RawMember(b"1e400"),
            Quirk::NotANumber => Self::RawMember(b"NaN"),
            Quirk::Infinity => Self::RawMember(b"-Infinity"),
            Quirk::HalfSurrogate => Self::RawMember(br#""\ud83d""#),
            Quirk::InvalidUtf8 => Self::RawMember(b"\"\xff\xfe\""),
            Quirk::DeepNesting => Self::RawMember(&NESTED),
            Quirk::ByteOrderMark => Self::Prefix(b"\xef\xbb\xbf"),
        })
    }
}

impl Vocabulary {
    pub(super) fn word(self, phase: Phase, scenario: JobScenario) -> String {
        let word = self.plain_word(phase, scenario);
        if let Some(Effect::Statuses(change)) = Effect::for_scenario(scenario) {
            return change(word);
        }
        word.to_owned()
    }

    fn plain_word(self, phase: Phase, scenario: JobScenario) -> &'static str {
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

/// Serializes a finished job's result with the quirk of its scenario.
pub(super) fn result_bytes(mut result: Value, scenario: JobScenario) -> Vec<u8> {
    match Effect::for_scenario(scenario) {
        Some(Effect::Result(change)) => {
            if let Value::Object(result) = &mut result {
                change(result);
            }
            result.to_string().into_bytes()
        }
        Some(Effect::RawMember(raw)) => {
            let parent =
                if result["output"].is_object() { &mut result["output"] } else { &mut result };
            if let Value::Object(parent) = parent {
                parent.shift_insert(0, "quirk".to_owned(), json!(PLACEHOLDER));
            }
            let text = result.to_string();
            let (before, after) =
                text.split_once(&format!("{PLACEHOLDER:?}")).unwrap_or((&text, ""));
            [before.as_bytes(), raw, after.as_bytes()].concat()
        }
        Some(Effect::Prefix(prefix)) => [prefix, result.to_string().as_bytes()].concat(),
        Some(Effect::Statuses(_) | Effect::Cancel(..) | Effect::Media(_) | Effect::Output(_))
        | None => result.to_string().into_bytes(),
    }
}

/// Returns the members of a failed job's result that tell the error.
pub(super) fn error(failure: Failure) -> Vec<(&'static str, Value)> {
    let words = "the simulated model ran out of memory";
    match failure {
        Failure::Text => vec![("error", json!(words))],
        Failure::Object => {
            vec![("error", json!({"code": "OUT_OF_MEMORY", "message": words, "node": 7}))]
        }
        Failure::Array => {
            let item = json!({"loc": ["body", "prompt"], "msg": words, "type": "value_error"});
            vec![("error", json!([item]))]
        }
        Failure::Missing => Vec::new(),
        Failure::Null => vec![("error", Value::Null)],
        Failure::EmptyText => vec![("error", json!("")), ("failure_reason", json!(words))],
        Failure::EmptyObject => vec![("error", json!({})), ("error_message", json!(words))],
        Failure::EmptyArray => vec![("error", json!([])), ("detail", json!(words))],
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

fn set(object: &mut Map<String, Value>, name: &str, member: Value) {
    object.insert(name.to_owned(), member);
}

fn data_uri(_url: &str, content_type: &str, bytes: Vec<u8>) -> String {
    format!("data:{content_type};base64,{}", STANDARD.encode(bytes))
}
