//! `schemas sync`: imports the live catalog into the schemas folder.
//!
//! The folder is read first, then every page. Nothing is written until all of it is checked;
//! then one model is written after the other.

mod plan;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use runcomfy::Client;
use runcomfy::client::{ClientBuilder, ConfigError, Retry};
use runcomfy_codegen::import::{Import, Pages};
use semver::Version;

use crate::args::SyncArgs;
use crate::terminal::{error, warn};
use crate::{Project, diff, files, release};
use plan::Plan;

pub(crate) fn run(args: &SyncArgs, project: &Project) -> Result<ExitCode> {
    let schemas = project.schemas_folder(args.schemas.as_deref());
    let release = release::of(schemas)?;
    let (import, plan) = prepare(args, schemas, release.as_ref())
        .with_context(|| format!("nothing was changed in {}", schemas.display()))?;
    for skipped in &import.skipped {
        warn(format_args!("skipped: {skipped}"));
    }
    let leftovers = files::leftovers(schemas)?;
    if args.check {
        for path in &leftovers {
            warn(format_args!("{} is left behind by an interrupted run", path.display()));
        }
    } else {
        files::remove_leftovers(&leftovers)?;
    }
    // The comparison needs the earlier state, before a file is written.
    let diff = plan.diff(schemas)?;
    for step in &plan.steps {
        if !args.check {
            step.apply(schemas)?;
        }
        step.print();
    }
    anstream::print!("{}", diff::shown(&diff, release.as_ref())?);
    anstream::println!(
        "models in the catalog: {}; {}; skipped {}",
        import.models.len() + import.skipped.len(),
        plan.counts(),
        import.skipped.len()
    );
    if args.check && (plan.changes_something() || !leftovers.is_empty()) {
        error(format_args!(
            "{} differs from the catalog; run `{} sync` without --check",
            schemas.display(),
            project.schemas_command
        ));
        return Ok(ExitCode::FAILURE);
    }
    if plan.changes_something() && args.schemas.is_none() {
        anstream::println!("now run `{}`", project.generate_command);
    }
    Ok(ExitCode::SUCCESS)
}

/// Does everything that can fail before a file is written.
fn prepare(args: &SyncArgs, schemas: &Path, release: Option<&Version>) -> Result<(Import, Plan)> {
    let known = plan::known(schemas)?;
    // A failure is shown at once, and the command can be run again.
    let mut builder = ClientBuilder::from_env()?.retry(Retry::never());
    if let Some(base) = &args.api_base {
        builder = builder.api_base(base);
    }
    let client = match builder.build() {
        Err(ConfigError::NoToken) => {
            bail!("no token: set RUNCOMFY_TOKEN, or sign in with the official command line")
        }
        built => built?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let pages = runtime.block_on(read(&client, args.page_size.into()))?;
    let import = pages.import()?;
    let plan = Plan::new(&known, &import, schemas, release)?;
    Ok((import, plan))
}

/// Reads every page of the catalog. The next page begins after the entries read so far, which
/// makes overlapping pages harmless.
async fn read(client: &Client, page_size: usize) -> Result<Pages> {
    let mut pages = Pages::default();
    let mut promised = None;
    loop {
        let page = client
            .catalog_page(pages.len(), page_size)
            .await
            .with_context(|| format!("reading the catalog from entry {} on", pages.len() + 1))?;
        let is_first = pages.is_empty();
        let fresh = pages.add(&page.text)?;
        match page.total {
            Some(total) => anstream::eprintln!("read {} of {total}", pages.len()),
            None => anstream::eprintln!("read {}", pages.len()),
        }
        if !is_first && page.total != promised {
            bail!("the catalog changed while it was read; run it again");
        }
        promised = page.total;
        if fresh == 0 || promised.is_some_and(|total| pages.len() >= total) {
            break;
        }
    }
    match promised {
        Some(total) if total != pages.len() => bail!(
            "the catalog promised {total} models and sent {}: it changed while it was read; run it \
             again",
            pages.len()
        ),
        Some(_) | None if pages.is_empty() => bail!(
            "the catalog came back empty, which is no reason to remove models; check the API base \
             and run it again"
        ),
        Some(_) | None => Ok(pages),
    }
}
