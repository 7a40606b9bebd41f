//! Tables fit the terminal, also with text of other scripts, and numbers are aligned to the right.

use console::measure_text_width;

use crate::catalog::serve;
use crate::support::{Ended, Home, fast};

/// Widths of terminals, in columns.
const WIDTHS: [usize; 4] = [40, 60, 80, 200];

/// A catalog with text that is wider than its number of characters.
const PAGE: &str = r#"{"models": [{"model_id": "acme/waves/text-to-video", "base_price_usd": 0.05,
    "price_unit": "second", "display_name": "波浪 🌊🌊",
    "input_schema": {"type": "object", "required": ["prompt"], "properties": {
        "prompt": {"type": "string", "title": "プロンプト", "maxLength": 2000},
        "mood": {"type": "string", "default": "穏やかな海と夕焼けの空と遠くの島と白い雲",
            "enum": ["穏やかな海と夕焼けの空と遠くの島と白い雲", "嵐の海 🌩️🌊", "👩‍👩‍👧‍👦 family 👩‍👩‍👧‍👦"]}}}}]}"#;

/// Returns the output of a command at a width.
fn at(home: &Home, base: &str, width: usize, args: &[&str]) -> String {
    let mut command = home.command(args);
    command.env("COLUMNS", width.to_string());
    command.env("RUNCOMFY_MODEL_API_BASE", base).env("RUNCOMFY_TOKEN", "test-token-of-no-use");
    let ended = Ended::of(command.output().expect("it runs"));
    assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
    ended.stdout
}

/// Returns the lines of the table in an output: up to the first blank one after its head.
fn table(output: &str) -> Vec<&str> {
    let begun = output.lines().skip_while(|line| !line.chars().any(char::is_uppercase));
    begun.take_while(|line| !line.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_fit_the_terminal() {
    let simulator = fast().await;
    let home = Home::with(&simulator);
    assert_eq!(home.run(&["run", "flux-2-klein/4b", "--prompt", "波 🌊"]).code, 0);
    home.write("boats.jsonl", "{\"prompt\": \"a boat\"}\n");
    assert_eq!(home.run(&["batch", "add", "flux-2-klein/4b", "boats.jsonl"]).code, 0);
    let base = serve(PAGE);
    at(&home, &base, 80, &["models", "sync"]);
    for width in WIDTHS {
        for args in [
            &["models"][..],
            &["models", "acme"],
            &["models", "show", "acme"],
            &["models", "show", "hailuo"],
            &["jobs"],
            &["spend", "--offline"],
            &["config"],
            &["batch", "status"],
        ] {
            let output = at(&home, &base, width, args);
            let parts: Vec<&str> = output.split("\n\n").collect();
            // The facts of a model come before the table of its inputs.
            let table = parts[usize::from(args.contains(&"show"))];
            assert!(table.lines().count() > 1, "{args:?}: {output}");
            // What stands alone on its line is whole, so that it can be copied.
            let wide = table.lines().find(|line| {
                measure_text_width(line) > width && line.split_whitespace().nth(1).is_some()
            });
            assert_eq!(wide, None, "{args:?} at {width}:\n{output}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_fit_is_a_list_of_blocks() {
    let home = Home::new();
    let base = serve(PAGE);
    at(&home, &base, 80, &["models", "sync"]);
    let narrow = at(&home, &base, 40, &["models", "acme"]);
    let table = narrow.split("\n\n").next().unwrap_or_default();
    insta::assert_snapshot!("narrow_models", table);
    let narrow = at(&home, &base, 40, &["models", "show", "acme"]);
    insta::assert_snapshot!("narrow_show", narrow);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_aligned_to_the_right() {
    let price = "12.5/output".parse().expect("a price");
    let builder = runcomfy_simulator::Simulator::builder().price(price);
    let simulator = builder.start().await.expect("it starts");
    let home = Home::with(&simulator);
    assert_eq!(home.run(&["run", "flux-2-klein/4b", "--prompt", "a boat"]).code, 0);
    let output = home.run(&["jobs"]).stdout;
    let lines = table(&output);
    let end_of = |line: &str, text: &str| {
        let place = line.find(text).expect("it is there");
        measure_text_width(&line[..place + text.len()])
    };
    assert_eq!(end_of(lines[0], "COST"), end_of(lines[1], "$12.50"), "{output}");
    let output = home.run(&["spend", "--offline"]).stdout;
    let lines = table(&output);
    assert_eq!(end_of(lines[0], "SPENT"), end_of(lines[1], "$12.50"), "{output}");
    assert_eq!(end_of(lines[0], "RESERVED"), end_of(lines[1], "$0.00"), "{output}");
    assert_eq!(end_of(lines[0], "JOBS"), end_of(lines[1], "1  $12.50") - 8, "{output}");
}
