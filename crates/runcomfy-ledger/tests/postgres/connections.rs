//! Connections that are cut, answers that come late, a server that is restarted, and secrets.

use std::time::Duration;

use futures_util::StreamExt;
use runcomfy_ledger::{Error, Filter, Ledger, State, Step, StepOptions, Wait};
use runcomfy_simulator::{Pace, Simulator};
use sqlx::Row;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Mutex;

use crate::place::{Place, connect, server};
use crate::proxy::Proxy;
use crate::support::{World, intent};

/// Environment variable with a command that restarts the server.
const RESTART: &str = "RCOMFY_TEST_POSTGRES_RESTART";
/// Environment variable with the certificate that the server's is signed by.
const CERTIFICATE: &str = "RCOMFY_TEST_POSTGRES_CA";

/// Held by each test that restarts the server.
pub(crate) static ALONE: Mutex<()> = Mutex::const_new(());

/// Restarts the server, as after a crash.
pub(crate) async fn restart() {
    let restart = std::env::var(RESTART).expect("`.ci/postgres` sets it");
    let status = tokio::task::spawn_blocking(move || std::process::Command::new(restart).status());
    assert!(status.await.expect("it ends").expect("it runs").success());
}

pub(crate) async fn proxy() -> Proxy {
    let options: PgConnectOptions = server().parse().expect("it is an address");
    Proxy::start(options.get_port()).await
}

/// Runs jobs while something disturbs the database, and compares both ledgers.
async fn run_disturbed(world: &World, ledger: &Ledger, jobs: usize, disturb: impl Future) {
    let mut all = Vec::new();
    for number in 0..jobs {
        let job = world.ledger.intend(intent(&number.to_string())).await.expect("it is written");
        all.push(job.id);
    }
    let run = futures_util::stream::iter(&all).for_each_concurrent(8, |id| async move {
        let options = StepOptions::new().wait_at_most(Duration::from_secs(60));
        for _ in 0..200 {
            match ledger.run_with(&world.client, id, &options).await {
                Ok(_) | Err(Error::Unknown(_)) => return,
                Err(Error::Database { .. } | Error::Busy { .. } | Error::NotWritten { .. }) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => unreachable!("{error:?}"),
            }
        }
        unreachable!("job {id} never ends")
    });
    tokio::pin!(run);
    tokio::select! {
        () = &mut run => {}
        _ = disturb => run.await,
    }
    let rows = world.ledger.jobs(&Filter::default()).await.expect("it can be read");
    let mut paid: Vec<_> = world.simulator.ledger().into_iter().map(|job| job.request_id).collect();
    let mut known: Vec<_> =
        rows.iter().filter_map(|job| job.request_id.clone().map(String::from)).collect();
    paid.sort();
    known.sort();
    let states: Vec<State> = rows.iter().map(|job| job.state).collect();
    // No program was killed, so every outcome is known.
    assert!(states.iter().all(|state| *state == State::Succeeded), "{states:?}");
    assert_eq!(known, paid);
    assert_eq!((paid.len(), rows.len()), (jobs, jobs), "each job is paid once");
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_lose_nothing() {
    let pace = Pace { queue: Duration::from_millis(50), run: Duration::from_millis(50) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let proxy = proxy().await;
    let address = world.place.through(proxy.port);
    let ledger = connect(&address).await.expect("it connects");
    let cutting = async {
        for _ in 0..30 {
            tokio::time::sleep(Duration::from_millis(20 + fastrand::u64(..100))).await;
            proxy.cut();
        }
    };
    run_disturbed(&world, &ledger, 30, cutting).await;
}

/// Alone, because it disturbs every other test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it restarts the server: run it alone, with `--ignored`"]
async fn a_server_that_is_restarted_loses_nothing() {
    let _alone = ALONE.lock().await;
    let pace = Pace { queue: Duration::from_millis(50), run: Duration::from_millis(50) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let restarting = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            restart().await;
        }
    };
    run_disturbed(&world, &world.ledger, 60, restarting).await;
}

#[tokio::test]
async fn a_program_that_learns_too_late_that_it_may_send_sends_nothing() {
    let world = World::new().await;
    let proxy = proxy().await;
    let ledger = connect(&world.place.through(proxy.port)).await.expect("it connects");
    // Its session begins.
    let first = ledger.intend(intent("one")).await.expect("it is written");
    ledger.run(&world.client, &first.id).await.expect("it runs");
    let job = ledger.intend(intent("two")).await.expect("it is written");
    proxy.hold_next_commit(Duration::from_secs(22));
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    let step = ledger.step(&world.client, &job.id, &short).await.expect("it is taken back");
    assert!(matches!(step, Step::Later { reason: Wait::BeingSent, .. }), "{step:?}");
    let found = world.ledger.job(&job.id).await.expect("it is there");
    assert_eq!((found.state, found.attempts), (State::Intended, 1));
    assert_eq!(world.simulator.ledger().len(), 1, "nothing was sent");
    let done = ledger.run(&world.client, &job.id).await.expect("it runs");
    assert_eq!((done.state, done.attempts), (State::Succeeded, 2));
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let place = Place::new("".as_ref());
    let options: PgConnectOptions = server().parse().expect("it is an address");
    let (port, database) = (options.get_port(), options.get_database().expect("it is named"));
    for address in [
        format!("postgres://nobody-here:s3cret@127.0.0.1:{port}/{database}"),
        format!("postgres://ann:s3cret@127.0.0.1:1/{database}"),
        format!("postgres://ann:s3cret@127.0.0.1:{port}/no-such-database?sslmode=s3cret"),
    ] {
        let error = connect(&address).await.expect_err("it cannot be used");
        let mut said = format!("{error} {error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            said.push_str(&format!(" {next} {next:?}"));
            cause = next.source();
        }
        assert!(!said.contains("s3cret"), "{said}");
        assert!(said.contains("postgres://"), "{said}");
    }
    let ledger = place.open().await.expect("it connects");
    let shown = format!("{ledger:?} {}", ledger.name());
    assert!(!shown.contains("pass-of-the-tests"), "{shown}");
}

#[tokio::test]
async fn the_certificate_of_the_server_is_checked() {
    let world = World::new().await;
    let certificate = std::env::var(CERTIFICATE).expect("`.ci/postgres` sets it");
    let address = world.place.address().replace("127.0.0.1", "localhost");
    let checked = format!("{address}&sslmode=verify-full");
    let trusted = format!("{checked}&sslrootcert={certificate}");
    let ledger = connect(&trusted).await.expect("it is the right one");
    let job = ledger.intend(intent("one")).await.expect("it is written");
    ledger.run(&world.client, &job.id).await.expect("it runs");
    let mut connection = world.place.connection().await;
    let select = "SELECT COUNT(*) AS tls FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND application_name = 'runcomfy-ledger'";
    let row = sqlx::query(select).fetch_one(&mut connection).await.expect("it answers");
    assert!(row.get::<i64, _>("tls") > 0);
    // Nobody whom this system trusts has signed it, and it is not for this name.
    let strange = trusted.replace("localhost", "127.0.0.1");
    for address in [checked, strange] {
        let error = connect(&address).await.expect_err("it is not to be trusted");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}
