//! Imports of pages that are cut or mutated at random: correct, or refused, never a panic.
//!
//! `RUNCOMFY_MUTATIONS` sets their number; `.ci/long` sets a large one.

use runcomfy_codegen::import::{from_files, import, layout};

use super::{PAGES, english};

/// Bytes to insert into a page: marks of the importer, and bytes it must survive.
const PIECES: [&[u8]; 18] = [
    b"{",
    b"}",
    b"\"",
    b"'",
    b"\\",
    b"{\"",
    b"[",
    b"]",
    b"--data '",
    b"-d \"",
    b"/v1/models/",
    b"curl ",
    b"%",
    b"\n",
    b"\xe3",
    b"\x00",
    b"'\\''",
    b"}{",
];

#[test]
fn a_truncated_page_is_refused() {
    let page = english();
    let whole = import(&page).expect("the page is right");
    let end = page.rfind("Made with care").expect("it ends so");
    for (cut, _) in page.char_indices() {
        match import(&page[..cut]) {
            Ok(found) => assert!(cut >= end && found == whole, "accepted when cut at {cut}"),
            Err(error) => assert!(cut < end, "refused when cut at {cut}: {error}"),
        }
    }
}

#[test]
fn mutated_pages_never_panic() {
    let count = std::env::var("RUNCOMFY_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(2000);
    let mut random = fastrand::Rng::with_seed(0x5eed);
    let mut taken = 0;
    for round in 0..count {
        let (_, page) = PAGES[round % PAGES.len()];
        let page = if round % 2 == 0 { english() } else { page.to_owned() };
        let text = mutated(page.into_bytes(), &mut random);
        if let Ok(found) = import(&text) {
            taken += 1;
            for model in found.models {
                assert_eq!(layout(&model.input), model.input);
            }
        }
        assert!(from_files("a/b", &text, Some(&text)).is_err(), "a page was imported as a schema");
    }
    assert!(taken > 0, "nothing was imported: the mutations are too coarse");
    println!("{count} mutated pages, {taken} imported");
}

fn mutated(mut page: Vec<u8>, random: &mut fastrand::Rng) -> String {
    for _ in 0..=random.usize(..4) {
        let at = random.usize(..page.len());
        match random.usize(..4) {
            0 => _ = page.remove(at),
            1 => page[at] = PIECES[random.usize(..PIECES.len())][0],
            2 => _ = page.splice(at..at, PIECES[random.usize(..PIECES.len())].iter().copied()),
            _ => _ = page.drain(at..(at + random.usize(..80)).min(page.len())),
        }
    }
    String::from_utf8_lossy(&page).into_owned()
}
