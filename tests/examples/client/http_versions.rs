//! Many polls over TLS, by HTTP/1.1 and by HTTP/2: CPU time, connections and bytes.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use runcomfy::Client;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::polls::cpu_time;
use crate::tls::server_tls;
use crate::{CALLS_AT_ONCE, Outcome, TOKEN};

/// Maximum CPU time by HTTP/2, as a fraction of that by HTTP/1.1.
const MAX_RATIO: f64 = 0.8;
const ROUNDS: u32 = 5;
/// A reply of RunComfy's, with the URLs that it has.
const REPLY: &str = r#"{"request_id":"b3a1c6f0-4c1f-4b8e-9a43-2f1d0c9e7a55","status":"in_queue","queue_position":3,"status_url":"https://model-api.runcomfy.net/v1/requests/b3a1c6f0-4c1f-4b8e-9a43-2f1d0c9e7a55/status","result_url":"https://model-api.runcomfy.net/v1/requests/b3a1c6f0-4c1f-4b8e-9a43-2f1d0c9e7a55/result"}"#;

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// A connection whose bytes are counted.
struct Counted(TcpStream);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.0).poll_read(context, buffer);
        BYTES.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        outcome
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.0).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = &outcome {
            BYTES.fetch_add(*written as u64, Ordering::Relaxed);
        }
        outcome
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Serves polls over TLS. Prints the port and the authority, and the counters for each line of
/// stdin.
pub(crate) async fn serve() -> Outcome<()> {
    let (acceptor, authority) = server_tls(&[b"h2", b"http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", serde_json::json!([listener.local_addr()?.port(), authority]));
    std::thread::spawn(|| {
        for _ in std::io::stdin().lines() {
            let counters = [&CONNECTIONS, &BYTES].map(|counter| counter.load(Ordering::Relaxed));
            println!("{}", serde_json::json!(counters));
            let _ = std::io::stdout().flush();
        }
    });
    loop {
        let (stream, _) = listener.accept().await?;
        CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        stream.set_nodelay(true)?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(Counted(stream)).await else { return };
            let service = service_fn(async |_: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new(REPLY.to_owned()))
            });
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The server in another process.
struct Serving {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    base: String,
    authority: String,
}

impl Serving {
    fn start() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no stdout")?).lines();
        let first = lines.next().ok_or("no line")??;
        let (port, authority): (u16, String) = serde_json::from_str(&first)?;
        Ok(Self { process, lines, base: format!("https://localhost:{port}/v1"), authority })
    }

    /// Returns the connections and bytes so far.
    fn counters(&mut self) -> Outcome<[u64; 2]> {
        writeln!(self.process.stdin.as_mut().ok_or("no stdin")?)?;
        Ok(serde_json::from_str(&self.lines.next().ok_or("no line")??)?)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Polls so often by each version, in turns.
pub(crate) async fn http_versions(polls: u32) -> Outcome<()> {
    let mut serving = Serving::start()?;
    let mut sums = [(Duration::ZERO, 0, 0); 2];
    for _ in 0..ROUNDS {
        for (version, sum) in sums.iter_mut().enumerate() {
            let http = reqwest::Client::builder()
                .tls_certs_merge(reqwest::Certificate::from_pem(serving.authority.as_bytes()));
            let http = if version == 0 { http.http1_only() } else { http };
            let client = Client::builder()
                .api_base(&serving.base)
                .token(TOKEN)
                .http_client_builder(http)
                .max_concurrent_requests(CALLS_AT_ONCE)
                .build()?;
            let job = client.raw().job("b3a1c6f0-4c1f-4b8e-9a43-2f1d0c9e7a55".parse()?);
            job.status().await?;
            let before = serving.counters()?;
            let cpu = cpu_time();
            let statuses = futures_util::stream::iter(0..polls / ROUNDS)
                .map(|_| job.status())
                .buffer_unordered(CALLS_AT_ONCE);
            let all: Vec<_> = statuses.collect().await;
            sum.0 += cpu_time() - cpu;
            all.into_iter().collect::<Result<Vec<_>, _>>()?;
            let after = serving.counters()?;
            // And the one that was made for the first poll.
            sum.1 = after[0] - before[0] + 1;
            sum.2 += after[1] - before[1];
        }
    }
    for (name, (cpu, connections, bytes)) in ["HTTP/1.1", "HTTP/2"].iter().zip(sums) {
        println!(
            "{name}: {:.1?} of CPU time a poll, {} bytes, {connections} connections",
            cpu / polls,
            bytes / u64::from(polls)
        );
    }
    let ratio = sums[1].0.as_secs_f64() / sums[0].0.as_secs_f64();
    println!("HTTP/2 : HTTP/1.1 = {ratio:.2}");
    if ratio > MAX_RATIO { Err(format!("more than {MAX_RATIO}").into()) } else { Ok(()) }
}
