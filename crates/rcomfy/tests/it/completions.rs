//! Completion of models, flags and choices, in a real shell.

use crate::support::Home;

/// Returns the completions that bash finds for words, the last of which is being typed.
fn bash(words: &[&str]) -> Vec<String> {
    let home = Home::new();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_rcomfy")).parent().expect("a folder");
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "PATH={}:$PATH\nsource <(rcomfy completions bash)\n\
         COMP_WORDS=({})\nCOMP_CWORD={}\nCOMP_TYPE=9\n\
         function=$(complete -p rcomfy | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         $function rcomfy {}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        folder.display(),
        quoted.join(" "),
        words.len() - 1,
        quoted.last().map_or("", String::as_str),
    );
    let script = home.write("complete.sh", script);
    let mut command = home.command(&[]);
    let path = command.get_envs().find(|(name, _)| *name == "PATH");
    let path = path.and_then(|(_, path)| path).map(ToOwned::to_owned);
    command = std::process::Command::new("bash");
    let output = command
        .args(["--norc", "--noprofile"])
        .arg(script)
        .env_clear()
        .env("PATH", path.unwrap_or_default())
        .env("HOME", home.path())
        .output()
        .expect("bash runs");
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
