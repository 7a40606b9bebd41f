//! Moving a batch to another ledger and back: between the place of these tests and a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use runcomfy_ledger::{
    Batch, BatchOptions, Error, Filter, Intent, Job, Ledger, NewBatch, Price, State,
};
use runcomfy_simulator::{Call, Failure, Fault, JobScenario, Pace, Processed, Simulator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::place::Place;
use crate::support::{Child, World, client, intent};

const KILLED: &str = "moving::a_move_that_is_killed_goes_on_where_it_stopped";
/// Environment variable of the child process: the direction, a file, and a place.
const PROGRAM: &str = "RUNCOMFY_TEST_MOVING";
/// More than one statement takes.
const MANY: usize = 600;

/// A ledger in a file, to which batches move.
struct OtherFile(PathBuf);

impl OtherFile {
    fn new(folder: &Path) -> Self {
        Self(folder.join("other").join("ledger.db"))
    }

    async fn open(&self) -> Ledger {
        Ledger::open(&self.0).await.expect("it opens")
    }

    /// Changes the tables as no ledger would.
    async fn execute(&self, sql: &str) {
        let options = SqliteConnectOptions::new().filename(&self.0);
        let mut connection = options.connect().await.expect("it opens");
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection);
        statement.await.expect("it can be written");
        connection.close().await.expect("it closes");
    }
}

/// Returns every job of a batch, also those that others have replaced, by their ids.
async fn jobs(ledger: &Ledger, batch: &Batch) -> Vec<Job> {
    let filter = Filter::default().batch(&batch.id).count(u32::MAX);
    let mut jobs = ledger.jobs(&filter).await.expect("they can be read");
    jobs.sort_by(|one, other| one.id.cmp(&other.id));
    jobs
}

async fn add(batch: &Batch, count: usize, word: &str) {
    let price = Price::Known("0.25".parse().expect("a price"));
    let lines = (1..=count).map(|number| intent(&format!("{word} {number}")).price(price));
    batch.add(lines.collect::<Vec<Intent>>()).await.expect("the lines are good");
}

/// A batch of every state, of which one job is retried and one is resubmitted.
async fn varied(world: &World) -> Batch {
    let new = NewBatch::new("boats").retry_failed(1);
    let batch = world.ledger.create_batch(new).await.expect("it is new");
    add(&batch, 12, "boat").await;
    // One of the two may be the unknown one.
    let fails = || JobScenario::Fails(Failure::Text);
    world.simulator.script_jobs([fails(), fails()]);
    world.simulator.script(Call::Submit, [Fault::Close { processed: Processed::Yes }]);
    let options = BatchOptions::new().deliver_into(world.folder.path().join("out"));
    let status = batch.run(&world.client, &options).await.expect("it runs");
    assert_eq!((status.unknown(), status.count(State::Delivered)), (1, 11), "{status:?}");
    add(&batch, 3, "ship").await;
    batch.pause().await.expect("it can be paused");
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_moves_with_all_that_is_known_of_it_and_back() {
    let world = World::new().await;
    let other = OtherFile::new(world.folder.path()).open().await;
    moves_and_returns(&world, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_moves_between_two_ledgers_of_one_kind_and_back() {
    let world = World::new().await;
    let folder = world.folder.path().join("second");
    let other = Place::new(&folder).open().await.expect("it opens");
    moves_and_returns(&world, &other).await;
}

/// Moves a batch of every state, runs it there, and moves it back.
async fn moves_and_returns(world: &World, other: &Ledger) {
    let batch = varied(world).await;
    let (before, status) = (jobs(&world.ledger, &batch).await, batch.status().await.expect("read"));
    let spend = world.ledger.spend(SystemTime::UNIX_EPOCH).await.expect("it can be read");
    assert!(before.iter().any(|job| job.resubmits.is_some()) && !spend.is_empty());
    let there = batch.move_to(other).await.expect("it moves");
    assert_eq!(jobs(other, &there).await, before);
    assert_eq!(there.status().await.expect("it can be read"), status);
    assert_eq!(other.spend(SystemTime::UNIX_EPOCH).await.expect("it can be read"), spend);
    assert_eq!((there.name.as_str(), there.max_retries), ("boats", 1));

    // Nothing is left here, and nothing can be done with it.
    assert_eq!(jobs(&world.ledger, &batch).await, []);
    assert_eq!(world.ledger.spend(SystemTime::UNIX_EPOCH).await.expect("it can be read"), []);
    let status = batch.status().await.expect("it can be read");
    assert_eq!((status.moved_to.as_deref(), status.lines), (Some(other.name()), 15));
    let failed = [
        batch.run(&world.client, &BatchOptions::new()).await.map(drop),
        batch.add([intent("new")]).await.map(drop),
        batch.pause().await,
        batch.resume().await,
        batch.cancel(&world.client).await.map(drop),
        batch.requeue(&[State::Failed]).await.map(drop),
        world.ledger.intend(intent("new").batch(&batch.id)).await.map(drop),
    ];
    for result in failed {
        let Err(Error::Moved { to, .. }) = result else { unreachable!("{result:?}") };
        assert_eq!(to, other.name());
    }

    // There, the rest is paid for, and then it comes back.
    let paid = world.simulator.ledger().len();
    there.resume().await.expect("it can be resumed");
    let options = BatchOptions::new().deliver_into(world.folder.path().join("out"));
    there.run(&world.client, &options).await.expect("it runs");
    assert_eq!(world.simulator.ledger().len(), paid + 3);
    let before = jobs(other, &there).await;
    let back = there.move_to(&world.ledger).await.expect("it moves back");
    assert_eq!(jobs(&world.ledger, &back).await, before);
    let status = back.run(&world.client, &options).await.expect("it runs");
    assert_eq!((status.unknown(), status.count(State::Delivered)), (1, 14), "{status:?}");
    assert_eq!(world.simulator.ledger().len(), paid + 3);
    for ledger in [&world.ledger, other] {
        assert_eq!(ledger.check().await.expect("it can be checked"), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_fails_at_any_point_goes_on_where_it_stopped() {
    let world = World::new().await;
    let file = OtherFile::new(world.folder.path());
    let other = file.open().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    add(&batch, MANY, "boat").await;
    let before = jobs(&world.ledger, &batch).await;
    let mut batch = batch;
    for (event, to_file, is_here) in [
        // The second chunk of jobs does not come in, and then the end of the batch.
        ("INSERT ON job WHEN NEW.line = 550", true, true),
        ("UPDATE OF arriving ON batch WHEN NEW.arriving = 0", true, false),
        // On the way back: the moment of the move, and the removal of the jobs.
        ("UPDATE OF moved_to ON batch WHEN NEW.moved_to IS NOT NULL", false, true),
        ("DELETE ON job WHEN OLD.line = 550", false, false),
    ] {
        let (from, to) = if to_file { (&world.ledger, &other) } else { (&other, &world.ledger) };
        let here = if to_file { batch } else { batch.move_to(&other).await.expect("it moves") };
        let trigger = format!(
            "CREATE TRIGGER fails BEFORE {event} BEGIN SELECT RAISE(ABORT, 'on purpose'); END"
        );
        file.execute(&trigger).await;
        let error = here.move_to(to).await.map(drop).expect_err(event);
        assert!(error.to_string().contains("on purpose"), "{error}");
        // At most one ledger has the batch.
        assert_eq!(here.pause().await.is_ok(), is_here, "{event}");
        let there = to.find_batch("boats").await.expect("it is there");
        assert!(there.pause().await.is_err() || !is_here, "{event}");
        file.execute("DROP TRIGGER fails").await;
        let there = here.move_to(to).await.expect("it moves");
        assert_eq!(jobs(to, &there).await, before, "{event}");
        assert_eq!(jobs(from, &here).await, [], "{event}");
        there.pause().await.expect("it is there");
        batch = if to_file { there.move_to(from).await.expect("it moves back") } else { there };
    }
    for ledger in [&world.ledger, &other] {
        assert_eq!(ledger.check().await.expect("it can be checked"), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_killed_goes_on_where_it_stopped() {
    if let Ok(told) = std::env::var(PROGRAM) {
        let parts: Vec<&str> = told.splitn(3, ' ').collect();
        let [direction, file, place] = parts.as_slice() else { unreachable!("three parts") };
        let (file, place) = (OtherFile(file.into()), Place::of(place));
        return program(direction, &file, &place).await;
    }
    let world = World::new().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    add(&batch, MANY, "boat").await;
    let before = jobs(&world.ledger, &batch).await;
    let file = OtherFile::new(world.folder.path());
    for direction in ["there", "back"] {
        let told = format!("{direction} {} {}", file.0.display(), world.place.told());
        let ended = tokio::task::spawn_blocking(move || {
            for _ in 0..5 {
                let mut child = Child::start(KILLED, PROGRAM, &told);
                child.wait_for("begins");
                std::thread::sleep(Duration::from_millis(fastrand::u64(..250)));
            }
            Child::start(KILLED, PROGRAM, &told).0.wait().expect("it ends").success()
        });
        assert!(ended.await.expect("it ends"), "the last move {direction} failed");
        let other = file.open().await;
        let ledgers =
            if direction == "there" { [&world.ledger, &other] } else { [&other, &world.ledger] };
        assert_eq!(jobs(ledgers[0], &batch).await, [], "{direction}");
        assert_eq!(jobs(ledgers[1], &batch).await, before, "{direction}");
        for ledger in ledgers {
            assert_eq!(ledger.check().await.expect("it can be checked"), []);
        }
    }
}

/// Runs in the child process: moves the batch, which may be there already.
async fn program(direction: &str, file: &OtherFile, place: &Place) {
    let (place, file) = (place.open().await.expect("it opens"), file.open().await);
    let (from, to) = if direction == "there" { (place, file) } else { (file, place) };
    let batch = from.find_batch("boats").await.expect("it is there");
    println!("\nbegins");
    let moved = batch.move_to(&to).await.expect("it moves");
    assert_eq!(moved.status().await.expect("it can be read").lines, MANY as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_not_moved_while_a_process_works_on_it() {
    let pace = Pace { queue: Duration::from_millis(300), run: Duration::from_millis(300) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    add(&batch, 4, "boat").await;
    let running = world.another().await;
    let run = tokio::spawn({
        let (ledger, client) = (running.clone(), client(world.simulator.api_base()));
        async move {
            let batch = ledger.find_batch("boats").await.expect("it is there");
            batch.run(&client, &BatchOptions::new()).await
        }
    });
    while world.simulator.ledger().len() < 4 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let runs = batch.runs().await.expect("it can be read");
    let process = format!("process {}", std::process::id());
    assert!(runs.len() == 1 && runs[0].process.starts_with(&process), "{runs:?}");
    assert!(runs[0].since.elapsed().expect("it is past") < Duration::from_secs(60), "{runs:?}");
    let other = OtherFile::new(world.folder.path()).open().await;
    let error = batch.move_to(&other).await.expect_err("it is in use");
    assert!(
        matches!(error, Error::InUse { .. }) && error.to_string().contains(&process),
        "{error}"
    );
    // Its process ends while the jobs run at RunComfy.
    run.abort();
    drop(run.await);
    running.close().await;
    // A server sees a moment later that the process is gone.
    while !batch.runs().await.expect("it can be read").is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let there = batch.move_to(&other).await.expect("it moves");
    let status = there.run(&world.client, &BatchOptions::new()).await.expect("it runs");
    assert_eq!((status.succeeded(), world.simulator.ledger().len()), (4, 4), "{status:?}");
    assert_eq!(there.runs().await.expect("it can be read"), []);
    let moved: BTreeSet<_> = jobs(&other, &there).await.into_iter().map(|job| job.state).collect();
    assert_eq!(moved, BTreeSet::from([State::Succeeded]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_moves_to_no_ledger_that_has_its_name_or_itself() {
    let world = World::new().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    add(&batch, 3, "boat").await;
    let other = OtherFile::new(world.folder.path()).open().await;
    let taken = other.create_batch("boats").await.expect("it is new");
    let error = batch.move_to(&other).await.expect_err("the name is taken");
    assert!(matches!(error, Error::BatchExists(_)), "{error:?}");
    let same = batch.move_to(&world.another().await).await.expect_err("it is the same");
    assert!(matches!(same, Error::SameLedger(_)), "{same:?}");
    // Under another name, and back under its own.
    let error = batch.move_to_as(&other, "a\nb").await.expect_err("it is not a name");
    assert!(matches!(error, Error::BatchName(_)), "{error:?}");
    let renamed = batch.move_to_as(&other, "ships").await.expect("it moves");
    assert_eq!((renamed.id.clone(), renamed.name.as_str()), (batch.id.clone(), "ships"));
    assert_eq!(other.find_batch("boats").await.expect("it is there"), taken);
    let batch = renamed.move_to_as(&world.ledger, "boats").await.expect("it moves back");
    assert_eq!(jobs(&world.ledger, &batch).await.len(), 3);
    assert!(taken.discard().await.expect("it can be removed"));
    batch.pause().await.expect("it is still here");
    batch.move_to(&other).await.expect("it moves");
    // It is in the other one, and not in a third.
    let third = Ledger::open(world.folder.path().join("third.db")).await.expect("it opens");
    let error = batch.move_to(&third).await.expect_err("it is not here");
    assert!(matches!(error, Error::Moved { .. }), "{error:?}");
}
