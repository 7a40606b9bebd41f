//! Range requests (RFC 9110, section 14) of one byte range. Several ranges are answered with the
//! whole file, as the RFC allows.

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{IF_RANGE, RANGE};

/// Requested part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestedRange {
    Whole,
    Part(Range<u64>),
    /// No part of the file.
    Unsatisfiable,
}

/// Returns the requested part of a file of `total` bytes. An unreadable range, or one for another
/// file (`If-Range`), is ignored.
pub(super) fn requested_range(headers: &HeaderMap, etag: &str, total: u64) -> RequestedRange {
    let meant = headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes());
    let ranges = headers.get_all(RANGE);
    let mut ranges = ranges.iter();
    match (ranges.next(), ranges.next()) {
        (Some(range), None) if meant => {
            range.to_str().ok().and_then(|text| read(text, total)).unwrap_or(RequestedRange::Whole)
        }
        _ => RequestedRange::Whole,
    }
}

fn read(text: &str, total: u64) -> Option<RequestedRange> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let part = match (first, last) {
        ("", count) => total.saturating_sub(number(count)?)..total,
        (first, "") => number(first)?..total,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..total.min(last.saturating_add(1))
        }
    };
    Some(if part.start < part.end {
        RequestedRange::Part(part)
    } else {
        RequestedRange::Unsatisfiable
    })
}

/// Parses a number in a range. One that is too long is larger than any file.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_follows_rfc_9110() {
        let cases = [
            ("bytes=0-0", 10, RequestedRange::Part(0..1)),
            ("bytes=2-5", 10, RequestedRange::Part(2..6)),
            ("bytes=2-", 10, RequestedRange::Part(2..10)),
            ("bytes=-3", 10, RequestedRange::Part(7..10)),
            ("bytes=-30", 10, RequestedRange::Part(0..10)),
            ("bytes=9-999999999999999999999999", 10, RequestedRange::Part(9..10)),
            ("BYTES=0-1", 10, RequestedRange::Part(0..2)),
            ("bytes=10-", 10, RequestedRange::Unsatisfiable),
            ("bytes=10-20", 10, RequestedRange::Unsatisfiable),
            ("bytes=-0", 10, RequestedRange::Unsatisfiable),
            ("bytes=-1", 0, RequestedRange::Unsatisfiable),
            ("bytes=0-", 0, RequestedRange::Unsatisfiable),
            ("bytes=5-2", 10, RequestedRange::Whole),
            ("bytes=0-1,3-4", 10, RequestedRange::Whole),
            ("bytes=a-b", 10, RequestedRange::Whole),
            ("bytes=-", 10, RequestedRange::Whole),
            ("bytes=", 10, RequestedRange::Whole),
            ("bytes=+1-2", 10, RequestedRange::Whole),
            ("lines=0-1", 10, RequestedRange::Whole),
            ("", 10, RequestedRange::Whole),
        ];
        for (text, total, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, text.parse().expect("a header"));
            assert_eq!(requested_range(&headers, "\"a\"", total), expected, "{text} of {total}");
        }
    }

    #[test]
    fn a_range_for_another_file_is_ignored() {
        for (meant, expected) in
            [("\"a\"", RequestedRange::Part(0..1)), ("\"b\"", RequestedRange::Whole)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, "bytes=0-0".parse().expect("a header"));
            headers.insert(IF_RANGE, meant.parse().expect("a header"));
            assert_eq!(requested_range(&headers, "\"a\"", 10), expected, "{meant}");
        }
    }
}
