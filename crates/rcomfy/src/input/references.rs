//! `@job:<id>[.index]`: an output of an earlier job as a value.

use std::collections::{BTreeMap, BTreeSet};

use runcomfy::MediaOutput;
use runcomfy::client::{ApiErrorKind, JobErrorReason};
use runcomfy_ledger::{Job, State};

use crate::args::Global;
use crate::errors;
use crate::failure::{Failure, Kind, Result};
use crate::output::Output;
use crate::session::{Backend, Session, ledger};

/// The beginning of a reference.
const PREFIX: &str = "@job:";

/// The outputs that references name, by the reference as typed.
#[derive(Debug, Default)]
pub(crate) struct References(BTreeMap<String, String>);

/// The place where an output is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// RunComfy: its record of the job may have expired, or name another URL.
    RunComfy,
    /// The ledger alone, without a network.
    Ledger,
}

impl References {
    /// Returns the output that a text refers to. `None` if it is not a reference.
    pub(crate) fn get(&self, text: &str) -> Option<&str> {
        self.0.get(text).map(String::as_str)
    }

    /// Looks up every reference among texts. Without one, no ledger is opened.
    pub(crate) async fn resolve(
        texts: impl IntoIterator<Item = String>,
        global: &Global,
        output: Output,
        lookup: Lookup,
    ) -> Result<Self> {
        let wanted: BTreeSet<String> =
            texts.into_iter().filter(|text| text.starts_with(PREFIX)).collect();
        let mut found = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(Self(found));
        }
        let ledger = ledger(global).await?;
        let session = match lookup {
            Lookup::RunComfy => Some(Session::open(global, output, Backend::Configured).await?),
            Lookup::Ledger => None,
        };
        for text in wanted {
            let (name, index) = parse(&text)?;
            let job = ledger.find(name).await?;
            let outputs = outputs(&job, session.as_ref()).await?;
            let Some(value) = outputs.get(index) else {
                return Err(no_such_output(&text, &job, outputs.len()));
            };
            found.insert(text, value.clone());
        }
        Ok(Self(found))
    }
}

/// Returns the job of a reference, and the index of the output.
fn parse(text: &str) -> Result<(&str, usize)> {
    let rest = text.strip_prefix(PREFIX).unwrap_or(text);
    let (name, index) = match rest.rsplit_once('.') {
        Some((name, index)) => (name, index.parse().ok()),
        None => (rest, Some(0)),
    };
    match index {
        Some(index) if !name.is_empty() => Ok((name, index)),
        _ => Err(Failure::usage(format!("{text} names no output of a job"))
            .fix("write `@job:<id>` for the first output, or `@job:<id>.1` for the second")),
    }
}

/// Returns the URLs of a job's outputs, or the path of a saved one that had no URL.
async fn outputs(job: &Job, session: Option<&Session>) -> Result<Vec<String>> {
    let id = &job.id;
    let refused = |message: &str| {
        Failure::new(Kind::InputRefused, format!("job {id} {message}")).job(id.to_string())
    };
    match job.state {
        State::Succeeded | State::Delivered => {}
        State::Intended => {
            return Err(refused("was not sent, so it has no output")
                .fix(format!("`rcomfy jobs resume {id}` sends it and waits")));
        }
        State::Sending | State::Accepted => {
            return Err(refused("is not finished, so it has no output yet")
                .fix(format!("`rcomfy wait {id}` waits for it"))
                .retryable());
        }
        state => {
            return Err(refused(&format!("is {state}, so it has no output"))
                .fix(format!("`rcomfy jobs show {id}` says why")));
        }
    }
    if let (Some(session), Some(request)) = (session, &job.request_id) {
        match session.client.raw().job(request.clone()).result().await {
            Ok(Some(completed)) => return Ok(urls(&completed.output, job)),
            Ok(None) => {}
            Err(error) => {
                let gone = matches!(&error.reason,
                    JobErrorReason::Api(api) if api.kind == ApiErrorKind::NotFound);
                return Err(if gone { expired(job) } else { errors::call(&error) });
            }
        }
    }
    let kept = job.result.as_ref().map(|result| urls(&result.output, job));
    Ok(kept.unwrap_or_default())
}

fn urls(output: &serde_json::Value, job: &Job) -> Vec<String> {
    let media = serde_json::from_value::<MediaOutput>(output.clone()).unwrap_or_default();
    let urls: Vec<String> = media.urls().map(ToString::to_string).collect();
    if !urls.is_empty() {
        return urls;
    }
    // The output held its data, or has members that are not known.
    let saved = job.outputs.iter().map(|output| match &output.url {
        Some(url) => url.to_string(),
        None => output.path.display().to_string(),
    });
    saved.collect()
}

fn expired(job: &Job) -> Failure {
    let fix = match job.outputs.first() {
        Some(saved) => format!("give the saved file instead: {}", saved.path.display()),
        None => "run that job again, and save its outputs".to_owned(),
    };
    Failure::new(
        Kind::InputRefused,
        format!("the record of job {} has expired at RunComfy, and its output with it", job.id),
    )
    .job(job.id.to_string())
    .fix(fix)
}

fn no_such_output(text: &str, job: &Job, count: usize) -> Failure {
    let message = format!("{text}: job {} has {}", job.id, crate::style::count(count, "output"));
    Failure::new(Kind::InputRefused, message)
        .job(job.id.to_string())
        .fix(format!("indices begin with 0; `rcomfy result {}` shows the output", job.id))
}
