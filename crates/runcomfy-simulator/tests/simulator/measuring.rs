//! The `validations` of a schema on submit.

use data_url_writer::data_uri;
use runcomfy_simulator::{
    Header, Measuring, MediaFault, PictureFormat, Sample, Simulator, TestMedia,
};
use serde_json::{Value, json};

use crate::support::*;

/// Encodes a `data:` URI without the simulator's code.
pub(crate) mod data_url_writer {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub(crate) fn data_uri(content_type: &str, bytes: &[u8]) -> String {
        let mut text = format!("data:{content_type};base64,");
        for group in bytes.chunks(3) {
            let number = group.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
                << (8 * (3 - group.len()));
            for place in 0..4 {
                let letter = LETTERS[(number >> (18 - 6 * place) & 63) as usize];
                text.push(if place > group.len() { '=' } else { char::from(letter) });
            }
        }
        text
    }
}

const NARROW: &str = "The uploaded image width and height must both exceed 300 pixels.";
const SHAPE: &str = "The ratio is to be within 2:5 and 5:2.";

/// Rules of a published schema, one about file size and an unknown one.
fn rules() -> Value {
    let rule = |rule: &str, value: f64, words: &str| json!({"validation_rule": rule, "validation_value": value, "validation_error": words});
    json!([
        rule("width_pixels>", 300.0, NARROW),
        rule("height_pixels>", 300.0, NARROW),
        rule("width/height>", 0.4, SHAPE),
        rule("width/height<", 2.5, SHAPE),
        {"validation_rule": "file_size_mb<", "validation_value": 1},
        {"validation_rule": "frames<", "validation_value": 1}
    ])
}

fn one() -> Folder {
    let schema = json!({"type": "object", "properties": {
        "image": {"type": "string", "validations": rules()}
    }});
    Folder::new().model("a", "a/model", &schema)
}

/// Returns the rules that refuse this string as the only media of an input.
async fn broken(site: &Site, text: &str) -> Vec<String> {
    let body = json!({"image": text}).to_string();
    let refusals = site.refusals("a/model", &body).await;
    assert!(refusals.iter().all(|(loc, _)| loc == r#"["body","image"]"#), "{refusals:?}");
    refusals.into_iter().map(|(_, keyword)| keyword).collect()
}

#[tokio::test]
async fn hosted_and_inline_media_is_measured() {
    let site = one().start(QUEUED).await;
    let png = |width, height| TestMedia::picture(PictureFormat::Png, width, height);
    let jpeg = |width, height| TestMedia::picture(PictureFormat::Jpeg, width, height);
    let nothing: &[&str] = &[];
    let cases = [
        (png(301, 301), nothing),
        (png(300, 301), &["width_pixels>"]),
        (png(301, 300), &["height_pixels>"]),
        (png(400, 1000), &["width/height>"]),
        (png(401, 1000), nothing),
        (png(1000, 400), &["width/height<"]),
        (png(999, 400), nothing),
        (png(1, 700), &["width/height>", "width_pixels>"]),
        (png(301, 301).with_bytes(999_999), nothing),
        (png(301, 301).with_bytes(1_000_000), &["file_size_mb<"]),
        (jpeg(1000, 401).with_orientation(6), nothing),
        (jpeg(1000, 400).with_orientation(3), &["width/height<"]),
        (jpeg(1000, 400).with_orientation(6), &["width/height>"]),
        (TestMedia::picture(PictureFormat::WebP, 300, 400), &["width_pixels>"]),
        (TestMedia::picture(PictureFormat::Gif, 300, 400), &["width_pixels>"]),
        (TestMedia::picture(PictureFormat::Bmp, 300, 400), &["width_pixels>"]),
        (TestMedia::picture(PictureFormat::Tiff, 300, 400), &["width_pixels>"]),
        (TestMedia::sample("heic-turned.heic"), nothing),
        (TestMedia::sample("avif.avif"), nothing),
        (TestMedia::sample("webm-vp9.webm"), nothing),
        (TestMedia::sample("wav.wav"), nothing),
        (TestMedia::sample("test-card.mp4"), &["height_pixels>"]),
    ];
    for (media, rules) in cases {
        let url = site.simulator.media_url(&media);
        assert_eq!(broken(&site, &url).await, rules, "{media}");
        let elsewhere = url.replace("127.0.0.1", "localhost");
        assert_eq!(broken(&site, &elsewhere).await, rules, "{elsewhere}");
        let bytes = site.fetch(&url).await.bytes().await.expect("a body");
        // Only the content decides, not the content type.
        assert_eq!(broken(&site, &data_uri("image/png", &bytes)).await, rules, "{media} as data");
    }
    let film = TestMedia::sample("mp4.mp4").with_bytes(100_000_000).with_header(Header::Last);
    assert_eq!(broken(&site, &site.simulator.media_url(&film)).await, ["file_size_mb<"]);
}

#[tokio::test]
async fn every_sample_is_measured_as_listed() {
    let site = one().start(QUEUED).await;
    for sample in Sample::all() {
        let url = site.simulator.media_url(&TestMedia::sample(sample.name));
        let (width, height) = match sample.rotation {
            90 | 270 => (sample.height, sample.width),
            _ => (sample.width, sample.height),
        };
        let mut expected = Vec::new();
        if height.is_some_and(|height| height <= 300) {
            expected.push("height_pixels>");
        }
        if width.is_some_and(|width| width <= 300) {
            expected.push("width_pixels>");
        }
        assert_eq!(broken(&site, &url).await, expected, "{}", sample.name);
    }
}

#[tokio::test]
async fn a_refusal_uses_the_schema_message() {
    let site = one().start(QUEUED).await;
    let input = json!({"image": site.simulator.picture_url(300, 100)});
    let (status, reply) = site.post("/models/a/model", input.to_string()).await;
    assert_eq!(status, 422);
    let detail = reply["detail"].as_array().expect("FastAPI's list");
    let said: Vec<_> = detail.iter().map(|entry| (&entry["type"], &entry["msg"])).collect();
    assert_eq!(
        said,
        [
            (&json!("width_pixels>"), &json!(NARROW)),
            (&json!("height_pixels>"), &json!(NARROW)),
            (&json!("width/height<"), &json!(SHAPE)),
        ]
    );
}

#[tokio::test]
async fn media_on_other_hosts_is_not_fetched() {
    let site = one().start(QUEUED).await;
    for text in [
        "https://example.com/1x1.png",
        "http://127.0.0.1:1/media/1x1.png",
        "boat.png",
        "",
        "http://",
        "/media/1x1.png",
        "ftp://127.0.0.1/1x1.png",
        "データ",
    ] {
        assert_eq!(broken(&site, text).await, Vec::<String>::new(), "{text}");
    }
}

#[tokio::test]
async fn unreadable_media_is_refused_at_its_path() {
    let site = one().start(QUEUED).await;
    let url = site.simulator.picture_url(640, 480);
    let png = site.fetch(&url).await.bytes().await.expect("a body");
    let nowhere = url.replace("640x480.png", "640x480.exe");
    for text in [
        nowhere.clone(),
        "data:image/png".to_owned(),
        "data:image/png;base64,*".to_owned(),
        data_uri("image/png", &png[..png.len() / 2]),
        data_uri("image/png", &png[..40]),
    ] {
        assert_eq!(broken(&site, &text).await, ["media"], "{text:.60}");
    }
    // A file of an unknown format has only a size in bytes.
    assert_eq!(broken(&site, &data_uri("image/png", b"nothing")).await, Vec::<String>::new());
    assert_eq!(broken(&site, &data_uri("image/png", &[0; 1_000_000])).await, ["file_size_mb<"]);
}

#[tokio::test]
async fn serving_faults_do_not_affect_measuring() {
    let site = one().start(QUEUED).await;
    for (width, rules) in [(301, vec![]), (300, vec!["width_pixels>"])] {
        for fault in [MediaFault::Status(403), MediaFault::LoginPage, MediaFault::RedirectLoop] {
            let media = TestMedia::picture(PictureFormat::Jpeg, width, 400).with_fault(fault);
            assert_eq!(broken(&site, &site.simulator.media_url(&media)).await, rules, "{media}");
        }
    }
}

#[tokio::test]
async fn rules_are_found_anywhere_in_a_schema() {
    let rules = rules();
    let schema = json!({"type": "object",
        "$defs": {"frame": {"type": "object", "properties": {
            "picture": {"type": "string", "validations": rules},
            "next": {"$ref": "#/$defs/frame"}
        }}},
        "properties": {
            "images": {"type": "array", "format": "image_uris", "validations": rules},
            "pictures": {"type": "array", "items": {"type": "string", "validations": rules}},
            "frame": {"$ref": "#/$defs/frame"},
            "either": {"anyOf": [{"type": "null"}, {"type": "string", "validations": rules}]}
        }
    });
    let site = Folder::new().model("a", "a/model", &schema).start(AT_ONCE).await;
    let (good, bad) = (site.simulator.picture_url(640, 480), site.simulator.picture_url(300, 480));
    let cases = [
        (
            json!({"images": [good, bad, good, bad]}),
            vec![json!(["body", "images", 1]), json!(["body", "images", 3])],
        ),
        (json!({"pictures": [bad, good]}), vec![json!(["body", "pictures", 0])]),
        (json!({"either": bad}), vec![json!(["body", "either"])]),
        (json!({"either": null}), vec![]),
        (
            json!({"frame": {"picture": bad, "next": {"picture": good, "next": {"picture": bad}}}}),
            vec![
                json!(["body", "frame", "next", "next", "picture"]),
                json!(["body", "frame", "picture"]),
            ],
        ),
    ];
    for (input, expected) in cases {
        let refusals = site.refusals("a/model", &input.to_string()).await;
        let expected: Vec<_> =
            expected.iter().map(|loc| (loc.to_string(), "width_pixels>".to_owned())).collect();
        assert_eq!(refusals, expected, "{input}");
    }

    // Other faults of the schema are reported as well.
    let input = json!({"images": [bad, 7]}).to_string();
    let keywords = site.refusals("a/model", &input).await.into_iter().map(|(_, keyword)| keyword);
    assert_eq!(keywords.collect::<Vec<_>>(), ["width_pixels>", "type"]);
}

#[tokio::test]
async fn an_output_can_be_the_next_input() {
    let site = one().start(AT_ONCE).await;
    let id = site.submit("a/model", &json!({})).await;
    let output = site.result(&id).await["output"]["video"].clone();
    let url = output.as_str().expect("a URL");
    assert_eq!(broken(&site, url).await, ["height_pixels>"]);
    assert_eq!(broken(&site, &url.replace(&id, "sim-000099")).await, ["media"]);
}

#[tokio::test]
async fn measuring_can_be_turned_off() {
    let folder = one();
    let builder = Simulator::builder().schemas(folder.path()).measuring(Measuring::Off);
    let simulator = builder.start().await.expect("a simulator");
    let site = Site { simulator, client: reqwest::Client::new() };
    let url = site.simulator.picture_url(1, 1);
    assert_eq!(broken(&site, &url).await, Vec::<String>::new());
}
