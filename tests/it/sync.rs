//! `schemas sync`, with the real command against the simulator.

mod hostile;
mod place;
mod replies;
mod server;

use serde_json::{Value, json};

use crate::support::{write, xtask};
use place::{MODELS, Place, Printed, TOKEN, input};
use server::{Server, http, page};

/// This workspace's version.
/// The version of the crate around the schemas.
const VERSION: &str = "0.1.7";

const OUTPUT: &str = r#"{"output": {"type": "object", "properties": {}}}"#;

#[test]
fn a_sync_updates_the_folder_and_then_changes_nothing() {
    for (page_size, progress) in [
        ("1", "read 1 of 4\nread 2 of 4\nread 3 of 4\nread 4 of 4\n"),
        ("2", "read 2 of 4\nread 4 of 4\n"),
        ("3", "read 3 of 4\nread 4 of 4\n"),
        ("500", "read 4 of 4\n"),
    ] {
        let place = Place::with(&MODELS);
        let printed = place.sync(&["--page-size", page_size]);
        assert!(printed.ok && printed.err == progress, "{page_size}: {printed:?}");
        let lines = MODELS.map(|id| format!("added   {id}\n")).concat();
        assert!(printed.out.starts_with(&lines), "{printed:?}");
        assert!(printed.out.contains("in the catalog: 4; added 4, changed 0, "), "{printed:?}");
        let expected = ["acme/big-boat", "acme/big-boat/draft", "kling/kling/lipsync"];
        assert_eq!(place.models()[..3], expected);

        let before = place.files();
        for flags in [&[][..], &["--check"]] {
            let printed = place.sync(flags);
            assert!(printed.ok && printed.out.contains("added 0, changed 0, "), "{printed:?}");
            assert_eq!(printed.out.lines().count(), 1, "{printed:?}");
        }
        assert_eq!(place.files(), before);
    }
}

#[test]
fn a_synced_model_keeps_the_published_spelling_and_generates() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let input = place.text("acme/big-boat/input.json");
    assert!(input.contains("\"default\": 1.0\n"), "{input}");
    assert!(input.find("zeta") < input.find("alpha"), "{input}");
    let model: Value = serde_json::from_str(&place.text("acme/big-boat/model.json")).expect("JSON");
    let expected = json!({
        "id": "acme/Big Boat", "takes": ["text"], "listed": true,
        "display_name": "acme/Big Boat",
        "kind": "video", "base_price_usd": 0.5, "arguments": ["zeta"],
    });
    assert_eq!(model, expected);
    let (schemas, out) = (place.path("schemas"), place.path("generated"));
    let (ok, printed) = xtask(&[
        "codegen",
        "--schemas",
        &schemas.display().to_string(),
        "--out",
        &out.display().to_string(),
    ]);
    assert!(ok && printed.contains("models: 4;"), "{printed}");
}

#[test]
fn check_reports_what_sync_then_changes() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    place.publish("acme/Big Boat", 80);
    place.publish("acme/raft", 70);
    place.withdraw("zoo/zebra-2.1");
    let before = place.files();

    let check = place.sync(&["--check", "--page-size", "2"]);
    assert!(
        !check.ok && check.err.contains("run `cargo xtask schemas sync` without --check"),
        "{check:?}"
    );
    assert_eq!(place.files(), before, "--check wrote something");
    let sync = place.sync(&["--page-size", "2"]);
    assert!(sync.ok, "{sync:?}");
    assert_eq!(check.out, sync.out);
    for part in [
        "changed acme/Big Boat\n--- schemas/acme/big-boat/input.json\n",
        "-      \"maxLength\": 70\n+      \"maxLength\": 80\n",
        "added   acme/raft\n",
        "\nacme/Big Boat\n  new      zeta: `maxLength` 80, was 70\n",
        "\nzoo/zebra-2.1\n  new      deprecated: not in RunComfy's catalog as of ",
        "\nstep: minor, ",
        "\nfor CHANGELOG.md:\n",
        "\n- New models: `acme/raft`.\n",
        "gone    zoo/zebra-2.1: no longer in the catalog; kept for one release\n",
        "added 1, changed 1, back 0, gone 1, removed 0, kept 0; skipped 0",
    ] {
        assert!(sync.out.contains(part), "`{part}` is missing: {}", sync.out);
    }
    for same in ["big-boat/draft", "lipsync"] {
        assert!(!sync.out.contains(same), "{}", sync.out);
    }
    let mut expected = before.clone();
    expected.retain(|(name, _)| {
        !["acme/big-boat/input.json", "zoo/zebra-2.1/model.json"].contains(&name.as_str())
    });
    let after = place.files();
    assert!(expected.iter().all(|file| after.contains(file)), "something else changed");
    assert_eq!(after.len(), before.len() + 2);
    assert!(place.sync(&["--check"]).ok);
}

#[test]
fn a_delisted_model_is_removed_after_one_release() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let whole = place.files();
    place.withdraw("acme/Big Boat");
    assert!(place.sync(&[]).ok);
    let model = "acme/big-boat/model.json";
    let mark = format!("\"gone\": \"{VERSION}\"");
    assert!(place.text(model).contains(&mark), "{}", place.text(model));

    let kept = place.files();
    let printed = place.sync(&["--check"]);
    assert!(printed.ok && printed.out.contains("kept    acme/Big Boat: "), "{printed:?}");

    place.publish("acme/Big Boat", 70);
    let printed = place.sync(&[]);
    assert!(printed.ok && printed.out.starts_with("back    acme/Big Boat\n"), "{printed:?}");
    assert_eq!(place.files(), whole);

    place.withdraw("acme/Big Boat");
    assert!(place.sync(&[]).ok);
    assert_eq!(place.files(), kept);
    for (since, removed) in [("999.0.0", false), ("0.0.9-rc.1", true)] {
        let text = place.text(model).replace(VERSION, since);
        write(&place.path("schemas").join(model), &text);
        let printed = place.sync(&["--check"]);
        assert_eq!(printed.ok, !removed, "{printed:?}");
        write(&place.path("schemas").join(model), &text.replace(since, VERSION));
    }
    let old = place.text(model).replace(VERSION, "0.0.9");
    write(&place.path("schemas").join(model), &old);
    let printed = place.sync(&[]);
    let line = "removed acme/Big Boat: not in the catalog since 0.0.9\n";
    assert!(printed.ok && printed.out.contains(line), "{printed:?}");
    assert_eq!(place.models(), ["acme/big-boat/draft", "kling/kling/lipsync", "zoo/zebra-2.1"]);

    // Empty folders are removed too.
    place.withdraw("kling/kling/lipsync");
    assert!(place.sync(&[]).ok);
    let model = "kling/kling/lipsync/model.json";
    write(&place.path("schemas").join(model), &place.text(model).replace(VERSION, "0.0.9"));
    assert!(place.sync(&[]).ok);
    assert!(!place.path("schemas/kling").exists() && place.path("schemas/zoo").exists());
}

#[test]
fn a_model_added_by_hand_stays_until_listed() {
    let place = Place::with(&MODELS);
    write(&place.path("in.json"), &input(70));
    write(&place.path("out.json"), OUTPUT);
    let printed = place.add(&["in.json", "out.json", "--id", "acme/mine"]);
    // In the order in which they are written: a folder with a `model.json` is complete.
    let files =
        printed.out.lines().filter_map(|line| line.strip_prefix("new     schemas/acme/mine/"));
    assert_eq!(files.collect::<Vec<_>>(), ["input.json", "output.json", "model.json"]);
    assert!(place.sync(&[]).ok);
    let printed = place.sync(&["--check"]);
    let line = "kept    acme/mine: not in the catalog; added by hand, and left alone\n";
    assert!(printed.ok && printed.out.contains(line), "{printed:?}");

    // The catalog has no output schemas, so the existing one stays.
    let output = place.text("acme/mine/output.json");
    place.publish("acme/mine", 80);
    let printed = place.sync(&[]);
    assert!(printed.ok && printed.out.starts_with("changed acme/mine\n"), "{printed:?}");
    assert_eq!(place.text("acme/mine/output.json"), output);
    place.withdraw("acme/mine");
    assert!(place.sync(&[]).out.contains("gone    acme/mine: "));
    let marked: Value = serde_json::from_str(&place.text("acme/mine/model.json")).expect("JSON");
    assert_eq!((&marked["listed"], &marked["gone"]), (&json!(true), &json!(VERSION)));
}

#[test]
fn an_unusable_catalog_entry_leaves_its_model_unchanged() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let before = place.files();
    let entries = [
        place.entry("acme/Big Boat"),
        json!({"model_id": "acme/Big Boat/draft", "input_schema": null}).to_string(),
        place.entry("kling/kling/lipsync"),
        json!({"model_id": "zoo/zebra-2.1", "input_schema": {"type": "string"}}).to_string(),
        json!({"display_name": "nobody"}).to_string(),
    ];
    let server = Server::start(vec![http(200, &page(&entries, Some(5)))]);
    let printed = place.sync_from(&server.base, &[]);
    assert!(printed.ok && printed.out.ends_with("kept 0; skipped 3\n"), "{printed:?}");
    for words in [
        "warning: skipped: `acme/Big Boat/draft` has no `input_schema`\n",
        "warning: skipped: `zoo/zebra-2.1` has an object with the key `type` for an",
        "warning: skipped: entry 5 has no `model_id`\n",
    ] {
        assert!(printed.err.contains(words), "{printed:?}");
    }
    assert_eq!(place.files(), before);
}

#[test]
fn a_respelled_id_keeps_its_folder() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let before = place.models();
    place.withdraw("zoo/zebra-2.1");
    place.publish("zoo/Zebra 2.1", 70);
    let printed = place.sync(&[]);
    let lines = "-  \"id\": \"zoo/zebra-2.1\",\n+  \"id\": \"zoo/Zebra 2.1\",\n";
    assert!(printed.ok && printed.out.starts_with("changed zoo/Zebra 2.1\n"), "{printed:?}");
    assert!(printed.out.contains(lines) && printed.out.contains(" gone 0, "), "{printed:?}");
    assert_eq!(place.models(), before);
}

#[test]
fn unusable_settings_are_named() {
    let place = Place::with(&MODELS);
    let cases: [(&[&str], Option<&str>, &str); 6] = [
        (&[], None, "set RUNCOMFY_TOKEN"),
        (&["--api-base", "http://example.com/v1"], Some(TOKEN), "plain http"),
        (&["--api-base", "model-api"], Some(TOKEN), "must be an absolute URL"),
        (&["--api-base", "http://127.0.0.1:1/v1"], Some(TOKEN), "no whole response"),
        (&["--page-size", "0"], Some(TOKEN), "page-size"),
        (&["--page-size", "501"], Some(TOKEN), "page-size"),
    ];
    for (flags, token, words) in cases {
        let mut command = place.command(flags);
        command.env_remove("RUNCOMFY_TOKEN").envs(token.map(|token| ("RUNCOMFY_TOKEN", token)));
        let printed = Printed::from(command.output().expect("it runs"));
        assert!(!printed.ok && printed.err.contains(words), "{flags:?}: {printed:?}");
        assert!(place.files().is_empty());
    }
    for (file, text, words) in [
        ("a/b/model.json", "{", "a/b/model.json: it is not a JSON object"),
        ("a/b/model.json", r#"{"id": "a/c"}"#, "belongs in the folder `a/c`, not in `a/b`"),
        ("a/b/model.json", r#"{"id": "a/b", "gone": "soon"}"#, "not a version"),
    ] {
        let place = Place::with(&MODELS);
        write(&place.path("schemas").join(file), text);
        let printed = place.sync(&[]);
        assert!(!printed.ok && printed.err.replace('\\', "/").contains(words), "{printed:?}");
        assert_eq!(place.files(), [(file.to_owned(), text.to_owned())]);
    }
}

#[test]
fn the_command_line_overrides_the_environments_api_base() {
    let place = Place::with(&MODELS);
    let (_runtime, simulator) = place.serve();
    let mut command = place.command(&[]);
    command.env("RUNCOMFY_MODEL_API_BASE", simulator.api_base());
    assert!(Printed::from(command.output().expect("it runs")).ok);
    let mut command = place.command(&["--check", "--api-base", simulator.api_base()]);
    command.env("RUNCOMFY_MODEL_API_BASE", "http://127.0.0.1:1/v1");
    assert!(Printed::from(command.output().expect("it runs")).ok);
}

#[test]
fn an_interrupted_sync_is_completed_by_the_next() {
    let whole = Place::with(&MODELS);
    assert!(whole.sync(&[]).ok);

    // A new model with only its first file written, and a changed model.
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    std::fs::remove_file(place.path("schemas/zoo/zebra-2.1/model.json")).expect("it exists");
    let model = place.text("acme/big-boat/model.json");
    write(&place.path("schemas/acme/big-boat/model.json"), &model.replace("0.5", "0.4"));
    let printed = place.sync(&[]);
    assert!(printed.ok && printed.out.contains("added   zoo/zebra-2.1\n"), "{printed:?}");
    assert!(printed.out.contains("changed acme/Big Boat\n"), "{printed:?}");
    assert_eq!(place.files(), whole.files());

    // A model that was being removed.
    place.withdraw("zoo/zebra-2.1");
    assert!(place.sync(&[]).ok);
    std::fs::remove_file(place.path("schemas/zoo/zebra-2.1/input.json")).expect("it exists");
    let model = "zoo/zebra-2.1/model.json";
    write(&place.path("schemas").join(model), &place.text(model).replace(VERSION, "0.0.9"));
    let printed = place.sync(&[]);
    assert!(printed.ok && printed.out.contains("removed zoo/zebra-2.1: "), "{printed:?}");
    assert!(!place.path("schemas/zoo").exists());
}

// Attack L10: a killed sync leaves the file that it was writing.
#[test]
fn files_left_by_a_killed_sync_are_named_and_removed() {
    let place = Place::with(&MODELS);
    assert!(place.sync(&[]).ok);
    let whole = place.files();
    let names = ["schemas/.writing-aB3xY9", "schemas/zoo/zebra-2.1/.writing-000000"];
    for name in names {
        write(&place.path(name), "{\"id\": ");
    }
    let mine = "schemas/.writing-notes.txt";
    write(&place.path(mine), "by hand");
    let printed = place.sync(&["--check"]);
    assert!(!printed.ok && place.files().len() == whole.len() + 3, "{printed:?}");
    for name in names {
        let warning =
            format!("{} is left behind by an interrupted run", place.path(name).display());
        assert!(printed.err.contains(&warning), "{printed:?}");
    }
    assert!(place.sync(&[]).ok && place.sync(&["--check"]).ok);
    std::fs::remove_file(place.path(mine)).expect("it was left alone");
    assert_eq!(place.files(), whole);
}

#[test]
fn a_whole_catalog_reply_is_added_from_a_file() {
    let place = Place::with(&MODELS);
    let entries = MODELS.map(|id| place.entry(id));
    write(&place.path("reply.json"), &page(&entries[1..], Some(3)));
    let printed = place.add(&["reply.json"]);
    assert_eq!(place.models(), ["acme/big-boat/draft", "kling/kling/lipsync", "zoo/zebra-2.1"]);
    assert_eq!(printed.out.matches("new     schemas/").count(), 6, "{printed:?}");
    // `schemas add` wrote what a sync writes.
    let printed = place.sync(&[]);
    assert!(printed.ok && printed.out.contains("added 1, changed 0, "), "{printed:?}");
}
