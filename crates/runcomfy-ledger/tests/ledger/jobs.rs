//! Jobs from their intent to their files, and every way in which they end.

use std::time::Duration;

use runcomfy::client::CancelOutcome;
use runcomfy::{AnyInput, JsonInput, Model};
use runcomfy_ledger::{
    Error, Filter, InputFileError, Intent, ProblemKind, Settlement, State, Step, StepOptions, Wait,
};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;
use runcomfy_simulator::{
    Call, Failure, Fault, JobScenario, Measuring, Pace, Processed, Simulator,
};
use serde_json::json;

use crate::support::{MODEL, QUICK, World, input, intent};

/// Longer than a test takes.
const SLOW: Pace = Pace { queue: Duration::from_secs(600), run: Duration::from_secs(600) };

#[tokio::test]
async fn a_job_is_run_to_its_saved_files() {
    let world = World::new().await;
    let job = world.ledger.intend(intent("a boat")).await.expect("it is written");
    assert_eq!((job.state, &job.input), (State::Intended, &input("a boat")));
    assert!(world.simulator.ledger().is_empty(), "an intent sends nothing");
    let out = world.folder.path().join("out");
    let options = StepOptions::new().deliver_into(&out);
    let done = world.ledger.run_with(&world.client, &job.id, &options).await.expect("it runs");
    assert_eq!(done.state, State::Delivered);
    let accepted = &world.simulator.ledger()[0];
    assert_eq!(done.request_id.as_ref().map(|id| id.as_str()), Some(&*accepted.request_id));
    assert_eq!(accepted.input, Some(input("a boat")));
    let [file] = done.outputs.as_slice() else { unreachable!("{:?}", done.outputs) };
    let bytes = std::fs::read(&file.path).expect("it is saved");
    assert_eq!((file.bytes, file.path.parent()), (bytes.len() as u64, Some(out.as_path())));
    assert_eq!(file.kind, runcomfy_ledger::OutputKind::Video);
    assert_eq!(world.ledger.job(&job.id).await.expect("it is there"), done);
    // Nothing is left to do.
    let again = world.ledger.step(&world.client, &job.id, &options).await.expect("it is done");
    assert!(matches!(again, Step::Finished(job) if *job == done));
    assert_eq!(world.simulator.ledger().len(), 1);
}

#[tokio::test]
async fn a_local_file_is_sent_as_it_was_checked_or_not_at_all() {
    let world = World::with(Simulator::builder().pace(QUICK).measuring(Measuring::Off)).await;
    let path = world.folder.path().join("boat.gif");
    let gif = b"GIF89a\x40\x01\xf0\x00\x00\x00\x00".as_slice();
    std::fs::write(&path, gif).expect("it can be written");
    let with_file = |prompt: &str| {
        Intent::new(MODEL, json!({"prompt": prompt, "image_url": ""})).file("/image_url", &path)
    };
    let job = world.ledger.intend(with_file("one")).await.expect("it is written");
    assert_eq!(job.input["image_url"].as_str(), path.to_str());
    assert_eq!((job.files[0].bytes, job.files[0].path.as_path()), (gif.len() as u64, &*path));
    world.ledger.run(&world.client, &job.id).await.expect("it runs");
    let sent = world.simulator.ledger()[0].input.clone().expect("it is short");
    assert_eq!(sent["image_url"], "data:image/gif;base64,R0lGODlhQAHwAAAAAA==");

    for content in [b"GIF89a\x41\x01\xf0\x00\x00\x00\x00".as_slice(), b""] {
        let job = world.ledger.intend(with_file("two")).await.expect("it is written");
        std::fs::write(&path, content).expect("it can be written");
        let error = world.ledger.run(&world.client, &job.id).await.expect_err("it changed");
        let Error::Refused(refused) = error else { unreachable!("{error:?}") };
        let problem = refused.problem.expect("there is one");
        assert_eq!((refused.state, problem.kind), (State::Refused, ProblemKind::File));
        assert!(problem.message.contains("boat.gif"), "{}", problem.message);
        std::fs::write(&path, gif).expect("it can be written");
    }
    std::fs::remove_file(&path).expect("it can be removed");
    let error = world.ledger.intend(with_file("three")).await.expect_err("there is no file");
    assert!(matches!(error, Error::InputFile(InputFileError::Unreadable { .. })), "{error:?}");
    assert_eq!(world.simulator.ledger().len(), 1, "nothing else was sent");
}

#[tokio::test]
async fn every_kind_of_checked_input_is_written_down_with_its_files() {
    let world = World::with(Simulator::builder().pace(QUICK).measuring(Measuring::Off)).await;
    let path = world.folder.path().join("boat.gif");
    std::fs::write(&path, b"GIF89a\x40\x01\xf0\x00\x00\x00\x00").expect("it can be written");
    let typed = hailuo::Input::new("one", path.clone()).validate().expect("it is valid");
    let info = runcomfy_models::models().find(|model| model.id == MODEL).expect("it is there");
    let any = AnyInput::new(info, json!({"prompt": "two", "image_url": "x"}));
    let any = any.with_media("/image_url", path.clone()).expect("it is there");
    let any = any.validate().expect("it is valid");
    // A string of JSON is never a file.
    let text = json!({"prompt": "three", "image_url": path});
    let text = JsonInput::<hailuo::Input>::from(text).validate().expect("it is valid");
    let jobs = [
        world.ledger.intend_once(&typed).await.expect("it is written"),
        world.ledger.intend_once(&any).await.expect("it is written"),
        world.ledger.intend_once(&text).await.expect("it is written"),
    ];
    for (job, files) in jobs.iter().zip([1, 1, 0]) {
        assert_eq!((job.model.as_str(), job.files.len()), (MODEL, files), "{job:?}");
        assert_eq!(job.input["image_url"].as_str(), path.to_str());
        world.ledger.run(&world.client, &job.id).await.expect("the simulator takes any text");
    }
    let done = world.ledger.job(&jobs[0].id).await.expect("it is there");
    let completed = done.completed::<hailuo::Input>().expect("it has a result");
    assert!(completed.output.video.is_some(), "{completed:?}");
    assert_eq!(completed.model.as_deref(), Some(MODEL));
    let sent = world.simulator.ledger();
    let sent: Vec<_> = sent
        .iter()
        .map(|job| job.input.as_ref().expect("it is short")["image_url"].as_str())
        .collect();
    let content = Some("data:image/gif;base64,R0lGODlhQAHwAAAAAA==");
    assert_eq!(sent, [content, content, path.to_str()]);
    // A program that is started again finds its job.
    let again = world.ledger.intend_once(&typed).await.expect("it is found");
    assert_eq!(again, done);
}

#[tokio::test]
async fn each_end_of_a_job_is_kept_whole() {
    let world = World::new().await;
    world.simulator.script_jobs([JobScenario::Fails(Failure::Object), JobScenario::EndsCancelled]);
    let (one, two) = (intent("one"), intent("two"));
    let one = world.ledger.intend(one).await.expect("it is written");
    let error = world.ledger.run(&world.client, &one.id).await.expect_err("it fails");
    let Error::Failed(failed) = error else { unreachable!("{error:?}") };
    let problem = failed.problem.as_ref().expect("there is one");
    assert_eq!((failed.state, problem.kind), (State::Failed, ProblemKind::Failed));
    assert!(problem.detail.is_object(), "{problem:?}");
    let two = world.ledger.intend(two).await.expect("it is written");
    let error = world.ledger.run(&world.client, &two.id).await.expect_err("it is cancelled");
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    // RunComfy refuses a picture that is a number.
    let bad = Intent::new(MODEL, json!({"prompt": "x", "image_url": 7}));
    let bad = world.ledger.intend(bad).await.expect("it is written");
    let error = world.ledger.run(&world.client, &bad.id).await.expect_err("it is refused");
    let Error::Refused(refused) = error else { unreachable!("{error:?}") };
    assert_eq!(refused.problem.expect("there is one").kind, ProblemKind::Rejected);
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
}

#[tokio::test]
async fn a_job_that_was_not_sent_is_sent_by_the_next_run() {
    let world = World::new().await;
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    let nowhere = crate::support::client("http://127.0.0.1:9/v1");
    let error = world.ledger.run(&nowhere, &job.id).await.expect_err("nobody listens");
    assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
    let kept = world.ledger.job(&job.id).await.expect("it is there");
    assert_eq!((kept.state, kept.attempts), (State::Intended, 1));
    assert_eq!(kept.problem.expect("there is one").kind, ProblemKind::NotSent);
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
    let done = world.ledger.run(&world.client, &job.id).await.expect("it runs");
    assert_eq!((done.attempts, done.problem), (2, None));
}

#[tokio::test]
async fn an_unknown_outcome_is_never_sent_again_by_a_program() {
    let world = World::new().await;
    let lost = Fault::Close { processed: Processed::Yes };
    world.simulator.script(Call::Submit, [lost]);
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    for _ in 0..3 {
        let error = world.ledger.run(&world.client, &job.id).await.expect_err("it is unknown");
        assert!(matches!(&error, Error::Unknown(job) if job.state == State::Unknown), "{error:?}");
    }
    let twin = world.ledger.intend(intent("one")).await.expect_err("it may be paid for");
    assert!(matches!(twin, Error::Twin(twin) if twin.id == job.id));
    let [accepted] = &*world.simulator.ledger() else { unreachable!("once only") };
    // Somebody finds the id in the account.
    let id = accepted.request_id.parse().expect("an id");
    let settled = world.ledger.settle(&job.id, Settlement::RequestId(id)).await;
    assert_eq!(settled.expect("an id always wins").state, State::Accepted);
    let done = world.ledger.run(&world.client, &job.id).await.expect("it runs");
    assert_eq!(done.state, State::Succeeded);
    assert_eq!(world.simulator.ledger().len(), 1);
}

#[tokio::test]
async fn a_person_sends_an_unknown_job_again_as_a_new_one() {
    let world = World::new().await;
    let lost = Fault::Close { processed: Processed::No };
    world.simulator.script(Call::Submit, [lost]);
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    world.ledger.run(&world.client, &job.id).await.expect_err("it is unknown");
    let new = world.ledger.settle(&job.id, Settlement::Resubmit).await.expect("it is unknown");
    assert_eq!((new.state, new.resubmits.as_ref()), (State::Intended, Some(&job.id)));
    let again = world.ledger.settle(&job.id, Settlement::Resubmit).await;
    assert!(matches!(again, Err(Error::Resubmitted { newer, .. }) if newer == new.id));
    let done = world.ledger.run(&world.client, &new.id).await.expect("it runs");
    assert_eq!(done.state, State::Succeeded);
    let old = world.ledger.job(&job.id).await.expect("it is there");
    assert_eq!(old.state, State::GivenUp);
    assert!(world.ledger.check().await.expect("it can be checked").is_empty());
}

#[tokio::test]
async fn the_same_input_is_not_paid_for_twice_by_mistake() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    // Two tickets for one input are free.
    let one = world.ledger.intend(intent("one")).await.expect("it is written");
    let two = world.ledger.intend(intent("one")).await.expect("it is written");
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    let step = world.ledger.step(&world.client, &one.id, &short).await.expect("it is sent");
    assert!(matches!(step, Step::Later { reason: Wait::Running, .. }), "{step:?}");
    let error = world.ledger.step(&world.client, &two.id, &short).await.expect_err("it runs");
    assert!(matches!(&error, Error::Twin(twin) if twin.id == one.id), "{error:?}");
    assert_eq!(world.ledger.job(&two.id).await.expect("it is there").state, State::Intended);
    // The same, written otherwise.
    let other = json!({"image_url": "https://example.com/boat.png", "prompt": "one"});
    let error = world.ledger.intend(Intent::new(MODEL, other)).await.expect_err("it runs");
    assert!(matches!(error, Error::Twin(_)), "{error:?}");
    world.simulator.advance(Duration::from_secs(3600));
    world.ledger.run(&world.client, &one.id).await.expect("it runs");
    world.ledger.intend(intent("one")).await.expect_err("it was paid for today");
    let again = world.ledger.intend(intent("one").again()).await.expect("it is allowed");
    world.ledger.step(&world.client, &again.id, &short).await.expect("it is sent");
    world.ledger.intend(intent("two")).await.expect("it is another input");
    assert_eq!(world.simulator.ledger().len(), 2);
}

#[tokio::test]
async fn a_submit_writes_its_outcome_even_if_nobody_waits() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    world.simulator.script(Call::Submit, [Fault::LateReply(Duration::from_secs(3))]);
    let job = world.ledger.intend(intent("one")).await.expect("it is written");
    let running = world.ledger.run(&world.client, &job.id);
    let ended = tokio::time::timeout(Duration::from_millis(100), running).await;
    assert!(ended.is_err(), "it cannot be finished");
    // Another step, here and in another process, leaves it alone.
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    for ledger in [world.ledger.clone(), world.another().await] {
        let step = ledger.step(&world.client, &job.id, &short).await.expect("it is being sent");
        assert!(matches!(step, Step::Later { reason: Wait::BeingSent, .. }), "{step:?}");
    }
    let World { place, ledger, simulator, .. } = world;
    ledger.close().await;
    let ledger = place.open().await.expect("it opens");
    let job = ledger.job(&job.id).await.expect("it is there");
    let accepted = simulator.ledger();
    assert_eq!(job.request_id.map(String::from), Some(accepted[0].request_id.clone()));
    assert_eq!((job.state, accepted.len()), (State::Accepted, 1));
}

#[tokio::test]
async fn a_job_is_cancelled_before_and_after_it_is_sent() {
    let world = World::with(Simulator::builder().pace(SLOW)).await;
    let one = world.ledger.intend(intent("one")).await.expect("it is written");
    let (job, outcome) = world.ledger.cancel(&world.client, &one.id).await.expect("it can");
    assert_eq!((job.state, outcome), (State::Cancelled, CancelOutcome::Cancelled));
    let error = world.ledger.run(&world.client, &one.id).await.expect_err("it is cancelled");
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    assert!(world.simulator.ledger().is_empty());
    let two = world.ledger.intend(intent("two")).await.expect("it is written");
    let short = StepOptions::new().wait_at_most(Duration::ZERO);
    world.ledger.step(&world.client, &two.id, &short).await.expect("it is sent");
    let (job, _) = world.ledger.cancel(&world.client, &two.id).await.expect("it can");
    assert_eq!(job.state, State::Cancelled);
    assert!(world.ledger.cancel(&world.client, &two.id).await.is_err(), "it is finished");
}

#[tokio::test]
async fn jobs_are_found_and_listed() {
    let world = World::new().await;
    let batch = world.ledger.create_batch("boats").await.expect("it is new");
    assert!(matches!(world.ledger.create_batch("boats").await, Err(Error::BatchExists(_))));
    let mut jobs = Vec::new();
    for prompt in ["one", "two", "three"] {
        let intent = intent(prompt).batch(&batch.id);
        jobs.push(world.ledger.intend(intent).await.expect("it is written"));
    }
    world.ledger.intend(intent("apart")).await.expect("it is written");
    let done = world.ledger.run(&world.client, &jobs[0].id).await.expect("it runs");
    let count = |filter: Filter| {
        let ledger = world.ledger.clone();
        async move { ledger.jobs(&filter).await.expect("it can be read").len() }
    };
    assert_eq!(count(Filter::default()).await, 4);
    assert_eq!(count(Filter::default().batch(&batch.id)).await, 3);
    assert_eq!(count(Filter::default().batch(&batch.id).state(State::Intended)).await, 2);
    assert_eq!(count(Filter::default().model("acme/paint")).await, 0);
    assert_eq!(count(Filter::default().count(2)).await, 2);
    assert_eq!(count(Filter::default().before(jobs[0].created_at)).await, 0);
    assert_eq!(count(Filter::default().since(jobs[0].created_at)).await, 4);
    let request = done.request_id.as_ref().expect("it has one").as_str();
    for text in
        [request, done.id.as_str(), &done.id.as_str().to_uppercase(), &done.id.as_str()[..9]]
    {
        assert_eq!(world.ledger.find(text).await.expect("it is there"), done, "{text}");
    }
    for text in ["", "%", "_", "nothing-like-it"] {
        let found = world.ledger.find(text).await;
        assert!(matches!(found, Err(Error::NoSuchJob(_))), "{text}: {found:?}");
    }
    assert_eq!(world.ledger.batches().await.expect("it can be read"), [batch]);
}

#[tokio::test]
async fn a_request_id_that_comes_again_stops_nothing_but_its_job() {
    let world = World::new().await;
    let first = world.ledger.intend(intent("one")).await.expect("it is written");
    let first = world.ledger.run(&world.client, &first.id).await.expect("it runs");
    // Started again, a simulator counts from one again.
    let simulator = Simulator::builder().pace(QUICK).start().await.expect("it starts");
    let client = crate::support::client(simulator.api_base());
    let second = world.ledger.intend(intent("two")).await.expect("it is written");
    let step = world.ledger.step(&client, &second.id, &StepOptions::new()).await;
    let Ok(Step::NeedsPerson(unknown)) = step else { unreachable!("{step:?}") };
    assert_eq!((unknown.state, unknown.request_id), (State::Unknown, None));
    let problem = unknown.problem.expect("a problem");
    let id = first.request_id.as_ref().expect("an id");
    let said = format!("it was accepted as request {id}, which belongs to job {}", first.id);
    assert_eq!((problem.kind, problem.message), (ProblemKind::OutcomeUnknown, said));
    assert_eq!((world.simulator.ledger().len(), simulator.ledger().len()), (1, 1));
}
