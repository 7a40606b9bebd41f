// refused: E0639
use runcomfy::Media;
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

fn build(image_url: Media) -> hailuo::Input {
    hailuo::Input { prompt: "a paper boat".to_owned(), image_url, prompt_optimizer: None }
}

fn main() {
    let _ = build;
}
