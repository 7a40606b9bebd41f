// refused: E0277
use runcomfy_models::kling::kling_video_o3_pro_image_to_video as kling;

fn set(input: kling::Input, path: String) -> kling::Input {
    input.with_end_image(path)
}

fn main() {
    let _ = set;
}
