//! Padding belongs to a file by the structure of its format. It is not just ignored by a decoder
//! that stops at the end of the picture.

use std::io::Read;

use super::*;

const SIZE: Size = Size { width: 40, height: 30 };

fn padded(format: PictureFormat, header: Header, padding: u64) -> Option<Vec<u8>> {
    let file = encode(format, SIZE, Some(6)).expect("a picture");
    let content = pad(format, SIZE, file, header, padding)?;
    let mut bytes = Vec::new();
    content.reader().read_to_end(&mut bytes).expect("all of it");
    Some(bytes)
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Returns the end of a file by its own structure.
fn end(format: PictureFormat, file: &[u8]) -> usize {
    match format {
        PictureFormat::Png => end_of_png(file),
        PictureFormat::Jpeg => end_of_jpeg(file),
        PictureFormat::WebP => end_of_webp(file),
        PictureFormat::Gif => end_of_gif(file),
        PictureFormat::Bmp => little_endian(&file[2..6]),
        PictureFormat::Tiff => end_of_tiff(file),
    }
}

/// Returns the end of the last chunk. Every checksum must be right.
fn end_of_png(file: &[u8]) -> usize {
    let mut at = 8;
    loop {
        let length = big_endian(&file[at..at + 4]);
        let (kind, end) = (&file[at + 4..at + 8], at + 12 + length);
        let checksum = crc32fast::hash(&file[at + 4..end - 4]);
        assert_eq!(big_endian(&file[end - 4..end]), checksum as usize, "{kind:?}");
        if kind == b"IEND" {
            return end;
        }
        at = end;
    }
}

/// Returns the end of the end marker. Only segments precede the scan, which holds no other marker.
fn end_of_jpeg(file: &[u8]) -> usize {
    let mut at = 2;
    while file[at + 1] != 0xDA {
        assert_eq!(file[at], 0xFF, "no marker at {at}");
        at += 2 + big_endian(&file[at + 2..at + 4]);
    }
    let end = file[at..].windows(2).position(|pair| pair == [0xFF, 0xD9]).expect("an end");
    at + end + 2
}

/// Returns the end of the last chunk, which must be the end by the file's size field.
fn end_of_webp(file: &[u8]) -> usize {
    let end = 8 + little_endian(&file[4..8]);
    let mut at = 12;
    while at < end {
        let length = little_endian(&file[at + 4..at + 8]);
        at += 8 + length.next_multiple_of(2);
    }
    assert_eq!(at, end);
    end
}

/// Returns the end of the trailer.
fn end_of_gif(file: &[u8]) -> usize {
    let mut at = 13 + (6 << (file[10] & 7));
    loop {
        at += match file[at] {
            0x21 => 2,
            0x2C => 11,
            0x3B => return at + 1,
            byte => panic!("no block at {at}: {byte}"),
        };
        while file[at] != 0 {
            at += 1 + usize::from(file[at]);
        }
        at += 1;
    }
}

/// Returns the end of the directory.
fn end_of_tiff(file: &[u8]) -> usize {
    let at = little_endian(&file[4..8]);
    at + 2 + little_endian(&file[at..at + 2]) * 12 + 4
}

#[test]
fn padding_is_part_of_the_file() {
    let paddings = (0..60).chain([255, 256, 258, 259, 260, 300, 301, 65_537, 65_538, 131_075]);
    for padding in paddings {
        for format in PictureFormat::ALL {
            let file = padded(format, Header::First, padding).expect("any padding will do");
            let bare = padded(format, Header::First, 0).expect("a picture");
            assert_eq!(file.len() as u64, bare.len() as u64 + padding);
            // Bytes that may follow the end: less than the smallest unit of padding, or a
            // remainder.
            let behind = match format {
                PictureFormat::Png => {
                    if padding < 12 {
                        padding
                    } else {
                        0
                    }
                }
                PictureFormat::WebP => {
                    if padding < 26 {
                        padding
                    } else {
                        padding % 2
                    }
                }
                PictureFormat::Jpeg => match padding % 65_537 {
                    rest @ 0..4 => rest,
                    _ => 0,
                },
                PictureFormat::Gif => match padding {
                    0..3 => padding,
                    _ => u64::from((padding - 3) % 256 == 1),
                },
                PictureFormat::Bmp => 0,
                PictureFormat::Tiff => padding,
            };
            let end = end(format, &file);
            assert_eq!((file.len() - end) as u64, behind, "{format:?} {padding}");
        }
        for format in [PictureFormat::Jpeg, PictureFormat::Tiff] {
            let Some(file) = padded(format, Header::Last, padding) else {
                assert!(format == PictureFormat::Tiff && padding < 260, "{format:?} {padding}");
                continue;
            };
            let behind = file.len() - end(format, &file);
            assert!(behind < 4, "{format:?} {padding}: {behind}");
        }
    }
}
