//! The delay that a server asks for, in each form of `Retry-After`: no step panics, and none of them
//! stops the submits for longer than 15 minutes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use runcomfy_ledger::{LimitName, State, Step, StepOptions, Wait};

use crate::support::{World, client, intent};

/// The longest delay that a server can ask for, in seconds.
const MAX_SECONDS: u64 = 15 * 60;

/// Starts a server that answers every request with this head and this body. Returns the API base.
fn serve(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has one"));
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            read_request(&mut connection);
            let length = body.len();
            let reply = format!(
                "HTTP/1.1 {head}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            let _ = connection.write_all(reply.as_bytes());
        }
    });
    base
}

/// Reads a request with its body: a connection that is closed before is reset.
fn read_request(connection: &mut TcpStream) {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() <= 2 {
            break;
        }
        if let Some(found) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = found.trim().parse().unwrap_or_default();
        }
    }
    let _ = reader.take(length).read_to_end(&mut Vec::new());
}

#[tokio::test]
async fn submits_keep_each_delay_up_to_its_limit() {
    for (head, seconds) in [
        ("429 x\r\n", 2),
        ("429 x\r\nretry-after: 0\r\n", 0),
        ("429 x\r\nretry-after: 7\r\n", 7),
        ("429 x\r\nretry-after: -7\r\n", 2),
        ("429 x\r\nretry-after: 7.5\r\n", 2),
        ("429 x\r\nretry-after: soon\r\n", 2),
        ("429 x\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0),
        (
            "429 x\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\n",
            30,
        ),
        ("429 x\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n", MAX_SECONDS),
        ("429 x\r\nretry-after: 18446744073709551615\r\n", MAX_SECONDS),
        ("429 x\r\nretry-after: 99999999999999999999999999\r\n", MAX_SECONDS),
    ] {
        let world = World::new().await;
        let client = client(&serve(head, "{}"));
        let asked = Duration::from_secs(seconds);
        let job = world.ledger.intend(intent("one")).await.expect("it is written");
        let step = world.ledger.step(&client, &job.id, &StepOptions::new()).await;
        let step = step.expect("it waits");
        let Step::Later { job, reason: Wait::Limit(LimitName::RetryAfter), after } = step else {
            panic!("{head:?}: {step:?}")
        };
        assert_eq!((job.state, after), (State::Intended, asked), "{head:?}");

        // The delay holds for the next job too, in another process.
        let other = world.another().await;
        let next = other.intend(intent("two")).await.expect("it is written");
        let step = other.step(&world.client, &next.id, &StepOptions::new()).await;
        match step.expect("it is sent or waits") {
            Step::Later { reason: Wait::Limit(LimitName::RetryAfter), after, .. } => {
                assert!(after <= asked && after + Duration::from_secs(2) > asked, "{head:?}");
            }
            step => {
                assert!(seconds == 0 && matches!(step, Step::Finished(_)), "{head:?}: {step:?}")
            }
        }
    }
}

#[tokio::test]
async fn a_step_ends_in_time_whatever_delay_its_polls_get() {
    for head in [
        "429 x\r\nretry-after: 3600\r\n",
        "429 x\r\nretry-after: 18446744073709551615\r\n",
        "503 x\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
    ] {
        let world = World::new().await;
        let id = world.ledger.intend(intent("one")).await.expect("it is written").id;
        let accepting = client(&serve("200 x\r\n", r#"{"request_id": "r-1"}"#));
        let none = StepOptions::new().wait_at_most(Duration::ZERO);
        let step = world.ledger.step(&accepting, &id, &none).await.expect("it is accepted");
        assert!(matches!(step, Step::Later { reason: Wait::Running, .. }), "{step:?}");

        let start = Instant::now();
        let short = StepOptions::new().wait_at_most(Duration::from_millis(200));
        let step = world.ledger.step(&client(&serve(head, "{}")), &id, &short).await;
        let step = step.expect("it is running");
        assert!(matches!(step, Step::Later { reason: Wait::Running, .. }), "{head:?}: {step:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{head:?}: {:?}", start.elapsed());
    }
}
