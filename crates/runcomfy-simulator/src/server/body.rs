//! Response bodies that break off, are slow, or report their end.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use futures_util::{StreamExt, stream};
use tokio::time::sleep;

/// Time for written bytes to leave: the server flushes while it waits for more.
const WRITTEN: Duration = Duration::from_millis(20);
/// Number of pieces of a slow body.
const PIECES: u64 = 8;

/// Breaks off a body after this many bytes, at least one byte before its end.
pub(super) fn cut(body: Body, after: u64) -> Body {
    let left = match length(&body) {
        Some(length) => after.min(length.saturating_sub(1)),
        None => after,
    };
    let pieces = stream::unfold((body.into_data_stream(), left), cut_piece);
    Body::from_stream(pieces)
}

async fn cut_piece(
    (mut rest, left): (BodyDataStream, u64),
) -> Option<(Result<Bytes, axum::Error>, (BodyDataStream, u64))> {
    if left == 0 {
        sleep(WRITTEN).await;
        let error = axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted));
        return Some((Err(error), (rest, 0)));
    }
    let piece = rest.next().await?.map(|piece| {
        let end = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        piece.slice(..end)
    });
    let taken = piece.as_ref().map_or(0, Bytes::len) as u64;
    Some((piece, (rest, left - taken)))
}

/// Splits a body into pieces with a pause before each.
pub(super) fn slow(body: Body, pause: Duration) -> Body {
    let size = length(&body).map_or(1024, |length| length.div_ceil(PIECES).max(1));
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let pieces = body.into_data_stream().flat_map(move |chunk| {
        let pieces: Vec<_> = match chunk {
            Ok(chunk) => (0..chunk.len())
                .step_by(size)
                .map(|at| Ok(chunk.slice(at..chunk.len().min(at + size))))
                .collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(pieces)
    });
    Body::from_stream(pieces.then(move |piece| async move {
        sleep(pause).await;
        piece
    }))
}

/// Calls `through` once the last byte of a body of this length was handed to the connection.
pub(super) fn noted(body: Body, length: u64, through: impl FnOnce() + Send + 'static) -> Body {
    let mut left = length;
    let mut through = Some(through);
    Body::from_stream(body.into_data_stream().inspect(move |piece| {
        let taken = piece.as_ref().map_or(0, Bytes::len) as u64;
        left = left.saturating_sub(taken);
        if left == 0
            && let Some(through) = through.take()
        {
            through();
        }
    }))
}

/// Returns the length of a body if it is known.
pub(super) fn length(body: &Body) -> Option<u64> {
    body.size_hint().exact()
}
