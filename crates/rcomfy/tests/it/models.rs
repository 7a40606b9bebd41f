//! The built-in catalog, without a network.

use crate::support::Home;

#[test]
fn models_are_found_by_words() {
    let (code, envelope) = Home::new().json(&["models", "text to video"]);
    assert_eq!(code, 0);
    let models = envelope["data"]["models"].as_array().expect("models");
    assert!(models.len() > 10, "{models:?}");
    for model in models {
        assert!(
            model["gives"].as_array().expect("kinds").iter().any(|kind| kind == "video"),
            "{model}"
        );
    }
}

#[test]
fn models_are_filtered_by_what_goes_in_and_out() {
    let (_, envelope) = Home::new().json(&["models", "--takes", "image", "--gives", "video"]);
    let ids: Vec<&str> = envelope["data"]["models"]
        .as_array()
        .expect("models")
        .iter()
        .filter_map(|model| model["id"].as_str())
        .collect();
    assert!(ids.contains(&"minimax/Hailuo Video 01 Live"), "{ids:?}");
    assert!(!ids.contains(&"acestep-ai/ace-step/text-to-audio"), "{ids:?}");
}

#[test]
fn one_model_is_shown_with_its_bounds() {
    let home = Home::new();
    insta::assert_snapshot!("models_show", home.run(&["models", "show", "hailuo"]).shown(&home));
}

#[test]
fn a_fragment_that_fits_several_models_lists_them() {
    let ended = Home::new().run(&["models", "show", "seedance"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("fits"), "{}", ended.stderr);
}

#[test]
fn an_unknown_model_gets_the_nearest() {
    let ended = Home::new().run(&["models", "show", "hailou"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("minimax/Hailuo Video 01 Live"), "{}", ended.stderr);
}

#[test]
fn a_narrow_terminal_gets_a_narrow_table() {
    let home = Home::new();
    let output = home.command(&["models"]).env("COLUMNS", "60").output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|width| (30..=60).contains(&width)), "{widest:?}\n{text}");
}
