//! The body of a file: sent piece by piece, so that a large one takes no memory.

use std::io;
use std::ops::Range;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::time::sleep;

use crate::media::Content;

/// Between two pieces of a body that drips.
const PAUSE: Duration = Duration::from_millis(50);
/// Until what was given is written: the server writes whenever it has to wait for more.
const WRITTEN: Duration = Duration::from_millis(20);

/// How a body comes: at once and to its end, unless told otherwise.
pub(super) struct BodyOptions {
    /// So many bytes a second.
    pub(super) drip: Option<u32>,
    /// It breaks off after so many bytes.
    pub(super) cut: Option<u64>,
}

struct Rest {
    content: Content,
    part: Range<u64>,
    options: BodyOptions,
}

/// A part of a file as a body. It does not say its length, which is for the head to say.
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
            // Fewer bytes a second than pauses: the pauses are longer.
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
