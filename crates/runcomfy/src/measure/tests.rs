//! Headers by hand: what no tool here writes, and what the formats allow all the same.

use super::*;

/// A header under its name, with the size that it says.
type Case = (&'static str, Vec<u8>, Option<(u32, u32)>);

fn exif(orientation: u8) -> Vec<u8> {
    [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation, 0, 0]].concat()
}

fn jpeg(segments: &[u8]) -> Vec<u8> {
    let frame = b"\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03";
    [b"\xff\xd8\xff\xe0\0\x04JF".as_slice(), segments, frame].concat()
}

fn jpeg_with_exif(orientation: u8) -> Vec<u8> {
    let exif = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    jpeg(&[&[0xff, 0xe1, 0, exif.len() as u8 + 2], exif.as_slice()].concat())
}

fn png(chunks: &[u8]) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0\0\0\0\0";
    [head.as_slice(), chunks, b"\0\0\0\0IDAT"].concat()
}

fn bmp(header: u8, sides: &[u8]) -> Vec<u8> {
    [b"BM\0\0\0\0\0\0\0\0\0\0\0\0".as_slice(), &[header, 0, 0, 0], sides, &[0; 40]].concat()
}

fn one(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes(), name.as_slice(), &body].concat()
}

fn heif(associations: &[u8], properties: &[&[u8]]) -> Vec<u8> {
    let count = [associations.len() as u8];
    let ipma = one(b"ipma", &[b"\0\0\0\0\0\0\0\x01\0\x07", &count, associations]);
    let iprp = one(b"iprp", &[&one(b"ipco", properties), &ipma]);
    let pitm = one(b"pitm", &[b"\0\0\0\0\0\x07"]);
    let ftyp = one(b"ftyp", &[b"heic\0\0\0\0mif1heic"]);
    [ftyp, one(b"meta", &[b"\0\0\0\0", &pitm, &iprp])].concat()
}

/// The header of a track, with a matrix of these four corners.
fn tkhd(corners: [u32; 4]) -> Vec<u8> {
    let mut body = vec![0; 84];
    for (corner, at) in corners.into_iter().zip([40, 44, 52, 56]) {
        body[at..at + 4].copy_from_slice(&corner.to_be_bytes());
    }
    one(b"tkhd", &[&body])
}

fn mdia(handler: &[u8; 4]) -> Vec<u8> {
    let mut description = vec![0; 44];
    description[40..].copy_from_slice(&[2, 128, 1, 224]);
    let stbl = one(b"stbl", &[&one(b"stsd", &[&description])]);
    let hdlr = one(b"hdlr", &[b"\0\0\0\0\0\0\0\0", handler]);
    one(b"mdia", &[&hdlr, &one(b"minf", &[&stbl])])
}

fn mp4(tracks: &[Vec<u8>]) -> Vec<u8> {
    let tracks: Vec<u8> = tracks.concat();
    let mvhd = one(b"mvhd", &[&[0; 12], &1000_u32.to_be_bytes(), &1500_u32.to_be_bytes()]);
    [one(b"ftyp", &[b"isom\0\0\0\0isom"]), one(b"moov", &[&mvhd, &tracks])].concat()
}

#[test]
fn a_header_says_the_size_that_is_shown() {
    let upright = Some((640, 480));
    let turned = Some((480, 640));
    let ispe = one(b"ispe", &[b"\0\0\0\0\0\0\x02\x80\0\0\x01\xe0"]);
    let small = one(b"ispe", &[b"\0\0\0\0\0\0\0\x50\0\0\0\x3c"]);
    let irot = one(b"irot", &[&[1]]);
    let whole = [0_u32, 1, 2, 3].map(|turn| one(b"irot", &[&[turn as u8]]));
    let clap = one(b"clap", &[&[0, 0, 0, 200, 0, 0, 0, 2, 0, 0, 0, 90, 0, 0, 0, 1], &[0; 16]]);
    let video = one(b"trak", &[&tkhd([1, 0, 0, 1]), &mdia(b"vide")]);
    let on_its_side = one(b"trak", &[&tkhd([0, 1, u32::MAX, 0]), &mdia(b"vide")]);
    let sound = one(b"trak", &[&tkhd([1, 0, 0, 1]), &mdia(b"soun")]);
    let png_exif = |orientation: u8| one_png(b"eXIf", &exif(orientation));
    let cases: Vec<Case> = vec![
        ("a JPEG", jpeg(b""), upright),
        ("a JPEG with fill bytes before a marker", jpeg(b"\xff\xff\xff"), upright),
        ("a JPEG with a marker that has no segment", jpeg(b"\xff\x01"), upright),
        ("a JPEG of orientation 1", jpeg_with_exif(1), upright),
        ("a JPEG of orientation 3", jpeg_with_exif(3), upright),
        ("a JPEG of orientation 5", jpeg_with_exif(5), turned),
        ("a JPEG of orientation 8", jpeg_with_exif(8), turned),
        ("a JPEG of an orientation that there is not", jpeg_with_exif(9), upright),
        ("a JPEG whose frame never comes", b"\xff\xd8\xff\xd9".to_vec(), None),
        ("a PNG of orientation 6", png(&png_exif(6)), turned),
        ("a PNG of orientation 2", png(&png_exif(2)), upright),
        ("a lossy WebP with a hint for scaling", webp_lossy(), upright),
        ("a WebP of orientation 8, which stands at its end", webp_with_exif(8, b""), turned),
        ("the same with the mark of a JPEG", webp_with_exif(6, b"Exif\0\0"), turned),
        ("a WebP of orientation 4", webp_with_exif(4, b""), upright),
        ("a TIFF", tiff(1), upright),
        ("a TIFF of orientation 7", tiff(7), turned),
        ("a BMP", bmp(40, &[128, 2, 0, 0, 224, 1, 0, 0]), upright),
        ("a BMP from top to bottom", bmp(40, &[128, 2, 0, 0, 32, 254, 255, 255]), upright),
        ("a BMP of the first kind", bmp(12, &[128, 2, 224, 1]), upright),
        ("a BMP of negative width", bmp(40, &[128, 2, 0, 128, 224, 1, 0, 0]), None),
        ("a GIF without pixels", b"GIF89a\0\0\xe0\x01\0\0\0".to_vec(), None),
        ("a HEIC", heif(&[1], &[&ispe]), upright),
        ("a HEIC by a quarter turn", heif(&[1, 2], &[&ispe, &whole[1]]), turned),
        ("a HEIC by half a turn", heif(&[1, 2], &[&ispe, &whole[2]]), upright),
        ("a HEIC by three quarters", heif(&[1, 0x82], &[&ispe, &whole[3]]), turned),
        ("a HEIC whose thumbnail alone is turned", heif(&[1], &[&ispe, &small, &irot]), upright),
        ("a HEIC whose thumbnail comes first", heif(&[2], &[&small, &ispe]), upright),
        ("a HEIC with a larger picture beside", heif(&[2], &[&ispe, &small]), Some((80, 60))),
        ("a cropped HEIC", heif(&[1, 2], &[&ispe, &clap]), Some((100, 90))),
        ("a HEIC that crops and turns", heif(&[1, 2, 3], &[&ispe, &clap, &irot]), Some((90, 100))),
        ("a HEIC without a size", heif(&[9], &[&ispe]), None),
        ("an MP4", mp4(std::slice::from_ref(&video)), upright),
        ("an MP4 on its side", mp4(&[on_its_side]), turned),
        ("an MP4 whose sound comes first", mp4(&[sound.clone(), video]), upright),
        ("an MP4 without pictures", mp4(&[sound]), None),
        ("an MP4 without tracks", mp4(&[]), None),
    ];
    for (what, bytes, size) in cases {
        let facts = MediaInfo::of_bytes(&bytes);
        assert_eq!(facts.width.zip(facts.height), size, "{what}: {facts:?}");
        assert_eq!(facts.bytes, Some(bytes.len() as u64), "{what}");
    }
}

fn one_png(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes(), name.as_slice(), body, &[0; 4]].concat()
}

fn webp_lossy() -> Vec<u8> {
    // Its sides have 14 bits each, with a hint in the two above.
    let head = b"RIFF\x40\0\0\0WEBPVP8 \x34\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x42\xe0\x81";
    [head.as_slice(), &[0; 40]].concat()
}

fn webp_with_exif(orientation: u8, mark: &[u8]) -> Vec<u8> {
    // Flags, and the sides less one; then a picture of an odd length, which is filled up.
    let head = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\x7f\x02\0\xdf\x01\0VP8 \x03\0\0\0abc\0";
    let exif = [mark, &exif(orientation)].concat();
    [head.as_slice(), b"EXIF", &(exif.len() as u32).to_le_bytes(), &exif].concat()
}

fn tiff(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, value: u16| {
        [&tag.to_le_bytes(), b"\x03\0\x01\0\0\0".as_slice(), &value.to_le_bytes(), b"\0\0"].concat()
    };
    let entries = [entry(0x100, 640), entry(0x101, 480), entry(0x112, orientation.into())].concat();
    [b"II*\0\x08\0\0\0\x03\0".as_slice(), &entries, &[0; 4]].concat()
}

#[test]
fn an_mp4_without_video_is_audio_with_a_duration() {
    let sound = one(b"trak", &[&tkhd([1, 0, 0, 1]), &mdia(b"soun")]);
    let facts = MediaInfo::of_bytes(&mp4(&[sound]));
    assert_eq!(facts.kind, Some(MediaKind::Audio));
    assert_eq!(facts.duration, Some(Duration::from_millis(1500)));
}

#[test]
fn false_lengths_are_reported() {
    let cases: [(&str, Vec<u8>); 8] = [
        ("a box that is shorter than its head", one_box(4, b"free")),
        ("a box of the largest length", [one_box(1, b"free"), vec![0xff; 8]].concat()),
        ("a box that goes to the end", one_box(0, b"free")),
        ("an index without an end", one_box(u32::MAX, b"moov")),
        (
            "elements of the largest length",
            b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe".to_vec(),
        ),
        ("an element whose length has nine bytes", b"\x1a\x45\xdf\xa3\0".to_vec()),
        ("a TIFF whose directory is at its end", b"II*\0\xff\xff\xff\xff".to_vec()),
        (
            "a BigTIFF of very many entries",
            b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
    ];
    for (what, bytes) in cases {
        let reading = Probe::whole(&bytes).partial();
        assert_eq!((reading.info.width, reading.info.height), (None, None), "{what}");
        assert!(reading.problem.is_some(), "{what}: {reading:?}");
    }
}

fn one_box(length: u32, name: &[u8; 4]) -> Vec<u8> {
    let ftyp = one(b"ftyp", &[b"isom\0\0\0\0isom"]);
    [ftyp, length.to_be_bytes().to_vec(), name.to_vec()].concat()
}

/// A file with a box at the maximum offset, as a host may serve it.
fn at_the_end_of_offsets(head: &[u8], outer: &[u8; 4], own: u64, tail: &[u8]) -> Probe<'static> {
    // Two boxes of 64-bit lengths: one that goes to the end, and in it one up to the tail.
    let long = |name: &[u8; 4], length: u64| {
        [&[0, 0, 0, 1], name.as_slice(), &length.to_be_bytes()].concat()
    };
    let at = head.len() as u64;
    let body = at + 16 + own;
    let tail_at = u64::MAX - tail.len() as u64;
    let mut file = Probe::new();
    file.feed(0, &[head, &long(outer, u64::MAX - at), &vec![0; own as usize]].concat());
    file.feed(body, &long(b"free", tail_at - body));
    file.feed(file.known_prefix(), &[0; Format::SNIFFED_BYTES]);
    file.feed(tail_at, tail);
    file
}

#[test]
fn boxes_at_the_maximum_offset_are_reported() {
    let mp4 = one(b"ftyp", &[b"isom\0\0\0\0isom"]);
    let heic = one(b"ftyp", &[b"heic\0\0\0\0mif1heic"]);
    // Each is cut off by the end of offsets, within what its name promises.
    let mvhd = |version: u8| [b"\0\0\0\0mvhd".as_slice(), &[version, 0, 0]].concat();
    let entries = [b"\0\x09".as_slice(), &[255], &[0; 8]].concat();
    let ipma = [b"\0\0\0\0ipma".as_slice(), b"\0\0\0\x01\0\0\0\x02", &entries].concat();
    let iprp =
        [one(b"pitm", &[b"\0\0\0\0\0\x07"]), b"\0\0\0\0iprp".to_vec(), one(b"ipco", &[]), ipma];
    let cases = [
        ("a film's header", at_the_end_of_offsets(&mp4, b"moov", 0, &mvhd(0))),
        ("a film's header of 64 bits", at_the_end_of_offsets(&mp4, b"moov", 0, &mvhd(1))),
        ("a picture's properties", at_the_end_of_offsets(&heic, b"meta", 4, &iprp.concat())),
    ];
    for (what, file) in cases {
        let ProbeStep::Measured(reading) = file.step() else { panic!("{what}: {:?}", file.step()) };
        assert!(reading.problem.is_some(), "{what}: {reading:?}");
    }
}
