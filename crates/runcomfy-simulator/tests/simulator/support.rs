//! A temporary folder of small models, and a client with a token.

use std::path::Path;
use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use runcomfy_simulator::{Pace, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Finished at once.
pub(crate) const AT_ONCE: Pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
/// Queued for longer than a test runs.
pub(crate) const QUEUED: Pace = Pace { queue: Duration::from_secs(3600), run: Duration::ZERO };
/// Running for longer than a test runs.
pub(crate) const RUNNING: Pace = Pace { queue: Duration::ZERO, run: Duration::from_secs(3600) };

/// Id of a model like a published one, with capitals and spaces.
pub(crate) const BOAT: &str = "minimax/Hailuo Video 01 Live";
pub(crate) const BOAT_IN_A_PATH: &str = "minimax/Hailuo%20Video%2001%20Live";

pub(crate) fn boat_schema() -> Value {
    json!({
        "type": "object",
        "title": "入力スキーマ",
        "required": ["prompt", "image_url"],
        "properties": {
            "prompt": {"type": "string", "maxLength": 20},
            "image_url": {"type": "string", "validations": [
                {"validation_rule": "width_pixels>", "validation_value": 300}
            ]},
            "prompt_optimizer": {"type": "boolean", "default": true}
        }
    })
}

pub(crate) fn boat_input() -> Value {
    json!({"prompt": "a paper boat", "image_url": "https://example.com/boat.png"})
}

/// Temporary folder for models.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Writes a model into the subfolder `at`.
    pub(crate) fn model(self, at: &str, id: &str, input: &Value) -> Self {
        self.file(&format!("{at}/model.json"), &json!({"id": id}).to_string())
            .file(&format!("{at}/input.json"), &input.to_string())
    }

    pub(crate) fn output(self, at: &str, schema: &Value) -> Self {
        self.file(&format!("{at}/output.json"), &json!({"output": schema}).to_string())
    }

    pub(crate) async fn start(self, pace: Pace) -> Site {
        let simulator = Simulator::builder().schemas(self.path()).pace(pace).start().await;
        Site { simulator: simulator.expect("a simulator"), client: reqwest::Client::new() }
    }

    /// Returns the error of starting a simulator of this folder.
    pub(crate) async fn refusal(&self) -> String {
        let started = Simulator::builder().schemas(self.path()).start().await;
        started.expect_err("a folder that cannot be served").to_string()
    }
}

/// Creates a folder with only the boat model.
pub(crate) fn boat() -> Folder {
    Folder::new().model("minimax/hailuo-video-01-live", BOAT, &boat_schema())
}

/// A running simulator and a client.
pub(crate) struct Site {
    pub(crate) simulator: Simulator,
    pub(crate) client: reqwest::Client,
}

impl Site {
    /// Sends a GET below the API's base, with a token.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.simulator.api_base());
        json_of(self.client.get(url).bearer_auth("any")).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let url = format!("{}{path}", self.simulator.api_base());
        json_of(self.client.post(url).bearer_auth("any").body(body)).await
    }

    /// Submits a valid input and returns the request id.
    pub(crate) async fn submit(&self, model: &str, input: &Value) -> String {
        let (status, reply) = self.post(&format!("/models/{model}"), input.to_string()).await;
        assert_eq!(status, 200, "{reply}");
        reply["request_id"].as_str().expect("a request id").to_owned()
    }

    pub(crate) async fn result(&self, id: &str) -> Value {
        let (status, reply) = self.get(&format!("/requests/{id}/result")).await;
        assert_eq!(status, 200, "{reply}");
        reply
    }

    /// Returns the `loc` and `type` of every refusal, sorted.
    pub(crate) async fn refusals(&self, model: &str, body: &str) -> Vec<(String, String)> {
        let (status, reply) = self.post(&format!("/models/{model}"), body.to_owned()).await;
        if status == 200 {
            return Vec::new();
        }
        assert_eq!(status, 422, "{reply}");
        let detail = reply["detail"].as_array().expect("FastAPI's list");
        let mut refusals: Vec<_> = detail
            .iter()
            .map(|entry| {
                assert!(entry["msg"].as_str().is_some_and(|words| !words.is_empty()), "{entry}");
                let keyword = entry["type"].as_str().expect("a keyword");
                (entry["loc"].to_string(), keyword.to_owned())
            })
            .collect();
        refusals.sort();
        refusals
    }

    /// Sends a GET to any URL, without a token.
    pub(crate) async fn fetch(&self, url: &str) -> Response {
        self.client.get(url).send().await.expect("an answer")
    }
}

pub(crate) async fn json_of(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}
