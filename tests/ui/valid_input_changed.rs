// refused: E0594
use runcomfy::Valid;
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

fn change(mut input: Valid<hailuo::Input>) {
    input.prompt = String::new();
}

fn main() {
    let _ = change;
}
