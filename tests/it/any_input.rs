//! Models that are chosen at run time: found by words, checked, submitted, stored, and priced.

use std::time::Duration;

use runcomfy::client::{CatalogQuery, SubmitError};
use runcomfy::{AnyInput, Client, ContentKind, Job, Media, Model, Raw, Stored};
use runcomfy_models::minimax::hailuo_video_01_live::Input;
use runcomfy_models::{model, search};
use runcomfy_simulator::{Pace, Price, PriceUnit, Simulator};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::scripted::builder;

const HAILUO: &str = "minimax/Hailuo Video 01 Live";
const KLING: &str = "kling/kling-3.0/4k/text-to-video";

async fn simulator() -> Simulator {
    let pace = Pace { queue: Duration::ZERO, run: Duration::ZERO };
    let priced = Simulator::builder().pace(pace);
    let priced = priced.model_price(KLING, Price { usd: 0.1, unit: PriceUnit::Second });
    priced.start().await.expect("it starts")
}

fn client(simulator: &Simulator) -> Client {
    let builder = builder(simulator.api_base()).allow_local_media();
    builder.build().expect("the settings are valid")
}

fn input(value: Value) -> AnyInput {
    AnyInput::new(model(HAILUO).expect("it is a model"), value)
}

#[tokio::test]
async fn an_input_of_a_chosen_model_is_submitted_like_a_typed_one() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let image = simulator.picture_url(640, 480);
    let valid = input(json!({"prompt": "a boat", "image_url": image})).validate();
    let valid = valid.expect("it is valid");
    let job = client.submit(&valid).await.expect("it is accepted");
    assert!(job.preflight_report().is_some_and(|report| report.stats.requests > 0));

    let again: Job<Raw> = client.raw().job(job.id().clone());
    let completed = again.wait().await.expect("it succeeds");
    assert!(completed.output["video"].is_string(), "{}", completed.output);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let to = runcomfy::client::DownloadOptions::into_folder(folder.path());
    assert_eq!(client.download(&completed, &to).await.expect("it exists").len(), 1);

    let typed = Media::url(simulator.picture_url(640, 480)).expect("it is a URL");
    let typed = Input::new("a boat", typed).validate().expect("it is valid");
    let (typed, chosen) = (client.prepare(&typed).await, client.prepare(&valid).await);
    let (typed, chosen) = (typed.expect("it is good"), chosen.expect("it is good"));
    let json = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("it is JSON");
    let typed = typed.body().expect("there is no file");
    assert_eq!(json(&typed), json(&chosen.body().expect("there is no file")));
    assert_eq!(chosen.model(), HAILUO);
}

#[tokio::test]
async fn media_of_a_chosen_model_is_measured_before_it_costs_money() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let small = simulator.picture_url(200, 480);
    let valid = input(json!({"prompt": "a", "image_url": small})).validate().expect("it is valid");
    let error = client.submit(&valid).await.expect_err("it is too small");
    let SubmitError::Refused(report) = error else { panic!("{error}") };
    assert_eq!(report.violations[0].rule, "width_pixels>");
    assert_eq!(simulator.ledger().len(), 0);
}

#[tokio::test]
async fn a_local_file_of_a_chosen_model_is_sent_and_stored_by_its_path() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("small.gif");
    // The header of a picture of 200 × 200.
    std::fs::write(&file, b"GIF89a\xc8\0\xc8\0\0\0\0;").expect("a file can be written");
    let placed = input(json!({"prompt": "a"})).with_media("/image_url", Media::file(&file));
    let placed = placed.expect("there is a place");
    let row = serde_json::to_string(&Stored(placed.clone())).expect("it can be stored");
    let mut stored = serde_json::Deserializer::from_str(&row);
    let stored = AnyInput::deserialize_stored(&mut stored, model).expect("it is stored");
    assert_eq!(stored, placed);

    // The file is small: its own facts refuse it, so it was read and measured.
    let valid = stored.validate().expect("it is valid");
    let report = client.preflight(&valid).await;
    let broken = report.violations.iter().map(|found| (found.path.pointer(), &*found.rule));
    let broken: Vec<(String, &str)> = broken.collect();
    let expected = ["width_pixels>", "height_pixels>"].map(|rule| ("/image_url".to_owned(), rule));
    assert_eq!(broken, expected);

    let unknown = row.replace(HAILUO, "minimax/hailuo");
    let mut unknown = serde_json::Deserializer::from_str(&unknown);
    let error = AnyInput::deserialize_stored(&mut unknown, model).expect_err("it is not known");
    assert!(error.to_string().contains("there is no model `minimax/hailuo`"), "{error}");
}

#[test]
fn the_blocking_client_takes_a_chosen_model() {
    let runtime = Runtime::new().expect("a runtime starts");
    let simulator = runtime.block_on(simulator());
    let client = builder(simulator.api_base()).build_blocking().expect("the settings are valid");
    let kling = model(KLING).expect("it is a model");
    let valid = AnyInput::new(kling, json!({"prompt": "a boat", "duration": 5})).validate();
    let valid = valid.expect("it is valid");
    let estimate = client.estimate(&valid).expect("it answers").expect("there is a price");
    let completed = client.run(&valid).wait().expect("it succeeds");
    assert!(completed.output["video"].is_string());
    assert_eq!(completed.cost, Some(0.5));
    assert_eq!((estimate.min_usd, estimate.max_usd), (0.5, Some(0.5)));
}

#[tokio::test]
async fn an_estimate_holds_the_cost_of_the_job() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let kling = model(KLING).expect("it is a model");
    for given in [json!({"prompt": "a"}), json!({"prompt": "a", "duration": 10})] {
        let valid = AnyInput::new(kling, given).validate().expect("it is valid");
        let estimate = client.estimate(&valid).await.expect("it answers").expect("it has a price");
        let job = client.submit(&valid).await.expect("it is accepted");
        let cost = job.wait().await.expect("it succeeds").cost.expect("it costs");
        assert_eq!((estimate.min_usd, estimate.max_usd), (cost, Some(cost)), "{estimate}");
    }
    let free = input(json!({"prompt": "a", "image_url": "https://example.com/a.png"})).validate();
    let free = free.expect("it is valid");
    assert_eq!(client.estimate(&free).await.expect("it answers"), None);
}

#[tokio::test]
async fn the_catalog_is_searched_by_words_however_they_are_joined() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let found = async |query: &CatalogQuery| {
        let found = client.catalog(query).await.expect("it answers");
        let ids = found.models.into_iter().filter_map(|entry| entry.model_id);
        (found.total, ids.collect::<Vec<String>>())
    };
    let (total, hyphens) = found(&CatalogQuery::default().search("text-to-video")).await;
    assert!(hyphens.len() > 10 && hyphens.contains(&KLING.to_owned()), "{hyphens:?}");
    assert!(hyphens.iter().all(|id| id.contains("text-to-video")), "{hyphens:?}");
    assert_eq!(total, Some(hyphens.len()));
    for query in ["text to video", "Text_to/Video", " text  to-video"] {
        let query = CatalogQuery::default().search(query);
        assert_eq!(found(&query).await, (total, hyphens.clone()), "{query:?}");
        let page = found(&query.limit(2).offset(3)).await;
        assert_eq!(page, (total, hyphens[3..5].to_vec()));
    }
    let (_, kling) = found(&CatalogQuery::default().search("kling text to video")).await;
    assert_eq!(kling, [KLING]);
}

#[test]
fn every_model_has_the_facts_by_which_it_is_found() {
    for model in runcomfy_models::models() {
        let category = model.category.expect("it has a category");
        let (from, to) = category.split_once("-to-").expect("it is from something to something");
        let (from, to): (ContentKind, ContentKind) =
            (from.parse().expect("it is a kind"), to.parse().expect("it is a kind"));
        assert!(model.takes.contains(&from) && model.gives.contains(&to), "{}", model.id);
        assert!(model.title.is_some_and(|title| !title.is_empty()), "{}", model.id);
        assert_eq!(search(model.id).first().map(|found| found.id), Some(model.id));
        assert_eq!(model.id, runcomfy_models::model(model.id).expect("it is known").id);
    }
    let images = search("text to image");
    assert!(images.len() > 5 && images.iter().all(|model| model.category == Some("text-to-image")));
    assert_eq!(model("minimax/hailuo-video-01-live").unwrap_err().suggestions, [HAILUO]);
    assert!(search("hailuo")[0].id == HAILUO && search("no such thing").is_empty());
}
