// refused: E0423
use runcomfy::Valid;
use runcomfy_models::minimax::hailuo_video_01_live as hailuo;

fn forge(input: hailuo::Input) -> Valid<hailuo::Input> {
    Valid(input)
}

fn main() {
    let _ = forge;
}
