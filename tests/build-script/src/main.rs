//! Uses a model that the build script generates.

use std::error::Error;

use generated::acme::flag::{Cut, Input};
use runcomfy::Model;

include!(concat!(env!("OUT_DIR"), "/models.rs"));

fn main() -> Result<(), Box<dyn Error>> {
    let input = Input::new("Onward").with_cut(Cut::Pennant).validate()?;
    println!("{} of {} is valid", input.motto, Input::ID);
    println!("{}", Input::new("").violations());
    Ok(())
}
