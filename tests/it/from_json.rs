//! Inputs as JSON and typed inputs: the same rules, all violations at once, with paths.

use runcomfy::media::MediaInfo;
use runcomfy::{JsonInput, Media, Model, Payload, Valid, Violations};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use serde_json::{Value, json};

fn image() -> Media {
    Media::url("https://example.com/boat.png").expect("it is a URL")
}

fn good() -> Value {
    json!({"prompt": "a paper boat", "image_url": "https://example.com/boat.png"})
}

/// Returns the valid input with one property replaced or removed.
fn with(name: &str, value: Option<Value>) -> Value {
    let mut input = good();
    let object = input.as_object_mut().expect("it is an object");
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    input
}

fn found(violations: &Violations) -> Vec<(String, String)> {
    violations
        .iter()
        .map(|violation| (violation.path.to_string(), violation.rule.clone().into_owned()))
        .collect()
}

#[test]
fn each_fault_is_found_at_its_path_under_its_rule() {
    let cases: [(Value, &[(&str, &str)]); 13] = [
        (good(), &[]),
        (with("prompt_optimizer", Some(json!(false))), &[]),
        (with("prompt", Some(json!("波".repeat(1995)))), &[]),
        (with("prompt", Some(json!("波".repeat(1996)))), &[("prompt", "maxLength")]),
        (with("prompt", Some(json!(7))), &[("prompt", "type")]),
        (with("prompt", Some(json!(null))), &[("prompt", "type")]),
        (with("image_url", None), &[("image_url", "required")]),
        (with("image_url", Some(json!(["x"]))), &[("image_url", "type")]),
        (with("prompt_optimizer", Some(json!("yes"))), &[("prompt_optimizer", "type")]),
        (
            with("promt_optimizer", Some(json!(true))),
            &[("promt_optimizer", "additionalProperties")],
        ),
        (json!({}), &[("prompt", "required"), ("image_url", "required")]),
        (json!([]), &[("input", "type")]),
        (
            json!({"prompt": "a".repeat(1996), "prompt_optimizer": 0, "seed": 1}),
            &[
                ("prompt", "maxLength"),
                ("image_url", "required"),
                ("prompt_optimizer", "type"),
                ("seed", "additionalProperties"),
            ],
        ),
    ];
    for (input, expected) in cases {
        let violations = JsonInput::<Input>::from(input.clone()).violations();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(path, rule)| ((*path).into(), (*rule).into())).collect();
        assert_eq!(found(&violations), expected, "{input}");
    }
}

#[test]
fn an_unknown_property_gets_a_suggestion() {
    let message = |name: &str| {
        let violations = JsonInput::<Input>::from(with(name, Some(json!(true)))).violations();
        violations.first().map(|violation| violation.message.clone()).unwrap_or_default()
    };
    assert_eq!(message("promt_optimizer"), "unknown property; did you mean `prompt_optimizer`?");
    assert_eq!(message("imageurl"), "unknown property; did you mean `image_url`?");
    assert_eq!(
        message("seed"),
        "unknown property; the schema has `prompt`, `image_url`, `prompt_optimizer`"
    );
}

#[test]
fn a_refused_input_is_returned_unchanged() {
    let input = Input::new("a".repeat(1996), image());
    let invalid = input.clone().validate().expect_err("the prompt is too long");
    assert_eq!(invalid.input, input);
    assert_eq!(found(&invalid.violations), [("prompt".to_owned(), "maxLength".to_owned())]);
    assert_eq!(
        invalid.to_string(),
        "the input breaks the model's schema:\n\
         prompt: must be at most 1995 characters (found 1996) [maxLength]"
    );
}

#[test]
fn max_length_counts_characters_not_bytes() {
    assert!(Input::new("波".repeat(1995), image()).validate().is_ok());
    assert!(Input::new("🌊".repeat(1996), image()).validate().is_err());
}

#[test]
fn unset_properties_are_not_sent() {
    let input = Input::new("a paper boat", image());
    assert_eq!(input.to_json().ok(), Some(good()));
    let input = input.with_prompt_optimizer(false);
    assert_eq!(input.to_json().ok(), Some(with("prompt_optimizer", Some(json!(false)))));
}

#[test]
fn custom_rules_report_the_schemas_own_messages() {
    const BIG: &str = "The uploaded image width and height must both exceed 300 pixels.";
    const SHAPE: &str = "The aspect ratio range should be 2:5 to 5:2.";
    type Case = (u32, u32, &'static [(&'static str, &'static str)]);
    let cases: [Case; 8] = [
        (301, 301, &[]),
        (300, 301, &[("width_pixels>", BIG)]),
        (301, 300, &[("height_pixels>", BIG)]),
        (200, 200, &[("width_pixels>", BIG), ("height_pixels>", BIG)]),
        (400, 1000, &[("width/height>", SHAPE)]),
        (401, 1000, &[]),
        (1000, 400, &[("width/height<", SHAPE)]),
        (999, 400, &[]),
    ];
    let input = Input::new("a paper boat", image());
    let json = JsonInput::<Input>::from(good());
    for (width, height, expected) in cases {
        for media in [input.media(), json.media()] {
            let [image] = media.as_slice() else { panic!("there should be one image") };
            assert_eq!(image.path.to_string(), "image_url");
            let violations = image.violations(&MediaInfo::of_size(width, height));
            let found: Vec<(&str, &str)> = violations
                .iter()
                .map(|violation| (violation.rule.as_ref(), violation.message.as_str()))
                .collect();
            assert_eq!(found, expected, "{width} × {height}");
        }
    }
}

#[test]
fn rules_about_unknown_facts_are_unchecked() {
    let media = Input::new("a paper boat", image()).media();
    let nothing = MediaInfo::default();
    assert_eq!(media[0].violations(&nothing), []);
    let rules = ["width_pixels>", "height_pixels>", "width/height>", "width/height<"];
    let unchecked = media[0].unchecked(&nothing);
    assert_eq!(unchecked.iter().map(|(rule, _)| rule.as_ref()).collect::<Vec<_>>(), rules);
    assert_eq!(media[0].unchecked(&MediaInfo::of_size(1, 1)), []);
}

#[test]
fn a_valid_input_can_be_read_and_unwrapped() {
    let valid = Input::new("a paper boat", image()).validate().expect("it is valid");
    assert_eq!(valid.prompt, "a paper boat");
    let input = valid.into_inner().with_prompt_optimizer(true);
    assert_eq!(Valid::assume(input).prompt_optimizer, Some(true));
}

#[test]
fn a_json_syntax_error_names_its_position() {
    let error = JsonInput::<Input>::parse("{\"prompt\": }").expect_err("it is not JSON");
    assert!(error.to_string().contains("line 1 column 12"), "{error}");
}

#[test]
fn json_becomes_typed_even_if_it_breaks_rules() {
    let typed = |input: Value| JsonInput::<Input>::from(input).typed();
    assert_eq!(typed(good()), Ok(Input::new("a paper boat", image())));
    let long = with("prompt", Some(json!("a".repeat(1996))));
    let input = typed(long.clone()).expect("a text is a text");
    assert_eq!(input.to_json().ok(), Some(long.clone()));
    assert_eq!(found(&input.violations()), [("prompt".to_owned(), "maxLength".to_owned())]);

    let valid = JsonInput::<Input>::from(good()).validate().expect("it is valid");
    assert_eq!(valid.typed().map(Valid::into_inner), Ok(Input::new("a paper boat", image())));
    let assumed = Valid::assume(JsonInput::<Input>::from(long));
    assert!(assumed.typed().is_ok(), "an assumed input should stay valid");
}

#[test]
fn a_value_without_a_type_is_refused_at_its_path() {
    let input = json!({"prompt": 7, "prompt_optimizer": null, "seed": 1});
    let invalid = JsonInput::<Input>::from(input.clone()).typed().expect_err("it does not fit");
    assert_eq!(invalid.input.as_value(), &input);
    let expected = [
        ("seed", "additionalProperties"),
        ("prompt", "type"),
        ("image_url", "required"),
        ("prompt_optimizer", "type"),
    ];
    let expected = expected.map(|(path, rule)| (path.to_owned(), rule.to_owned()));
    assert_eq!(found(&invalid.violations), expected);
}

#[test]
fn model_info_checks_like_the_models_type() {
    let folder = crate::support::root().join("schemas");
    let listed: Vec<&runcomfy::ModelInfo> = runcomfy_models::models().collect();
    let subjects = crate::compiled_oracle::subjects();
    let published = subjects.iter().filter(|of| folder.join(&of.folder).exists());
    assert_eq!(listed.len(), published.count());
    let hailuo = listed.iter().find(|model| model.id == Input::ID).expect("it is listed");
    assert_eq!(hailuo.violations(&good()), Violations::default());
    assert_eq!(hailuo.violations(&json!({})), JsonInput::<Input>::from(json!({})).violations());
    assert_eq!(hailuo.json_schema(), runcomfy::json_schema::<Input>());
}
