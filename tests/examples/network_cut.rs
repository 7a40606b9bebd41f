//! A submit while the network is away, which `.ci/network-cut` runs in a network namespace of its
//! own. The server replies after 60 s. From second 3 to second 50 the loopback interface is down.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use runcomfy::client::Preflight;
use runcomfy::reqwest;
use runcomfy::{Client, Media, Model};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;

const REPLY: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 21\r\nconnection: close\r\n\r\n{\"request_id\":\"r-7\"} ";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let impatient = || reqwest::Client::builder().timeout(Duration::from_secs(5));
    let (plain, handed_in) = tokio::join!(submit(None), submit(Some(impatient())));
    for (name, took) in [("the default client", plain?), ("a builder handed in", handed_in?)] {
        println!("{name}: accepted after {:.1} s", took.as_secs_f64());
    }
    Ok(())
}

async fn submit(
    builder: Option<reqwest::ClientBuilder>,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address: SocketAddr = listener.local_addr()?;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await?;
        sleep(Duration::from_secs(3)).await;
        loopback("down");
        sleep(Duration::from_secs(47)).await;
        loopback("up");
        sleep(Duration::from_secs(10)).await;
        stream.write_all(REPLY.as_bytes()).await
    });
    let settings = Client::builder().api_base(format!("http://{address}/v1")).token("hush-hush");
    let settings = settings.preflight(Preflight::Off);
    let settings = match builder {
        Some(builder) => settings.http_client_builder(builder),
        None => settings,
    };
    let image = Media::url("https://example.com/boat.png")?;
    let input = Input::new("a paper boat", image).validate()?;
    let start = Instant::now();
    let job = settings.build()?.submit(&input).await?;
    assert_eq!(job.id().as_str(), "r-7");
    Ok(start.elapsed())
}

fn loopback(state: &str) {
    let set = Command::new("ip").args(["link", "set", "lo", state]).status();
    assert!(set.is_ok_and(|status| status.success()), "the interface cannot be set {state}");
}
