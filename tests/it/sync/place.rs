//! A catalog folder that a simulator serves, a schemas folder to update, and the command that
//! updates it.

use std::path::PathBuf;
use std::process::{Command, Output};

use runcomfy_simulator::Simulator;
use serde_json::json;
use tokio::runtime::Runtime;

use super::VERSION;
use crate::support::{write, xtask_command};

/// The token, which must never be printed.
pub(super) const TOKEN: &str = "hush-hush-token";

/// Four models of three providers. One id is a prefix of another.
pub(super) const MODELS: [&str; 4] =
    ["acme/Big Boat", "acme/Big Boat/draft", "kling/kling/lipsync", "zoo/zebra-2.1"];

/// A schema with unordered keys, and an unusual spelling of a number.
pub(super) fn input(most: u32) -> String {
    format!(
        r#"{{"type": "object", "required": ["zeta"], "properties": {{
        "zeta": {{"type": "string", "maxLength": {most}}},
        "alpha": {{"type": "number", "default": 1.0}}}}}}"#
    )
}

/// A catalog folder that a simulator serves, and a schemas folder to update.
pub(super) struct Place(tempfile::TempDir);

impl Place {
    pub(super) fn with(models: &[&str]) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder can be made"));
        models.iter().for_each(|id| place.publish(id, 70));
        let manifest = format!("[package]\nname = \"own\"\nversion = \"{VERSION}\"\n");
        write(&place.path("Cargo.toml"), &manifest);
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Adds a model to the catalog.
    pub(super) fn publish(&self, id: &str, most: u32) {
        let facts = json!({"id": id, "display_name": id, "kind": "video", "base_price_usd": 0.5});
        write(&self.published(id).join("model.json"), &facts.to_string());
        write(&self.published(id).join("input.json"), &input(most));
    }

    pub(super) fn withdraw(&self, id: &str) {
        for file in ["model.json", "input.json"] {
            std::fs::remove_file(self.published(id).join(file)).expect("it was published");
        }
    }

    pub(super) fn published(&self, id: &str) -> PathBuf {
        self.path("catalog").join(id)
    }

    /// Returns the catalog entry of a model.
    pub(super) fn entry(&self, id: &str) -> String {
        let read =
            |file| std::fs::read_to_string(self.published(id).join(file)).expect("it exists");
        let facts = read("model.json").replace("\"id\"", "\"model_id\"");
        let facts = facts.strip_suffix('}').expect("it is an object");
        format!("{facts},\"input_schema\":{}}}", read("input.json"))
    }

    pub(super) fn serve(&self) -> (Runtime, Simulator) {
        let runtime = Runtime::new().expect("it starts");
        let simulator =
            runtime.block_on(Simulator::builder().schemas(self.path("catalog")).start());
        (runtime, simulator.expect("it starts"))
    }

    /// Returns the command, with no setting of this process but the token.
    pub(super) fn command(&self, flags: &[&str]) -> Command {
        let mut command = xtask_command();
        command.args(["schemas", "sync", "--schemas"]).arg(self.path("schemas")).args(flags);
        command.env_remove("RUNCOMFY_MODEL_API_BASE").env("RUNCOMFY_TOKEN", TOKEN);
        command
    }

    pub(super) fn sync_from(&self, base: &str, flags: &[&str]) -> Printed {
        let mut command = self.command(&[flags, &["--api-base", base]].concat());
        command.output().expect("it runs").into()
    }

    /// Runs the command against a simulator of the catalog folder.
    pub(super) fn sync(&self, flags: &[&str]) -> Printed {
        let (_runtime, simulator) = self.serve();
        self.sync_from(simulator.api_base(), flags)
    }

    pub(super) fn add(&self, args: &[&str]) -> Printed {
        let mut command = xtask_command();
        command.args(["schemas", "add"]).args(args).args(["--schemas", "schemas"]);
        let printed = Printed::from(command.current_dir(self.0.path()).output().expect("it runs"));
        assert!(printed.ok, "{printed:?}");
        printed
    }

    pub(super) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path("schemas").join(file)).expect("it exists")
    }

    /// Returns the sorted folders with a `model.json`.
    pub(super) fn models(&self) -> Vec<String> {
        let files = self.files();
        let models = files.iter().filter_map(|(name, _)| name.strip_suffix("/model.json"));
        let mut models: Vec<String> = models.map(str::to_owned).collect();
        models.sort();
        models
    }

    /// Returns the sorted files of the schemas folder, with their text.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut folders = vec![(self.path("schemas"), String::new())];
        while let Some((path, prefix)) = folders.pop() {
            for entry in std::fs::read_dir(&path).into_iter().flatten() {
                let entry = entry.expect("it can be read");
                let name = format!("{prefix}{}", entry.file_name().display());
                match entry.path().is_dir() {
                    true => folders.push((entry.path(), name + "/")),
                    false => {
                        let text = std::fs::read_to_string(entry.path());
                        files.push((name, text.expect("it can be read")));
                    }
                }
            }
        }
        files.sort();
        files
    }
}

/// The output of a command.
#[derive(Debug)]
pub(super) struct Printed {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl From<Output> for Printed {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("xtask prints UTF-8");
        let printed = Self {
            ok: output.status.success(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!printed.out.contains(TOKEN) && !printed.err.contains(TOKEN), "{printed:?}");
        printed
    }
}
