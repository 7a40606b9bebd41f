//! Headers written by hand: what no tool here writes, and the formats still allow.

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

/// A quantisation table of no entries.
const TABLE: &[u8] = b"\xff\xdb\0\x03\0";

/// A JPEG whose Exif comes after its frame and these segments.
fn jpeg_exif_behind(orientation: u8, between: &[u8]) -> Vec<u8> {
    let frame = b"\xff\xd8\xff\xc0\0\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\0";
    let exif = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    let head = [0xff, 0xe1, 0, exif.len() as u8 + 2];
    [frame.as_slice(), between, &head, &exif, b"\xff\xda\0\x02"].concat()
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

/// Returns the header of a track with an id and flags. Flag 1 enables the track.
fn flagged_tkhd(id: u8, flags: u8) -> Vec<u8> {
    let mut header = tkhd([1, 0, 0, 1]);
    (header[8 + 3], header[8 + 15]) = (flags, id);
    header
}

fn hdlr(handler: &[u8; 4]) -> Vec<u8> {
    one(b"hdlr", &[b"\0\0\0\0\0\0\0\0", handler])
}

/// Sample descriptions of these coded sizes.
fn minf(sizes: &[(u16, u16)]) -> Vec<u8> {
    let mut entries = vec![0, 0, 0, 0, 0, 0, 0, sizes.len() as u8];
    for (width, height) in sizes {
        let mut entry = vec![0; 28];
        entry[24..26].copy_from_slice(&width.to_be_bytes());
        entry[26..28].copy_from_slice(&height.to_be_bytes());
        entries.extend(one(b"avc1", &[&entry]));
    }
    one(b"minf", &[&one(b"stbl", &[&one(b"stsd", &[&entries])])])
}

fn mdia(handler: &[u8; 4]) -> Vec<u8> {
    one(b"mdia", &[&hdlr(handler), &minf(&[(640, 480)])])
}

fn sized_track(header: &[u8], size: (u16, u16)) -> Vec<u8> {
    one(b"trak", &[header, &one(b"mdia", &[&hdlr(b"vide"), &minf(&[size])])])
}

/// A movie header with a matrix of these four corners.
fn mvhd(corners: [u32; 4]) -> Vec<u8> {
    let mut body = vec![0; 100];
    body[12..16].copy_from_slice(&1000_u32.to_be_bytes());
    body[16..20].copy_from_slice(&1500_u32.to_be_bytes());
    for (corner, at) in corners.into_iter().zip([36, 40, 48, 52]) {
        body[at..at + 4].copy_from_slice(&corner.to_be_bytes());
    }
    one(b"mvhd", &[&body])
}

/// An element of EBML; a length of eight bytes fits all.
fn element(id: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = (1_u64 << 56) | body.len() as u64;
    [id, &length.to_be_bytes(), &body].concat()
}

/// A Matroska file with these tracks.
fn mkv(tracks: &[Vec<u8>]) -> Vec<u8> {
    let tracks = element(b"\x16\x54\xae\x6b", &[&tracks.concat()]);
    let head = element(b"\x1a\x45\xdf\xa3", &[&element(b"\x42\x82", &[b"matroska"])]);
    [head, element(b"\x18\x53\x80\x67", &[&tracks])].concat()
}

/// A video track with what else its entry and its `Video` hold.
fn mkv_track(size: (u16, u16), entry: &[u8], video: &[u8]) -> Vec<u8> {
    let width = element(b"\xb0", &[&size.0.to_be_bytes()]);
    let height = element(b"\xba", &[&size.1.to_be_bytes()]);
    let video = element(b"\xe0", &[&width, &height, video]);
    element(b"\xae", &[&element(b"\x83", &[&[1]]), entry, &video])
}

fn projection(kind: u8, roll: f32) -> Vec<u8> {
    let kind = element(b"\x76\x71", &[&[kind]]);
    element(b"\x76\x70", &[&kind, &element(b"\x76\x75", &[&roll.to_be_bytes()])])
}

/// A WAV of 8,000 bytes a second with chunks before its `data`, which announces a length.
fn wav(form: &[u8; 4], chunks: &[u8], announced: u32, data: usize) -> Vec<u8> {
    let fmt = b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0";
    let head = [form.as_slice(), b"\xff\xff\xff\xffWAVE", chunks, fmt, b"data"].concat();
    [head, announced.to_le_bytes().to_vec(), vec![0x80; data]].concat()
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
    let far = [b"\xff\xed\x10\0".as_slice(), &[0; 0xffe]].concat();
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
        ("a JPEG whose Exif is behind its frame", jpeg_exif_behind(6, b""), turned),
        ("a JPEG with tables between frame and Exif", jpeg_exif_behind(8, TABLE), turned),
        (
            "a JPEG whose Exif is behind its picture",
            jpeg_exif_behind(6, b"\xff\xda\0\x02"),
            upright,
        ),
        ("a JPEG whose Exif is far behind its frame", jpeg_exif_behind(6, &far), upright),
        ("a JPEG with stray bytes behind its frame", jpeg_exif_behind(6, b"\0\0"), upright),
        ("a JPEG with a broken segment behind it", jpeg_exif_behind(6, b"\xff\xc4\0\0"), upright),
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
    tiff_of(&[(0x100, 640), (0x101, 480), (0x112, orientation.into())])
}

fn tiff_of(entries: &[(u16, u16)]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(b"\x03\0\x01\0\0\0");
        bytes.extend(value.to_le_bytes());
        bytes.extend([0, 0]);
    }
    [bytes, vec![0; 4]].concat()
}

#[test]
fn players_and_decoders_show_the_same_size() {
    let (upright, turned, small) = (Some((640, 480)), Some((480, 640)), Some((80, 60)));
    let ispe = one(b"ispe", &[b"\0\0\0\0\0\0\x02\x80\0\0\x01\xe0"]);
    let other = one(b"ispe", &[b"\0\0\0\0\0\0\0\x50\0\0\0\x3c"]);
    let irot = one(b"irot", &[&[1]]);
    let preview = sized_track(&flagged_tkhd(1, 2), (80, 60));
    let film = sized_track(&flagged_tkhd(2, 3), (640, 480));
    let chapters = one(b"tref", &[&one(b"chap", &[&1_u32.to_be_bytes()])]);
    let with_chapters = sized_track(&[flagged_tkhd(2, 3), chapters].concat(), (640, 480));
    let shown_preview = sized_track(&flagged_tkhd(1, 3), (80, 60));
    let on_its_side = sized_track(&tkhd([0, 1, u32::MAX, 0]), (640, 480));
    let slanted = sized_track(&tkhd([46341, 46341, 0xffff_4afb, 46341]), (640, 480));
    let late_header = one(b"trak", &[&mdia(b"vide"), &tkhd([0, 1, u32::MAX, 0])]);
    let late_handler = one(b"mdia", &[&minf(&[(640, 480)]), &hdlr(b"vide")]);
    let late_handler = one(b"trak", &[&tkhd([1, 0, 0, 1]), &late_handler]);
    let changing = one(b"mdia", &[&hdlr(b"vide"), &minf(&[(640, 480), (80, 60)])]);
    let changing = one(b"trak", &[&tkhd([1, 0, 0, 1]), &changing]);
    let quarter = mvhd([0, 1, u32::MAX, 0]);
    let still = &heif(&[1], &[&ispe])[24..];
    let display = element(b"\x54\xb0", &[&80_u16.to_be_bytes()]);
    let sequence = [one(b"ftyp", &[b"msf1\0\0\0\0hevcmsf1"]), one(b"moov", &[&film])].concat();
    let cases: Vec<Case> = vec![
        // Field case F01: image-size#392.
        ("a JPEG with stray bytes", jpeg(b"\x12\x34\x56"), upright),
        ("a JPEG with stray zeros and stuffed ones", jpeg(b"\0\0\xff\0\0"), upright),
        // Field case F02: TwelveMonkeys#74.
        ("a JPEG padded at its start", [b"\xff\xd8\0\0", &jpeg(b"")[2..]].concat(), upright),
        // Field case F04: libheif#1131, libvips#4335.
        ("a HEIC that lists its turn first", heif(&[2, 1], &[&ispe, &irot]), turned),
        ("a HEIC that gives one size twice", heif(&[1, 2], &[&ispe, &ispe]), upright),
        ("a HEIC of two sizes", heif(&[1, 2], &[&ispe, &other]), None),
        ("a HEIC cropped within", cropped_heif([80, 1, 60, 1, 280, 1, -210, 1]), small),
        ("a HEIC cropped beyond its width", cropped_heif([80, 1, 60, 1, 281, 1, 0, 1]), None),
        ("a HEIC cropped beyond its height", cropped_heif([80, 1, 60, 1, 0, 1, -211, 1]), None),
        ("a HEIC cropped to half a pixel", cropped_heif([161, 2, 60, 1, 0, 1, 0, 1]), None),
        ("a HEIC whose brands come second", free_then(b"heic", still), upright),
        ("a HEIC whose Exif is turned", [heif(&[1], &[&ispe]), exif(6)].concat(), upright),
        ("a sequence of pictures alone", sequence, upright),
        // Field case F05: mpv#10440.
        ("an MP4 with a preview", mp4(&[preview.clone(), film.clone()]), upright),
        ("an MP4 with disabled tracks only", mp4(&[preview.clone(), preview]), small),
        ("an MP4 with chapters", mp4(&[shown_preview.clone(), with_chapters]), upright),
        ("an MP4 of two sizes", mp4(&[shown_preview, film.clone()]), None),
        ("an MP4 that changes its size", mp4(&[changing]), None),
        ("an MP4 turned by 45 degrees", mp4(&[slanted]), None),
        ("an MP4 turned as a whole", movie(&[&quarter, &film]), turned),
        ("an MP4 turned back as a whole", movie(&[&quarter, &on_its_side]), upright),
        ("an MP4 whose turn comes last", movie(&[&film, &quarter]), None),
        ("an MP4 whose header comes last", movie(&[&film, &mvhd([1, 0, 0, 1])]), upright),
        ("an MP4 whose track header comes last", mp4(&[late_header]), turned),
        ("an MP4 whose handler comes last", mp4(&[late_handler]), upright),
        // Field case F06: nom-exif#59, hachoir#90.
        ("a MOV that begins with a preview", quicktime(b"pnot", &film), upright),
        ("a MOV that begins with free space", quicktime(b"free", &film), upright),
        ("a MOV that begins with a profile", quicktime(b"prfl", &film), upright),
        // Field case F09: Icaros#192.
        ("an MKV with a roll", mkv(&[mkv_track((640, 480), b"", &projection(0, 90.0))]), turned),
        (
            "an MKV with a half roll",
            mkv(&[mkv_track((640, 480), b"", &projection(0, 180.0))]),
            upright,
        ),
        (
            "an MKV turned by 30 degrees",
            mkv(&[mkv_track((640, 480), b"", &projection(0, 30.0))]),
            None,
        ),
        ("a panorama", mkv(&[mkv_track((640, 480), b"", &projection(1, 90.0))]), upright),
        ("an MKV with a preview", two_tracks(&element(b"\xb9", &[&[0]])), upright),
        ("an MKV with a default track", two_tracks(&element(b"\x88", &[&[0]])), upright),
        ("an MKV of two sizes", two_tracks(b""), None),
        ("an MKV of another display size", mkv(&[mkv_track((640, 480), b"", &display)]), upright),
        ("a PNG of Apple's variant", png_with_first_chunk(b"CgBI"), upright),
        ("a PNG whose header comes second", png_with_first_chunk(b"tEXt"), None),
        ("a BigTIFF", big_tiff(1), upright),
        ("a BigTIFF of orientation 6", big_tiff(6), turned),
        ("a TIFF of two pages", two_pages(), upright),
        ("a PNG whose turn comes behind its data", png_with_late_exif(), upright),
        (
            "a raw picture behind its preview",
            tiff_of(&[(0xfe, 1), (0x100, 640), (0x101, 480)]),
            None,
        ),
    ];
    for (what, bytes, size) in cases {
        let result = Probe::whole(&bytes).partial();
        let info = result.info;
        assert_eq!(info.width.zip(info.height), size, "{what}: {info:?}");
        assert_eq!(result.problem.is_some(), size.is_none(), "{what}: {result:?}");
    }
}

#[test]
fn a_wav_lasts_as_long_as_its_data() {
    let ds64 = |length: u64| {
        [b"ds64\x1c\0\0\0".as_slice(), &[0; 8], &length.to_le_bytes(), &[0; 12]].concat()
    };
    let cases = [
        ("announced", wav(b"RIFF", b"", 16_000, 16_000), Some(2_000)),
        // Field case F07: NAudio#1231.
        ("RF64", wav(b"RF64", &ds64(16_000), u32::MAX, 16_000), Some(2_000)),
        ("BW64", wav(b"BW64", &ds64(16_000), u32::MAX, 16_000), Some(2_000)),
        ("RF64 and too much", wav(b"RF64", &ds64(1 << 40), u32::MAX, 16_000), Some(2_000)),
        // Field case F08: oboe#2108.
        ("a placeholder", wav(b"RIFF", b"", i32::MAX as u32, 16_000), Some(2_000)),
        ("another placeholder", wav(b"RIFF", b"", u32::MAX, 16_000), Some(2_000)),
        ("a length that was never written", wav(b"RIFF", b"", 0, 16_000), Some(2_000)),
        ("more than there is", wav(b"RIFF", b"", 90_000, 16_000), Some(2_000)),
        ("nothing", wav(b"RIFF", b"", 0, 0), None),
    ];
    for (what, bytes, milliseconds) in cases {
        let info = MediaInfo::of_bytes(&bytes);
        assert_eq!(info.format, Some(Format::Wav), "{what}");
        assert_eq!(info.duration, milliseconds.map(Duration::from_millis), "{what}");
    }
    // A host that does not report the size of the file leaves a placeholder unresolved.
    let mut probe = Probe::new();
    probe.feed(0, &wav(b"RIFF", b"", i32::MAX as u32, 16_000));
    assert_eq!(probe.partial().info.duration, None);
}

/// A HEIC of 640 × 480 that is cropped: two sides and two offsets, as fractions.
fn cropped_heif(parts: [i32; 8]) -> Vec<u8> {
    let ispe = one(b"ispe", &[b"\0\0\0\0\0\0\x02\x80\0\0\x01\xe0"]);
    let clap = one(b"clap", &[&parts.map(i32::to_be_bytes).concat()]);
    heif(&[1, 2], &[&ispe, &clap])
}

fn movie(parts: &[&[u8]]) -> Vec<u8> {
    [one(b"ftyp", &[b"isom\0\0\0\0isom"]), one(b"moov", parts)].concat()
}

/// A QuickTime file without `ftyp`.
fn quicktime(first: &[u8; 4], track: &[u8]) -> Vec<u8> {
    [one(first, &[&[0; 12]]), one(b"moov", &[&mvhd([1, 0, 0, 1]), track])].concat()
}

/// A file whose `ftyp` is its second box.
fn free_then(brand: &[u8; 4], rest: &[u8]) -> Vec<u8> {
    let ftyp = one(b"ftyp", &[brand, b"\0\0\0\0mif1"]);
    [one(b"free", &[&[0; 4]]), ftyp, rest.to_vec()].concat()
}

fn two_tracks(first_entry: &[u8]) -> Vec<u8> {
    mkv(&[mkv_track((80, 60), first_entry, b""), mkv_track((640, 480), b"", b"")])
}

/// A TIFF whose second page is smaller.
fn two_pages() -> Vec<u8> {
    let mut first = tiff_of(&[(0x100, 640), (0x101, 480)]);
    let length = first.len();
    first[length - 4..].copy_from_slice(&(length as u32).to_le_bytes());
    [first, tiff_of(&[(0x100, 80), (0x101, 60)])[8..].to_vec()].concat()
}

fn png_with_late_exif() -> Vec<u8> {
    [png(b""), vec![0; 4], one_png(b"eXIf", &exif(6))].concat()
}

fn png_with_first_chunk(name: &[u8; 4]) -> Vec<u8> {
    let chunk = one_png(name, b"\x50\0\x20\x02");
    [b"\x89PNG\r\n\x1a\n", chunk.as_slice(), &png(b"")[8..]].concat()
}

fn big_tiff(orientation: u16) -> Vec<u8> {
    let mut bytes = b"II\x2b\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0".to_vec();
    for (tag, value) in [(0x100_u16, 640_u16), (0x101, 480), (0x112, orientation)] {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(b"\x03\0\x01\0\0\0\0\0\0\0");
        bytes.extend(value.to_le_bytes());
        bytes.extend([0; 6]);
    }
    bytes
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
