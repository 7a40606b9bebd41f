//! A bare connection to a simulator.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::*;

/// Bytes received on a connection, and its end.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
    /// Still open.
    Open,
}

impl Seen {
    pub(crate) fn head(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split("\r\n\r\n").next().unwrap_or_default().to_owned()
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.head().split(' ').nth(1)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.head();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }

    pub(crate) fn body(&self) -> &[u8] {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        end.map_or(&[][..], |end| &self.bytes[end + 4..])
    }

    pub(crate) fn length(&self) -> usize {
        self.header("content-length").expect("a length").parse().expect("a number")
    }
}

/// Connection to a simulator.
pub(crate) struct Line(pub(crate) TcpStream);

impl Line {
    pub(crate) fn to(site: &Site) -> Self {
        let base = site.simulator.api_base();
        let address = base.trim_start_matches("http://").trim_end_matches("/v1");
        let stream = TcpStream::connect(address).expect("a simulator");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
        Self(stream)
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) {
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer any\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        self.0.write_all(request.as_bytes()).expect("it is sent");
    }

    pub(crate) fn send_raw(&mut self, request: &[u8]) {
        self.0.write_all(request).expect("it is sent");
    }

    pub(crate) fn submit(&mut self) {
        let path = format!("/v1/models/{BOAT_IN_A_PATH}");
        self.send("POST", &path, &boat_input().to_string());
    }

    /// Reads until the head of a reply is complete or the connection ends.
    pub(crate) fn read_head(&mut self) -> Seen {
        self.read_until(|seen| seen.bytes.windows(4).any(|four| four == b"\r\n\r\n"))
    }

    /// Reads until a reply is complete or the connection ends.
    pub(crate) fn read(&mut self) -> Seen {
        self.read_until(|seen| {
            let has_head = seen.bytes.windows(4).any(|four| four == b"\r\n\r\n");
            has_head && seen.body().len() >= seen.length()
        })
    }

    fn read_until(&mut self, is_enough: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = Seen { bytes: Vec::new(), end: End::Open };
        let mut buffer = [0; 65536];
        loop {
            if is_enough(&seen) {
                return seen;
            }
            match self.0.read(&mut buffer) {
                Ok(0) => return Seen { end: End::Closed, ..seen },
                Ok(count) => seen.bytes.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return Seen { end: End::Reset, ..seen };
                }
                error => error.map(drop).expect("bytes, or a reset"),
            }
        }
    }
}
