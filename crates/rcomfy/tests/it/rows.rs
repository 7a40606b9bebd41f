//! A ledger whose rows another program has changed by hand: no text of it controls the terminal.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::escaping::assert_harmless;
use crate::support::{Ended, Home, fast};

/// Text that forges a link, clears the screen, sets the title, turns the reading direction, and
/// begins a line of its own.
const HOSTILE: &str = "gone\u{1b}]8;;http://x.example\u{1b}\\\u{1b}[2J\u{1b}]0;t\u{7}\r\nok\u{9b}1A\u{7f}\u{202e}\u{200b}";

/// Changes the ledger of a home. `TEXT` stands for the hostile text, and `JSON` for a string of it.
async fn edit(home: &Home, statements: &[String]) {
    let path = home.path().join("state/rcomfy/ledger.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut ledger: SqliteConnection = options.connect().await.expect("the ledger");
    let json = serde_json::Value::from(HOSTILE).to_string();
    for statement in statements {
        let statement = statement.replace("TEXT", &format!("'{HOSTILE}'"));
        let statement = statement.replace("JSON", &format!("'{json}'"));
        let query = sqlx::query(AssertSqlSafe(statement));
        query.execute(&mut ledger).await.expect("edited");
    }
    ledger.close().await.expect("closed");
}

/// Creates a home with a job in each of these states, the first of which is delivered.
async fn with_jobs(simulator: &runcomfy_simulator::Simulator) -> (Home, Vec<String>) {
    let home = Home::with(simulator);
    let run = |prompt: &str| home.json(&["run", "flux-2-klein/4b", "--prompt", prompt]).1;
    let jobs = (1..=4).map(|number| {
        let envelope = run(&format!("boat {number}"));
        envelope["data"]["job"].as_str().expect("a job").to_owned()
    });
    let jobs = jobs.collect();
    home.write("boats.jsonl", "{\"prompt\": \"a boat of a batch\"}\n");
    assert_eq!(home.run(&["batch", "add", "flux-2-klein/4b", "boats.jsonl"]).code, 0);
    (home, jobs)
}

/// Runs a command in each form of output, with colours, and asserts that it moves no cursor.
fn assert_shown_safely(home: &Home, args: &[&str], shows: &str) {
    for form in [None, Some("--json"), Some("--events")] {
        let args: Vec<&str> = args.iter().copied().chain(form).collect();
        let mut command = home.command(&args);
        // A wide table wraps no text by itself.
        command.env("COLUMNS", "1000");
        // Without colours, every escape sequence would be taken out on the way.
        let ended = Ended::of(command.env("CLICOLOR_FORCE", "1").output().expect("it runs"));
        assert!(!ended.stderr.contains("panicked"), "{args:?}: {ended:?}");
        assert_harmless(&args, &ended, shows);
    }
}

// Attack L4, field case terminal-escape.
#[tokio::test(flavor = "multi_thread")]
async fn text_of_a_changed_ledger_cannot_control_the_terminal() {
    let simulator = fast().await;
    let (home, jobs) = with_jobs(&simulator).await;
    let [delivered, failed, unknown, named] = &jobs[..] else { unreachable!("{jobs:?}") };
    let of = |job: &str, change: &str| format!("UPDATE job SET {change} WHERE id = '{job}'");
    let whole = [
        "UPDATE job SET model = TEXT, input = '{\"prompt\": ' || JSON || '}'",
        "UPDATE job SET outputs = '[{\"kind\": \"image\", \"url\": null, \"path\": ' || JSON
            || ', \"bytes\": 1, \"sha256\": ' || JSON || '}]' WHERE outputs IS NOT NULL",
        "UPDATE job SET result = json_set(result, '$.output', TEXT)",
        "UPDATE job SET error = '{\"kind\": \"failed\", \"message\": ' || JSON
            || ', \"detail\": {\"a\": ' || JSON || '}}'",
        "UPDATE batch SET name = TEXT",
        "UPDATE spend SET model = TEXT",
    ];
    edit(&home, &whole.map(str::to_owned)).await;
    let states =
        [of(failed, "state = 'failed'"), of(unknown, "state = 'unknown', request_id = NULL")];
    edit(&home, &states).await;
    let setting = format!("prompt_optimizer={HOSTILE}");
    for (args, shows) in [
        (&["jobs"][..], "gone"),
        (&["jobs", "show", delivered], "gone"),
        (&["jobs", "show", failed], "gone"),
        (&["jobs", "show", unknown], "gone"),
        (&["status", delivered], ""),
        (&["wait", delivered], "gone"),
        (&["wait", failed], "gone"),
        (&["wait", unknown], "gone"),
        (&["jobs", "resume", failed], "gone"),
        (&["result", delivered], "gone"),
        (&["result", failed], ""),
        (&["download", delivered], ""),
        (&["cancel", failed], ""),
        (&["jobs", "settle", delivered, "--give-up"], ""),
        (&["spend"], "gone"),
        (&["batch", "status"], "gone"),
        (&["batch", "status", "boats"], ""),
        (&["batch", "status", HOSTILE], "gone"),
        (&["batch", "run", HOSTILE, "--yes"], ""),
        (&["batch", "pause", HOSTILE], ""),
        (&["batch", "cancel", HOSTILE], ""),
        (&["jobs", "show", HOSTILE], "gone"),
        (&["check", HOSTILE], "gone"),
        (&["run", "flux-2-klein/4b", "--prompt", HOSTILE, "--dry-run"], "gone"),
        (&["check", "hailuo", "--prompt", HOSTILE, "--set", &setting, "--offline"], ""),
    ] {
        assert_shown_safely(&home, args, shows);
    }
    edit(&home, &[of(named, "request_id = TEXT")]).await;
    assert_shown_safely(&home, &["jobs", "show", named], "");
    assert_shown_safely(&home, &["wait", named], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_an_impossible_time_or_amount_stops_no_list() {
    let simulator = fast().await;
    let (home, jobs) = with_jobs(&simulator).await;
    let changes = [
        "created_at = 9223372036854775807, ended_at = 9223372036854775807",
        "created_at = -9223372036854775807, sent_at = -1",
        "cost = 9223372036854775807, estimate = 9223372036854775807",
    ];
    for (job, change) in jobs.iter().zip(changes) {
        edit(&home, &[format!("UPDATE job SET {change} WHERE id = '{job}'")]).await;
    }
    for args in
        [&["jobs"][..], &["jobs", "show", &jobs[0]], &["jobs", "show", &jobs[1]], &["spend"]]
    {
        let (code, envelope) = home.json(args);
        assert_eq!(code, 0, "{args:?}: {envelope}");
        let ended = home.run(args);
        assert!(ended.code == 0 && !ended.stderr.contains("panicked"), "{args:?}: {ended:?}");
    }
}
