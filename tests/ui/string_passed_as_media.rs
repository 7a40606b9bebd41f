// refused: E0277
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

fn main() {
    hailuo::Input::new("a paper boat", "https://example.com/boat.png");
}
