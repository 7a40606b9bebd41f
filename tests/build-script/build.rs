//! Generates a module for each model of `schemas/` into the folder of this build.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use runcomfy_codegen::{Features, Settings, Severity, Source, generate};

/// The files of a model. Its folder is `provider/model`.
struct Model {
    folder: String,
    manifest: String,
    input: String,
    output: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=schemas");
    let models = read(Path::new("schemas"))?;
    let sources: Vec<Source<'_>> = models
        .iter()
        .map(|model| Source {
            folder: &model.folder,
            model: &model.manifest,
            input: &model.input,
            output: model.output.as_deref(),
            fixup: None,
        })
        .collect();
    let settings = Settings { features: Features::None, ..Settings::default() };
    let generated = generate(&sources, &settings);
    for found in &generated.diagnostics {
        let level = match settings.severity(found.code) {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (place, message) = (&found.place, &found.message);
        println!("cargo::{level}={}#{}: {message}", place.file, place.pointer);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    for (name, text) in &generated.files {
        let file = out.join("generated").join(name);
        fs::create_dir_all(file.parent().ok_or("a file is in a folder")?)?;
        fs::write(file, text)?;
    }
    // A module cannot be included, since it has files of its own; a declaration of it can.
    let module = out.join("generated/mod.rs");
    let declaration = format!("#[path = {:?}]\nmod generated;\n", module.display().to_string());
    Ok(fs::write(out.join("models.rs"), declaration)?)
}

/// Reads every `schemas/provider/model`.
fn read(schemas: &Path) -> Result<Vec<Model>, Box<dyn Error>> {
    let mut models = Vec::new();
    for provider in fs::read_dir(schemas)? {
        for model in fs::read_dir(provider?.path())? {
            let path = model?.path();
            let folder = path.strip_prefix(schemas)?.to_str().ok_or("a name is not Unicode")?;
            models.push(Model {
                folder: folder.replace('\\', "/"),
                manifest: fs::read_to_string(path.join("model.json"))?,
                input: fs::read_to_string(path.join("input.json"))?,
                output: fs::read_to_string(path.join("output.json")).ok(),
            });
        }
    }
    Ok(models)
}
