//! `--simulate` with trouble: each kind ends a run with its own exit code, and says what is next.

use crate::support::Home;

/// Each trouble, the exit code of a run with it, and a word of the next step.
const TROUBLES: [(&str, i32, &str); 10] = [
    ("none", 0, ""),
    ("random", 0, ""),
    ("bad-token", 4, "rcomfy jobs resume"),
    ("no-balance", 5, "rcomfy jobs resume"),
    ("failed-job", 6, "rcomfy jobs show"),
    ("cancelled-job", 7, ""),
    ("slow-job", 8, "rcomfy wait"),
    ("offline", 9, "rcomfy jobs resume"),
    ("lost-reply", 10, "rcomfy jobs settle"),
    ("lost-output", 11, "rcomfy download"),
];

#[test]
fn each_trouble_has_its_exit_code() {
    std::thread::scope(|scope| {
        for (name, code, next) in TROUBLES {
            scope.spawn(move || {
                let home = Home::new();
                let simulate = format!("--simulate={name}");
                let run = ["run", "flux-2-klein/4b", "--prompt", "a boat", &simulate];
                let ended = home.run(&[&run[..], &["--timeout", "8s"]].concat());
                assert_eq!(ended.code, code, "{name}: {ended:?}");
                assert!(ended.stderr.contains(next), "{name}: {}", ended.stderr);
            });
        }
    });
}

#[test]
fn every_trouble_is_tried() {
    let help = Home::new().run(&["run", "--help"]).stdout;
    let listed = help.lines().filter_map(|line| line.trim().strip_prefix("- ")).count();
    assert_eq!(listed, TROUBLES.len(), "{help}");
}

#[test]
fn a_check_is_tried_with_every_trouble() {
    let home = Home::new();
    home.picture("boat.png", 640, 480);
    home.picture("small.png", 200, 200);
    for (name, ..) in TROUBLES {
        let simulate = format!("--simulate={name}");
        let check = |picture: &str| {
            let input = ["check", "hailuo", "--prompt", "a boat", "--image-url", picture];
            home.json(&[&input[..], &[&simulate]].concat())
        };
        // A picture of this machine is measured without a call, and nothing is sent.
        assert_eq!(check("boat.png").0, 0, "{name}");
        let (code, envelope) = check("small.png");
        assert_eq!((code, &envelope["error"]["code"]), (3, &"input_refused".into()), "{name}");
    }
    assert!(home.run(&["jobs"]).stdout.starts_with("no jobs"));
}
