//! Makes the input of a model of one's own, and shows what is wrong with another one.

use std::error::Error;

use custom_models::acme::poster::{Format, Input, Layer};
use runcomfy::{Media, Model, Payload};

fn main() -> Result<(), Box<dyn Error>> {
    let photo = Media::url("https://example.com/boat.jpg")?;
    let input = Input::new("Regatta", Format::Ratio2x3)
        .with_layers([Layer::new(photo).with_opacity(0.5)])
        .validate()?;
    println!("{}", serde_json::to_string_pretty(&input.to_json()?)?);

    println!("{}", Input::new("", Format::A3).violations());
    Ok(())
}
