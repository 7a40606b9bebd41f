//! `rcomfy models sync`: caches the live catalog.

use serde_json::json;

use crate::args::Global;
use crate::config::Config;
use crate::errors;
use crate::failure::{Failure, Kind, Result};
use crate::live::Live;
use crate::model::{catalog, sync};
use crate::output::{Output, Reply};
use crate::session::{Backend, Session};
use crate::style::{HINT, count, escaped};

/// The most new models whose ids are printed.
const MAX_NEW: usize = 20;

/// Fetches the catalog, and replaces the cached one.
pub(crate) async fn run(global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Measuring).await?;
    let live = Live::start(output, "reading the catalog");
    let fetched = sync::fetch(&session.client, |entries| {
        live.show(&format!("reading the catalog: {}", count(entries, "model")));
    });
    let fetched = fetched.await.map_err(|error| errors::other(&error));
    drop(live);
    let fetched = fetched?;
    if fetched.models.is_empty() {
        return Err(Failure::new(Kind::Network, "the live catalog lists no model")
            .fix("the cached catalog was kept; try again later"));
    }
    let path = Config::read()?.catalog_path();
    let models: Vec<_> = fetched.models.into_values().collect();
    let newer = models.iter().filter(|(_, entry)| entry.is_some());
    let newer: Vec<String> = newer.map(|(model, _)| model.id.clone()).collect();
    let refused = models.iter().filter_map(|(model, _)| Some((&model.id, model.problem.as_ref()?)));
    let refused: Vec<_> =
        refused.map(|(id, problem)| json!({"id": id, "problem": problem})).collect();
    let total = models.len();
    catalog::write(&path, models)
        .map_err(|error| Failure::io(&format!("write {}", path.display()), error))?;
    let mut lines = vec![format!("{} in the catalog", count(total, "model"))];
    if !newer.is_empty() {
        lines.push(format!("{} not built in:", newer.len()));
        lines.extend(newer.iter().take(MAX_NEW).map(|id| format!("  {}", escaped(id))));
        if newer.len() > MAX_NEW {
            lines.push(format!("  and {} more", newer.len() - MAX_NEW));
        }
    }
    if !refused.is_empty() {
        lines.push(format!(
            "{HINT}{} cannot be checked{HINT:#}: `rcomfy models show <model>` says why",
            count(refused.len(), "model")
        ));
    }
    let data = json!({
        "path": path.to_string_lossy(),
        "models": total,
        "not_built_in": newer,
        "refused": refused,
        "skipped": fetched.skipped,
    });
    Ok(Reply::new(data, lines.join("\n")))
}
