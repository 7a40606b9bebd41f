//! Completion of models, flags and choices, in a real shell.

use portable_pty::CommandBuilder;

use crate::support::Home;
use crate::terminal::Terminal;

/// The first part of the id of one model.
const HAILUO: &str = "rcomfy run minimax/hai";

/// Returns the completions that bash finds for words, the last of which is being typed.
fn bash(words: &[&str]) -> Vec<String> {
    let home = Home::new();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(rcomfy completions bash)\n\
         COMP_WORDS=({})\nCOMP_CWORD={}\nCOMP_TYPE=9\n\
         function=$(complete -p rcomfy | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         $function rcomfy {}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1,
        quoted.last().map_or("", String::as_str),
    );
    let script = home.write("complete.sh", script);
    let script = script.to_string_lossy();
    let output = home.program("bash", &["--norc", "--noprofile", &script]).output();
    let output = output.expect("bash is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn bash_completes_models() {
    assert_eq!(bash(&["rcomfy", "run", "minimax/hai"]), ["minimax/hailuo-video-01-live"]);
}

#[test]
fn bash_completes_the_flags_of_the_model() {
    let found = bash(&["rcomfy", "run", "hailuo", "--pro"]);
    assert!(found.contains(&"--prompt".to_owned()), "{found:?}");
    assert!(found.contains(&"--prompt-optimizer".to_owned()), "{found:?}");
}

/// Returns the completions that fish finds for a line.
fn fish(line: &str) -> Vec<String> {
    let script = format!("rcomfy completions fish | source; complete --do-complete '{line}'");
    let home = Home::new();
    let output = home.program("fish", &["--no-config", "-c", &script]).output();
    let output = output.expect("fish is installed; .ci/run installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let words = text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
    words.collect()
}

#[test]
#[ignore = "it needs fish, which .ci/run installs"]
fn fish_completes_models_flags_and_choices() {
    assert_eq!(fish(HAILUO), ["minimax/hailuo-video-01-live"]);
    let flags = fish("rcomfy run hailuo --pro");
    assert_eq!(flags, ["--prompt", "--prompt-optimizer"]);
    let choices = fish("rcomfy run qwen/qwen-image-3.0/text-to-image --aspect-ratio 1");
    assert!(
        choices.contains(&"16:9".to_owned()) && choices.contains(&"1:1".to_owned()),
        "{choices:?}"
    );
}

#[test]
#[ignore = "it needs zsh, which .ci/run installs"]
fn zsh_completes_models_flags_and_choices() {
    let home = Home::new();
    let found = std::process::Command::new("zsh").args(["-c", "true"]).status();
    assert!(found.is_ok(), "zsh is not installed; .ci/run installs it");
    let mut command = CommandBuilder::new("zsh");
    command.args(["-f", "-i"]);
    let mut terminal = Terminal::run(&home, "http://127.0.0.1:9/v1", command, &[]);
    terminal.press(
        "PROMPT='ready> '; autoload -Uz compinit; compinit -u -d $HOME/dump; \
                    source <(rcomfy completions zsh); clear\r",
    );
    terminal.wait_for("ready> ");
    terminal.press(&format!("{HAILUO}\t"));
    terminal.wait_for("minimax/hailuo-video-01-live");
    terminal.press(" --prompt-o\t");
    terminal.wait_for("--prompt-optimizer");
    terminal.press("\u{15}rcomfy run qwen/qwen-image-3.0/text-to-image --aspect-ratio 16\t");
    terminal.wait_for("16:9");
}
