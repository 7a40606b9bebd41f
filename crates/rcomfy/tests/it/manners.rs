//! Colours, links, moving lines and questions: on a terminal of a person, and nowhere else.

use std::time::Duration;

use crate::support::{Ended, Home, fast, simulator};
use crate::terminal::Terminal;

const RUN: [&str; 4] = ["run", "flux-2-klein/4b", "--prompt", "a boat"];
/// Variables under which a terminal gets plain lines.
const PLAIN: [(&str, &str); 7] = [
    ("NO_COLOR", "1"),
    ("CI", "true"),
    ("CLAUDECODE", "1"),
    ("CODEX_SANDBOX", "seatbelt"),
    ("CURSOR_AGENT", "1"),
    ("AI_AGENT", "1"),
    ("TERM", "dumb"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_of_nobody_gets_plain_lines() {
    let simulator = simulator(Duration::ZERO, Duration::from_millis(700)).await;
    let api = simulator.api_base();
    std::thread::scope(|scope| {
        for variable in PLAIN {
            scope.spawn(move || {
                let home = Home::new();
                let mut terminal = Terminal::with(&home, api, &RUN, &[variable]);
                assert_eq!(terminal.end(), 0, "{variable:?}: {}", terminal.text());
                let raw = terminal.raw();
                assert!(!raw.contains('\u{1b}'), "{variable:?}: {raw:?}");
                assert!(raw.contains("running"), "{variable:?}: {raw:?}");
            });
        }
    });
    let home = Home::new();
    let mut terminal = Terminal::with(&home, api, &RUN, &[("NO_COLOR", ""), ("CI", "")]);
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
    assert!(terminal.raw().contains('\u{1b}'), "an empty variable says nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked() {
    let simulator = crate::money::priced().await;
    let api = simulator.api_base();
    let args = [&RUN[..], &["--max-cost", "0.20"]].concat();
    for variable in PLAIN.iter().filter(|(name, _)| *name != "TERM") {
        let home = Home::new();
        let mut terminal = Terminal::with(&home, api, &args, &[*variable]);
        assert_eq!(terminal.end(), 5, "{variable:?}: {}", terminal.text());
        assert!(!terminal.text().contains("[y/N]"), "{}", terminal.text());
    }
    assert!(simulator.ledger().is_empty());
}

#[test]
fn colours_are_forced_and_forbidden_by_variables() {
    let home = Home::new();
    let escapes = |variables: &[(&str, &str)]| {
        let mut command = home.command(&["models", "show", "hailuo"]);
        let ended = Ended::of(command.envs(variables.iter().copied()).output().expect("it runs"));
        ended.stdout.contains('\u{1b}')
    };
    assert!(!escapes(&[]), "no colours without a terminal");
    assert!(escapes(&[("CLICOLOR_FORCE", "1")]));
    assert!(escapes(&[("CLICOLOR_FORCE", "1"), ("CI", "true")]));
    assert!(!escapes(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_pages_are_links_where_the_terminal_has_them() {
    let (synced, home) = crate::catalog::newer().await;
    assert_eq!(home.run(&["models", "sync"]).code, 0);
    let simulator = fast().await;
    let shown = |api: &str, args: &[&str], variables: &[(&str, &str)]| {
        let cache = home.path().join("cache");
        let cache = cache.to_str().expect("UTF-8");
        let variables = [variables, &[("XDG_CACHE_HOME", cache)]].concat();
        let mut terminal = Terminal::with(&home, api, args, &variables);
        assert_eq!(terminal.end(), 0, "{}", terminal.text());
        (terminal.raw(), terminal.text())
    };
    let link = |url: &str, text: &str| format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\");
    let has = ("FORCE_HYPERLINK", "1");
    let page = "https://www.runcomfy.com/models/acme/boats";

    let args = [&RUN[..], &["--output", "one.png"]].concat();
    let (raw, text) = shown(simulator.api_base(), &args, &[has]);
    let path = home.path().join("one.png");
    let url = format!("file://{}", path.display());
    assert!(
        raw.contains(&link(&url, "one.png")) || raw.contains(&link(&url, &path.to_string_lossy())),
        "{raw:?}"
    );
    assert!(text.contains("one.png"), "{text}");

    let list = ["models", "acme"];
    let id = "acme/boats/text-to-video";
    let (raw, text) = shown(synced.api_base(), &list, &[has]);
    assert!(raw.contains(&link(page, id)), "{raw:?}");
    assert!(text.contains(&format!("{id} +  ")), "the columns stay:\n{text}");
    let (raw, _) = shown(synced.api_base(), &["models", "show", "boats"], &[has]);
    assert!(raw.contains(&link(page, id)) && raw.contains(&link(page, page)), "{raw:?}");

    for variables in [&[][..], &[has, ("CI", "1")], &[has, ("NO_COLOR", "1")]] {
        let (raw, text) = shown(synced.api_base(), &list, variables);
        assert!(!raw.contains("\u{1b}]8") && text.contains(id), "{variables:?}: {raw:?}");
    }
}
