// refused: E0277
use runcomfy::{Client, Media};
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

async fn run(client: Client, image: Media) {
    let input = hailuo::Input::new("a paper boat", image);
    let _ = client.submit(&input).await;
}

fn main() {
    let _ = run;
}
