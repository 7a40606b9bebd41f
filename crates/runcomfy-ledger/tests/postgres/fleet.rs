//! Three workers on three machines, while everything around them fails: they are killed and stopped,
//! the network to the server is cut, and the server is restarted. At the end, the ledger is compared
//! with the simulator's own.
//!
//! `RUNCOMFY_FLEET` sets the number of jobs, 2000 in `.ci/long`, and lets the time after which jobs
//! are taken over be the default of workers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use runcomfy::Client;
use runcomfy_ledger::{Batch, BatchOptions, Error, Job, Ledger, Limits, State, Worker};
use runcomfy_simulator::{Accepted, Pace, Random, Simulator};
use tokio::time::sleep;

use crate::connections::{ALONE, proxy, restart};
use crate::kills::judge;
use crate::place::connect;
use crate::proxy::Proxy;
use crate::support::{Child, World, client, intent};

/// Environment variable of the child process: the API base, the folder of outputs, and the ledger.
const PROGRAM: &str = "RUNCOMFY_TEST_FLEET";
/// Environment variable with the number of jobs.
const SIZE: &str = "RUNCOMFY_FLEET";
/// The time after which jobs of a silent worker go on elsewhere.
const TAKE_OVER: Duration = Duration::from_secs(6);
const AT_ONCE: usize = 8;
const IN_FLIGHT: u32 = 8;
const PER_SECOND: f64 = 8.0;

/// A worker that is started again whenever it ends, as a service is.
struct Machine {
    test: &'static str,
    told: String,
    state: PathBuf,
    child: Child,
    starts: usize,
}

impl Machine {
    /// Starts the worker of a machine: its owners have a folder of their own.
    fn start(world: &World, test: &'static str, number: usize, address: &str) -> Self {
        let (base, folder) = (world.simulator.api_base(), world.folder.path());
        let told = format!("{base} {} {address}", folder.join("out").display());
        let state = folder.join(format!("machine-{number}"));
        let child = begin(test, &told, &state);
        Self { test, told, state, child, starts: 1 }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.0.id().to_string();
        let _ = Command::new("kill").args([name, &pid]).status().expect("it runs");
    }

    /// Starts the worker again if it has ended.
    fn keep(&mut self) {
        if self.child.0.try_wait().expect("it can be asked").is_some() {
            self.child = begin(self.test, &self.told, &self.state);
            self.starts += 1;
        }
    }
}

fn begin(test: &str, told: &str, state: &Path) -> Child {
    let state = state.display().to_string();
    Child::start_with(test, &[(PROGRAM, told), ("XDG_STATE_HOME", &state)])
}

/// Returns a worker that takes jobs over after this time, or after the default.
fn worker(
    ledger: &Ledger,
    client: &Client,
    options: &BatchOptions,
    take_over: Option<Duration>,
) -> Worker {
    let worker = Worker::new(ledger, client, options);
    match take_over {
        Some(time) => worker.take_over_after(time),
        None => worker,
    }
}

/// Runs in the child process: works until it fails.
async fn program(told: &str, take_over: Option<Duration>) {
    let parts: Vec<&str> = told.splitn(3, ' ').collect();
    let [base, out, address] = parts.as_slice() else { unreachable!("three parts") };
    // A worker that ends is started again, so no error is a failure of the test.
    let ledger = match connect(address).await {
        Ok(ledger) => ledger,
        Err(error) => return eprintln!("a worker does not begin: {error}"),
    };
    let options = BatchOptions::new().at_once(AT_ONCE).deliver_into(out);
    let worker = worker(&ledger, &client(base), &options, take_over);
    let ended = worker.run().await;
    eprintln!("a worker ends: {ended:?}");
}

/// Waits for this time, or until nothing of the batch waits or runs.
async fn wait(batch: &Batch, machines: &mut [Machine], time: Duration) -> bool {
    let start = Instant::now();
    loop {
        machines.iter_mut().for_each(Machine::keep);
        // The server may be restarting.
        if let Ok(status) = batch.status().await
            && status.is_settled()
        {
            return true;
        }
        if start.elapsed() >= time {
            return false;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Disturbs the workers until the batch is settled. Returns the number of disturbances.
async fn disturb(batch: &Batch, machines: &mut [Machine], proxy: &Proxy) -> usize {
    for number in 0.. {
        let pause = Duration::from_millis(500 + fastrand::u64(..1_000));
        if wait(batch, machines, pause).await {
            return number;
        }
        let victim = fastrand::usize(..machines.len());
        let is_settled = match number % 6 {
            0 | 4 => {
                machines[victim].signal("-KILL");
                false
            }
            1 => {
                machines[victim].signal("-STOP");
                let is_settled = wait(batch, machines, TAKE_OVER + Duration::from_secs(2)).await;
                machines[victim].signal("-CONT");
                is_settled
            }
            2 => {
                proxy.cut();
                false
            }
            3 => {
                proxy.hang();
                let is_settled = wait(batch, machines, Duration::from_secs(12)).await;
                // The server has given the connections up, or has not.
                if fastrand::bool() {
                    proxy.cut();
                }
                proxy.flow();
                is_settled
            }
            _ => {
                restart().await;
                false
            }
        };
        if is_settled {
            return number + 1;
        }
    }
    unreachable!("the numbers do not end")
}

/// Alone, because it disturbs every other test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it restarts the server: run it alone, with `--ignored`"]
async fn three_workers_pay_nothing_twice_and_lose_nothing_whatever_happens() {
    if let Ok(told) = std::env::var(PROGRAM) {
        return program(&told, Some(TAKE_OVER)).await;
    }
    let test = "fleet::three_workers_pay_nothing_twice_and_lose_nothing_whatever_happens";
    let _alone = ALONE.lock().await;
    let jobs = std::env::var(SIZE).map_or(160, |text| text.trim().parse().expect("a number"));
    let random = Random::calls(0.2).with_jobs(0.2).with_seed(fastrand::u64(..));
    let random = random.with_max_pause(Duration::from_millis(60));
    let pace = Pace { queue: Duration::from_millis(300), run: Duration::from_millis(900) };
    let simulator = Simulator::builder().pace(pace).random(random);
    let world = World::with(simulator.price("0.25".parse().expect("a price"))).await;
    let limits = Limits::default().with_jobs_in_flight(IN_FLIGHT);
    let limits = limits.with_submits_per_second(PER_SECOND);
    world.ledger.set_limits(&limits).await.expect("it can");
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let lines = (0..jobs).map(|number| intent(&format!("boat {number}")));
    batch.add(lines).await.expect("the lines are good");

    let start = Instant::now();
    let proxy = proxy().await;
    let (direct, through) = (world.place.address(), world.place.through(proxy.port));
    let mut machines: Vec<Machine> = [&direct, &direct, &through]
        .into_iter()
        .enumerate()
        .map(|(number, address)| Machine::start(&world, test, number, address))
        .collect();
    let disturbances = disturb(&batch, &mut machines, &proxy).await;
    // The last outputs are saved.
    while batch.status().await.expect("it can be read").count(State::Succeeded) > 0 {
        machines.iter_mut().for_each(Machine::keep);
        sleep(Duration::from_millis(100)).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    let starts: Vec<usize> = machines.iter().map(|machine| machine.starts).collect();
    drop(machines);

    assert!(disturbances >= 6, "the batch was done before everything happened: {disturbances}");
    let rows = batch.jobs(0, u32::MAX).await.expect("it can be read");
    let paid = world.simulator.ledger();
    let found = judge(&rows, &paid, jobs);
    let (flight, rate) = (most_at_once(&rows, &paid), most_in_a_second(&paid));
    println!(
        "{jobs} jobs in {seconds:.0} s, {disturbances} disturbances, starts of the workers \
         {starts:?}: {found:?}; at most {flight} in flight of {IN_FLIGHT}, and {rate} submits in a \
         second of {PER_SECOND}"
    );
    assert!(found.get(State::Delivered.as_str()).is_some_and(|done| *done > jobs / 4), "{found:?}");
    assert!(flight <= IN_FLIGHT as usize, "{flight} jobs in flight");
    assert!(rate as f64 <= PER_SECOND + 1.0, "{rate} submits in a second");
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

/// Returns the largest number of jobs that the simulator had at one time. A job with an unknown
/// outcome is not in flight for the ledger, so it does not count.
fn most_at_once(rows: &[Job], paid: &[Accepted]) -> usize {
    let known: BTreeSet<&str> =
        rows.iter().filter_map(|row| row.request_id.as_ref()).map(|id| id.as_str()).collect();
    let paid: Vec<&Accepted> = paid.iter().filter(|job| known.contains(&*job.request_id)).collect();
    let end = |job: &Accepted| job.ended_at.unwrap_or(SystemTime::now());
    let at = |time: SystemTime| {
        paid.iter().filter(|job| job.accepted_at <= time && end(job) > time).count()
    };
    paid.iter().map(|job| at(job.accepted_at)).max().unwrap_or_default()
}

/// Returns the largest number of jobs that the simulator accepted in a second.
fn most_in_a_second(paid: &[Accepted]) -> usize {
    let from = |time: SystemTime| {
        let end = time + Duration::from_secs(1);
        paid.iter().filter(|job| (time..end).contains(&job.accepted_at)).count()
    };
    paid.iter().map(|job| from(job.accepted_at)).max().unwrap_or_default()
}

/// Waits until a worker of this process works on this many jobs. Returns the time that it took, which
/// is less than this.
async fn works_on(worker: &Worker, jobs: u64, most: Duration) -> Duration {
    let start = Instant::now();
    while worker.status().at_work < jobs {
        assert!(start.elapsed() < most, "{:?} after {most:?}", worker.status());
        sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_jobs_of_a_silent_or_dead_worker_go_on_within_the_stated_time() {
    let is_long = std::env::var_os(SIZE).is_some();
    let take_over = (!is_long).then_some(TAKE_OVER);
    if let Ok(told) = std::env::var(PROGRAM) {
        return program(&told, take_over).await;
    }
    // Nobody restarts the server.
    let _alone = ALONE.lock().await;
    tokio::join!(taken_over("-STOP", take_over), taken_over("-KILL", take_over));
}

/// Sends a signal to a worker. Another one gets its jobs in the stated time.
async fn taken_over(signal: &str, take_over: Option<Duration>) {
    let test = "fleet::the_jobs_of_a_silent_or_dead_worker_go_on_within_the_stated_time";
    // Others look once a second, and claim what they find. The rest is for a busy machine.
    let (patience, stated) = match take_over {
        Some(time) => (time + Duration::from_secs(2), time + Duration::from_secs(5)),
        None => (Duration::from_secs(190), Duration::from_secs(240)),
    };
    let pace = Pace { queue: Duration::ZERO, run: Duration::from_secs(3_600) };
    let world = World::with(Simulator::builder().pace(pace)).await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let lines = (0..5).map(|number| intent(&format!("boat {number}")));
    batch.add(lines).await.expect("the lines are good");
    let machine = Machine::start(&world, test, 1, &world.place.address());
    while batch.status().await.expect("it can be read").count(State::Accepted) < 5 {
        sleep(Duration::from_millis(20)).await;
    }
    let other = world.another().await;
    let options = BatchOptions::new().at_once(5);
    let worker = worker(&other, &world.client, &options, take_over);
    let running = worker.run();
    tokio::pin!(running);
    // As long as the first gives signs of life, its jobs are left to it.
    tokio::select! {
        ended = &mut running => unreachable!("{ended:?}"),
        () = sleep(patience) => {}
    }
    assert_eq!(worker.status().at_work, 0, "{signal}");
    machine.signal(signal);
    let taken = tokio::select! {
        ended = &mut running => unreachable!("{ended:?}"),
        taken = works_on(&worker, 5, stated) => taken,
    };
    println!("{signal}: its jobs go on after {taken:?}");
    worker.stop();
    running.await.expect("it ends well");
    assert_eq!(world.simulator.ledger().len(), 5, "each is paid once");
    assert_eq!(world.ledger.check().await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_of_an_older_version_goes_on_after_a_migration_and_starts_no_more() {
    let world = World::new().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    let worker = Worker::new(&world.ledger, &world.client, &BatchOptions::new());
    let running = worker.run();
    tokio::pin!(running);
    for lines in 1..=2 {
        batch.add([intent(&format!("boat {lines}"))]).await.expect("it is good");
        tokio::select! {
            ended = &mut running => unreachable!("{ended:?}"),
            settled = wait(&batch, &mut [], Duration::from_secs(60)) => assert!(settled),
        }
        let status = batch.status().await.expect("it can be read");
        assert_eq!(status.succeeded(), lines, "{status:?}");
        if lines == 1 {
            // A newer version changes the tables while it works.
            let newer = "ALTER TABLE job ADD COLUMN later TEXT;
                ALTER TABLE batch ADD COLUMN later TEXT;
                ALTER TABLE river_job ADD COLUMN later TEXT;
                INSERT INTO schema_version (version, applied_at) VALUES (99, 0)";
            world.place.execute(newer).await;
        }
    }
    worker.stop();
    running.await.expect("it ends well");
    let error = world.place.open().await.expect_err("it is newer");
    assert!(matches!(error, Error::NewerVersion { found: 99, .. }), "{error:?}");
}
