//! `fuzz_media` with bytes that coverage leads to.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    runcomfy_tests::fuzz::fuzz_media(data);
});
