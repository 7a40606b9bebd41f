//! File bodies, sent in pieces: a large file takes no memory.

use std::io;
use std::ops::Range;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::time::sleep;

use crate::media::Content;

/// Pause between two pieces of a dripping body.
const PAUSE: Duration = Duration::from_millis(50);
/// Time for written bytes to leave: the server flushes while it waits for more.
const WRITTEN: Duration = Duration::from_millis(20);

/// Manner of sending a body. By default it is sent at once and completely.
pub(super) struct BodyOptions {
    /// Bytes per second.
    pub(super) drip: Option<u32>,
    /// Number of bytes after which it breaks off.
    pub(super) cut: Option<u64>,
}

struct Rest {
    content: Content,
    part: Range<u64>,
    options: BodyOptions,
}

/// Streams a part of a file. The caller states the length in the head.
pub(super) fn stream(content: Content, part: Range<u64>, options: BodyOptions) -> Body {
    Body::from_stream(stream::unfold(Rest { content, part, options }, Rest::next))
}

impl Rest {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if self.options.cut == Some(0) {
            sleep(WRITTEN).await;
            return Some((Err(io::ErrorKind::ConnectionAborted.into()), self));
        }
        if self.part.is_empty() {
            return None;
        }
        let mut most = self.part.end - self.part.start;
        if let Some(left) = self.options.cut {
            most = most.min(left);
        }
        if let Some(bytes) = self.options.drip {
            let a_second = Duration::from_secs(1).as_millis() / PAUSE.as_millis();
            most = most.min((u64::from(bytes) / a_second as u64).max(1));
            // With fewer bytes a second than pauses, the pauses are longer.
            sleep(Duration::from_secs_f64(most as f64 / f64::from(bytes))).await;
        }
        let mut piece = self.content.chunk(self.part.start);
        piece.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        self.part.start += piece.len() as u64;
        if let Some(left) = &mut self.options.cut {
            *left -= piece.len() as u64;
        }
        Some((Ok(piece), self))
    }
}
