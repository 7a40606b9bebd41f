//! The feature `clap`: an enum of strings is the value of a flag.
#![cfg(feature = "clap")]

use clap::builder::EnumValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

runcomfy::codegen_support::string_enum! {
    /// Shape of the picture.
    pub enum Shape {
        /// `16:9`
        Ratio16x9 = "16:9",
        /// `Square`
        Square = "Square",
    }
}

fn parse(value: &str) -> Result<Option<Shape>, clap::Error> {
    let shape = Arg::new("shape").long("shape").value_parser(EnumValueParser::<Shape>::new());
    let mut matches =
        Command::new("paint").arg(shape).try_get_matches_from(["paint", "--shape", value])?;
    Ok(matches.remove_one("shape"))
}

#[test]
fn a_flag_takes_the_values_on_the_wire() {
    assert_eq!(parse("16:9").expect("it is a value"), Some(Shape::Ratio16x9));
    assert_eq!(parse("Square").expect("it is a value"), Some(Shape::Square));
    for other in ["square", "ratio16x9", "1:1"] {
        let error = parse(other).expect_err("it is not a value");
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{other}");
    }
}
