//! Every shape that a reply is known or feared to have.

use serde_json::json;

use super::*;
use crate::output::MediaOutput;

fn bytes(http_status: u16, body: &[u8]) -> Reply {
    let limits = BodyLimits::USUAL;
    Reply { http_status, retry_after: None, encoding: None, body: body.to_vec(), limits }
}

fn reply(http_status: u16, body: impl ToString) -> Reply {
    bytes(http_status, body.to_string().as_bytes())
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
        let error = sent(status, &body).expect_err("it is not a job");
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
        // The id is in another place: sending this again could pay twice.
        (200, json!({"code": 429001, "data": {"request_id": "r-1"}}).to_string()),
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
        (
            422,
            json!({"detail": "x".repeat(2 * BodyLimits::USUAL.max_kept), "request_id": "r-1"})
                .to_string(),
        ),
        (422, "{\"request_id\": \"r-1\", \"det".to_owned()),
        (422, "{\"request_id\": \"r-".to_owned()),
    ];
    for (status, body) in unknown {
        let error = sent(status, &body).expect_err("it is not a job");
        assert!(matches!(error, SubmitError::OutcomeUnknown { .. }), "{status} {body}: {error}");
        assert!(error.to_string().contains("unknown"), "{error}");
    }
}

#[test]
fn an_id_is_read_from_a_partial_reply() {
    let long =
        json!({"request_id": "r-1", "a": "x".repeat(2 * BodyLimits::USUAL.max_kept)}).to_string();
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
        let error = sent(status, text).expect_err("it is not a job");
        let SubmitError::OutcomeUnknown { id, body, .. } = error else { panic!("{text}") };
        assert_eq!(id, expected, "{text}");
        assert_eq!(body.as_deref(), Some(&text[..text.len().min(BodyLimits::USUAL.max_kept)]));
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
        assert!(
            matches!(found, Ok(ResultReply::Failed { error, .. }) if error == expected),
            "{body}"
        );
    }
    let body = json!({"status": "canceled", "error_code": 400005});
    assert!(matches!(read_result(200, body), Ok(ResultReply::Cancelled { .. })));
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
            _ => panic!("{body} is not an error"),
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
            panic!("{body} is not a success");
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
            assert!(
                matches!(found, Ok(ResultReply::Failed { error: found, .. }) if found == error),
                "{status}"
            );
        }
    }
    assert!(matches!(
        read_result(200, json!({"status": "failed"})),
        Ok(ResultReply::Failed { error: body, .. }) if body == json!({"status": "failed"})
    ));
    assert!(matches!(
        read_result(200, json!({"status": "canceled"})),
        Ok(ResultReply::Cancelled { .. })
    ));
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
        let Ok(ResultReply::Succeeded(success)) = found else {
            panic!("{output} is not a success")
        };
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
}

/// Field case F15.
#[test]
fn a_cancel_is_read_from_status_or_a_409() {
    let cases = [
        (202, json!({"status": "cancelled"}), Some(CancelOutcome::Cancelled)),
        (202, json!({"status": "CANCELED "}), Some(CancelOutcome::Cancelled)),
        (200, json!({"status": "completed"}), Some(CancelOutcome::NotCancellable)),
        (202, json!({"status": "in_progress"}), Some(CancelOutcome::NotCancellable)),
        (409, json!({"outcome": "not_cancellable"}), Some(CancelOutcome::NotCancellable)),
        (409, json!({"outcome": "Cancelled"}), Some(CancelOutcome::Cancelled)),
        (409, json!({"status": "succeeded"}), Some(CancelOutcome::NotCancellable)),
        (409, json!({"error": "no"}), None),
        (404, json!({"outcome": "cancelled"}), None),
        (202, json!({"status": "in_queue"}), None),
        (202, json!({}), None),
    ];
    for (status, body, expected) in cases {
        assert_eq!(cancelled(&reply(status, &body)).ok(), expected, "{status} {body}");
    }
}

/// Field case F13.
#[test]
fn a_status_is_read_in_any_case() {
    for word in ["COMPLETED", " completed\n", "Completed"] {
        assert_eq!(Status::from_word(word), Status::Completed, "{word:?}");
    }
    assert_eq!(Status::from_word("IN-QUEUE"), Status::InQueue);
    for word in ["In Progress", "IN_PROGRESS", "inProgress"] {
        assert_eq!(Status::from_word(word), Status::InProgress, "{word:?}");
    }
    assert_eq!(CancelOutcome::from_word("notCancellable"), CancelOutcome::NotCancellable);
    assert_eq!(CancelOutcome::from_word(" Not_Cancellable"), CancelOutcome::NotCancellable);
    assert_eq!(Status::from_word("Warming"), Status::Other("Warming".to_owned()));
}

/// Returns the output of a result after `/status` has reported that the job is finished.
fn delivered(http_status: u16, body: &[u8]) -> Option<Value> {
    match result::<MediaOutput>(&bytes(http_status, body), &id()).ok()? {
        ResultReply::Succeeded(completed) | ResultReply::Unconfirmed(completed) => {
            Some(completed.raw)
        }
        ResultReply::Unfinished | ResultReply::Failed { .. } | ResultReply::Cancelled { .. } => {
            None
        }
    }
}

/// Field case H1.
#[test]
fn an_output_is_read_from_every_reply_that_has_one() {
    let nested = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let deep = format!(r#"{{"status":"succeeded","output":{{"a":{nested}}}}}"#);
    let cases: [(u16, &[u8], Value); 15] = [
        (200, b"{\"status\":\"succeeded\",\"output\":{\"n\":1e400}}", json!({"n": "1e400"})),
        (200, b"{\"status\":\"succeeded\",\"output\":{},\"cost\":NaN}", json!({})),
        (200, b"{\"status\":\"succeeded\",\"output\":[\"\\ud83d\"]}", json!(["\u{fffd}"])),
        (200, b"{\"status\":\"succeeded\",\"output\":\"\xff\"}", json!("\u{fffd}")),
        (200, b"\xef\xbb\xbf{\"status\":\"succeeded\",\"output\":1}", json!(1)),
        (200, deep.as_bytes(), Value::Null),
        (200, b"{\"output\":{\"a\":1}}", json!({"a": 1})),
        (200, b"{\"output\":{\"a\":1},\"status\":null}", json!({"a": 1})),
        (200, b"{\"output\":{},\"error_code\":500001}", json!({})),
        (200, b"{\"output\":{},\"status\":\"done\"}", json!({})),
        (200, b"{\"output\":{},\"status\":\"COMPLETED\"}", json!({})),
        (200, b"{\"output\":{},\"status\":\"in_progress\"}", json!({})),
        (200, b"{\"output\":{},\"status\":\"succeeded\",\"error_code\":500001}", json!({})),
        (200, b"{\"output\":{},\"status\":\"done\",\"error_code\":500001}", json!({})),
        (500, b"{\"output\":{},\"status\":\"succeeded\",\"request_id\":\"r-1\"}", json!({})),
    ];
    for (http_status, body, expected) in cases {
        let text = String::from_utf8_lossy(body);
        let output = delivered(http_status, body).unwrap_or_else(|| panic!("{text} gives none"));
        if body != deep.as_bytes() {
            assert_eq!(output, expected, "{text}");
        }
    }
    let body = json!({"status": "in_progress", "error_code": 500001, "output": {}});
    assert!(delivered(200, body.to_string().as_bytes()).is_none(), "the call itself went wrong");
    assert!(delivered(500, b"{\"output\":{}}").is_none(), "it may be a gateway's");
}

/// Field case H1.
#[test]
fn an_unreadable_result_is_kept_whole() {
    let body = format!("<{}", "x".repeat(200_000));
    for (http_status, body) in [(200, &body), (502, &body)] {
        let reply = Reply { limits: BodyLimits::RESULT, ..bytes(http_status, body.as_bytes()) };
        let kept = match result::<MediaOutput>(&reply, &id()).err().expect("it is unreadable") {
            ApiFailure::Unreadable { body, .. } => body,
            ApiFailure::Api(error) => error.body,
            ApiFailure::Transport(error) => panic!("{error}"),
        };
        assert_eq!(&kept, body);
    }
}

/// Field cases F17 and H1.
#[test]
fn a_failed_job_keeps_its_reason_and_its_partial_output() {
    let cases = [
        (json!({"error": "", "failure_reason": "content policy"}), json!("content policy")),
        (json!({"error": {}, "error_message": "content policy"}), json!("content policy")),
        (json!({"error": [], "detail": "content policy"}), json!("content policy")),
        (json!({"error": {"message": " "}, "message": "content policy"}), json!("content policy")),
        (json!({"error": "boom", "message": "other"}), json!("boom")),
    ];
    for (mut body, expected) in cases {
        body["status"] = json!("failed");
        body["output"] = json!({"video": "https://example.com/v.mp4"});
        let Ok(ResultReply::Failed { error, reply }) = read_result(200, &body) else {
            panic!("{body}")
        };
        assert_eq!((error, reply), (expected, body));
    }
    let body = json!({"status": "failed", "error": null, "output": {"video": "x"}, "odd": 7});
    let Ok(ResultReply::Failed { error, .. }) = read_result(200, &body) else { panic!("{body}") };
    assert_eq!(error, body);
    let body = json!({"status": "cancelled", "output": {"video": "x"}});
    let Ok(ResultReply::Cancelled { reply }) = read_result(200, &body) else { panic!("{body}") };
    assert_eq!(reply, body);
}

/// Field cases F18 and L5.
#[test]
fn an_error_code_is_found_in_each_of_its_places() {
    let cases = [
        (400, json!({"code": 400004, "error": "UserAccountError"}), Some(400_004)),
        (400, json!({"errorCode": 400004}), Some(400_004)),
        (400, json!({"error": {"code": 400004, "message": "no"}}), Some(400_004)),
        (200, json!({"error": {"error_code": "400002"}}), Some(400_002)),
        (400, json!({"error_code": 500001.0}), Some(500_001)),
        (400, json!({"error_code": " 500001 "}), Some(500_001)),
        (200, json!({"error_code": "unauthorized"}), None),
        (200, json!({"error_code": {"a": 1}}), None),
    ];
    for (http_status, body, code) in cases {
        match json(&reply(http_status, &body)) {
            Err(ApiFailure::Api(error)) => assert_eq!(error.code, code, "{body}"),
            _ => panic!("{body} is not an error"),
        }
    }
    for body in [
        json!({"code": 0}),
        json!({"code": 200, "error": null}),
        json!({"error_code": "0"}),
        json!({"error_code": ""}),
        json!({"error_code": null}),
        json!({"status": "in_queue", "error": {"code": 500001}}),
    ] {
        assert!(json(&reply(200, &body)).is_ok(), "{body} is an error");
    }
    let unknown = sent(400, json!({"error_code": 500001.0})).expect_err("it is not accepted");
    assert!(matches!(unknown, SubmitError::OutcomeUnknown { .. }), "{unknown}");
}

/// Field case F27.
#[test]
fn a_byte_order_mark_is_passed_over() {
    let body = b"\xef\xbb\xbf{\"request_id\":\"r-1\",\"status\":\"in_queue\"}";
    assert!(submitted(&bytes(200, body), None, "a/b").is_ok_and(|found| found == id()));
    assert_eq!(status(&bytes(200, body)).ok().map(|found| found.status), Some(Status::InQueue));
}

/// Field case L1.
#[test]
fn a_truncated_response_gives_its_top_level_id() {
    let body = r#"{"error":{"request_id":"trace-1"},"request_id":"r-1", "x"#;
    let error = sent(502, body).expect_err("it is truncated");
    assert!(
        matches!(&error, SubmitError::OutcomeUnknown { id: Some(found), .. } if *found == id())
    );
}

/// Field case L2.
#[test]
fn the_id_of_another_request_is_kept() {
    let body = json!({"request_id": "r-other", "status": "succeeded", "output": {}});
    let Ok(ResultReply::Succeeded(completed)) = read_result(200, &body) else { panic!("{body}") };
    assert_eq!(completed.others.get("request_id"), Some(&json!("r-other")));
}

/// Field case L4.
#[test]
fn text_of_a_server_cannot_move_the_cursor() {
    let text = "a\u{1b}[31m\nb";
    let error = sent(422, json!({"detail": text})).expect_err("it is refused").to_string();
    let failed = JobErrorReason::Failed(json!(text)).to_string();
    let status = Status::Other(text.to_owned()).to_string();
    for shown in [error, failed, status] {
        assert!(!shown.contains(['\u{1b}', '\n']), "{shown:?}");
    }
}

#[test]
fn a_reply_that_is_too_large_is_not_read_again() {
    let limits = BodyLimits { max_bytes: 10, max_kept: 4 };
    let reply = Reply { limits, ..bytes(200, br#"{"status": "in_queue"}"#) };
    let Err(failure @ ApiFailure::Unreadable { .. }) = json(&reply) else { panic!("it is read") };
    assert_eq!(failure.failure(), Failure::TooLarge);
    assert!(!classify(Call::Read, Failure::TooLarge).retry);
}

#[test]
fn an_output_of_a_failed_or_cancelled_job_is_no_success() {
    let body = json!({"status": "error", "output": {"video": "https://x/v.mp4"}});
    let confirmed = |end: Status| match read_result(200, &body) {
        Ok(ResultReply::Unconfirmed(completed)) => ResultReply::confirmed(completed, &end),
        _ => panic!("the status `error` is not known"),
    };
    let output = &body["output"];
    let failed = confirmed(Status::Failed);
    assert!(matches!(failed, ResultReply::Failed { reply, .. } if reply["output"] == *output));
    let cancelled = confirmed(Status::Cancelled);
    assert!(matches!(cancelled, ResultReply::Cancelled { reply } if reply["output"] == *output));
    assert!(matches!(confirmed(Status::Completed), ResultReply::Succeeded(_)));
}
