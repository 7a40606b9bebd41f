//! Odd files of lines, odd values of `--vary`, odd names and limits: each is read as a person means it,
//! or refused with what to do.

use std::process::Stdio;

use crate::support::{Ended, Home, fast};

const MODEL: &str = "flux-2-klein/4b";

fn add(home: &Home, file: &str) -> Ended {
    home.run(&["batch", "add", MODEL, file, "--offline"])
}

/// Returns the prompts of the lines of a batch.
fn prompts(home: &Home, batch: &str) -> Vec<String> {
    let ended = home.run(&["batch", "export", batch]);
    let lines = ended.stdout.lines();
    let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    lines.map(|line| line["input"]["prompt"].as_str().expect("a prompt").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_systems_are_read_as_they_are_meant() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    let csv = "\u{feff}prompt,width\r\n\"a\r\nb, \"\"c\"\"\",128\r\n\r\n d ,\r\n5\" pipe,64";
    let cases: [(&str, &str, &[&str]); 4] = [
        ("mark.jsonl", "\u{feff}{\"prompt\": \"a\"}\r\n{\"prompt\": \"b\"}\r\n", &["a", "b"]),
        ("end.jsonl", "{\"prompt\": \"船\\u0000\"}\n \n{\"prompt\": \"b\"}", &["船\0", "b"]),
        ("windows.csv", csv, &["a\r\nb, \"c\"", " d ", "5\" pipe"]),
        ("UPPER.CSV", "width,prompt\n64,x\n", &["x"]),
    ];
    for (file, content, expected) in cases {
        home.write(file, content);
        let ended = add(&home, file);
        assert_eq!(ended.code, 0, "{file}: {ended:?}");
        let name = file.rsplit_once('.').expect("it has an end").0;
        assert_eq!(prompts(&home, name), expected, "{file}");
    }
}

#[test]
fn files_that_cannot_be_meant_are_refused_with_their_line() {
    let home = Home::new();
    let cases: [(&str, &[u8], i32, &str); 10] = [
        ("empty.jsonl", b"", 2, "empty.jsonl has no lines"),
        ("blank.jsonl", b"\r\n \n", 2, "blank.jsonl has no lines"),
        ("header.csv", b"prompt,width\n", 2, "header.csv has no lines"),
        ("none.csv", b"", 2, "none.csv has no lines"),
        ("twice.csv", b"prompt,width,prompt\na,64,b\n", 2, "two columns are named `prompt`"),
        ("unnamed.csv", b"prompt,\na,64\n", 2, "a column has no name"),
        ("open.csv", b"prompt\na\n\"b\nc\nd\n", 3, "open.csv:3: a `\"` opens a cell"),
        ("short.csv", b"prompt,width\na,64\nb\n", 3, "short.csv:3:"),
        (
            "windows.csv",
            b"prompt,width\r\na,64\r\n\r\n\"b\r\nc\",64\r\nd,x\r\n",
            3,
            "windows.csv:6:",
        ),
        ("latin.csv", b"prompt\na\nb\xe9\n", 2, "latin.csv:3: must be UTF-8 text"),
    ];
    for (file, content, code, words) in cases {
        home.write(file, content);
        let ended = add(&home, file);
        assert_eq!(ended.code, code, "{file}: {ended:?}");
        assert!(ended.stderr.contains(words), "{file}: {ended:?}");
    }
    let listed = home.run(&["batch", "status"]);
    assert!(listed.stdout.contains("no batches"), "{listed:?}");
}

#[test]
fn values_of_vary_that_cannot_be_meant_are_refused() {
    let home = Home::new();
    home.write("none.txt", "\n \n");
    let cases: [(&[&str], &str); 6] = [
        (&["prompt=a", "width=66..64"], "`--vary width=64..66`"),
        (&["prompt=@none.txt"], "no values"),
        (&["prompt="], "no values"),
        (&["prompt"], "no `=` in it"),
        (&["prompt=a,b", "width=64", "width=65"], "--vary width: given twice"),
        (&["width=1..1000000", "prompt=a,b"], "2000000 lines are too many"),
    ];
    for (vary, words) in cases {
        let mut args = vec!["batch", "add", MODEL, "--name", "grid", "--offline"];
        args.extend(vary.iter().flat_map(|value| ["--vary", value]));
        let ended = home.run(&args);
        assert_eq!(ended.code, 2, "{vary:?}: {ended:?}");
        assert!(ended.stderr.contains(words), "{vary:?}: {ended:?}");
    }
    home.write("mark.txt", "\u{feff}one\r\ntwo\r\n");
    let vary = ["--vary", "prompt=@mark.txt", "--vary", "width=64..64", "--name", "grid"];
    let ended = home.run(&[&["batch", "add", MODEL, "--offline"], vary.as_slice()].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(prompts(&home, "grid"), ["one", "two"]);
}

#[test]
fn names_and_limits_that_cannot_be_meant_are_refused() {
    let home = Home::new();
    home.write("boats.jsonl", "{\"prompt\": \"a\"}\n");
    let long = "x".repeat(201);
    for name in ["", "a\nb", &long] {
        let args = ["batch", "add", MODEL, "boats.jsonl", "--offline", "--name", name];
        let ended = home.run(&args);
        assert_eq!(ended.code, 2, "{name:?}: {ended:?}");
        assert!(ended.stderr.contains("the name of a batch must"), "{name:?}: {ended:?}");
    }
    let limits = [
        ("--jobs-in-flight=0", "must be at least 1 (found 0)"),
        ("--submits-per-second=0", "must be from 0.001 to 1000000 (found 0)"),
        ("--submits-per-second=-1", "(found -1)"),
        ("--submits-per-second=nan", "(found NaN)"),
    ];
    for (limit, words) in limits {
        let ended = home.run(&["spend", "set", limit]);
        assert_eq!(ended.code, 2, "{limit}: {ended:?}");
        assert!(ended.stderr.contains(words), "{limit}: {ended:?}");
    }
    // Another ledger has its name.
    for ledger in ["one.db", "two.db"] {
        let args = ["batch", "add", MODEL, "boats.jsonl", "--offline", "--ledger", ledger];
        assert_eq!(home.run(&args).code, 0, "{ledger}");
    }
    let args = ["batch", "move", "boats", "--ledger", "one.db", "--to", "two.db"];
    let ended = home.run(&args);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("two.db has a batch named `boats` already"), "{ended:?}");
    assert!(ended.stderr.contains("`--name`"), "{ended:?}");
    let ended = home.run(&[args.as_slice(), &["--name", "ships"]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("batch ships: 1 line moved to"), "{ended:?}");
}

#[test]
fn of_two_commands_that_add_a_batch_at_once_one_does() {
    let home = Home::new();
    let lines = (0..1_200).map(|number| format!("{{\"prompt\": \"boat {number}\"}}\n"));
    home.write("boats.jsonl", lines.collect::<String>());
    let args = ["batch", "add", MODEL, "boats.jsonl", "--offline"];
    let two = [(); 2].map(|()| {
        let mut command = home.command(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    });
    let ended = two.map(|child| Ended::of(child.wait_with_output().expect("it ends")));
    let mut codes = ended.each_ref().map(|ended| ended.code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 2], "{ended:?}");
    assert_eq!(prompts(&home, "boats").len(), 1_200);
}
