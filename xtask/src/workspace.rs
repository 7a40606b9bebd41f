//! This workspace, as the commands of the generator see it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use runcomfy_codegen_cli::{Asset, GenerateArgs, Project, Target};

use crate::{cargo, schemas_asset};

/// The crate that is generated, and its modules within it.
const CRATE: &str = "crates/runcomfy-models";
const MODULES: &str = "src/generated";

/// Returns the schemas of the workspace, and what is generated from them.
pub(crate) fn project() -> Result<Project> {
    let root = cargo::workspace()?;
    let home = root.join(CRATE);
    let target = Target {
        schemas: root.join("schemas"),
        schemas_name: PathBuf::from("schemas"),
        out: home.join(MODULES),
        out_name: format!("{CRATE}/{MODULES}"),
        manifest: Some((home.join("Cargo.toml"), format!("{CRATE}/Cargo.toml"))),
        asset: Some(Asset {
            path: root.join(schemas_asset::PATH),
            name: schemas_asset::PATH.to_owned(),
            text: schemas_asset::text,
        }),
    };
    Ok(Project {
        target,
        generate_command: "cargo xtask codegen",
        schemas_command: "cargo xtask schemas",
    })
}

/// Refuses to write somebody else's modules over those of the workspace.
pub(crate) fn check_folders(args: &GenerateArgs) -> Result<()> {
    match (&args.schemas, &args.out) {
        (Some(_), None) => bail!("give --out too: the folder to write the modules to"),
        (None, Some(_)) => bail!("give --schemas too: the folder to read"),
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}
