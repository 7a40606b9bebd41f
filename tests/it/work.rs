//! Everything that a server, a file or a person says costs time and memory in proportion to its
//! size: eight times as much of it costs about eight times as much.

use std::hint::black_box;
use std::time::Duration;

use runcomfy::client::Readings;
use runcomfy::measure::{Probe, ProbeStep};
use runcomfy::media::MediaInfo;
use runcomfy::{JsonInput, Stored};
use runcomfy_models::bytedance::seedream_5_0_pro_image_to_image::Input;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// The larger input is this many times the smaller one.
const TIMES: usize = 8;
/// It may cost this many times as much. Work that grows with the square costs 64 times as much.
const MAX_RATIO: f64 = 20.0;
/// Work of less than this is not compared: it ends before anybody notices.
const MIN_TIME: Duration = Duration::from_millis(2);
const MIN_BYTES: u64 = 64 * 1024;

/// Returns the time that this thread has worked, which other programs do not add to.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Returns the time that some work takes, and the most memory that it holds at once.
fn cost<T>(work: &impl Fn(&T), input: &T) -> (Duration, u64) {
    let mut least = Duration::MAX;
    let mut bytes = 0;
    for _ in 0..3 {
        let start = cpu_time();
        let used = allocation_counter::measure(|| work(input));
        least = least.min(cpu_time() - start);
        bytes = used.bytes_max;
    }
    (least, bytes)
}

/// Asserts that work is linear in the number of pieces that its input is made of.
pub(crate) fn assert_linear<T>(
    what: &str,
    count: usize,
    input: impl Fn(usize) -> T,
    work: impl Fn(&T),
) {
    let (time, bytes) = cost(&work, &input(count));
    let (long, many) = cost(&work, &input(count * TIMES));
    let ratio = long.as_secs_f64() / time.max(MIN_TIME).as_secs_f64();
    assert!(ratio < MAX_RATIO, "{what}: {time:?} became {long:?}");
    let ratio = many as f64 / bytes.max(MIN_BYTES) as f64;
    assert!(ratio < MAX_RATIO, "{what}: {bytes} bytes became {many}");
}

pub(crate) fn list(count: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

pub(crate) fn object(count: usize, value: impl Fn(usize) -> Value) -> Value {
    Value::Object((0..count).map(|index| (format!("name-{index}"), value(index))).collect())
}

/// A number of values in a reply.
type Reply = fn(usize) -> Value;

// Attack M6.
#[test]
fn reading_a_reply_is_linear_in_its_length() {
    let replies: [(&str, u16, Reply); 12] = [
        ("URLs", 200, |n| {
            let urls = list(n, |index| json!(format!("https://a.runcomfy.net/{index}.png")));
            json!({"status": "completed", "output": {"images": urls}})
        }),
        (
            "members of an output",
            200,
            |n| json!({"status": "completed", "output": object(n, |index| json!({"url": index}))}),
        ),
        ("members of a result", 200, |n| object(n, |index| json!([index]))),
        (
            "members of a status",
            200,
            |n| json!({"status": "in_queue", "x": object(n, Value::from)}),
        ),
        (
            "reasons of an error",
            422,
            |n| json!({"detail": list(n, |index| json!({"loc": ["body", index], "msg": "no"}))}),
        ),
        ("errors of an error", 500, |n| json!({"errors": list(n, |index| json!({"m": index}))})),
        ("a word of an error", 400, |n| json!({"message": "no ".repeat(n)})),
        ("a code of an error", 200, |n| json!({"error_code": "5".repeat(n)})),
        ("ids", 200, |n| json!({"request_id": "r".repeat(n), "x": list(n, |_| json!("r-7"))})),
        (
            "a partial output",
            200,
            |n| json!({"status": "failed", "error": list(n, Value::from), "output": list(n, Value::from)}),
        ),
        (
            "entries of a catalog",
            200,
            |n| json!({"total": n, "models": list(n, |index| json!({"model_id": format!("a/{index}")}))}),
        ),
        ("schemas of a catalog", 200, |n| {
            let schema = json!({"properties": object(n, |_| json!({"type": "string"}))});
            json!({"models": [{"model_id": "a/b", "input_schema": schema}]})
        }),
    ];
    let id = "r-7".parse().expect("it is an id");
    for (what, status, reply) in replies {
        let body = |count| reply(count).to_string().into_bytes();
        for truncation in [None, Some("cut off")] {
            let read = |body: &Vec<u8>| {
                let end = body.len() - usize::from(truncation.is_some());
                let read = Readings::of(status, b"1", &body[..end], truncation, &id);
                black_box(format!("{read:?}"));
            };
            assert_linear(what, 500, body, read);
        }
    }
    let texts: [(&str, &str, &str); 9] = [
        ("what is not JSON", "", "<p>"),
        ("white space", "", " \n"),
        ("opened lists", "", "["),
        ("opened objects", "", "{\"a\":"),
        ("quotes", "", "\""),
        ("backslashes", "\"", "\\"),
        ("halves of characters", "{\"a\":\"", "\\ud83d"),
        ("numbers past any float", "{\"status\":\"completed\",\"output\":[0", ",1e999"),
        ("bytes of no text", "{\"output\":\"", "\u{fffd}"),
    ];
    for (what, start, piece) in texts {
        let body = |count| format!("{start}{}", piece.repeat(count)).into_bytes();
        assert_linear(what, 4000, body, |body| {
            black_box(format!("{:?}", Readings::of(200, b"", body, None, &id)));
        });
    }
}

/// The start of a file, and the piece that is repeated behind it.
const FILES: [(&str, &[u8], &[u8]); 11] = [
    ("boxes", b"\0\0\0\x10ftypisom\0\0\0\0", b"\0\0\0\x08free"),
    ("tracks", b"\0\0\0\x10ftypisom\0\0\0\0\0\xff\xff\xffmoov", b"\0\0\0\x10trak\0\0\0\x08mdia"),
    ("headers", b"\0\0\0\x10ftypheic\0\0\0\0\0\xff\xff\xffmeta\0\0\0\0", b"\0\0\0\x08iprp"),
    (
        "properties",
        b"\0\0\0\x10ftypheic\0\0\0\0\0\xff\xff\xffmeta\0\0\0\0\0\0\0\x0epitm\0\0\0\0\0\x07\
          \0\xff\xff\xe0iprp\0\xff\xff\xd0ipco",
        b"\0\0\0\x08free",
    ),
    ("segments", b"\xff\xd8", b"\xff\xe1\0\x08Exif\0\0"),
    ("stray bytes", b"\xff\xd8\xff\xe0\0\x02", b"\x11"),
    ("fill bytes", b"\xff\xd8", b"\xff"),
    ("chunks", b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\x01\0\0\x01\0\0", b"ABCD\0\0\0\0"),
    (
        "chunks of a PNG",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x02\0\0\0\0\0\0\0",
        b"\0\0\0\0tEXt\0\0\0\0",
    ),
    ("parts of a WAV", b"RIFF\0\0\0\0WAVE", b"LIST\0\0\0\0"),
    (
        "elements",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\
          \x16\x54\xae\x6b\x01\xff\xff\xff\xff\xff\xff\xff",
        b"\xae\x84\xe0\x82\xb0\x80",
    ),
];

#[test]
fn measuring_is_linear_in_the_file() {
    for (what, start, piece) in FILES {
        let file = |count| [start, &piece.repeat(count)].concat();
        assert!(MediaInfo::of_bytes(&file(9)).format.is_some(), "{what} have no format");
        assert_linear(what, 1000, file, |bytes| _ = black_box(MediaInfo::of_bytes(bytes)));
        // In blocks, as over HTTP: each step walks over what is known again.
        assert_linear(what, 1000, file, |bytes| {
            let mut probe = Probe::new();
            probe.set_size(bytes.len() as u64);
            for _ in 0..64 {
                let ProbeStep::Read(range) = probe.step() else { break };
                let range = probe.widened(&range, 512);
                let end = bytes.len().min(range.end as usize);
                probe.feed(range.start, &bytes[range.start as usize..end]);
            }
            black_box(probe.partial());
        });
    }
}

#[test]
fn a_length_in_a_file_allocates_nothing() {
    for (what, start, piece) in FILES {
        // Lengths of all ones, at each place of the header.
        for at in 0..start.len() + piece.len() {
            let mut bytes = [start, &piece.repeat(4)].concat();
            for byte in bytes.iter_mut().skip(at).take(4) {
                *byte = 0xff;
            }
            let used = allocation_counter::measure(|| _ = black_box(MediaInfo::of_bytes(&bytes)));
            assert!(used.bytes_max < 64 * 1024, "{what} with ones at {at}: {used:?}");
        }
    }
}

#[test]
fn reading_an_input_is_linear_in_its_length() {
    let inputs: [(&str, Reply); 8] = [
        ("media", |n| json!({"prompt": "a", "image": list(n, |_| json!("https://a.b/c.png"))})),
        (
            "data",
            |n| json!({"prompt": "a", "image": [format!("data:image/png;base64,{}", "A".repeat(n))]}),
        ),
        ("wrong items", |n| json!({"prompt": "a", "image": list(n, Value::from)})),
        ("unknown properties", |n| object(n, Value::from)),
        ("a long name", |n| json!({"prompt": "a", "x".repeat(n): 1})),
        ("a long text", |n| json!({"prompt": "a\n\u{7}".repeat(n), "image": []})),
        ("wrong lists", |n| json!({"prompt": list(n, |_| json!([])), "image": []})),
        (
            "wrong objects",
            |n| json!({"prompt": object(n, Value::from), "image": object(n, Value::from)}),
        ),
    ];
    for (what, input) in inputs {
        assert_linear(
            what,
            1000,
            |count| input(count).to_string(),
            |text| {
                let input = JsonInput::<Input>::parse(text).expect("it is JSON");
                black_box(input.is_valid());
                black_box(input.violations().to_string());
                black_box(input.typed().is_ok());
                black_box(serde_json::from_str::<Input>(text).is_ok());
                let stored = format!(r#"{{"model": "a/b", "input": {text}, "files": []}}"#);
                black_box(serde_json::from_str::<Stored<Input>>(&stored).is_ok());
            },
        );
    }
}
