//! Replies to a sync: overlapping pages, bad replies, and no reply.

use std::process::{Child, Stdio};

use super::place::{MODELS, Place};
use super::server::{Reply, Server, http, page};

#[test]
fn overlapping_catalog_pages_are_merged() {
    let place = Place::with(&MODELS);
    let [a, b, c, d] = MODELS.map(|id| place.entry(id));
    type Case<'a> = (&'a [&'a [&'a String]], Option<usize>, &'a [usize]);
    let cases: [Case<'_>; 4] = [
        (&[&[&a, &b], &[&b, &c], &[&d]], Some(4), &[0, 2, 3]),
        (&[&[&a, &b, &c, &d]], Some(4), &[0]),
        (&[&[&a, &b], &[&c, &d], &[]], None, &[0, 2, 4]),
        (&[&[&a, &b, &c, &d], &[&a, &b, &c, &d]], None, &[0, 4]),
    ];
    for (pages, total, offsets) in cases {
        let place = Place::with(&[]);
        let replies = pages.iter().map(|entries| http(200, &page(entries, total))).collect();
        let server = Server::start(replies);
        let printed = place.sync_from(&server.base, &["--page-size", "2"]);
        assert!(printed.ok && printed.out.contains("added 4, "), "{printed:?}");
        let asked: Vec<String> = offsets
            .iter()
            .map(|offset| {
                format!("GET /v1/models?include_schema=true&limit=2&offset={offset} HTTP/1.1")
            })
            .collect();
        assert_eq!(server.asked(), asked);
    }
}

#[test]
fn a_bad_reply_is_explained_and_writes_nothing() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let before = place.files();
    let [a, b, c, d] = MODELS.map(|id| place.entry(id));
    let other = a.replace("70", "71");
    let whole = page(&[&a, &b, &c, &d], Some(4));
    let of = |entries: &[&String], total| http(200, &page(entries, total));
    const AGAIN: &str = "run it again";
    let cases: Vec<(&str, Vec<Reply>, &[&str])> = vec![
        ("cut by the server", vec![http(200, &whole[..whole.len() - 40])], &["is not JSON"]),
        ("cut on the way", vec![Reply::Cut(whole.clone())], &["no whole response"]),
        ("no answer", vec![Reply::HangUp], &["no whole response", "entry 1 on"]),
        ("HTML", vec![http(200, "<!doctype html><p>Sign in")], &["is not JSON"]),
        ("HTML with a 502", vec![http(502, "<html>Bad gateway")], &["HTTP 502", "Bad gateway"]),
        (
            "an error in a 200",
            vec![http(200, r#"{"error_code": 500001, "error_message": "sorry"}"#)],
            &["sorry", "error_code 500001"],
        ),
        (
            "a wrong token",
            vec![http(401, r#"{"error_code": 400004, "error_message": "expired"}"#)],
            &["expired", "check the token in RUNCOMFY_TOKEN"],
        ),
        ("a redirect", vec![http(302, "")], &["redirect"]),
        ("another JSON", vec![http(200, "{\"data\": []}")], &["must have a list `models`"]),
        ("no models", vec![of(&[], Some(0))], &["came back empty"]),
        ("no models and no total", vec![of(&[], None)], &["came back empty"]),
        (
            "nothing where four were promised",
            vec![of(&[], Some(4))],
            &["promised 4 models and sent 0", AGAIN],
        ),
        (
            "too few",
            vec![of(&[&a, &b], Some(4)), of(&[], Some(4))],
            &["4 models and sent 2", AGAIN],
        ),
        ("too many", vec![of(&[&a, &b, &c], Some(2))], &["2 models and sent 3", AGAIN]),
        (
            "the same page for ever",
            vec![of(&[&a, &b], Some(4)), of(&[&a, &b], Some(4))],
            &["4 models and sent 2", AGAIN],
        ),
        (
            "a model that was taken out meanwhile",
            vec![of(&[&a, &b], Some(4)), of(&[&d], Some(3))],
            &["changed while it was read", AGAIN],
        ),
        (
            "a model that changed meanwhile, and hides another",
            vec![of(&[&a, &b], Some(4)), of(&[&other, &c], Some(4)), of(&[], Some(4))],
            &["4 models and sent 3", AGAIN],
        ),
        (
            "a second page that is an error",
            vec![of(&[&a, &b], Some(4)), http(500, "{}")],
            &["HTTP 500", "entry 3 on"],
        ),
        (
            "no schemas at all",
            vec![of(&[&r#"{"model_id": "acme/Big Boat"}"#.to_owned()], Some(1))],
            &["no entry that can be used", "include_schema=true"],
        ),
    ];
    for (what, replies, words) in cases {
        for flags in [&["--page-size", "2"][..], &["--page-size", "2", "--check"]] {
            let server = Server::start(replies.clone());
            let printed = place.sync_from(&server.base, flags);
            assert!(!printed.ok && printed.out.is_empty(), "{what}: {printed:?}");
            for words in [&["error: nothing was changed in "], words].concat() {
                assert!(printed.err.contains(words), "{what}: no `{words}` in {printed:?}");
            }
            assert_eq!(place.files(), before, "{what} wrote something");
        }
    }
}

#[test]
fn a_model_that_changes_while_the_catalog_is_read_stops_no_other() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let before = place.files();
    let [a, b, c, d] = MODELS.map(|id| place.entry(id));
    let other = a.replace("70", "71");
    let of = |entries: &[&String]| http(200, &page(entries, Some(4)));
    let server = Server::start(vec![of(&[&a, &b]), of(&[&other, &c]), of(&[&d])]);
    let printed = place.sync_from(&server.base, &["--page-size", "2"]);
    assert!(printed.ok, "{printed:?}");
    assert!(printed.err.contains("`acme/Big Boat` has two entries that differ"), "{printed:?}");
    assert!(printed.out.contains("gone 0"), "{printed:?}");
    assert_eq!(place.files(), before);
}

#[test]
fn a_sync_killed_between_pages_writes_nothing() {
    for have in [&[][..], &MODELS] {
        let place = Place::with(have);
        if !have.is_empty() {
            assert!(place.sync(&[]).ok);
            place.publish("acme/Big Boat", 80);
        }
        place.publish("acme/raft", 80);
        let before = place.files();
        let entries = [place.entry("acme/raft"), place.entry("acme/raft").replace("raft", "log")];
        let replies = vec![http(200, &page(&entries, Some(9))), Reply::Hang];
        let server = Server::start(replies);
        let mut command = place.command(&["--page-size", "2", "--api-base", &server.base]);
        let mut child: Child =
            command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it runs");
        server.wait_for_requests(2);
        child.kill().expect("it still runs");
        assert!(!child.wait().expect("it has ended").success());
        assert_eq!(place.files(), before);
    }
}
