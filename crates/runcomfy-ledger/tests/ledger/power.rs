//! A power cut: the disk keeps what was synced, and any part of what was not.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runcomfy_ledger::{Error, Filter, Ledger, Settlement, State};
use runcomfy_simulator::{Call, Fault, Simulator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, query};

use crate::support::{World, client, intent};

/// Copies the database as it is on the disk, with this much of its log. Returns the copy.
fn copy(ledger: &Path, to: &Path, log_bytes: Option<usize>) -> PathBuf {
    fs::create_dir_all(to).expect("a folder can be made");
    let copied = to.join("ledger.db");
    fs::copy(ledger, &copied).expect("it can be copied");
    let log = fs::read(log(ledger)).expect("it is there");
    let end = log_bytes.unwrap_or(log.len());
    fs::write(self::log(&copied), &log[..end]).expect("it can be written");
    copied
}

fn file(world: &World) -> &Path {
    world.ledger.path().expect("it is a file")
}

fn log(ledger: &Path) -> PathBuf {
    let mut log = ledger.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// The steps of a job to its end.
fn rank(state: State) -> usize {
    let order = [State::Intended, State::Unknown, State::Accepted, State::Succeeded];
    order.iter().position(|other| *other == state).expect("the jobs succeed")
}

#[tokio::test]
async fn a_log_that_is_cut_anywhere_leaves_a_consistent_ledger() {
    let world = World::new().await;
    for number in 0..6 {
        let job = world.ledger.intend(intent(&number.to_string())).await.expect("it is written");
        world.ledger.run(&world.client, &job.id).await.expect("it runs");
    }
    let path = file(&world);
    let whole = fs::metadata(log(path)).expect("it is there").len() as usize;
    let mut cuts: Vec<usize> = (0..60).map(|_| fastrand::usize(..=whole)).collect();
    cuts.extend([0, 31, whole]);
    cuts.sort();
    let mut before: Vec<(String, State)> = Vec::new();
    let mut states = Vec::new();
    for cut in cuts {
        let copied = copy(path, &world.folder.path().join(format!("cut-{cut}")), Some(cut));
        let ledger = Ledger::open(&copied).await.expect("it opens");
        assert_eq!(ledger.check().await.expect("it can be checked"), [], "cut at {cut}");
        let jobs = ledger.jobs(&Filter::default()).await.expect("it can be read");
        let now: Vec<_> = jobs.into_iter().map(|job| (job.id.to_string(), job.state)).collect();
        // More of the log never takes a job back.
        for (id, state) in &before {
            let later = now.iter().find(|(other, _)| other == id).expect("it is still there");
            assert!(rank(later.1) >= rank(*state), "cut at {cut}: {state} became {}", later.1);
        }
        states.extend(now.iter().map(|(_, state)| *state));
        before = now;
        ledger.close().await;
    }
    assert_eq!(before.len(), 6, "the whole log has every job");
    assert!(before.iter().all(|(_, state)| *state == State::Succeeded), "{before:?}");
    for state in [State::Intended, State::Unknown, State::Accepted] {
        assert!(states.contains(&state), "no cut left a job {state}");
    }
}

/// A server that looks at the disk when a request has arrived, and never answers.
#[tokio::test]
async fn a_job_is_sending_on_the_disk_before_its_request_arrives() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path).await.expect("it opens");
    let job = ledger.intend(intent("one")).await.expect("it is written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has one"));
    let to = folder.path().join("copy");
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("the client calls");
        let mut start = [0; 4];
        connection.read_exact(&mut start).expect("it sends");
        let copied = copy(&path, &to, None);
        connection.write_all(b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n").expect("it can");
        (start, copied)
    });
    ledger.run(&client(&base), &job.id).await.expect_err("there is no id");
    let (start, copied) = server.join().expect("it ends");
    assert_eq!(&start, b"POST");
    // The copy's sender is nowhere, so its outcome is unknown: it is never sent again.
    let later = Ledger::open(copied).await.expect("it opens");
    let found = later.job(&job.id).await.expect("it is there");
    assert_eq!((found.state, found.attempts), (State::Unknown, 1));
    let error = later.run(&client(&base), &job.id).await.expect_err("it is unknown");
    assert!(matches!(error, Error::Unknown(_)), "{error:?}");
}

#[tokio::test]
async fn an_id_that_the_database_cannot_take_is_found_at_the_next_start() {
    let world = World::with(Simulator::builder().pace(crate::support::QUICK)).await;
    world.simulator.script(Call::Submit, [Fault::LateReply(Duration::from_millis(400))]);
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    let options = SqliteConnectOptions::new().filename(file(&world));
    let mut other = options.connect().await.expect("it opens");
    let (ledger, client, id) = (world.ledger.clone(), world.client.clone(), job.id.clone());
    let running = tokio::spawn(async move { ledger.run(&client, &id).await });
    while world.simulator.ledger().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    query("ALTER TABLE job RENAME TO away").execute(&mut other).await.expect("it can");
    let error = running.await.expect("it ends").expect_err("there is no table");
    let paid = world.simulator.ledger()[0].request_id.clone();
    assert!(error.to_string().contains(&paid), "{error}");
    assert!(matches!(error, Error::NotWritten { request_id: Some(_), .. }), "{error:?}");
    query("ALTER TABLE away RENAME TO job").execute(&mut other).await.expect("it can");
    let World { folder, ledger, simulator, client, .. } = world;
    let path = ledger.path().expect("it is a file").to_owned();
    ledger.close().await;
    let ledger = Ledger::open(&path).await.expect("it opens");
    let found = ledger.job(&job.id).await.expect("it is there");
    assert_eq!(found.request_id.map(String::from), Some(paid));
    assert_eq!(found.state, State::Accepted);
    ledger.run(&client, &job.id).await.expect("it runs");
    let settled = ledger.settle(&job.id, Settlement::GiveUp).await;
    assert!(matches!(settled, Err(Error::Illegal { .. })), "nothing is left to decide");
    assert_eq!(simulator.ledger().len(), 1);
    drop(folder);
}
