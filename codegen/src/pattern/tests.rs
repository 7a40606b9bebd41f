//! Patterns, and random ones judged by other engines.

use super::*;

// Field case: pattern.
#[test]
fn patterns_match_as_in_ecma_262() {
    let cases: [(&str, &[&str], &[&str]); 32] = [
        (r"^\d+x\d+$", &["1x1", "12x345"], &["x", "1x1\n", "1x", "١x١"]),
        ("b", &["abc", "b"], &["ac", ""]),
        (r"^\w+$", &["a_1Z"], &["é", "a-b"]),
        (r"^\W$", &["é", " "], &["a"]),
        (r"^\s$", &[" ", "\u{a0}", "\u{feff}", "\u{2029}", "\u{b}"], &["\u{200b}", "\u{85}"]),
        (r"^\S$", &["\u{85}", "x"], &["\u{3000}"]),
        (r"^.$", &["a", "🐲"], &["\n", "\r", "\u{2028}", "ab"]),
        (r"^\/a\-b\.\:$", &["/a-b.:"], &["/a-bx:"]),
        (r"^\cA\x41\u0042\u{1F432}\uD83D\uDC32$", &["\u{1}AB🐲🐲"], &["AB"]),
        (r"^🐲*$", &["", "🐲🐲"], &["🐉"]),
        (r"^[^x]$", &["🐲"], &["x", "ab"]),
        ("^[a-c]$", &["b"], &["d", "-"]),
        (r"^[a\-c]$", &["-"], &["b"]),
        (r"^[\w-]$", &["-", "a"], &["."]),
        (r"^[a-\d]$", &["a", "-", "7"], &["b"]),
        (r"^[\d-x]$", &["-", "7", "x"], &["y"]),
        ("^[[a&&b~~c-]+$", &["[&~-abc"], &["]"]),
        (r"^[\]\\^]$", &["]", "\\", "^"], &["a"]),
        (r"^[^\D]$", &["5"], &["a"]),
        (r"^[\b]$", &["\u{8}"], &["b"]),
        ("^[]$", &[], &["", "a"]),
        ("^[^]$", &["a", "\n"], &[""]),
        (r"\bcat\b", &["a cat.", "écaté cat"], &["concat"]),
        (r"^(?<year>\d{4})-(\d{2})$", &["2024-01"], &["24-01"]),
        ("^(?:a|b){2,3}?$", &["ab", "bab"], &["a", "abab"]),
        ("^a{2}b{1,}c{0}$", &["aabb"], &["ab", "aabc"]),
        ("^a{,2}$", &["a{,2}"], &["aa", ""]),
        ("^{}x{y}$", &["{}x{y}"], &["x"]),
        ("^$", &[""], &["\n"]),
        (r"^\p{Lu}\p{Script=Greek}\P{L}$", &["Aα1"], &["aα1"]),
        ("^a|b$", &["ax", "xb"], &["xa"]),
        (r"^\t\n\v\f\r\0$", &["\t\n\u{b}\u{c}\r\0"], &["t"]),
    ];
    for (pattern, matching, others) in cases {
        let translated = translate(pattern).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
        let regex = compile(&translated).expect("it was compiled before");
        for text in matching {
            assert!(regex.is_match(text), "{pattern} ({translated}) and {text:?}");
        }
        for text in others {
            assert!(!regex.is_match(text), "{pattern} ({translated}) and {text:?}");
        }
    }
}

#[test]
fn unsupported_constructs_are_named() {
    let cases = [
        (r"(?=a)", "look-ahead"),
        (r"(?!a)", "look-ahead"),
        (r"(?<=a)b", "look-behind"),
        (r"(?<!a)b", "look-behind"),
        (r"(a)\1", "a back-reference"),
        (r"(?<n>a)\k<n>", "a back-reference"),
        (r"\ud83d", "half of a surrogate pair"),
        (r"[\ud83d-\ud83e]", "half of a surrogate pair"),
        (r"\Ba", "`\\B`"),
        ("a{200000}", "repeats this large"),
        ("^.{1,1000}$", "repeats this large"),
        ("(?:(?:a{1000}){1000}){1000}", "repeats this large"),
        ("(?i:a)", "flags within it"),
    ];
    for (pattern, construct) in cases {
        let expected = Err(PatternError::Unsupported(construct));
        assert_eq!(translate(pattern), expected, "{pattern}");
    }
    assert!(translate("^.{1,400}$").is_ok(), "a short text is no large repeat");
    assert_eq!(translate(&"(".repeat(9999)), Err(PatternError::Unsupported("groups this deep")));
}

#[test]
fn malformed_patterns_are_refused() {
    for pattern in [
        "(",
        ")",
        "[a",
        "a**",
        "*",
        "+a",
        "^*",
        "a{3,2}",
        r"\",
        r"\c1",
        r"\q",
        "[z-a]",
        "(?x)",
        "a{2}{3}",
        "{2}",
        "(?:{2})",
        "^{2}",
        r"\b{2}",
        "a|{2,3}",
        r"\u{}",
        r"\u{110000}",
        r"\x4",
        "(?<1>a)",
        "(?<n>a)(?<n>b)",
        r"\p{Greek}",
        r"\p{greek}",
        r"\p{IsGreek}",
        r"\p{}",
        r"\p{L",
        r"[\p{Nope}]",
        r"\u{61}]",
    ] {
        let found = translate(pattern);
        assert!(matches!(found, Err(PatternError::Malformed(_))), "{pattern}: {found:?}");
    }
}

/// Environment variable of `.ci/long`: the number of random patterns. With it, Node.js judges them
/// too.
const PATTERNS: &str = "RUNCOMFY_PATTERNS";

/// The parts of random patterns. Together they have every construct of the syntax, and mistakes.
const PARTS: [&str; 62] = [
    "a",
    "b",
    "1",
    "_",
    "-",
    " ",
    "é",
    "🐲",
    ".",
    "^",
    "$",
    "|",
    "(",
    "(",
    "(?:",
    "(?<n>",
    ")",
    ")",
    ")",
    "[",
    "[^",
    "]",
    "]",
    "a-c",
    "1-",
    "-",
    "*",
    "+",
    "?",
    "{",
    "}",
    "{2}",
    "{1,}",
    "{0,2}",
    "{,2}",
    "{2,1}",
    ",",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\-",
    "\\@",
    "\\.",
    "\\\\",
    "\\n",
    "\\0",
    "\\x61",
    "\\u0062",
    "\\u{1F432}",
    "\\u{}",
    "\\cA",
    "\\p{L}",
    "\\P{Lu}",
    "\\p{Script=Greek}",
    "\\p{Greek}",
    "\\/",
    "\\q",
    "&&",
];
/// The characters of random texts.
const CHARACTERS: [char; 20] = [
    'a', 'b', 'c', '1', '2', '_', '-', ' ', '\n', '.', '{', '}', ']', ',', '@', '\\', '\u{1}', 'é',
    'α', '🐲',
];

/// A random pattern, our translation, and texts with the verdicts of another engine.
struct Trial {
    pattern: String,
    texts: Vec<String>,
    ours: Result<regex::Regex, PatternError>,
}

impl Trial {
    fn new(random: &mut fastrand::Rng) -> Self {
        let parts = (0..random.usize(1..9)).map(|_| PARTS[random.usize(..PARTS.len())]);
        let pattern: String = parts.collect();
        let text = |random: &mut fastrand::Rng| -> String {
            (0..random.usize(..6)).map(|_| CHARACTERS[random.usize(..CHARACTERS.len())]).collect()
        };
        let texts = (0..12).map(|_| text(random)).collect();
        let ours = translate(&pattern).map(|translated| compile(&translated).expect("it compiled"));
        Self { pattern, texts, ours }
    }

    /// Compares with the verdicts of another engine, each of them `None` if it refuses the pattern:
    /// with the `u` flag, and without it. Without it, a character past U+FFFF is two.
    fn compare(&self, engine: &str, with_flag: Option<&[bool]>, without: Option<&[bool]>) {
        let Self { pattern, texts, ours } = self;
        let expected = with_flag.or(without);
        match (ours, expected) {
            (Ok(_), None) => panic!("{engine} refuses {pattern:?}"),
            // `regress` takes more than ECMA-262 does, such as `\b?`.
            (Err(PatternError::Malformed(why)), _)
                if with_flag.is_some() && engine != "regress" =>
            {
                panic!("{engine} accepts {pattern:?}: {why}")
            }
            (Err(_), _) => {}
            (Ok(regex), Some(expected)) => {
                for (text, expected) in texts.iter().zip(expected) {
                    let is_of_pairs = format!("{pattern}{text}").contains('🐲');
                    if with_flag.is_some() || !is_of_pairs {
                        let found = regex.is_match(text);
                        assert_eq!(found, *expected, "{pattern:?} and {text:?}, by {engine}");
                    }
                }
            }
        }
    }
}

fn trials() -> (Vec<Trial>, bool) {
    let asked = std::env::var(PATTERNS).ok().map(|count| count.parse().expect("a number"));
    let mut random = fastrand::Rng::with_seed(7);
    let trials: Vec<Trial> = (0..asked.unwrap_or(2000)).map(|_| Trial::new(&mut random)).collect();
    let taken = trials.iter().filter(|trial| trial.ours.is_ok()).count();
    let refused = trials.len() - taken;
    assert!(
        taken * 10 > trials.len() && refused * 10 > trials.len(),
        "{taken} of {}",
        trials.len()
    );
    (trials, asked.is_some())
}

#[test]
fn random_patterns_match_as_in_another_engine() {
    for trial in trials().0 {
        let verdicts = |flags: &str| {
            let regex = regress::Regex::with_flags(&trial.pattern, flags).ok()?;
            let verdicts = trial.texts.iter().map(|text| regex.find(text).is_some());
            Some(verdicts.collect::<Vec<bool>>())
        };
        trial.compare("regress", verdicts("u").as_deref(), verdicts("").as_deref());
    }
}

/// The long form: Node.js is independent of the parser that we use too.
#[test]
fn random_patterns_match_as_in_node() {
    const SCRIPT: &str = r#"
        const {trials} = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const judge = (pattern, texts, flags) => {
            try { const regex = new RegExp(pattern, flags); return texts.map((text) => regex.test(text)); }
            catch (error) { return null; }
        };
        const verdicts = trials.map(([pattern, texts]) => ["u", ""].map((flags) => judge(pattern, texts, flags)));
        console.log(JSON.stringify(verdicts));
    "#;
    let (trials, is_asked) = trials();
    if !is_asked {
        return;
    }
    let written: Vec<_> = trials.iter().map(|trial| (&trial.pattern, &trial.texts)).collect();
    let mut node = std::process::Command::new("node")
        .args(["-e", SCRIPT])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("Node.js is installed");
    let mut stdin = node.stdin.take().expect("it is piped");
    serde_json::to_writer(&mut stdin, &serde_json::json!({ "trials": written })).expect("it reads");
    drop(stdin);
    let output = node.wait_with_output().expect("it ends");
    let verdicts: Vec<[Option<Vec<bool>>; 2]> =
        serde_json::from_slice(&output.stdout).expect("it prints JSON");
    assert_eq!(verdicts.len(), trials.len());
    for (trial, [with_flag, without]) in trials.iter().zip(&verdicts) {
        trial.compare("Node.js", with_flag.as_deref(), without.as_deref());
    }
}
