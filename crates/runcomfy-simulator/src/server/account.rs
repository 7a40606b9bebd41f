//! Balance of the account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::app::App;

pub(super) async fn balance(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({"balance_usd": app.jobs.balance(), "currency": "USD"}))
}
