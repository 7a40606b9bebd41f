//! Media at an address, end to end: made to measure by the simulator, and served as badly as
//! a host can.

use std::time::{Duration, Instant};

use runcomfy::client::{MediaLimits, Preflight, PreflightReport, SubmitError, WarningKind};
use runcomfy::{Client, Media, Model, Valid};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_simulator::{Header, MediaFault, Pace, PictureFormat, Simulator, TestMedia};

use crate::support::root;

const FORMATS: [PictureFormat; 6] = [
    PictureFormat::Png,
    PictureFormat::Jpeg,
    PictureFormat::WebP,
    PictureFormat::Gif,
    PictureFormat::Bmp,
    PictureFormat::Tiff,
];

async fn simulator() -> Simulator {
    let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
    Simulator::builder(root().join("schemas")).pace(pace).start().await.expect("it starts")
}

fn client(simulator: &Simulator, preflight: Preflight) -> Client {
    let limits = MediaLimits::default().with_timeout(Duration::from_secs(3));
    let builder = Client::builder().api_base(simulator.api_base()).token("any");
    let builder = builder.preflight(preflight).media_limits(limits).allow_local_media();
    builder.build().expect("the settings are right")
}

fn boat(simulator: &Simulator, media: &TestMedia) -> Valid<Input> {
    let media = Media::url(simulator.media_url(media)).expect("it is an address");
    Input::new("a paper boat", media).validate().expect("it is right")
}

fn rules(report: &PreflightReport) -> Vec<String> {
    report.violations.iter().map(|violation| violation.rule.to_string()).collect()
}

#[tokio::test]
async fn preflight_and_the_simulator_refuse_the_same_media() {
    let simulator = simulator().await;
    let (careful, careless) =
        (client(&simulator, Preflight::Warn), client(&simulator, Preflight::Off));
    let sizes = [(300, 301), (301, 301), (400, 1000), (401, 1000), (1000, 400), (999, 400)];
    let mut refused = 0;
    for (format, (width, height)) in FORMATS.into_iter().flat_map(|f| sizes.map(|size| (f, size))) {
        let media = TestMedia::picture(format, width, height);
        let input = boat(&simulator, &media);
        let theirs = match careless.submit(&input).await {
            Ok(_) => true,
            Err(SubmitError::Rejected(error)) if error.http_status == 422 => false,
            Err(error) => panic!("{media}: {error}"),
        };
        let ours = match careful.submit(&input).await {
            Ok(_) => true,
            Err(SubmitError::Refused(_)) => false,
            Err(error) => panic!("{media}: {error}"),
        };
        assert_eq!(ours, theirs, "{media}");
        refused += usize::from(!ours);
    }
    assert_eq!(refused, 3 * FORMATS.len());
}

#[tokio::test]
async fn large_files_are_measured_from_few_bytes() {
    let simulator = simulator().await;
    let client = client(&simulator, Preflight::Warn);
    let jpeg = |header| TestMedia::picture(PictureFormat::Jpeg, 300, 301).with_header(header);
    let mp4 = |header| TestMedia::sample("mp4.mp4").with_header(header);
    let cases = [
        ("a JPEG of 50 MB", jpeg(Header::First).with_bytes(50_000_000), "width_pixels>", 4096),
        ("an MP4 of 100 MB", mp4(Header::First).with_bytes(100_000_000), "", 4096),
        ("one with its index last", mp4(Header::Last).with_bytes(100_000_000), "", 3 * 4096),
        (
            "a TIFF of 50 MB with its directory last",
            TestMedia::picture(PictureFormat::Tiff, 300, 301)
                .with_header(Header::Last)
                .with_bytes(50_000_000),
            "width_pixels>",
            3 * 4096,
        ),
    ];
    for (what, media, broken, most) in cases {
        let report = client.preflight(&boat(&simulator, &media)).await;
        assert_eq!(rules(&report).join(","), broken, "{what}: {report}");
        assert_eq!(report.unchecked, [], "{what}");
        assert!(report.stats.bytes <= most, "{what}: {}", report.stats);
    }
    // 50 MB of metadata before the frame: more than anybody would read.
    let hidden = jpeg(Header::Last).with_bytes(50_000_000);
    let report = client.preflight(&boat(&simulator, &hidden)).await;
    assert_eq!((report.violations.len(), report.unchecked.len()), (0, 4));
    assert!(report.stats.bytes <= 256 * 1024, "{}", report.stats);
}

#[tokio::test]
async fn a_rotated_image_is_measured_upright() {
    let simulator = simulator().await;
    let client = client(&simulator, Preflight::Warn);
    for orientation in 1..=8 {
        let media =
            TestMedia::picture(PictureFormat::Jpeg, 1000, 400).with_orientation(orientation);
        let report = client.preflight(&boat(&simulator, &media)).await;
        let broken = if orientation < 5 { "width/height<" } else { "width/height>" };
        assert_eq!(rules(&report), [broken], "orientation {orientation}");
    }
}

#[tokio::test]
async fn badly_served_media_is_measured_or_unchecked_with_a_reason() {
    let simulator = simulator().await;
    let client = client(&simulator, Preflight::Warn);
    type Case = (MediaFault, &'static str, &'static [WarningKind]);
    let cases: [Case; 17] = [
        (MediaFault::NoRanges, "", &[]),
        (MediaFault::NoLength, "", &[]),
        (MediaFault::Chunked, "", &[]),
        (MediaFault::Redirects(3), "", &[]),
        (MediaFault::Redirects(5), "", &[]),
        (MediaFault::Redirects(6), "redirect to redirect", &[WarningKind::NotFetched]),
        (MediaFault::RedirectLoop, "redirect to redirect", &[WarningKind::NotFetched]),
        (MediaFault::Delay(Duration::from_millis(200)), "", &[]),
        (
            MediaFault::Delay(Duration::from_secs(9)),
            "time that is allowed",
            &[WarningKind::NotFetched],
        ),
        (MediaFault::Drip(20), "time that is allowed", &[WarningKind::NotFetched]),
        (MediaFault::ClaimBytes(40_000_000), "", &[]),
        (MediaFault::LoginPage, "a web page came", &[WarningKind::WebPage]),
        (MediaFault::ContentType("text/plain".to_owned()), "", &[WarningKind::ContentType]),
        (MediaFault::Status(403), "HTTP 403", &[WarningKind::NotFetched]),
        (MediaFault::Cut(5), "could not be fetched", &[WarningKind::NotFetched]),
        (MediaFault::Empty, "", &[WarningKind::Empty]),
        (MediaFault::Reset, "could not be fetched", &[WarningKind::NotFetched]),
    ];
    for (fault, reason, advised) in cases {
        let is_empty = fault == MediaFault::Empty;
        for format in [PictureFormat::Png, PictureFormat::Jpeg] {
            let media = TestMedia::picture(format, 1000, 400).with_fault(fault.clone());
            let start = Instant::now();
            let report = client.preflight(&boat(&simulator, &media)).await;
            assert!(start.elapsed() < Duration::from_secs(6), "{media}");
            let about: Vec<WarningKind> =
                report.warnings.iter().map(|warning| warning.kind).collect();
            assert_eq!(about, advised, "{media}: {report}");
            if reason.is_empty() && !is_empty {
                assert_eq!(rules(&report), ["width/height<"], "{media}: {report}");
                assert_eq!(report.unchecked, [], "{media}: {report}");
            } else {
                assert_eq!(
                    (report.violations.len(), report.unchecked.len()),
                    (0, 4),
                    "{media}: {report}"
                );
                assert!(report.unchecked[0].reason.contains(reason), "{media}: {report}");
            }
        }
    }
}
