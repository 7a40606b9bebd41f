//! Bad inputs and bad command lines: drawn at their place, with the exit code that the docs say.

use crate::support::{Home, fast};

#[test]
fn problems_are_drawn_at_the_flags() {
    let home = Home::new();
    let long = "a".repeat(1996);
    let ended =
        home.run(&["check", "hailuo", "--prompt", &long, "--prompt-optimizer=maybe", "--offline"]);
    assert_eq!(ended.code, 3);
    insta::assert_snapshot!("problems_at_flags", ended.shown(&home));
}

#[test]
fn problems_are_drawn_in_the_json() {
    let home = Home::new();
    home.write(
        "job.json",
        "{\n  \"promt\": \"a paper boat\",\n  \"prompt_optimizer\": \"yes\",\n  \"image_url\": \"boat.png\"\n}\n",
    );
    let ended = home.run(&["check", "hailuo", "--input", "job.json", "--offline"]);
    assert_eq!(ended.code, 3);
    insta::assert_snapshot!("problems_in_json", ended.shown(&home));
}

#[test]
fn problems_are_data_with_json() {
    let home = Home::new();
    let (code, envelope) = home.json(&["check", "hailuo", "--prompt", "x", "--offline"]);
    assert_eq!(code, 3);
    let error = &envelope["error"];
    assert_eq!(error["code"], "input_refused");
    assert_eq!(error["problems"][0]["pointer"], "/image_url");
    assert_eq!(error["problems"][0]["rule"], "required");
}

#[test]
fn a_syntax_error_is_shown_at_its_place() {
    let home = Home::new();
    home.write("job.json", "{\n  \"prompt\": \"a\",\n}\n");
    let ended = home.run(&["check", "hailuo", "--input", "job.json", "--offline"]);
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!("syntax_error", ended.shown(&home));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_picture_is_refused_before_it_is_paid_for() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    home.picture("boat.png", 200, 200);
    let ended = home.run(&["run", "hailuo", "--prompt", "a boat", "--image-url", "boat.png"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.stderr.contains("must both exceed 300 pixels"), "{}", ended.stderr);
    assert!(ended.stderr.contains("200 × 200 px"), "{}", ended.stderr);
    assert!(simulator.ledger().is_empty());
}

#[test]
fn a_command_without_a_token_says_how_to_get_one() {
    let home = Home::new();
    home.picture("boat.png", 640, 480);
    let ended = home.run(&["run", "hailuo", "--prompt", "a boat", "--image-url", "boat.png"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.stderr.contains("rcomfy login"), "{}", ended.stderr);
}

#[test]
fn a_token_is_never_shown_whole() {
    let home = Home::new();
    let output = home
        .command(&["config"])
        .env("RUNCOMFY_API_TOKEN", "secret-secret-1234")
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("…1234") && !text.contains("secret"), "{text}");
    assert!(text.contains("RUNCOMFY_API_TOKEN"), "{text}");
}

#[test]
fn the_token_of_the_official_tool_is_read_last() {
    let home = Home::new();
    home.write(".config/runcomfy/token.json", r#"{"access_token": "official-token-9876"}"#);
    let (_, envelope) = home.json(&["config"]);
    assert_eq!(envelope["data"]["token"]["value"], "…9876");
    home.write("config/rcomfy/token", "our-own-token-5432\n");
    let (_, envelope) = home.json(&["config"]);
    assert_eq!(envelope["data"]["token"]["value"], "…5432");
    home.write("config/rcomfy/config.toml", "token_command = [\"echo\", \"commanded-1111\"]\n");
    let (_, envelope) = home.json(&["config"]);
    assert_eq!(envelope["data"]["token"]["value"], "…1111");
}

#[test]
fn a_wrong_key_of_the_configuration_is_named() {
    let home = Home::new();
    home.write("config/rcomfy/config.toml", "tokn = 1\n");
    let ended = home.run(&["config"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("tokn"), "{}", ended.stderr);
}

#[test]
fn a_wrong_command_line_has_an_envelope_too() {
    let home = Home::new();
    for (args, said, fix) in [
        (&[][..], "requires a subcommand", "Usage: rcomfy"),
        (&["odd"], "unrecognized subcommand 'odd'", "Usage: rcomfy"),
        (&["run"], "required arguments were not provided: <MODEL>", "Usage: rcomfy run"),
        (&["models", "--take", "image"], "unexpected argument '--take'", "'--takes'"),
        (&["run", "hailuo", "--promt", "x"], "unexpected argument '--promt'", "'--prompt'"),
        (&["wait", "x", "--timeout", "soon"], "invalid value 'soon'", "`--help`"),
        (&["jobs", "settle", "x"], "required arguments", "--give-up"),
        (&["spend", "set"], "required arguments", "--budget-per-day"),
    ] {
        let (code, envelope) = home.json(args);
        let error = &envelope["error"];
        assert_eq!((code, &error["code"]), (2, &"usage".into()), "{args:?}: {envelope}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(said) && !message.contains("error:"), "{args:?}: {envelope}");
        let next = error["fix"].as_str().expect("a fix");
        assert!(next.contains(fix) || message.contains(fix), "{args:?}: {envelope}");
        let ended = home.run(&[args, &["--events"]].concat());
        let last = ended.stdout.lines().last().expect("an event");
        assert!(ended.code == 2 && last.contains("\"finished\""), "{args:?}: {ended:?}");
    }
}
