//! A server that accepts every submit, and serves one small and one large file.

use std::io::{BufRead, BufReader, Read, Write, copy, sink};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};

/// Size of the large file.
pub(super) const LARGE: u64 = 1 << 30;
const BLOCK: usize = 1 << 20;

/// Prints the API base, and serves until the process is ended.
pub(super) fn run() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let origin = format!("http://{}", listener.local_addr()?);
    println!("{origin}/v1");
    for stream in listener.incoming() {
        let (stream, origin) = (stream?, origin.clone());
        // A client that closes its connection ends the thread with an error.
        thread::spawn(move || serve(&stream, &origin));
    }
    Ok(())
}

fn serve(stream: &TcpStream, origin: &str) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::with_capacity(BLOCK, stream), stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).context("no path")?.to_owned();
        let mut length = 0;
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        copy(&mut reader.by_ref().take(length), &mut sink())?;
        match path.split(['/', '?']).next_back().unwrap_or_default() {
            "large.mp4" => {
                write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n")?;
                let block = vec![7; BLOCK];
                for _ in 0..LARGE / BLOCK as u64 {
                    writer.write_all(&block)?;
                }
            }
            "boat.png" => reply(writer, super::PNG)?,
            _ if path.contains("/result") => {
                let video = format!("{origin}/large.mp4");
                let result = serde_json::json!({"status": "succeeded", "output": {"video": video}});
                reply(writer, result.to_string().as_bytes())?;
            }
            _ => reply(writer, br#"{"request_id": "r-1"}"#)?,
        }
    }
}

fn reply(mut to: &TcpStream, body: &[u8]) -> Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    to.write_all(&[head.as_bytes(), body].concat())?;
    Ok(())
}
