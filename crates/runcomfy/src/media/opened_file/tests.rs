//! Measuring and sealing files on disk, and files that change meanwhile.

use super::*;
use crate::media::MediaInfo;

/// Returns the folders of the workspace's media files.
fn folders() -> [PathBuf; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    ["tests/media/sizes", "crates/runcomfy-simulator/assets/samples"].map(|path| root.join(path))
}

fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.bin");
    std::fs::write(&path, bytes).expect("there is room");
    (folder, path)
}

/// Returns a JPEG with so many segments before its frame.
fn jpeg(segments: usize, length: u16) -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    for _ in 0..segments {
        bytes.extend(b"\xff\xe2");
        bytes.extend(length.to_be_bytes());
        bytes.resize(bytes.len() + usize::from(length) - 2, 0);
    }
    bytes.extend(b"\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03");
    bytes.resize(bytes.len() + 300_000, 7);
    bytes
}

#[test]
fn a_file_is_measured_on_disk_as_in_memory() {
    let mut count = 0;
    for entry in folders().iter().flat_map(|folder| folder.read_dir().expect("it exists")) {
        let path = entry.expect("it can be read").path();
        let bytes = std::fs::read(&path).expect("it exists");
        for wanted in [OpenedFor::Measuring, OpenedFor::Sending] {
            let file = OpenedFile::open(&path, 1 << 30, wanted).expect("it is a file");
            let name = path.display();
            assert_eq!(file.result().info, MediaInfo::of_bytes(&bytes), "{name}");
            assert_eq!(file.uri_head(), DataUri::head(content_type(&bytes)), "{name}");
            assert_eq!(file.encoded_length(), STANDARD.encode(&bytes).len() as u64, "{name}");
        }
        count += 1;
    }
    assert!(count > 480, "{count}");
}

#[test]
fn only_the_header_of_a_file_is_read() {
    let cases = [(jpeg(0, 2), BLOCK), (jpeg(3, 0xffff), 4 * BLOCK)];
    for (bytes, most) in cases {
        let (_folder, path) = written(&bytes);
        let file = OpenedFile::open(&path, 1 << 30, OpenedFor::Measuring).expect("it is there");
        assert_eq!(file.result().info.width.zip(file.result().info.height), Some((640, 480)));
        assert!(file.measured.known_bytes() <= most, "{}", file.measured.known_bytes());
    }
    // A header in too many places is measured all the same.
    let bytes = jpeg(2000, 5000);
    let (_folder, path) = written(&bytes);
    for wanted in [OpenedFor::Measuring, OpenedFor::Sending] {
        let file = OpenedFile::open(&path, 1 << 30, wanted).expect("it is there");
        assert_eq!(file.result(), Probe::whole(&bytes).partial());
        assert_eq!(file.result().info.width, Some(640));
    }
}

#[test]
fn a_large_file_is_sent_with_little_memory() {
    let mut bytes = jpeg(0, 2);
    bytes.resize(20_000_000, 7);
    let (_folder, path) = written(&bytes);
    let mut sent = 0;
    let used = allocation_counter::measure(|| {
        let file = OpenedFile::open(&path, 1 << 30, OpenedFor::Sending).expect("it is there");
        let file = Arc::new(file);
        let Ok(Sealed::Disk(sealed)) = file.seal() else { panic!("it is not kept in memory") };
        let mut state = SendingState::default();
        while let Some(part) = sealed.encode_next(&mut state).expect("it did not change") {
            sent += part.len();
        }
    });
    assert_eq!(sent, 20_000_000_usize.div_ceil(3) * 4);
    assert!(used.bytes_max < 2_000_000, "{used:?}");
}

#[test]
fn a_file_that_changed_after_it_was_measured_is_not_sealed() {
    let bytes = jpeg(0, 2);
    let (_folder, path) = written(&bytes);
    let open = |path: &Path| {
        Arc::new(OpenedFile::open(path, 1 << 30, OpenedFor::Sending).expect("it is there"))
    };
    let file = open(&path);
    assert!(matches!(file.seal(), Ok(Sealed::Disk(_))));
    let mut other = bytes.clone();
    other[8] ^= 1;
    for changed in [&other[..], &bytes[..bytes.len() - 1]] {
        let file = open(&path);
        std::fs::write(&path, changed).expect("there is room");
        assert!(matches!(file.seal(), Err(FileError::Changed)));
        std::fs::write(&path, &bytes).expect("there is room");
        assert!(matches!(file.seal(), Ok(Sealed::Disk(_))), "it is as it was again");
    }
}
