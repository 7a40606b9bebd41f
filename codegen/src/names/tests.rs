//! Names that a person would choose.

use super::*;

#[test]
fn fields_and_modules_have_readable_names() {
    let cases = [
        ("prompt", "prompt"),
        ("image_url", "image_url"),
        ("promptImage", "prompt_image"),
        ("600_prompt", "prompt_600"),
        ("110_image", "image_110"),
        ("Hailuo Video 01 Live", "hailuo_video_01_live"),
        ("kling-3.0 4k text-to-video", "kling_3_0_4k_text_to_video"),
        ("type", "r#type"),
        ("loop", "r#loop"),
        ("self", "self_"),
        ("crate", "crate_"),
        ("5", "n5"),
        ("3d_mode", "n3d_mode"),
        ("2d_to_3d", "n2d_to_3d"),
        ("", "empty"),
        ("___", "empty"),
        ("with space", "with_space"),
        // Field cases: camel case and acronyms.
        ("CFGScale", "cfg_scale"),
        ("useHDR", "use_hdr"),
        ("HDRImage", "hdr_image"),
        ("imageURLs", "image_urls"),
        ("imageURLsList", "image_urls_list"),
        ("3DModel", "n3d_model"),
        ("Flux2Pro", "flux2_pro"),
        // Field case: names in scripts other than Latin.
        ("größe", "grösse"),
        ("提示词", "提示词"),
        ("画像URL", "画像url"),
        ("色（カラー）", "色_カラー"),
        ("ＰＲＯＭＰＴ", "prompt"),
        ("🎨", "u1f3a8"),
        ("ニ", "u30cb"),
    ];
    for (wire, name) in cases {
        assert_eq!(snake(wire), name, "{wire}");
    }
    assert_eq!(module("type"), "type_");
    assert_eq!(module("mod"), "mod_");
    assert_eq!(module("generated"), "generated_");
}

#[test]
fn no_module_has_a_reserved_file_name() {
    // Attack L13: `_aux/x`, `-com1/x` and `a/_prn`.
    for (text, name) in [("_aux", "aux_"), ("-com1", "com1_"), ("_prn", "prn_"), ("com", "com")] {
        assert_eq!(module(text), name);
    }
}

#[test]
fn types_avoid_names_that_are_taken() {
    let cases = [
        ("aspect_ratio", "AspectRatio"),
        ("model", "Model"),
        ("option", "OptionChoice"),
        ("string", "StringChoice"),
        ("self", "SelfChoice"),
        ("input", "InputChoice"),
        ("3d_mode", "N3dMode"),
        ("useHDR", "UseHdr"),
        ("风格", "风格"),
        ("ßa", "Ssa"),
        ("", "EmptyChoice"),
    ];
    for (wire, name) in cases {
        assert_eq!(type_name(wire, "Choice"), name, "{wire}");
    }
}

#[test]
fn plurals_have_their_singular() {
    let cases = [
        ("loras", "lora"),
        ("entries", "entry"),
        ("boxes", "box"),
        ("glass", "glass"),
        ("class", "class"),
        ("bus", "bus"),
        ("images", "image"),
        ("phases", "phase"),
        // Field cases: Movy, Sery, Analysi, Ax.
        ("movies", "movie"),
        ("output_movies", "output_movie"),
        ("bestMovies", "bestMovie"),
        ("series", "series"),
        ("time_series", "time_series"),
        ("analysis", "analysis"),
        ("analyses", "analysis"),
        ("axes", "axis"),
        ("indices", "index"),
        ("children", "child"),
        ("statuses", "status"),
        ("lens", "lens"),
        ("URLs", "URL"),
        ("ids", "id"),
        ("data", "data"),
        ("提示词", "提示词"),
    ];
    for (plural, one) in cases {
        assert_eq!(singular(plural), one);
    }
}

#[test]
fn every_metric_is_a_taken_name() {
    for metric in runcomfy::media::Metric::ALL {
        assert!(TAKEN_TYPES.contains(&format!("{metric:?}").as_str()), "{metric:?}");
    }
}

#[test]
fn enum_values_are_named_by_one_scheme() {
    let cases = [
        ("16:9", "Ratio16x9"),
        ("1024_1024", "Size1024x1024"),
        ("1024x768", "Size1024x768"),
        ("1024×768", "Size1024x768"),
        ("1152:864 (4:3)", "Ratio1152x864Ratio4x3"),
        ("1080p", "P1080"),
        ("1080P", "P1080"),
        ("0.5K", "K0_5"),
        ("2k", "K2"),
        ("5", "N5"),
        ("1.5", "N1_5"),
        ("-1", "Minus1"),
        ("5s", "S5"),
        ("10 seconds", "N10Seconds"),
        ("auto", "Auto"),
        ("text-to-video", "TextToVideo"),
        ("textToVideo", "TextToVideo"),
        ("mp3_44100_128", "Mp3_44100_128"),
        ("v2.5-turbo", "V2_5Turbo"),
        ("DPM++ 2M Karras", "DpmPlusPlus2mKarras"),
        ("self", "Self_"),
        ("", "Empty"),
        ("*", "Empty"),
        ("中", "中"),
        ("高清720p", "高清720p"),
        ("PNG", "Png"),
        // Field case: gpt-4o, which was `GptO4`, the name of another model.
        ("gpt-4o", "Gpt4o"),
        ("gpt-4o-mini", "Gpt4oMini"),
        ("gpt4o", "Gpt4o"),
        ("gpt-4.1", "Gpt4_1"),
        ("4o", "N4o"),
        ("3D Model", "N3dModel"),
        ("1st person", "N1stPerson"),
        ("2nd", "N2nd"),
        ("dpmpp_2m", "Dpmpp2m"),
        ("70s film", "N70sFilm"),
        ("auto_4K", "Auto4k"),
        ("1e3", "N1e3"),
        ("useHDR", "UseHdr"),
    ];
    for (word, name) in cases {
        assert_eq!(variant(word), name, "{word}");
    }
}

#[test]
fn things_that_share_a_name_are_numbered_in_any_order() {
    let values = ["4K", "auto", "4k", "k4"];
    assert_eq!(distinct(values, variant, Style::Camel), ["K4", "Auto", "K4_2", "K4_3"]);
    let values = ["4k", "k4", "4K", "auto"];
    assert_eq!(distinct(values, variant, Style::Camel), ["K4_2", "K4_3", "K4", "Auto"]);
    // rustc warns about names that look alike: the second has a Latin `a`, the fourth begins with a Han character.
    let values = ["жа", "жa", "カラー", "力ラ一"];
    assert_eq!(distinct(values, snake, Style::Snake), ["жа_2", "жa", "カラー", "力ラ一_2"]);
    let values = ["Fast", "fast", "fast2"];
    assert_eq!(distinct(values, variant, Style::Camel), ["Fast", "Fast3", "Fast2"]);
    let fields = ["a-b", "a_b", "c", "a b"];
    assert_eq!(distinct(fields, snake, Style::Snake), ["a_b_3", "a_b", "c", "a_b_2"]);
    assert_eq!(distinct(["a-b", "a_b", "a_b_2"], snake, Style::Snake), ["a_b_3", "a_b", "a_b_2"]);
    // Field case: `self` beside `Self`, and attack L12.
    assert_eq!(distinct(["Self", "self"], snake, Style::Snake), ["self_2", "self_"]);
    assert_eq!(distinct(["Super", "super"], snake, Style::Snake), ["super_2", "super_"]);
    assert_eq!(distinct(["Type", "type"], snake, Style::Snake), ["type_2", "r#type"]);
    // Attack L12: `mod__6d6f64`.
    assert_eq!(modules(["mod", "_mod", "x"]), ["mod_6d6f64", "mod_5f6d6f64", "x"]);
    assert_eq!(distinct(["Self", "self"], variant, Style::Camel), ["Self_", "Self2"]);
}

#[test]
fn a_name_that_something_else_has_is_not_given() {
    let taken = HashSet::from(["OutputFormat".to_owned(), "OutputFormat2".to_owned()]);
    let named = [(1, "OutputFormat".to_owned()), (2, "OutputSize".to_owned())];
    assert_eq!(numbered(&named, &taken, Style::Camel), ["OutputFormat3", "OutputSize"]);
}
