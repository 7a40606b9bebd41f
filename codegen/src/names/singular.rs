//! Returns the singular of a name.

/// Plurals that the rules below would get wrong.
const IRREGULAR: [(&str, &str); 36] = [
    ("aliases", "alias"),
    ("analyses", "analysis"),
    ("axes", "axis"),
    ("biases", "bias"),
    ("bonuses", "bonus"),
    ("buses", "bus"),
    ("caches", "cache"),
    ("calories", "calorie"),
    ("campuses", "campus"),
    ("canvases", "canvas"),
    ("children", "child"),
    ("cookies", "cookie"),
    ("crises", "crisis"),
    ("criteria", "criterion"),
    ("focuses", "focus"),
    ("genies", "genie"),
    ("halves", "half"),
    ("heroes", "hero"),
    ("hypotheses", "hypothesis"),
    ("indices", "index"),
    ("knives", "knife"),
    ("leaves", "leaf"),
    ("lenses", "lens"),
    ("lives", "life"),
    ("matrices", "matrix"),
    ("movies", "movie"),
    ("niches", "niche"),
    ("people", "person"),
    ("selfies", "selfie"),
    ("shelves", "shelf"),
    ("statuses", "status"),
    ("syntheses", "synthesis"),
    ("vertices", "vertex"),
    ("viruses", "virus"),
    ("wolves", "wolf"),
    ("zombies", "zombie"),
];

/// Words that end like a plural and are not one, or are their own plural.
const SINGULAR: [&str; 16] = [
    "alias",
    "always",
    "atlas",
    "bias",
    "canvas",
    "chaos",
    "christmas",
    "gas",
    "lens",
    "news",
    "series",
    "species",
    "themselves",
    "this",
    "versus",
    "yes",
];

/// Returns the singular of a property that holds a list: `loras` → `lora`. A word that may not be a
/// plural stays as it is.
pub(crate) fn singular(wire: &str) -> String {
    let start = last_word(wire);
    let (before, word) = wire.split_at(start);
    let small = word.to_ascii_lowercase();
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == small) {
        // The first letter keeps its case.
        let shared = small.bytes().zip(one.bytes()).take_while(|(a, b)| a == b).count();
        return format!("{before}{}{}", &word[..shared], &one[shared..]);
    }
    let stays = SINGULAR.contains(&small.as_str())
        || small.len() < 3
        || ["ss", "us", "is", "ous"].iter().any(|end| small.ends_with(end));
    if stays {
        return wire.to_owned();
    }
    let endings = [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")];
    for (many, one) in endings {
        // `ties` is short for no `ty`.
        if small.ends_with(many) && small.len() > many.len() + 1 {
            return format!("{}{one}", &wire[..wire.len() - many.len()]);
        }
    }
    let cut = if small.ends_with('s') { 1 } else { 0 };
    wire[..wire.len() - cut].to_owned()
}

/// Returns the offset of the last word of a name.
fn last_word(wire: &str) -> usize {
    let mut start = 0;
    let mut before = ' ';
    for (at, c) in wire.char_indices() {
        let is_hump = before.is_ascii_lowercase() && c.is_ascii_uppercase();
        if is_hump || !before.is_ascii_alphabetic() {
            start = at;
        }
        before = c;
    }
    start
}
