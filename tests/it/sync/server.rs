//! A server that sends the given replies, one per connection, and then stops.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// How long a test waits for a request before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A scripted reply.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A reply with a status and a body.
    Whole(u16, String),
    /// A body that ends before its `Content-Length`.
    Cut(String),
    /// The connection is closed without a reply.
    HangUp,
    /// The connection stays open without a reply.
    Hang,
}

pub(super) fn http(status: u16, body: &str) -> Reply {
    Reply::Whole(status, body.to_owned())
}

/// Returns the body of a catalog reply.
pub(super) fn page(entries: &[impl AsRef<str>], total: Option<usize>) -> String {
    let entries: Vec<&str> = entries.iter().map(AsRef::as_ref).collect();
    let total = total.map(|total| format!(",\"total\":{total}")).unwrap_or_default();
    format!("{{\"models\":[{}]{total}}}", entries.join(","))
}

pub(super) struct Server {
    pub base: String,
    requests: Receiver<String>,
}

impl Server {
    pub(super) fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
        let (seen, requests) = channel();
        std::thread::spawn(move || serve(&listener, replies, &seen));
        Self { base, requests }
    }

    /// Returns the first line of every request so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.requests.try_iter().collect()
    }

    pub(super) fn wait_for_requests(&self, count: usize) {
        for _ in 0..count {
            self.requests.recv_timeout(PATIENCE).expect("a request comes");
        }
    }
}

fn serve(listener: &TcpListener, replies: Vec<Reply>, seen: &Sender<String>) {
    let mut held = Vec::new();
    for reply in replies {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let request = request(&stream);
        let answered = match &reply {
            Reply::Whole(status, body) => answer(&mut stream, *status, body.len(), body),
            Reply::Cut(body) => answer(&mut stream, 200, body.len() + 1, body),
            Reply::HangUp => Ok(()),
            Reply::Hang => {
                held.push(stream);
                Ok(())
            }
        };
        if answered.is_err() || seen.send(request).is_err() {
            return;
        }
    }
    if !held.is_empty() {
        std::thread::sleep(PATIENCE);
    }
}

/// Reads a request to the end of its head. Returns its first line.
fn request(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    head.into_iter().next().unwrap_or_default()
}

fn answer(stream: &mut TcpStream, status: u16, length: usize, body: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}
