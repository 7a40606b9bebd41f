//! An HTTP/2 server over TLS that writes its frames by itself, so it can send any of them at any
//! time.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use super::tls::server_tls;

/// Codes of errors (RFC 9113, 7).
pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200`, from the static table of HPACK.
const STATUS_200: u8 = 0x88;

/// The server's reaction to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// HTTP 200 with this body.
    Answer(&'static str),
    /// Resets the stream with this code.
    Reset(u32),
    /// Announces the end of the connection before this request was processed, with this code.
    GoAwayBefore(u32),
    /// The same, after this request, and closes the connection.
    GoAwayAfter(u32),
    /// Announces the end of the connection after this request, and answers it.
    GoAwayAndAnswer(&'static str),
    /// Closes the connection.
    Close,
    /// Sends nothing from now on.
    Silence,
    /// Answers after a while, and answers PINGs meanwhile.
    AnswerLater(std::time::Duration, &'static str),
}

/// A request or a sign of life that the server received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// A whole request on the connection with this number.
    Request(usize),
    Ping(usize),
}

/// A server, until it is dropped with its runtime.
pub(crate) struct Server {
    pub(crate) base: String,
    /// The certificate of the authority that signed the server's.
    pub(crate) authority: String,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Starts a server that reacts to each request by its number.
    pub(crate) async fn start(
        react: impl Fn(usize) -> Reaction + Clone + Send + Sync + 'static,
    ) -> Self {
        let (acceptor, authority) = server_tls(&[b"h2"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = received.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (acceptor, react, log) = (acceptor.clone(), react.clone(), log.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.ok()?;
                    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                    Connection::new(stream, number, log).serve(react).await
                });
            }
        });
        Self { base: format!("https://localhost:{port}/v1"), authority, received }
    }

    /// Returns the number of requests, and of the connections they came on.
    pub(crate) fn requests(&self) -> (usize, usize) {
        let received = self.received.lock().expect("no lock is poisoned");
        let mut connections: Vec<usize> = received
            .iter()
            .filter_map(|received| match received {
                Received::Request(connection) => Some(*connection),
                Received::Ping(_) => None,
            })
            .collect();
        let requests = connections.len();
        connections.dedup();
        (requests, connections.len())
    }
}

struct Connection {
    read: ReadHalf<TlsStream<TcpStream>>,
    write: WriteHalf<TlsStream<TcpStream>>,
    number: usize,
    log: Arc<Mutex<Vec<Received>>>,
    is_silent: bool,
}

impl Connection {
    fn new(stream: TlsStream<TcpStream>, number: usize, log: Arc<Mutex<Vec<Received>>>) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self { read, write, number, log, is_silent: false }
    }

    /// Reads frames until the connection ends, and reacts to each whole request.
    async fn serve(mut self, react: impl Fn(usize) -> Reaction) -> Option<()> {
        let mut preface = [0; 24];
        self.read.read_exact(&mut preface).await.ok()?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        self.send(SETTINGS, 0, 0, &[]).await?;
        let mut later: Option<(tokio::time::Instant, u32, &'static str)> = None;
        loop {
            let due = later.map(|(due, ..)| due);
            let frame = async {
                let mut head = [0; 9];
                self.read.read_exact(&mut head).await.map(|_| head)
            };
            let head = tokio::select! {
                head = frame => head.ok()?,
                () = sleep_until(due) => {
                    let (_, stream, body) = later.take()?;
                    tokio::time::resume();
                    self.answer(stream, body).await?;
                    continue;
                }
            };
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
            let mut payload = vec![0; length as usize];
            self.read.read_exact(&mut payload).await.ok()?;
            match (head[3], head[4]) {
                (SETTINGS, flags) if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await?,
                (PING, flags) if flags & ACK == 0 => {
                    self.note(Received::Ping(self.number));
                    self.send(PING, ACK, 0, &payload).await?;
                }
                (HEADERS | DATA, flags) if flags & END_STREAM != 0 => {
                    let number = self.note(Received::Request(self.number));
                    match react(number) {
                        Reaction::AnswerLater(time, body) => {
                            later = Some((tokio::time::Instant::now() + time, stream, body));
                            tokio::time::pause();
                        }
                        reaction => self.react(stream, reaction).await?,
                    }
                }
                _ => {}
            }
        }
    }

    /// Records what was received. Returns the number of requests before it.
    fn note(&self, received: Received) -> usize {
        let mut log = self.log.lock().expect("no lock is poisoned");
        let before = log.iter().filter(|other| matches!(other, Received::Request(_))).count();
        log.push(received);
        before
    }

    /// Reacts to the request on a stream. Returns `None` if the connection is over.
    async fn react(&mut self, stream: u32, reaction: Reaction) -> Option<()> {
        match reaction {
            Reaction::Answer(body) => self.answer(stream, body).await,
            Reaction::Reset(code) => self.send(RST_STREAM, 0, stream, &code.to_be_bytes()).await,
            Reaction::GoAwayBefore(code) => {
                self.go_away(stream.saturating_sub(2), code).await?;
                self.write.shutdown().await.ok()
            }
            Reaction::GoAwayAfter(code) => {
                self.go_away(stream, code).await?;
                self.write.shutdown().await.ok()?;
                None
            }
            Reaction::GoAwayAndAnswer(body) => {
                self.go_away(stream, NO_ERROR).await?;
                self.answer(stream, body).await
            }
            Reaction::Close => None,
            Reaction::Silence | Reaction::AnswerLater(..) => {
                self.is_silent = true;
                Some(())
            }
        }
    }

    async fn answer(&mut self, stream: u32, body: &str) -> Option<()> {
        self.send(HEADERS, END_HEADERS, stream, &[STATUS_200]).await?;
        self.send(DATA, END_STREAM, stream, body.as_bytes()).await
    }

    async fn go_away(&mut self, last: u32, code: u32) -> Option<()> {
        let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
        self.send(GOAWAY, 0, 0, &payload).await
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Option<()> {
        if self.is_silent {
            return Some(());
        }
        let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.write.write_all(&[&head, payload].concat()).await.ok()?;
        self.write.flush().await.ok()
    }
}

/// Sleeps until a time, or for ever.
async fn sleep_until(due: Option<tokio::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
