//! Every change of state, legal and illegal, on a real file.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::job::{Price, ProblemKind};
use crate::place::create;
use crate::sqlite::Options;

/// The run that sends, in every test.
const RUN: &str = "00ff.1";
/// Another one.
const OTHER: &str = "00ff.2";

/// The changes of `docs/ledger.md`, by hand: from, to.
const LEGAL: [(&str, &str); 17] = [
    ("intended", "sending"),
    ("intended", "refused"),
    ("intended", "cancelled"),
    ("sending", "intended"),
    ("sending", "accepted"),
    ("sending", "refused"),
    ("sending", "unknown"),
    ("accepted", "succeeded"),
    ("accepted", "failed"),
    ("accepted", "cancelled"),
    ("accepted", "given_up"),
    ("succeeded", "delivered"),
    ("unknown", "given_up"),
    // An id always wins.
    ("unknown", "accepted"),
    ("given_up", "accepted"),
    ("refused", "accepted"),
    ("intended", "accepted"),
];
/// Likewise, but only a job that was cancelled before it was sent has no request id.
const LEGAL_WITHOUT_ID: (&str, &str) = ("cancelled", "accepted");

async fn database(folder: &Path) -> Database {
    let path = folder.join("ledger.db");
    create(&path).expect("it can be created");
    Database::open(&path).await.expect("it can be opened")
}

/// Writes down a new job.
async fn intended(db: &Database) -> JobId {
    let job = Job {
        id: JobId::random(),
        batch: None,
        line: None,
        resubmits: None,
        retries: 0,
        model: "acme/paint".to_owned(),
        input: json!({"prompt": "a boat"}),
        files: Vec::new(),
        fingerprint: JobId::random().to_string(),
        state: State::Intended,
        request_id: None,
        attempts: 0,
        price: Price::Known(Usd::from_micros(250_000)),
        ceiling: None,
        expires_at: None,
        cost: None,
        result: None,
        problem: None,
        outputs: Vec::new(),
        created_at: to_time(now()),
        sent_at: None,
        accepted_at: None,
        ended_at: None,
        delivered_at: None,
        owner: None,
        day: None,
        again: Again::No,
    };
    let mut tx = db.begin().await.expect("it begins");
    many::insert(db, &mut tx, std::slice::from_ref(&job)).await.expect("it can be written");
    db.commit(tx).await.expect("it commits");
    job.id
}

/// Brings a new job into a state by legal changes.
async fn job_in(db: &Database, state: State) -> JobId {
    let id = intended(db).await;
    let path: &[State] = match state {
        State::Intended => &[],
        State::Sending => &[State::Sending],
        State::Accepted => &[State::Sending, State::Accepted],
        State::Succeeded => &[State::Sending, State::Accepted, State::Succeeded],
        State::Failed => &[State::Sending, State::Accepted, State::Failed],
        State::Cancelled => &[State::Cancelled],
        State::Refused => &[State::Sending, State::Refused],
        State::Unknown => &[State::Sending, State::Unknown],
        State::GivenUp => &[State::Sending, State::Unknown, State::GivenUp],
        State::Delivered => &[State::Sending, State::Accepted, State::Succeeded, State::Delivered],
    };
    for to in path {
        advance(db, &id, *to, RUN).await.expect("it is legal");
    }
    id
}

/// Tries one change.
async fn advance(db: &Database, id: &JobId, to: State, run: &str) -> Result<(), Error> {
    let request: RequestId = format!("r-{id}").parse().expect("an id");
    let problem = Problem::new(ProblemKind::Failed, "a reason");
    let result = json!({"id": request, "output": {}, "cost": 0.2, "created_at": null,
        "finished_at": null, "others": {}});
    let made = match to {
        State::Sending => return begin_sending(db, id, run).await.map(|_| ()),
        State::Accepted => Change::accepted(&request),
        State::Succeeded => Change::succeeded(&result, Some(Usd::from_micros(200_000))),
        State::Delivered => Change::delivered(&[]),
        other => Change::to(other).because(&problem),
    };
    change(db, id, made.by(run)).await.map(|_| ())
}

#[tokio::test]
async fn only_the_changes_of_the_design_are_possible() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let db = database(folder.path()).await;
    let mut legal = 0;
    for from in State::ALL {
        for to in State::ALL {
            let id = job_in(&db, from).await;
            let before = get(&db, &id).await.expect("it is there");
            let changed = advance(&db, &id, to, RUN).await;
            let after = get(&db, &id).await.expect("it is there");
            let pair = (from.as_str(), to.as_str());
            if LEGAL.contains(&pair) || LEGAL_WITHOUT_ID == pair {
                assert!(changed.is_ok(), "{from} to {to}: {changed:?}");
                assert_eq!(after.state, to, "from {from}");
                legal += 1;
            } else {
                assert!(
                    matches!(changed, Err(Error::Illegal { .. } | Error::BeingSent(_))),
                    "{from} to {to}: {changed:?}"
                );
                assert_eq!(after, before, "{from} to {to} changed something");
            }
        }
    }
    assert_eq!(legal, LEGAL.len() + 1);
}

#[tokio::test]
async fn a_new_job_gets_an_id_that_no_other_has() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let db = database(folder.path()).await;
    let old = get(&db, &intended(&db).await).await.expect("it is there");
    let free = Job { id: JobId::random(), ..old.clone() };
    let mut jobs = [old.clone(), free.clone()];
    let mut tx = db.begin().await.expect("it begins");
    many::choose_ids(&mut tx, &mut jobs).await.expect("it can be read");
    assert!(jobs[0].id != old.id && jobs[1].id == free.id, "{jobs:?}");
    many::insert(&db, &mut tx, &jobs).await.expect("they can be written");
}

#[tokio::test]
async fn only_its_own_run_changes_a_job_that_is_being_sent() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let db = database(folder.path()).await;
    for to in [State::Intended, State::Accepted, State::Refused, State::Unknown] {
        let id = job_in(&db, State::Sending).await;
        let changed = advance(&db, &id, to, OTHER).await;
        assert!(matches!(changed, Err(Error::BeingSent(_))), "{to}: {changed:?}");
        let without = change(&db, &id, Change::to(State::Unknown)).await;
        assert!(matches!(without, Err(Error::BeingSent(_))), "{to}: {without:?}");
        advance(&db, &id, to, RUN).await.expect("it is its own");
        assert_eq!(get(&db, &id).await.expect("it is there").state, to);
    }
}

#[tokio::test]
async fn a_job_never_gets_another_request_id() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let db = database(folder.path()).await;
    let (one, two) = (job_in(&db, State::Accepted).await, job_in(&db, State::Unknown).await);
    let other: RequestId = "another".parse().expect("an id");
    for state in [State::Accepted, State::Succeeded, State::Failed, State::Delivered] {
        let id = job_in(&db, state).await;
        let changed = change(&db, &id, Change::accepted(&other)).await;
        assert!(matches!(changed, Err(Error::Illegal { .. })), "{state}: {changed:?}");
    }
    // Given up with its id, it comes back with that id only.
    change(&db, &one, Change::to(State::GivenUp)).await.expect("it is legal");
    assert!(change(&db, &one, Change::accepted(&other)).await.is_err());
    let own: RequestId = format!("r-{one}").parse().expect("an id");
    change(&db, &one, Change::accepted(&own)).await.expect("it is its own");
    // Two jobs never have the same.
    match change(&db, &two, Change::accepted(&own)).await {
        Err(Error::RequestIdTaken { request_id, job }) => assert_eq!((request_id, job), (own, one)),
        other => unreachable!("{other:?}"),
    }
    assert_eq!(get(&db, &two).await.expect("it is there").state, State::Unknown);
}

#[tokio::test]
async fn a_commit_is_synced_and_the_settings_hold_for_every_connection() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let db = database(folder.path()).await;
    for (pragma, column, expected) in [
        // FULL
        ("PRAGMA synchronous", "synchronous", 2),
        ("PRAGMA foreign_keys", "foreign_keys", 1),
        ("PRAGMA busy_timeout", "timeout", 10_000),
        ("PRAGMA fullfsync", "fullfsync", 1),
    ] {
        let mut tx = db.begin().await.expect("it begins");
        let found = query(pragma).fetch_one(&mut tx).await.expect("it answers");
        assert_eq!(found.int(column).expect("a number"), expected, "{pragma}");
        let found = query(pragma).fetch_one(db.readers()).await.expect("it answers");
        assert_eq!(found.int(column).expect("a number"), expected, "{pragma}");
    }
    let mode = query("PRAGMA journal_mode").fetch_one(db.readers()).await.expect("it answers");
    assert_eq!(mode.text("journal_mode").expect("text"), "wal");
}

#[tokio::test]
async fn a_full_disk_is_an_error_that_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.db");
    database(folder.path()).await.close().await;
    let options = Options::new().pragma("max_page_count", "24");
    let db = Database::open_with(&path, options).await.expect("it can be opened");
    let mut ids = Vec::new();
    let error = loop {
        let id = job_in(&db, State::Accepted).await;
        ids.push(id.clone());
        let long = json!({"id": "r-1", "output": "x".repeat(20_000), "cost": null,
            "created_at": null, "finished_at": null, "others": {}});
        if let Err(error) = change(&db, &id, Change::succeeded(&long, None)).await {
            break error;
        }
        assert!(ids.len() < 100, "it never fills up");
    };
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    let last = ids.last().expect("there is one");
    let job = get(&db, last).await.expect("it can still be read");
    assert_eq!((job.state, job.request_id.is_some()), (State::Accepted, true));
    db.close().await;
    // With room again, it goes on.
    let db = Database::open(&path).await.expect("it can be opened");
    advance(&db, last, State::Succeeded, RUN).await.expect("there is room");
}
