// refused: E0308
use runcomfy::{Job, Valid};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

async fn mix(client: runcomfy::Client, input: Valid<hailuo::Input>) -> Option<Job<String>> {
    client.submit(&input).await.ok()
}

fn main() {
    let _ = mix;
}
