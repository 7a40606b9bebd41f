//! Jobs on a virtual clock, polled as a wait polls them.

use super::super::polling::Polling;
use super::*;

const MODEL: &str = "a/model";

/// A job: its time in the queue, and its running time.
#[derive(Clone, Copy)]
struct Pace {
    queue: f64,
    run: f64,
}

/// Polls, and the time from a job's end to the poll that noticed it.
struct Noticed {
    polls: u32,
    late: f64,
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Polls a job from its submission to its end.
async fn follow(durations: &Durations, pace: Pace) -> Noticed {
    let (model, polling) = (Arc::from(MODEL), Polling::default());
    let start = Instant::now();
    let mut timeline = Timeline::new(Some(start));
    let mut interval = None;
    let end = seconds(pace.queue + pace.run);
    for polls in 1.. {
        let age = start.elapsed();
        let status = match age {
            age if age >= end => Status::Completed,
            age if age >= seconds(pace.queue) => Status::InProgress,
            _ => Status::InQueue,
        };
        if let Some(observed) = timeline.observe(&status, Instant::now(), Instant::now()) {
            durations.learn(&model, observed);
            return Noticed { polls, late: (age - end).as_secs_f64() };
        }
        let gap = durations.gap(MODEL, &timeline, |age| polling.interval_at(age));
        let gap = if let Some(gap) = gap {
            interval = None;
            gap
        } else {
            let plain = interval.unwrap_or(polling.initial_interval);
            interval = Some(polling.next(plain));
            polling.jittered(plain)
        };
        tokio::time::sleep(gap).await;
    }
    unreachable!("the job ends")
}

/// Follows jobs one after the other. Returns the means once some of them are known.
async fn follow_all(paces: impl Iterator<Item = Pace>, known: usize) -> Noticed {
    let durations = Durations::default();
    let mut noticed = Vec::new();
    for pace in paces {
        noticed.push(follow(&durations, pace).await);
    }
    let counted = &noticed[known..];
    assert!(counted.len() >= 20, "too few jobs");
    let polls = counted.iter().map(|job| job.polls).sum::<u32>() / counted.len() as u32;
    Noticed { polls, late: counted.iter().map(|job| job.late).sum::<f64>() / counted.len() as f64 }
}

/// Returns a number near this one, at random.
fn about(mean: f64, spread: f64) -> f64 {
    mean * (1.0 + spread * (2.0 * fastrand::f64() - 1.0))
}

#[tokio::test(start_paused = true)]
async fn unknown_jobs_are_noticed_within_a_tenth_of_their_time() {
    // A mean of 400 random jobs is off by less than 0.02 s.
    for (time, late, polls) in [(5.0, 0.52, 10), (30.0, 1.72, 25)] {
        let mut all = Vec::new();
        for _ in 0..400 {
            let pace = Pace { queue: 0.0, run: about(time, 0.05) };
            all.push(follow(&Durations::default(), pace).await);
        }
        let mean = all.iter().map(|job| job.late).sum::<f64>() / all.len() as f64;
        assert!(mean <= late, "{time} s: {mean} s late");
        let most = all.iter().map(|job| job.polls).max();
        assert!(most <= Some(polls), "{time} s: {most:?} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_known_length_are_noticed_at_once() {
    for time in [0.1, 2.0, 5.0, 30.0, 120.0, 300.0, 1700.0] {
        let paces = (0..40).map(|_| Pace { queue: time / 10.0, run: about(time * 0.9, 0.0001) });
        let noticed = follow_all(paces, 4).await;
        assert!(noticed.late <= 0.5 && noticed.polls <= 15, "{time}: {} s", noticed.late);
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_after_a_varying_queue_are_noticed_by_their_running_time() {
    let paces = (0..200).map(|_| Pace { queue: about(10.0, 1.0), run: 30.0 });
    let noticed = follow_all(paces, 20).await;
    // Without what is known: 2.1 s after 25 polls.
    assert!(noticed.late <= 1.4 && noticed.polls <= 15, "{} s", noticed.late);
}

#[tokio::test(start_paused = true)]
async fn outliers_leave_the_other_jobs_alone() {
    for (rare, late) in [(3.0, 1.0), (600.0, 1.0)] {
        let paces = (0..200).map(|index| match index % 10 {
            9 => Pace { queue: 1.0, run: rare },
            _ => Pace { queue: 1.0, run: about(60.0, 0.03) },
        });
        let usual = follow_all(paces, 20).await;
        assert!(usual.late <= late && usual.polls <= 25, "{rare}: {} s", usual.late);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ends_early_is_noticed_before_it_is_twice_as_old() {
    let durations = Durations::default();
    for _ in 0..5 {
        follow(&durations, Pace { queue: 1.0, run: 299.0 }).await;
    }
    for run in [3.0, 20.0, 130.0] {
        let noticed = follow(&durations, Pace { queue: 0.0, run }).await;
        assert!(noticed.late <= run.max(2.0), "{run}: {} s", noticed.late);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_longer_than_known_is_polled_as_an_unknown_one() {
    let durations = Durations::default();
    for _ in 0..5 {
        follow(&durations, Pace { queue: 1.0, run: 29.0 }).await;
    }
    let noticed = follow(&durations, Pace { queue: 1.0, run: 89.0 }).await;
    assert!(noticed.late <= 5.0, "{} s", noticed.late);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_and_a_late_first_poll_teach_nothing() {
    let start = Instant::now();
    let mut timeline = Timeline::new(Some(start));
    assert_eq!(timeline.observe(&Status::Cancelled, start, start), None);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let seen = timeline.observe(&Status::Completed, Instant::now(), Instant::now());
    let durations = Durations::default();
    durations.learn(&Arc::from(MODEL), seen.expect("it ended"));
    let next = Timeline::new(Some(Instant::now()));
    assert_eq!(durations.gap(MODEL, &next, |_| MIN_STEP), None);
    assert_eq!(timeline.observe(&Status::Completed, Instant::now(), Instant::now()), None);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_job_teaches_its_running_time_only() {
    let mut timeline = Timeline::new(None);
    for (status, pause) in [(Status::InQueue, 1), (Status::InProgress, 9), (Status::InProgress, 1)]
    {
        assert_eq!(timeline.observe(&status, Instant::now(), Instant::now()), None);
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    let seen = timeline.observe(&Status::Completed, Instant::now(), Instant::now());
    let run = Span { from: seconds(9.0), to: seconds(11.0) };
    assert_eq!(seen, Some(Observation { total: None, run: Some(run) }));
    let durations = Durations::default();
    durations.learn(&Arc::from(MODEL), seen.expect("it ended"));
    let next = Timeline::new(Some(Instant::now()));
    assert_eq!(durations.gap(MODEL, &next, |_| MIN_STEP), None);
}

#[tokio::test(start_paused = true)]
async fn the_model_that_was_unused_for_longest_is_forgotten() {
    let durations = Durations::default();
    let span = Some(Span { from: seconds(9.0), to: seconds(10.0) });
    let observed = Observation { total: span, run: None };
    for index in 0..=MAX_MODELS {
        durations.learn(&Arc::from(index.to_string()), observed);
        durations.learn(&Arc::from("0"), observed);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let timeline = Timeline::new(Some(Instant::now()));
    let known = ["0", "1", "2"].map(|model| durations.gap(model, &timeline, |_| MIN_STEP));
    assert!(known[0].is_some() && known[1].is_none() && known[2].is_some());
}
