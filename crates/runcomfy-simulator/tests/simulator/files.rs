//! Pictures and outputs.

use serde_json::{Value, json};

use crate::support::*;

/// Reads width and height of a PNG from its first chunk.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&bytes[12..16], b"IHDR");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20))
}

#[tokio::test]
async fn a_picture_has_the_requested_size() {
    let site = boat().start(QUEUED).await;
    for (width, height) in [(1, 1), (200, 100), (8192, 1), (4000, 4000)] {
        let response = site.fetch(&site.simulator.picture_url(width, height)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "image/png");
        let length = response.content_length();
        let bytes = response.bytes().await.expect("a body");
        assert_eq!(length, Some(bytes.len() as u64));
        assert_eq!(png_size(&bytes), (width, height));
        let png = image::load_from_memory(&bytes).expect("whole pixels");
        assert_eq!((png.width(), png.height()), (width, height));
    }
}

#[tokio::test]
async fn an_oversized_picture_answers_404_with_a_reason() {
    let site = boat().start(QUEUED).await;
    let origin = site.simulator.api_base().trim_end_matches("/v1");
    for name in [
        "0x10.png",
        "10x0.png",
        "8193x1.png",
        "4001x4000.png",
        "8192x8192.png",
        "+1x1.png",
        "-1x1.png",
        "10.png",
        "10x.png",
        "x.png",
        "10x10.svg",
        "10x10",
        "99999999999999x1.png",
        "%FF.png",
    ] {
        let response = site.fetch(&format!("{origin}/media/{name}")).await;
        assert_eq!(response.status(), 404, "{name}");
        let reply: Value = response.json().await.expect("JSON");
        assert!(reply["detail"].as_str().is_some_and(|words| words.contains("8192")), "{reply}");
    }
}

#[tokio::test]
async fn outputs_are_real_files_of_their_kind() {
    let site = Folder::new()
        .model("v", "a/text-to-video", &json!({}))
        .model("i", "a/text-to-image", &json!({}))
        .model("a", "a/text-to-speech", &json!({}))
        .start(AT_ONCE)
        .await;
    for (model, key, content_type) in [
        ("a/text-to-video", "video", "video/mp4"),
        ("a/text-to-image", "image", "image/png"),
        ("a/text-to-speech", "audio", "audio/wav"),
    ] {
        let id = site.submit(model, &json!({})).await;
        let result = site.result(&id).await;
        let response = site.fetch(result["output"][key].as_str().expect("a URL")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], content_type);
        let length = response.content_length();
        let bytes = response.bytes().await.expect("a body");
        assert_eq!(length, Some(bytes.len() as u64));
        match key {
            "video" => assert_eq!(&bytes[4..8], b"ftyp"),
            "image" => assert_eq!(png_size(&bytes), (320, 180)),
            _ => {
                assert_eq!((&bytes[..4], &bytes[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
                let number = |at: usize| {
                    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
                };
                assert_eq!((number(4), number(40)), (bytes.len() - 8, bytes.len() - 44));
            }
        }
    }
}

#[tokio::test]
async fn only_a_finished_job_has_outputs() {
    for pace in [QUEUED, RUNNING] {
        let site = boat().start(pace).await;
        let id = site.submit(BOAT_IN_A_PATH, &boat_input()).await;
        let origin = site.simulator.api_base().trim_end_matches("/v1");
        for name in [format!("{id}.mp4"), format!("{id}.exe"), "sim-000009.mp4".to_owned(), id] {
            let response = site.fetch(&format!("{origin}/outputs/{name}")).await;
            assert_eq!(response.status(), 404, "{name}");
        }
    }
}

#[tokio::test]
async fn the_output_follows_the_output_schema_then_the_id() {
    let url = json!({"type": "string", "format": "uri"});
    let urls = json!({"type": "array", "items": url});
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let usual = object(json!({"image": url, "video": url, "images": urls, "videos": urls}));
    let duration = object(json!({"duration": {"type": "integer"}}));
    let nothing = json!({});
    let mp4 = json!("mp4");
    let cases = [
        ("a/x", &nothing, Some(usual.clone()), json!({"video": mp4})),
        ("a/flux-image", &nothing, Some(usual.clone()), json!({"image": "png"})),
        ("a/image-to-video/draft", &nothing, Some(usual.clone()), json!({"video": mp4})),
        ("elevenlabs/music-generation", &nothing, Some(usual), json!({"audio": "wav"})),
        ("a/lipsync/audio-to-video", &nothing, None, json!({"video": mp4})),
        ("a/nano/edit", &nothing, None, json!({"image": "png"})),
        ("a/dance/edit", &duration, None, json!({"video": mp4})),
        ("a/x", &nothing, Some(object(json!({"video": url, "image": url}))), json!({"video": mp4})),
        ("a/x", &nothing, Some(object(json!({"images": urls}))), json!({"images": ["png"]})),
        ("a/x", &nothing, Some(object(json!({"audios": urls}))), json!({"audios": ["wav"]})),
        (
            "a/x",
            &nothing,
            Some(object(json!({
                "video": object(json!({"url": url, "seconds": {"type": "number", "minimum": 1}})),
                "images": {"type": "array", "items": object(json!({"url": url}))},
                "seed": {"type": "integer"},
                "kind": {"enum": ["first", "second"]},
                "words": {"type": "string"},
                "done": {"type": "boolean"}
            }))),
            json!({
                "video": {"url": mp4, "seconds": 1},
                "images": [{"url": "png"}],
                "seed": 0,
                "kind": "first",
                "words": "",
                "done": false
            }),
        ),
    ];
    for (id, input, schema, expected) in cases {
        let mut folder = Folder::new().model("m", id, input);
        if let Some(schema) = &schema {
            folder = folder.output("m", schema);
        }
        let site = folder.start(AT_ONCE).await;
        let request = site.submit(id, &json!({})).await;
        let origin = site.simulator.api_base().trim_end_matches("/v1");
        let stem = format!("{origin}/outputs/{request}.");
        let output = site.result(&request).await["output"].to_string().replace(&stem, "");
        assert_eq!(output, expected.to_string(), "{id} {schema:?}");
    }
}
