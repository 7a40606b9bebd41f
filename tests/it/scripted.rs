//! A server that replies from a script, and a client with short delays.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy::client::{ClientBuilder, DownloadError, DownloadOptions, Polling, Retry};
use runcomfy::{Client, Job, Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Starts a server that calls `script` with a request's path and the number of earlier requests
/// to it. Returns the API base, and the paths of all requests so far.
pub(crate) async fn server<A: Into<Vec<u8>>>(
    mut script: impl FnMut(&str, usize) -> A + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    serve(move |head, before| script(path(head), before)).await
}

/// Same as [`server`], for a script that gets the whole head of a request.
pub(crate) async fn serve<A: Into<Vec<u8>>>(
    mut script: impl FnMut(&str, usize) -> A + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    let asked = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let bytes = stream.read(&mut buffer).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&buffer[..bytes]).into_owned();
            if !head.contains(' ') {
                continue;
            }
            let path = path(&head).to_owned();
            let answer = {
                let mut asked = log.lock().expect("no lock is poisoned");
                let before = asked.iter().filter(|other| **other == path).count();
                asked.push(path);
                script(&head, before).into()
            };
            let _ = stream.write_all(&answer).await;
        }
    });
    (base, asked)
}

/// Returns the path in the head of a request.
fn path(head: &str) -> &str {
    let target = head.split(' ').nth(1).unwrap_or_default();
    target.split('?').next().unwrap_or(target)
}

pub(crate) fn http(status: u16, headers: &str, body: &str) -> String {
    head(status, headers, body.len()) + body
}

/// Same as [`http`], for a body of any bytes.
pub(crate) fn http_bytes(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    [head(status, headers, body.len()).as_bytes(), body].concat()
}

fn head(status: u16, headers: &str, length: usize) -> String {
    format!("HTTP/1.1 {status} -\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n")
}

pub(crate) fn client(base: &str, polling: Polling) -> Client {
    builder(base).polling(polling).build().expect("the settings are valid")
}

/// Returns the settings of a client that retries twice, after 2 ms.
pub(crate) fn builder(base: &str) -> ClientBuilder {
    let retry = Retry::default().with_max_retries(2).with_initial_delay(Duration::from_millis(2));
    let builder = Client::builder().api_base(base).token("hush-hush").polling(hasty());
    builder.retry(retry).wait_timeout(Duration::from_secs(20))
}

pub(crate) fn job(base: &str, polling: Polling) -> Job<Input> {
    client(base, polling).job("r-1".parse().expect("it is an id"))
}

/// Downloads the file `/v.mp4` of a server, which has to fail and to save nothing.
pub(crate) async fn download_error(base: &str, what: &str) -> DownloadError {
    let file = base.replace("/v1", "/v.mp4");
    let output = json!({"status": "succeeded", "output": {"video": file}}).to_string();
    let (api, _) = server(move |_, _| http(200, "", &output)).await;
    let completed = job(&api, hasty()).result().await.expect("it answers");
    let client = builder(base).build().expect("the settings are valid");
    let folder = tempfile::tempdir().expect("there is room");
    let to = DownloadOptions::into_folder(folder.path());
    let error = client.download(&completed.expect("it is finished"), &to).await;
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0, "{what}");
    error.expect_err(what)
}

pub(crate) fn hasty() -> Polling {
    Polling::every(Duration::from_millis(5)).with_max_consecutive_failures(2)
}

pub(crate) fn input() -> Valid<Input> {
    let image = Media::url("https://example.com/boat.png").expect("it is a URL");
    Input::new("a paper boat", image).validate().expect("it is valid")
}
