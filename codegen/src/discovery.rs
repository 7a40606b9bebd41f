//! The facts by which a model is found: its title, its category, and the kinds of content that go in
//! and come out. `schemas/README.md` has the rules.

use std::collections::BTreeSet;

use runcomfy::ContentKind;
use runcomfy::media::MediaKind;

use crate::manifest::Manifest;
use crate::model::{Discovery, Field, Rule, Shape, Struct, Union, ValueSchema};
use crate::schema::Schema;

/// The kinds of content, in the order in which they name a category.
const PRECEDENCE: [ContentKind; 3] = [ContentKind::Video, ContentKind::Image, ContentKind::Audio];

impl Discovery {
    /// Returns the facts that `model.json` records, and derives those that it does not.
    pub(crate) fn of(
        manifest: &Manifest,
        structs: &[Struct],
        unions: &[Union],
        output: Option<&Schema>,
    ) -> Self {
        let mut can = Kinds::new(structs, unions, Presence::Possible);
        let mut must = Kinds::new(structs, unions, Presence::Required);
        for kinds in [&mut can, &mut must] {
            kinds.add_struct(0);
        }
        let gives = manifest.gives.clone().or_else(|| gives(manifest, output)).unwrap_or_default();
        let category = manifest.category.clone();
        Self {
            title: manifest.title(),
            category: category.or_else(|| category_of(&must.found, &can.found, &gives)),
            takes: can.found.into_iter().collect(),
            gives,
        }
    }
}

/// Returns the category: what the input must have, and what comes out.
fn category_of(
    must: &BTreeSet<ContentKind>,
    can: &BTreeSet<ContentKind>,
    gives: &[ContentKind],
) -> Option<String> {
    let to = PRECEDENCE.into_iter().find(|kind| gives.contains(kind)).or(gives.first().copied())?;
    let media = |of: &BTreeSet<ContentKind>| PRECEDENCE.into_iter().find(|kind| of.contains(kind));
    let takes_text = can.contains(&ContentKind::Text);
    let optional = if takes_text { None } else { media(can) };
    let from = media(must).or(optional).unwrap_or(ContentKind::Text);
    Some(format!("{from}-to-{to}"))
}

/// Returns what a model gives, by the first of these that says it: the catalog's `kind`, its
/// `categories`, the id, the output schema.
fn gives(manifest: &Manifest, output: Option<&Schema>) -> Option<Vec<ContentKind>> {
    let said = manifest.catalog_words().into_iter().find_map(|words| target(&words));
    let said = said.or_else(|| named(manifest.id.as_str())).map(|kind| vec![kind]);
    said.or_else(|| output.and_then(output_kind).map(|kind| vec![kind]))
}

/// Returns the kind after the last `to`, as in `image-to-video`.
fn target(text: &str) -> Option<ContentKind> {
    let words = words(text);
    let position = words.iter().rposition(|word| word == "to")?;
    words.get(position + 1)?.parse().ok()
}

/// Returns the kind that an id names: after its last `to`, or as its only word for a kind.
fn named(id: &str) -> Option<ContentKind> {
    let name = id.split_once('/').map_or(id, |(_, name)| name);
    let words = words(name);
    if words.iter().any(|word| word == "to") {
        return target(name);
    }
    let kinds: BTreeSet<ContentKind> = words.iter().filter_map(|word| word.parse().ok()).collect();
    only(kinds).filter(|kind| *kind != ContentKind::Text)
}

/// Returns the kind of the files in an output, if they are of one kind.
fn output_kind(output: &Schema) -> Option<ContentKind> {
    let names = output.properties.iter().flatten();
    only(names.filter_map(|(name, _)| kind_of_files(name)).collect())
}

fn kind_of_files(name: &str) -> Option<ContentKind> {
    name.strip_suffix('s').unwrap_or(name).parse().ok()
}

fn only(kinds: BTreeSet<ContentKind>) -> Option<ContentKind> {
    let mut kinds = kinds.into_iter();
    kinds.next().filter(|_| kinds.next().is_none())
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| matches!(c, '/' | '-' | '_') || c.is_whitespace());
    words.map(str::to_owned).collect()
}

/// The content to look for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// In any property.
    Possible,
    /// In a property that is required, and does not take null.
    Required,
}

/// The kinds of content in an input.
struct Kinds<'a> {
    structs: &'a [Struct],
    unions: &'a [Union],
    presence: Presence,
    found: BTreeSet<ContentKind>,
    /// The structs and unions that were entered.
    entered: (BTreeSet<usize>, BTreeSet<usize>),
}

impl<'a> Kinds<'a> {
    fn new(structs: &'a [Struct], unions: &'a [Union], presence: Presence) -> Self {
        let entered = (BTreeSet::new(), BTreeSet::new());
        Self { structs, unions, presence, found: BTreeSet::new(), entered }
    }

    fn add_struct(&mut self, index: usize) {
        if !self.entered.0.insert(index) {
            return;
        }
        let fields: &'a [Field] = self.structs.get(index).map_or(&[], |of| &of.fields);
        for field in fields {
            if self.presence == Presence::Possible || field.required.is_some() {
                self.add(&field.schema, &field.wire);
            }
        }
    }

    fn add(&mut self, of: &'a ValueSchema, name: &str) {
        match &of.shape {
            Shape::Media(kind) => _ = self.found.insert(content_kind(*kind, name)),
            Shape::Text if !of.rules.iter().any(is_choice) => {
                self.found.insert(ContentKind::Text);
            }
            Shape::List(inner) | Shape::Map(inner) => self.add(inner, name),
            Shape::Nullable(inner) if self.presence == Presence::Possible => self.add(inner, name),
            Shape::Object(index) | Shape::Open(index, _) => self.add_struct(*index),
            Shape::Union(index) => {
                if self.entered.1.insert(*index) {
                    let branches: &'a [ValueSchema] =
                        self.unions.get(*index).map_or(&[], |union| &union.branches);
                    branches.iter().for_each(|branch| self.add(branch, name));
                }
            }
            Shape::Any
            | Shape::Null
            | Shape::Boolean
            | Shape::Integer
            | Shape::Number
            | Shape::Text
            | Shape::Nullable(_) => {}
        }
    }
}

fn is_choice(rule: &Rule) -> bool {
    matches!(rule, Rule::Strings(_) | Rule::Values(_))
}

/// Returns the kind of media, by the name of its property if the schema does not say it.
fn content_kind(kind: MediaKind, name: &str) -> ContentKind {
    let name = name.to_lowercase();
    match kind {
        MediaKind::Video => ContentKind::Video,
        MediaKind::Audio => ContentKind::Audio,
        MediaKind::Image => ContentKind::Image,
        _ if name.contains("video") => ContentKind::Video,
        _ if name.contains("audio") => ContentKind::Audio,
        _ => ContentKind::Image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_comes_out_only_if_it_names_one_kind() {
        let cases = [
            ("a/b/image-to-video", Some(ContentKind::Video)),
            ("a/audio-to-video/image-to-image", Some(ContentKind::Image)),
            ("a/flux-3/image", Some(ContentKind::Image)),
            ("a/Extend Video", Some(ContentKind::Video)),
            ("a/image-to-3d", None),
            ("a/image-video", None),
            ("a/text", None),
            ("video/edit", None),
        ];
        for (id, kind) in cases {
            assert_eq!(named(id), kind, "{id}");
        }
    }
}
