// refused: E0277
use runcomfy::{Client, JsonInput};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

async fn run(client: Client, input: JsonInput<hailuo::Input>) {
    let _ = client.submit(&input).await;
}

fn main() {
    let _ = run;
}
