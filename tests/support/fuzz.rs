//! Fuzz targets: each takes any bytes, and panics if the generator breaks a promise. Returns
//! `true` if the bytes were accepted. `it/fuzz.rs` replays a corpus; cargo-fuzz searches for
//! more inputs.

use runcomfy::measure::{Probe, ProbeStep};
use runcomfy::media::MediaInfo;
use runcomfy_codegen::import::import;
use runcomfy_codegen::{
    Features, Generated, Objects, Settings, Source, diff, fixup_path, generate,
};

pub use crate::fuzz_reply::fuzz_reply;

/// Folder of the generated model.
const FOLDER: &str = "acme/x";
/// The default `model.json`.
const ENTRY: &str = r#"{"id": "acme/x"}"#;

/// The schema that others are compared with.
const OTHER: &str = r##"{
    "properties": {"a": {"$ref": "#/$defs/a"}, "b": {"$ref": "#/$defs/b"}},
    "$defs": {
        "a": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/b"}}]},
        "b": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}, "b": {"$ref": "#/$defs/b"}}}
    }
}"##;

/// Imports any bytes as a page, a catalog or a schema.
pub fn fuzz_import(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let found = import(&text).map_err(|error| error.to_string());
    assert_eq!(found, import(&text).map_err(|error| error.to_string()), "two runs differ");
    found.is_ok()
}

/// Generates from any bytes as `input.json`, `output.json`, `model.json` and a fixup, separated
/// by NUL. An empty part counts as absent.
pub fn fuzz_generate(data: &[u8]) -> bool {
    let texts: Vec<String> = data
        .splitn(4, |byte| *byte == 0)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    let text = |index: usize| texts.get(index).map(String::as_str).filter(|text| !text.is_empty());
    holds(text(0).unwrap_or_default(), text(1), text(2).unwrap_or(ENTRY), text(3))
}

/// Builds a reply from pieces that the bytes select. This reaches deep code faster than random
/// text.
pub fn fuzz_replies(data: &[u8]) -> bool {
    let (head, rest) = data.split_at(data.len().min(2));
    let mut choices = Choices(rest.iter());
    let mut members: Vec<String> = Vec::new();
    for _ in 0..=choices.below(7) {
        let name = choices.of(&MEMBERS);
        members.push(format!(r#""{name}":{}"#, choices.of(&MEMBER_VALUES)));
    }
    let mut body = format!("{{{}}}", members.join(","));
    if choices.below(8) == 7 {
        body.truncate(choices.below(body.len()));
    }
    fuzz_reply(&[head, body.as_bytes()].concat())
}

/// Builds a schema from keywords that the bytes select. This reaches deep code faster than
/// random text.
pub fn fuzz_schemas(data: &[u8]) -> bool {
    let mut choices = Choices(data.iter());
    let input = format!(
        r#"{{"type":"object","$defs":{{"a":{},"b":{}}},{}}}"#,
        choices.schema(3),
        choices.schema(2),
        choices.properties(4),
    );
    let output = format!(r#"{{"output":{}}}"#, choices.schema(4));
    holds(&input, Some(&output), ENTRY, None)
}

/// Measures any bytes as the start of a media file.
pub fn fuzz_media(data: &[u8]) -> bool {
    /// Feeds the probe. Each step must consume a byte, so their number is bounded.
    fn steps<'a>(mut file: Probe<'a>, data: &[u8], most: usize, block: u64) -> Probe<'a> {
        for _ in 0..most {
            let ProbeStep::Read(range) = file.step() else { break };
            assert!(range.start < range.end, "{range:?} is empty");
            let end = range.end.max(range.start.saturating_add(block));
            let place = |at: u64| usize::try_from(at).unwrap_or(data.len()).min(data.len());
            let mut bytes = data[place(range.start)..place(end)].to_vec();
            // Beyond the data there are zeros, without end.
            bytes.resize(block.min(end - range.start) as usize, 0);
            file.feed(range.start, &bytes);
        }
        file
    }

    let whole = Probe::whole(data).partial();
    assert_eq!(whole.info, MediaInfo::of_bytes(data), "two runs differ");
    assert_eq!(whole.info.bytes, Some(data.len() as u64));
    assert_eq!(whole.info.width.is_some(), whole.info.height.is_some());
    assert!(whole.info.width != Some(0) && whole.info.height != Some(0));

    let mut file = Probe::new();
    file.set_size(data.len() as u64);
    let file = steps(file, data, data.len() + 1, 1);
    assert_eq!(file.step(), ProbeStep::Measured(whole), "probed range by range");

    // The same bytes at the start of a file that is very long, or of unknown length.
    let mut file = Probe::new();
    let _ = steps(file.clone(), data, 24, 4096).partial();
    file.set_size(u64::MAX);
    let _ = steps(file, data, 24, 4096).partial();
    whole.info.width.is_some() || whole.info.duration.is_some()
}

/// Generates twice, and asserts what holds for any model. Returns `true` if it was generated.
fn holds(input: &str, output: Option<&str>, model: &str, fixup: Option<&str>) -> bool {
    let source = Source { folder: FOLDER, model, input, output, fixup };
    let first = generated(&source);
    let second = generated(&source);
    assert_eq!(first.files, second.files, "two runs differ");
    assert_eq!(first.diagnostics, second.diagnostics, "two runs differ");
    for (path, text) in &first.files {
        // `models.md` is Markdown.
        if path.ends_with(".rs") {
            let parsed = syn::parse_file(text);
            assert!(parsed.is_ok(), "{path} is not Rust: {:?}\n{text}", parsed.err());
        }
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let hides = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(|c| turns(c) || hides(c)), "{path} holds raw control characters");
    }
    for diagnostic in &first.diagnostics {
        let place = &diagnostic.place;
        let published = [
            (format!("{FOLDER}/input.json"), Some(input)),
            (format!("{FOLDER}/output.json"), output),
            (format!("{FOLDER}/model.json"), Some(model)),
            (fixup_path(FOLDER), fixup),
        ];
        let published = published.into_iter().find(|(file, _)| *file == place.file);
        let published = published.and_then(|(_, text)| text);
        let text = first.patched.get(&place.file).map(String::as_str).or(published);
        let within = text.is_some_and(|text| text.get(place.span.clone()).is_some());
        assert!(within, "{diagnostic}\npoints to {:?}, where there is no text", place.span);
    }
    assert!(first.diagnostics.len() < 1000, "{} diagnostics", first.diagnostics.len());
    let spaced = format!("{input}\n");
    let again = Source { input: &spaced, ..source };
    assert_eq!(diff(&[source], &[again]).models, [], "white space counts as a change");
    // A comparison with any schema terminates.
    let other = Source { input: OTHER, output: None, fixup: None, ..source };
    diff(&[source], &[other]);
    diff(&[other], &[source]);
    first.models > 0
}

fn generated(source: &Source<'_>) -> Generated {
    let settings = Settings {
        origin: "schemas".to_owned(),
        features: Features::None,
        present: Default::default(),
        deny: Default::default(),
        objects: Objects::Closed,
    };
    generate(std::slice::from_ref(source), &settings)
}

const TYPES: [&str; 10] = [
    r#""object""#,
    r#""array""#,
    r#""string""#,
    r#""integer""#,
    r#""number""#,
    r#""boolean""#,
    r#""null""#,
    r#"["string","null"]"#,
    r#"["integer","object","string"]"#,
    r#""tensor""#,
];
/// Texts for every place of a text: similar names, markup and code.
const TEXTS: [&str; 16] = [
    "a", "A", "a_b", "aB", "type", "self", "", "7", "\\u202e", "```\\n", "*/", "\\\"#", "\\u0000",
    "é", "Option", "input",
];
const VALUES: [&str; 14] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e308",
    "-0.0",
    "18446744073709551615",
    "-9223372036854775808",
    "[]",
    "{}",
    r#"[1,"a"]"#,
    r#"{"a":null}"#,
    "0.1",
];
const MEMBERS: [&str; 16] = [
    "request_id",
    "status",
    "output",
    "error",
    "error_code",
    "error_message",
    "message",
    "detail",
    "cost",
    "created_at",
    "finished_at",
    "queue_position",
    "outcome",
    "models",
    "total",
    "extra",
];
const MEMBER_VALUES: [&str; 24] = [
    "null",
    "true",
    "0",
    "-1",
    "0.25",
    "1e400",
    "400002",
    "400005",
    "429001",
    "500001",
    "[]",
    "{}",
    r#""r-1""#,
    r#""../x""#,
    r#""succeeded""#,
    r#""completed""#,
    r#""failed""#,
    r#""canceled""#,
    r#""in_queue""#,
    r#""cancelled""#,
    r#"{"video":"https://a/b.mp4","x":[1]}"#,
    r#"[{"loc":["body",0],"msg":"no"}]"#,
    r#"["a",{"b":null}]"#,
    r#""<html>""#,
];
const TARGETS: [&str; 9] = [
    "#",
    "#/$defs/a",
    "#/$defs/b",
    "#/properties/a",
    "#/$defs/a/items",
    "#/$defs/b/properties/a",
    "#/properties/A/anyOf/0",
    "#/nowhere",
    "other.json",
];
const COUNTS: [&str; 8] = [
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
];
const NUMBERS: [&str; 3] = ["exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const FORMATS: [&str; 6] = ["uri", "image_uri", "image_uris", "video_uri", "audio_uri", "color"];
const RULES: [&str; 5] = ["width_pixels>", "width/height<", "file_size_mb<", "frames<", "`*/"];

/// Choices made by bytes. After the last byte, always the first choice.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % bound.max(1)
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all.get(self.below(all.len())).copied().unwrap_or_default()
    }

    fn text(&mut self) -> String {
        format!("\"{}\"", self.of(&TEXTS))
    }

    fn value(&mut self) -> String {
        match self.below(2) {
            0 => self.text(),
            _ => self.of(&VALUES).to_owned(),
        }
    }

    fn list(&mut self, one: impl Fn(&mut Self) -> String) -> String {
        let all: Vec<String> = (0..=self.below(4)).map(|_| one(self)).collect();
        format!("[{}]", all.join(","))
    }

    fn schema(&mut self, depth: usize) -> String {
        let mut keywords: Vec<(&str, String)> = Vec::new();
        for _ in 0..self.below(6) {
            let (keyword, text) = self.keyword(depth);
            if keywords.iter().all(|(known, _)| *known != keyword) {
                keywords.push((keyword, text));
            }
        }
        let keywords: Vec<String> = keywords.into_iter().map(|(_, text)| text).collect();
        format!("{{{}}}", keywords.join(","))
    }

    fn properties(&mut self, depth: usize) -> String {
        let mut names: Vec<String> = Vec::new();
        let mut all: Vec<String> = Vec::new();
        for _ in 0..=self.below(5) {
            let name = self.text();
            if !names.contains(&name) {
                all.push(format!("{name}:{}", self.schema(depth.saturating_sub(1))));
                names.push(name);
            }
        }
        format!(r#""properties":{{{}}}"#, all.join(","))
    }

    /// Returns a keyword, and its JSON text with a value.
    fn keyword(&mut self, depth: usize) -> (&'static str, String) {
        let kind = self.below(if depth == 0 { 12 } else { 19 });
        if kind == 18 {
            return ("properties", self.properties(depth));
        }
        let below = depth.saturating_sub(1);
        let (keyword, value) = match kind {
            0 | 1 => ("type", self.of(&TYPES).to_owned()),
            2 => ("enum", self.list(Self::value)),
            3 => ("enum", self.list(Self::text)),
            4 => ("const", self.value()),
            5 => ("default", self.value()),
            6 => (["title", "description"][self.below(2)], self.text()),
            7 => (
                COUNTS[self.below(COUNTS.len())],
                self.of(&["0", "1", "3", "7.0", "99", "-1"]).to_owned(),
            ),
            8 => (NUMBERS[self.below(NUMBERS.len())], self.of(&VALUES).to_owned()),
            9 => ("format", format!("\"{}\"", self.of(&FORMATS))),
            10 => ("required", self.list(Self::text)),
            11 => (["nullable", "uniqueItems"][self.below(2)], self.of(&["true", "false"]).into()),
            12 => ("$ref", format!("\"{}\"", self.of(&TARGETS))),
            13 => ("items", self.schema(below)),
            14 => (
                ["anyOf", "oneOf", "allOf"][self.below(3)],
                self.list(|choices| choices.schema(below)),
            ),
            15 => (
                "additionalProperties",
                match self.below(3) {
                    0 => "false".to_owned(),
                    1 => "true".to_owned(),
                    _ => self.schema(below),
                },
            ),
            16 => ("validations", self.list(Self::rule)),
            _ => ("$ref", format!("\"{}\"", self.of(&TARGETS[..6]))),
        };
        (keyword, format!("\"{keyword}\":{value}"))
    }

    fn rule(&mut self) -> String {
        let (rule, value, message) = (self.of(&RULES), self.of(&VALUES), self.text());
        format!(
            r#"{{"validation_rule":"{rule}","validation_value":{value},"validation_error":{message}}}"#
        )
    }
}
