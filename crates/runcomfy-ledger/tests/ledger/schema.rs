//! The tables: new, of a newer version, and with numbers that are wrong.

use std::sync::Arc;

use runcomfy_ledger::{Error, State};

use crate::place::Place;
use crate::support::{World, intent};

#[tokio::test]
async fn a_newer_ledger_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let place = Place::new(folder.path());
    place.open().await.expect("it is new").close().await;
    place.execute("INSERT INTO schema_version (version, applied_at) VALUES (99, 0)").await;
    let error = place.open().await.expect_err("it is newer");
    assert!(matches!(error, Error::NewerVersion { found: 99, known: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("update this program"), "{error}");
}

#[tokio::test]
async fn numbers_that_do_not_agree_with_the_jobs_are_computed_again() {
    let world = World::new().await;
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    world.ledger.run(&world.client, &job.id).await.expect("it runs");
    for update in [
        "UPDATE \"limit\" SET used = 7",
        "UPDATE spend SET reserved = 5, jobs = 9",
        "INSERT INTO spend (day, model, batch, jobs, spent, reserved, unpriced) VALUES (1, 'm', '', 1, 2, 3, 4)",
    ] {
        world.place.execute(update).await;
    }
    let found = world.ledger.check().await.expect("it can be checked");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(world.ledger.recompute().await.expect("it can"), found);
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_open_a_new_ledger_at_once() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let place = Arc::new(Place::new(&folder.path().join("a/b")));
    let opening = (0..12).map(|_| {
        let place = place.clone();
        tokio::spawn(async move { place.open().await })
    });
    for opened in opening.collect::<Vec<_>>() {
        let ledger = opened.await.expect("it ends").expect("it opens");
        let job = ledger.intend(intent("one")).await.expect("it is written");
        assert_eq!(job.state, State::Intended);
    }
}
