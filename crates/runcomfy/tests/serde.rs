//! The feature `serde`, over types written by hand: what reads back equal, and what a stranger
//! cannot make.
#![cfg(feature = "serde")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use runcomfy::codegen_support::schema::{
    ANY, Field, IMAGE, INTEGER, MEDIA, NUMBER, Rule, Shape, TEXT, ValueSchema,
};
use runcomfy::codegen_support::{Map, Value};
use runcomfy::{
    InputPath, JsonInput, Media, MediaOutput, Model, ModelInfo, PathSegment, Stored, Url,
    Violation, Violations,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

#[derive(Debug, Clone, PartialEq)]
struct Input {
    image: Media,
    images: Option<Vec<Media>>,
    layer: Option<Layer>,
    source: Option<Source>,
    size: Option<f64>,
    any: Option<Value>,
    required_null: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Layer {
    photos: Option<BTreeMap<String, Media>>,
    format: Option<Format>,
}

runcomfy::codegen_support::string_enum! {
    /// A format.
    pub enum Format {
        /// `a/b~c`
        Ab = "a/b~c",
    }
}

runcomfy::codegen_support::union! {
    input:
    /// An image or a number.
    pub enum Source {
        /// Media.
        Media(Media),
        /// A whole number.
        Integer(i64),
    }
}

static LAYER: [Field; 2] = [
    Field::optional("photos", Shape::Map(&ValueSchema::new(MEDIA, &[])), &[]),
    Field::optional("format", TEXT, &[Rule::Strings(Format::VALUES)]),
];
static SOURCES: [ValueSchema; 2] = [ValueSchema::new(IMAGE, &[]), ValueSchema::new(INTEGER, &[])];
static FIELDS: [Field; 7] = [
    Field::required("image", IMAGE, &[]),
    Field::optional("images", Shape::List(&ValueSchema::new(IMAGE, &[])), &[]),
    Field::optional("layer", Shape::Object(&LAYER), &[]),
    Field::optional("source", Shape::AnyOf(&SOURCES), &[]),
    Field::optional("size", NUMBER, &[]),
    Field::optional("any", ANY, &[]).described("Anything."),
    Field::required("required_null", Shape::Nullable(&ValueSchema::new(INTEGER, &[])), &[]),
];
runcomfy::codegen_support::object!(Layer, LAYER, [photos, format]);
runcomfy::codegen_support::object!(
    Input,
    FIELDS,
    [image, images, layer, source, size, any, required_null]
);
runcomfy::codegen_support::input_traits!(Input);

impl Model for Input {
    const ID: &'static str = "acme/everything";
    const FIELDS: &'static [Field] = &FIELDS;
    type Output = MediaOutput;
}

runcomfy::codegen_support::union! {
    output:
    /// A number or a text.
    pub enum Eta {
        /// A number.
        Number(f64),
        /// A text.
        Text(String),
    }
}

#[derive(Clone, Default, PartialEq)]
struct Output {
    seed: Option<i64>,
    etas: Vec<Eta>,
    url: Option<Url>,
    others: Map<String, Value>,
}

runcomfy::codegen_support::output!(
    Output,
    [seed: optional("seed"), etas: list("etas"), url: optional("url")],
    others
);

const URL: &str = "https://example.com/boat.png?sig=a%2Fb";

fn with(image: Media) -> Input {
    Input {
        image,
        images: None,
        layer: None,
        source: None,
        size: None,
        any: None,
        required_null: None,
    }
}

fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("it can be written");
    serde_json::from_str(&text).expect("what was written reads back")
}

fn is_kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    assert_eq!(again(value), *value);
}

#[test]
fn an_input_reads_back_equal() {
    let url = || Media::url(URL).expect("it is a URL");
    for media in [url(), Media::bytes(b"GIF89a"), Media::verbatim("boat.png")] {
        is_kept(&media);
        is_kept(&with(media.clone()));
        is_kept(&Input {
            images: Some(vec![media.clone(), url()]),
            layer: Some(Layer {
                photos: Some([("a/b~c".to_owned(), media.clone())].into()),
                format: Some(Format::Ab),
            }),
            source: Some(Source::Media(media.clone())),
            size: Some(0.1),
            any: Some(json!({"file": "/etc/passwd", "deep": [null, 1.5]})),
            required_null: Some(i64::MIN),
            ..with(media)
        });
    }
    is_kept(&Input { source: Some(Source::Integer(7)), images: Some(vec![]), ..with(url()) });
}

#[test]
fn a_stored_input_reads_back_equal_with_its_files() {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(file.path(), b"GIF89a").expect("it can be written");
    let read = Media::file(file.path());
    read.read(100).expect("it is small");
    let hostile = Media::file("/tmp/a \"b\"/~c\n.png");
    for media in [
        Media::file("boat.png"),
        hostile,
        read,
        Media::bytes(b"GIF89a"),
        Media::url(URL).expect("it is a URL"),
        Media::verbatim("boat.png"),
        // Its string alone would be a URL.
        Media::verbatim(URL),
        Media::verbatim("data:image/png;base64,AAAA"),
    ] {
        let input = Input {
            images: Some(vec![Media::verbatim("a"), media.clone()]),
            layer: Some(Layer {
                photos: Some([("a/b~c".to_owned(), media.clone())].into()),
                format: None,
            }),
            source: Some(Source::Media(media.clone())),
            ..with(media)
        };
        let Stored(read_back) = again(&Stored(input.clone()));
        assert_eq!(read_back, input);
        assert_eq!(format!("{read_back:?}"), format!("{input:?}"));
    }
}

#[test]
fn only_stored_writes_an_unread_file() {
    let input = with(Media::file("boat.png"));
    let error = serde_json::to_string(&input).expect_err("its content is not known");
    assert!(error.to_string().contains("`Stored` stores its path"), "{error}");
    assert!(serde_json::to_string(&Media::file("boat.png")).is_err());
    let row = serde_json::to_value(Stored(input)).expect("its path is known");
    assert_eq!(
        row,
        json!({
            "model": "acme/everything",
            "input": {"image": "boat.png", "required_null": null},
            "files": {"/image": "boat.png"},
        })
    );
}

#[test]
fn json_from_a_stranger_never_becomes_a_file() {
    let strings = ["/etc/passwd", "file:///etc/passwd", "boat.png", "C:\\boat.png", "~/.ssh/id"];
    for text in strings {
        let json = json!({"image": text, "images": [text], "source": text, "required_null": null});
        let input: Input = serde_json::from_value(json.clone()).expect("a string is media");
        assert_eq!(input.image, Media::verbatim(text));
        assert_eq!(input.source, Some(Source::Media(Media::verbatim(text))));
        let media: Media = serde_json::from_value(json!(text)).expect("a string is media");
        assert_eq!(media, Media::verbatim(text));
        let typed = JsonInput::<Input>::from(json).typed().expect("a string is media");
        assert_eq!(typed, input);
    }
    // No form of the typed input, and not the envelope itself, names a file.
    let row = serde_json::to_value(Stored(with(Media::file("/etc/passwd")))).expect("it is JSON");
    let tagged = json!({"image": {"file": "/etc/passwd"}, "required_null": null});
    for json in [row, tagged] {
        assert!(serde_json::from_value::<Input>(json.clone()).is_err(), "{json}");
        assert!(!JsonInput::<Input>::from(json.clone()).violations().is_empty(), "{json}");
        assert!(JsonInput::<Input>::from(json).typed().is_err());
    }
}

#[test]
fn a_stored_input_of_another_form_is_refused() {
    let right = json!({"model": Input::ID, "input": {"image": "a", "required_null": null}});
    assert!(serde_json::from_value::<Stored<Input>>(right.clone()).is_ok());
    let changed = |name: &str, value: Value| {
        let mut json = right.clone();
        json[name] = value;
        json
    };
    let cases = [
        changed("model", json!("acme/other")),
        changed("input", json!({"image": 1, "required_null": null})),
        changed("input", json!({})),
        changed("file", json!({"/image": "a"})),
        changed("files", json!(["a"])),
        right["input"].clone(),
    ];
    for json in cases {
        assert!(serde_json::from_value::<Stored<Input>>(json.clone()).is_err(), "{json}");
    }
    // A place that is not media is passed over.
    let json = changed("files", json!({"/nowhere": "a", "/required_null": "b", "": "c"}));
    let Stored::<Input>(input) = serde_json::from_value(json).expect("the input is right");
    assert_eq!(input, with(Media::verbatim("a")));
}

#[test]
fn violations_and_paths_read_back_equal() {
    let path: InputPath =
        [PathSegment::Name("a/b".to_owned()), PathSegment::Index(3), PathSegment::Name("3".into())]
            .into_iter()
            .collect();
    is_kept(&path);
    assert_eq!(serde_json::to_value(&path).ok(), Some(json!(["a/b", 3, "3"])));

    let violations = JsonInput::<Input>::from(json!({"image": 1, "x": 2})).violations();
    is_kept(&violations);
    is_kept(&Violations::default());
    let first: Violation = violations.first().expect("there are three").clone();
    is_kept(&first);
    assert_eq!(
        serde_json::to_value(&first).ok(),
        Some(json!({
            "path": ["image"],
            "rule": "type",
            "message": "must be a string with the URL of media",
            "found": "1",
        }))
    );
}

#[test]
fn an_output_reads_back_equal_with_what_does_not_fit() {
    let json = json!({
        "seed": 7, "etas": [1.5, "soon"], "url": "https://example.com/", "more": {"a": null},
    });
    let output: Output = serde_json::from_value(json.clone()).expect("it fits");
    assert_eq!((output.etas.len(), output.others.len()), (2, 1));
    is_kept(&output);
    assert_eq!(serde_json::to_value(&output).ok(), Some(json));

    for json in [
        json!({}),
        json!({"seed": "x", "etas": [null], "url": 7}),
        json!({"seed": null, "etas": null}),
    ] {
        let output: Output = serde_json::from_value(json).expect("it is an object");
        is_kept(&output);
    }
    let media = json!({"video": "https://example.com/v.mp4", "images": [], "audio": 1, "x": []});
    let media: MediaOutput = serde_json::from_value(media).expect("it is an object");
    is_kept(&media);
    assert!(serde_json::from_value::<Output>(json!([])).is_err());
}

#[test]
fn a_model_is_listed_with_its_properties() {
    let json = serde_json::to_value(ModelInfo::of::<Input>()).expect("it is JSON");
    assert_eq!(json["id"], "acme/everything");
    assert_eq!(json["properties"][0], json!({"name": "image", "required": true}));
    assert_eq!(
        json["properties"][5],
        json!({"name": "any", "required": false, "description": "Anything."})
    );
}

#[cfg(feature = "client")]
#[test]
fn a_report_and_a_downloaded_file_are_stored_and_read_again() {
    let report = serde_json::json!({
        "violations": [{"path": ["images", 0], "rule": "format", "message": "m", "found": null}],
        "warnings": [{"path": ["image"], "kind": "NotHttps", "message": "m"}],
        "unchecked": [{"path": [], "rule": "width_pixels>", "reason": "r"}],
        "stats": {"requests": 1, "bytes": 2, "time": {"secs": 3, "nanos": 4}},
    });
    let read: runcomfy::client::PreflightReport =
        serde_json::from_value(report.clone()).expect("it is one");
    assert_eq!(serde_json::to_value(&read).expect("it is JSON"), report);
    let file = serde_json::json!({"output_path": ["video"], "url": "https://a/v", "path": "v.mp4", "bytes": 7, "is_size_confirmed": true});
    let read: runcomfy::client::DownloadedFile =
        serde_json::from_value(file.clone()).expect("it is one");
    assert_eq!(serde_json::to_value(&read).expect("it is JSON"), file);
}

runcomfy::codegen_support::union! {
    input:
    /// A text or an image.
    pub enum Picture {
        /// A text.
        Text(String),
        /// Media.
        Media(Media),
    }
}

runcomfy::codegen_support::union! {
    input:
    /// An image, images, a text or texts.
    pub enum Pictures {
        /// Media.
        Media(Media),
        /// Several.
        MediaList(Vec<Media>),
        /// A text.
        Text(String),
        /// Several.
        TextList(Vec<String>),
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Poster {
    picture: Picture,
    pictures: Option<Vec<Pictures>>,
    seed: Option<i128>,
}

static PICTURES: [ValueSchema; 2] = [ValueSchema::new(TEXT, &[]), ValueSchema::new(IMAGE, &[])];
static SEVERAL: [ValueSchema; 4] = [
    ValueSchema::new(IMAGE, &[]),
    ValueSchema::new(Shape::List(&ValueSchema::new(IMAGE, &[])), &[]),
    ValueSchema::new(TEXT, &[]),
    ValueSchema::new(Shape::List(&ValueSchema::new(TEXT, &[])), &[]),
];
static POSTER: [Field; 3] = [
    Field::required("picture", Shape::AnyOf(&PICTURES), &[]),
    Field::optional("pictures", Shape::List(&ValueSchema::new(Shape::AnyOf(&SEVERAL), &[])), &[]),
    Field::optional("seed", INTEGER, &[]),
];
runcomfy::codegen_support::object!(Poster, POSTER, [picture, pictures, seed]);
runcomfy::codegen_support::input_traits!(Poster);

impl Model for Poster {
    const ID: &'static str = "acme/poster";
    const FIELDS: &'static [Field] = &POSTER;
    type Output = MediaOutput;
}

#[test]
fn what_is_stored_in_a_union_reads_back_as_the_same_variant() {
    let media =
        [Media::file("boat.png"), Media::url(URL).expect("it is a URL"), Media::bytes(b"GIF89a")];
    for media in media.into_iter().chain([Media::verbatim(URL), Media::verbatim("boat.png")]) {
        let poster = Poster {
            picture: Picture::Media(media.clone()),
            pictures: Some(vec![
                Pictures::Text(URL.to_owned()),
                Pictures::MediaList(vec![media.clone(), media.clone()]),
                Pictures::TextList(vec!["boat.png".to_owned(), URL.to_owned()]),
                Pictures::Media(media),
                Pictures::Text("boat.png".to_owned()),
            ]),
            seed: Some(-1),
        };
        let Stored(read_back) = again(&Stored(poster.clone()));
        assert_eq!(read_back, poster);
    }
    let poster = Poster {
        picture: Picture::Text(URL.to_owned()),
        pictures: None,
        seed: Some(i128::from(u64::MAX)),
    };
    let Stored(read_back) = again(&Stored(poster.clone()));
    assert_eq!(read_back, poster);
    is_kept(&poster);
}

#[test]
fn debug_shows_the_urls_of_an_output_as_text() {
    let output: Output =
        serde_json::from_value(json!({"url": URL, "etas": [1.5]})).expect("it fits");
    let shown = format!("{output:?}");
    assert_eq!(
        shown,
        format!("Output {{ seed: None, etas: [Number(1.5)], url: Some({URL:?}), others: {{}} }}")
    );
}
