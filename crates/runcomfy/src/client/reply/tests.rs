//! Every shape that a reply is known or feared to have.

use serde_json::json;

use super::*;
use crate::output::MediaOutput;

fn reply(http_status: u16, body: impl ToString) -> Reply {
    Reply { http_status, retry_after: None, body: body.to_string().into_bytes() }
}

fn sent(http_status: u16, body: impl ToString) -> Result<RequestId, SubmitError> {
    submitted(&reply(http_status, body), None, "a/b")
}

fn id() -> RequestId {
    "r-1".parse().expect("it is an id")
}

fn read_result(
    http_status: u16,
    body: impl ToString,
) -> Result<ResultReply<MediaOutput>, ApiFailure> {
    result(&reply(http_status, body), &id())
}

#[test]
fn a_submit_is_rejected_only_if_certainly_not_accepted() {
    let taken = json!({"request_id": "r-1"});
    for status in [200, 202] {
        assert!(sent(status, &taken).is_ok_and(|found| found == id()));
    }
    let refused = [
        (401, json!({"error_code": 400004, "error_message": "expired"})),
        (200, json!({"error_code": 400002, "error_message": "no balance"})),
        (422, json!({"detail": [{"loc": ["body", "prompt"], "msg": "too long"}]})),
        (429, json!("slow down")),
        (404, json!(null)),
        (200, json!({"error_code": 403003})),
        (400, json!({"error_code": 12})),
        (400, json!({"error_code": 400001, "request_id": null})),
    ];
    for (status, body) in refused {
        let error = sent(status, &body).expect_err("it is no job");
        assert!(matches!(error, SubmitError::Rejected(_)), "{status} {body}: {error}");
    }
    let unknown = [
        (200, "".to_owned()),
        (200, "<html>".to_owned()),
        (200, "{\"request_id\": \"r-".to_owned()),
        (200, json!({"request_id": "../x"}).to_string()),
        (200, json!({"request_id": 7}).to_string()),
        (200, json!([]).to_string()),
        (200, json!({"error_code": 500001}).to_string()),
        (200, json!({"error_code": 400002, "request_id": "r-1"}).to_string()),
        (307, json!({"request_id": "r-1"}).to_string()),
        (408, "".to_owned()),
        (502, "<html>".to_owned()),
        (502, json!({"error_code": 400002}).to_string()),
        (503, json!({"error_code": 429001}).to_string()),
        (600, json!({"error_code": 400002}).to_string()),
        (307, json!({"error_code": 400002}).to_string()),
        (200, json!({"error_code": 12}).to_string()),
        (200, json!({"error_code": -1}).to_string()),
        (400, json!({"error_code": 500001}).to_string()),
        (408, json!({"error_code": 400002}).to_string()),
        (422, json!({"detail": "no", "request_id": 7}).to_string()),
        (422, json!({"detail": "x".repeat(2 * MAX_KEPT), "request_id": "r-1"}).to_string()),
        (422, "{\"request_id\": \"r-1\", \"det".to_owned()),
        (422, "{\"request_id\": \"r-".to_owned()),
    ];
    for (status, body) in unknown {
        let error = sent(status, &body).expect_err("it is no job");
        assert!(matches!(error, SubmitError::OutcomeUnknown { .. }), "{status} {body}: {error}");
        assert!(error.to_string().contains("unknown"), "{error}");
    }
}

#[test]
fn an_id_is_read_from_a_partial_reply() {
    let long = json!({"request_id": "r-1", "a": "x".repeat(2 * MAX_KEPT)}).to_string();
    let cases = [
        (502, r#"{"error": "late", "request_id": "r-1"}"#, Some(id())),
        (502, &long, Some(id())),
        (202, r#"{"request_id": "r-1", "status_url": "https://"#, Some(id())),
        (202, r#"{"a": "\"request_id\": \"r-0\"", "request_id" : "r-1"  "#, Some(id())),
        (202, r#"{"request_id": "r-"#, None),
        (202, r#"{"request_id": null, "a"#, None),
        (202, r#"{"request_id""#, None),
        (502, r#"{"request_id": "../x"}"#, None),
        (502, "<html>", None),
    ];
    for (status, text, expected) in cases {
        let error = sent(status, text).expect_err("it is no job");
        let SubmitError::OutcomeUnknown { id, body, .. } = error else { panic!("{text}") };
        assert_eq!(id, expected, "{text}");
        assert_eq!(body.as_deref(), Some(&text[..text.len().min(MAX_KEPT)]));
    }
}

#[test]
fn a_final_status_precedes_an_error_code() {
    let cases = [
        (200, json!({"status": "failed", "error_code": 500001, "error": "NSFW"}), json!("NSFW")),
        (
            500,
            json!({"request_id": "r-1", "status": "failed", "error_code": 500001, "error": "x"}),
            json!("x"),
        ),
    ];
    for (status, body, expected) in cases {
        let found = read_result(status, &body);
        assert!(matches!(found, Ok(ResultReply::Failed(error)) if error == expected), "{body}");
    }
    let body = json!({"status": "canceled", "error_code": 400005});
    assert!(matches!(read_result(200, body), Ok(ResultReply::Cancelled)));
    for body in [
        json!({"status": "failed", "error": "gateway"}),
        json!({"status": "failed", "request_id": "r-2"}),
        json!({"status": "in_progress", "error_code": 500001}),
    ] {
        assert!(matches!(read_result(500, &body), Err(ApiFailure::Api(_))), "{body}");
    }
}

#[test]
fn an_error_message_is_found_under_each_key() {
    let cases = [
        (json!({"error_code": 400004, "error_message": "expired"}), "expired"),
        (json!({"message": "no", "error_message": " "}), "no"),
        (json!({"error": {"message": "no"}}), "no"),
        (json!({"error": ["a", "b"]}), "a; b"),
        (json!({"detail": "no"}), "no"),
        (
            json!({"detail": [{"loc": ["body", "loras", 0, "scale"], "msg": "too big"}]}),
            "loras.0.scale: too big",
        ),
        (json!({"error": {"kind": 7}}), "{\"kind\":7}"),
        (json!({}), "no reason was given"),
    ];
    for (body, expected) in cases {
        match json(&reply(400, &body)) {
            Err(ApiFailure::Api(error)) => assert_eq!(error.message, expected, "{body}"),
            _ => panic!("{body} is no error"),
        }
    }
}

#[test]
fn an_error_code_decides_the_kind_before_the_http_status() {
    let cases = [
        (200, Some(400_002), ApiErrorKind::Balance),
        (400, Some(400_004), ApiErrorKind::Token),
        (403, Some(400_004), ApiErrorKind::Token),
        (401, None, ApiErrorKind::Token),
        (402, None, ApiErrorKind::Balance),
        (400, Some(400_001), ApiErrorKind::MalformedId),
        (400, Some(400_005), ApiErrorKind::NotReady),
        (403, Some(403_001), ApiErrorKind::Forbidden),
        (404, Some(404_001), ApiErrorKind::NotFound),
        (400, None, ApiErrorKind::Input),
        (422, None, ApiErrorKind::Input),
        (429, None, ApiErrorKind::RateLimit),
        (200, Some(500_001), ApiErrorKind::Server),
        (503, None, ApiErrorKind::Server),
        (418, None, ApiErrorKind::Other),
    ];
    for (status, code, kind) in cases {
        assert_eq!(ApiErrorKind::of(status, code), kind, "HTTP {status}, code {code:?}");
    }
}

#[test]
fn an_unknown_status_is_kept_and_not_final() {
    let found = status(&reply(200, json!({"status": "warming", "queue_position": 4})));
    let found = found.ok().expect("it is an update");
    assert_eq!(found.status, Status::Other("warming".to_owned()));
    assert_eq!(found.queue_position, Some(4));
    assert!(!found.status.is_finished());
    for word in ["cancelled", "canceled"] {
        assert_eq!(Status::from_word(word), Status::Cancelled);
    }
}

#[test]
fn a_result_is_read_by_status_and_then_by_members() {
    let output = json!({"video": "https://example.com/v.mp4", "seed": 3});
    for status in ["succeeded", "completed"] {
        let body = json!({"status": status, "output": output, "cost": 0.25, "created_at": "then"});
        let Ok(ResultReply::Succeeded(success)) = read_result(200, &body) else {
            panic!("{body} is no success");
        };
        assert_eq!(success.id, id());
        assert_eq!(success.raw, output);
        assert_eq!(success.cost, Some(0.25));
        assert_eq!(success.created_at.as_deref(), Some("then"));
        assert_eq!(success.output.urls().count(), 1);
        assert_eq!(success.others, Map::new());
    }
    for error in [json!("boom"), json!({"a": 1}), json!(["x"])] {
        for status in ["failed", "completed"] {
            let found = read_result(200, json!({"status": status, "error": error}));
            assert!(matches!(found, Ok(ResultReply::Failed(found)) if found == error), "{status}");
        }
    }
    assert!(matches!(
        read_result(200, json!({"status": "failed"})),
        Ok(ResultReply::Failed(body)) if body == json!({"status": "failed"})
    ));
    assert!(matches!(read_result(200, json!({"status": "canceled"})), Ok(ResultReply::Cancelled)));
    assert!(matches!(read_result(200, json!({"status": "in_queue"})), Ok(ResultReply::Unfinished)));
    assert!(matches!(
        read_result(400, json!({"error_code": 400005, "error_message": "not ready"})),
        Ok(ResultReply::Unfinished)
    ));
    assert!(matches!(
        read_result(200, json!({"status": "succeeded"})),
        Err(ApiFailure::Unreadable { .. })
    ));
}

#[test]
fn a_misfit_in_a_paid_output_is_not_an_error() {
    for output in [json!("https://example.com/v.mp4"), json!([1]), json!({"video": 7})] {
        let found = read_result(200, json!({"status": "succeeded", "output": output}));
        let Ok(ResultReply::Succeeded(success)) = found else { panic!("{output} is no success") };
        assert_eq!(success.raw, output);
        assert_eq!(success.output.urls().count(), 0);
    }
}

#[test]
fn unknown_members_and_misfits_of_a_result_are_kept() {
    let body = json!({
        "request_id": "r-1", "status": "succeeded", "output": {}, "error": null, "seconds": 3,
        "cost": "0.25", "created_at": 1790000000, "finished_at": null,
    });
    let Ok(ResultReply::Succeeded(success)) = read_result(200, &body) else { panic!("{body}") };
    assert_eq!((success.cost, success.created_at, success.finished_at), (None, None, None));
    let others = json!({"cost": "0.25", "created_at": 1790000000, "error": null, "seconds": 3});
    assert_eq!(Value::Object(success.others), others);
}

#[test]
fn a_cost_is_read_in_any_final_status() {
    let cases = [
        (200, json!({"status": "succeeded", "output": {}, "cost": 0.25}), Some(0.25)),
        (200, json!({"status": "failed", "error": "boom", "cost": 0}), Some(0.0)),
        (200, json!({"status": "failed", "error_code": 500001, "cost": 1}), Some(1.0)),
        (200, json!({"status": "cancelled", "cost": null}), None),
        (200, json!({"status": "in_queue"}), None),
        (200, json!({"status": "succeeded", "output": {}, "cost": -1}), None),
        (200, json!({"status": "succeeded", "output": {}, "cost": "much"}), None),
        (400, json!({"error_code": 400005}), None),
    ];
    for (status, body, expected) in cases {
        assert_eq!(cost(&reply(status, &body), &id()).ok(), Some(expected), "{body}");
    }
    assert!(cost(&reply(502, "<html>"), &id()).is_err());
}

#[test]
fn retry_after_gives_seconds_or_a_date() {
    const NOW: &str = "Tue, 24 Nov 2026 22:00:00 GMT";
    let now = httpdate::parse_http_date(NOW).expect("it is a date");
    let cases = [
        (Some("7"), None, Some(7)),
        (Some(" 0 "), None, Some(0)),
        (Some("Tue, 24 Nov 2026 22:00:30 GMT"), None, Some(30)),
        (Some("Tue, 24 Nov 2026 21:00:00 GMT"), None, Some(0)),
        // The server's clock is half an hour behind, and counts.
        (Some("Tue, 24 Nov 2026 21:30:09 GMT"), Some("Tue, 24 Nov 2026 21:30:00 GMT"), Some(9)),
        (Some("Tuesday, 24-Nov-26 22:00:30 GMT"), Some("?"), Some(30)),
        (Some("99999999999999999999999"), None, Some(u64::MAX)),
        (Some("-1"), None, None),
        (Some("1.5"), None, None),
        (Some("soon"), None, None),
        (None, Some(NOW), None),
    ];
    for (asked, date, expected) in cases {
        let mut headers = HeaderMap::new();
        for (name, text) in [(RETRY_AFTER, asked), (DATE, date)] {
            if let Some(text) = text {
                headers.insert(name, text.parse().expect("it is a header"));
            }
        }
        assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{asked:?}");
    }
}

#[test]
fn cancelling_is_read_from_outcome_not_status() {
    let cases = [
        ("cancelled", CancelOutcome::Cancelled),
        ("not_cancellable", CancelOutcome::NotCancellable),
        ("maybe", CancelOutcome::Other("maybe".to_owned())),
    ];
    for (word, outcome) in cases {
        let found = cancelled(&reply(202, json!({"status": "completed", "outcome": word})));
        assert_eq!(found.ok(), Some(outcome));
    }
    assert!(cancelled(&reply(202, json!({"status": "cancelled"}))).is_err());
}
