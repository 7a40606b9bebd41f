//! Lowers schemas into the [`Model`].
//!
//! Every object becomes a struct under a name of ours, every string `enum` an enum, and the
//! rules are gathered beside the shapes. typify then decides the Rust type of each field; see
//! [`typify`].

mod annotations;
mod budget;
mod draft;
mod enums;
mod infer;
mod lowerer;
mod merge;
mod naming;
mod objects;
mod references;
mod rules;
mod typify;
mod unions;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::constructor_args::ordered;
use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::manifest::Manifest;
use crate::model::{Discovery, Docs, Field, Model, Module, Output, Struct, Type, Union};
use crate::names::{self, Style};
use crate::schema::Schema;
use crate::settings::Objects;

use draft::{Lowered, StructDraft, TypeRequest, UnionDraft};
use lowerer::Lowerer;
use naming::Direction;

/// Lowers one model. `module` is its place in the crate.
pub(crate) fn lower(
    manifest: &Manifest,
    module: Module,
    input: &Schema,
    output: Option<&Schema>,
    objects: Objects,
    findings: &mut Findings,
) -> Option<Model> {
    let lowerer = Lowerer::new(Direction::Input, input, objects, findings);
    let lowered = lowerer.input(&manifest.required_inputs())?;
    let (enums, rules) = (lowered.enums.clone(), lowered.rules.clone());
    let (others, names) = (lowered.others.clone(), lowered.type_names());
    let Typed { structs: inputs, unions, .. } = typed(lowered, input, findings)?;
    let discovery = Discovery::of(manifest, &inputs, &unions, output);
    let output = match output {
        None => Output::Usual,
        Some(schema) => findings
            .as_warnings(|findings| lower_output(schema, &names, objects, findings))
            .unwrap_or(Output::ANY),
    };
    let arguments = inputs.first().map(|root| ordered(root, &enums, manifest.arguments.as_deref()));
    Some(Model {
        id: manifest.id.as_str().to_owned(),
        folder: manifest.id.folder(),
        module,
        gone: manifest.delisted_as_of().map(str::to_owned),
        page: manifest.page(),
        discovery,
        about: manifest.about(),
        description: input.description.clone(),
        arguments: arguments.unwrap_or_default(),
        inputs,
        others,
        place: input.place.clone(),
        rules,
        enums,
        unions,
        output,
    })
}

fn lower_output(
    schema: &Schema,
    taken: &HashSet<String>,
    objects: Objects,
    findings: &mut Findings,
) -> Option<Output> {
    let lowered = Lowerer::new(Direction::Output, schema, objects, findings).output(taken)?;
    let is_struct = lowered.root == TypeRequest::Object(0);
    let Typed { structs, unions, root } = typed(lowered, schema, findings)?;
    Some(if is_struct && is_usual(&structs, &unions) {
        Output::Usual
    } else if is_struct {
        Output::Own { structs, unions }
    } else {
        Output::Plain { structs, unions, root }
    })
}

/// Structs, unions and a root with their Rust types.
struct Typed {
    structs: Vec<Struct>,
    unions: Vec<Union>,
    root: Type,
}

/// Gives a lowered schema the types that typify decides.
fn typed(lowered: Lowered, schema: &Schema, findings: &mut Findings) -> Option<Typed> {
    let types = match typify::types(&lowered) {
        Ok(types) => types,
        Err(reason) => {
            findings.push(Diagnostic::unexpected_shape(&schema.place, reason));
            return None;
        }
    };
    let names = TypeNames {
        structs: lowered.structs.iter().map(|draft| draft.name.clone()).collect(),
        enums: lowered.enums.iter().map(|draft| draft.name.clone()).collect(),
        unions: lowered.unions.iter().map(|draft| draft.name.clone()).collect(),
    };
    let structs = lowered.structs.into_iter().zip(types.fields);
    let unions = lowered.unions.into_iter().zip(types.variants);
    Some(Typed {
        structs: structs.map(|(draft, types)| struct_of(draft, types)).collect(),
        unions: unions.map(|(draft, types)| union_of(draft, types, &names)).collect(),
        root: types.root,
    })
}

fn struct_of(draft: StructDraft, types: Vec<Type>) -> Struct {
    let fields = draft.fields.into_iter().zip(types);
    let fields = fields.map(|(draft, ty)| Field {
        docs: draft.docs,
        title: draft.title,
        description: draft.description,
        default_place: draft.default.as_ref().map_or_else(Place::default, |it| it.place.clone()),
        default: draft.default.map(|it| it.value.to_string()),
        examples: draft.examples,
        required: draft.required,
        name: draft.name,
        wire: draft.wire,
        schema: draft.schema,
        place: draft.place,
        ty,
    });
    Struct {
        name: draft.name,
        wire: draft.hint.own,
        docs: draft.docs,
        table_only: draft.table_only,
        fields: fields.collect(),
    }
}

fn union_of(draft: UnionDraft, types: Vec<Type>, names: &TypeNames) -> Union {
    let variants = without_prefix(names.variants(&types), &draft.name);
    Union {
        name: draft.name,
        wire: draft.hint.own,
        docs: draft.docs,
        kind: draft.kind,
        branches: draft.branches,
        places: draft.places,
        variants: variants.into_iter().zip(types).collect(),
    }
}

/// The names of a model's types, by their indices.
struct TypeNames {
    structs: Vec<String>,
    enums: Vec<String>,
    unions: Vec<String>,
}

impl TypeNames {
    /// Returns the names of a union's variants.
    fn variants(&self, types: &[Type]) -> Vec<String> {
        let short: Vec<String> = types.iter().map(|ty| self.variant(ty, types)).collect();
        let names = short.iter().zip(types).map(|(name, ty)| {
            let is_shared = short.iter().filter(|other| *other == name).count() > 1;
            if is_shared { self.exact(ty) } else { name.clone() }
        });
        names.collect()
    }

    /// Returns the name of a variant by its whole type, for a short name that is shared.
    fn exact(&self, ty: &Type) -> String {
        match ty {
            Type::Enum(index) => named(&self.enums, *index) + "Choice",
            Type::Struct(index) => named(&self.structs, *index) + "Object",
            Type::Union(index) => named(&self.unions, *index) + "Union",
            Type::List(item) => self.exact(item) + "List",
            Type::Map(value) => self.exact(value) + "Map",
            Type::Nullable(inner) => self.exact(inner) + "OrNull",
            Type::Boxed(inner) => self.exact(inner),
            Type::Any
            | Type::Boolean
            | Type::Integer
            | Type::Unsigned
            | Type::Wide
            | Type::Number
            | Type::Text
            | Type::Media
            | Type::Url => self.variant(ty, &[]),
        }
    }

    /// Returns the name of a variant by the kind of its value, or by its type if several variants
    /// are of that kind.
    fn variant(&self, ty: &Type, all: &[Type]) -> String {
        match ty {
            Type::Any => "Any".to_owned(),
            Type::Boolean => "Boolean".to_owned(),
            Type::Integer => "Integer".to_owned(),
            Type::Unsigned => "Unsigned".to_owned(),
            Type::Wide => "Wide".to_owned(),
            Type::Number => "Number".to_owned(),
            Type::Text => "Text".to_owned(),
            Type::Media => "Media".to_owned(),
            Type::Url => "Url".to_owned(),
            Type::Enum(_) if is_alone(all, |ty| matches!(ty, Type::Enum(_))) => "Choice".to_owned(),
            Type::Enum(index) => named(&self.enums, *index),
            Type::Struct(_) if is_alone(all, |ty| matches!(ty, Type::Struct(_))) => {
                "Object".to_owned()
            }
            Type::Struct(index) => named(&self.structs, *index),
            Type::Union(index) => named(&self.unions, *index),
            Type::List(_) if is_alone(all, |ty| matches!(ty, Type::List(_))) => "List".to_owned(),
            Type::List(item) => self.variant(item, all) + "List",
            Type::Map(value) => self.variant(value, all) + "Map",
            Type::Nullable(inner) => self.variant(inner, all) + "OrNull",
            Type::Boxed(inner) => self.variant(inner, all),
        }
    }
}

/// Returns the names of an enum's variants without the enum's own name in front:
/// `Content::ContentText` is `Content::Text`. Names that would clash stay whole.
fn without_prefix(names: Vec<String>, of: &str) -> Vec<String> {
    let short: Vec<&str> = names
        .iter()
        .map(|name| {
            let rest = name.strip_prefix(of).filter(|rest| rest.starts_with(char::is_uppercase));
            rest.filter(|rest| *rest != "Self").unwrap_or(name)
        })
        .collect();
    let count = |name: &str| short.iter().filter(|other| **other == name).count();
    let mut free: Vec<String> = short
        .iter()
        .zip(&names)
        .map(|(short, name)| if count(short) > 1 { name } else { *short }.to_owned())
        .collect();
    let distinct: HashSet<&String> = free.iter().collect();
    if distinct.len() < names.len() {
        free = names;
    }
    free
}

fn named(names: &[String], index: usize) -> String {
    names.get(index).cloned().unwrap_or_default()
}

fn is_alone(all: &[Type], test: fn(&Type) -> bool) -> bool {
    all.iter().filter(|ty| test(ty)).count() == 1
}

/// Returns `true` if an output has only properties of the output that most models share.
fn is_usual(structs: &[Struct], unions: &[Union]) -> bool {
    let ([root], []) = (structs, unions) else { return false };
    root.fields.iter().all(|field| {
        let is_list = match &field.ty {
            Type::Url => false,
            Type::List(item) if **item == Type::Url => true,
            _ => return false,
        };
        runcomfy::MediaOutput::PROPERTIES.contains(&(field.wire.as_str(), is_list))
    })
}

/// Returns the modules of models by their folders: the provider, and the rest of the folder as
/// one name. Those that share a name get a suffix.
pub(crate) fn modules<'a>(folders: &[&'a str]) -> BTreeMap<&'a str, Module> {
    let providers: BTreeSet<&str> = folders.iter().map(|folder| split(folder).0).collect();
    let names = names::modules(providers.iter().copied());
    let mut modules = BTreeMap::new();
    for (own, provider) in providers.into_iter().zip(names) {
        let of_provider: Vec<&'a str> =
            folders.iter().copied().filter(|folder| split(folder).0 == own).collect();
        let rests = of_provider.iter().map(|folder| split(folder).1);
        let names = names::modules(rests);
        for (folder, name) in of_provider.into_iter().zip(names) {
            modules.insert(folder, Module { provider: provider.clone(), name });
        }
    }
    modules
}

/// Returns the cargo features of the providers, by their folders. One that has the name of a feature
/// of every crate gets an underscore.
pub(crate) fn features(folders: &[&str]) -> BTreeMap<String, String> {
    let providers: BTreeSet<&str> = folders.iter().map(|folder| split(folder).0).collect();
    let names = names::distinct(providers.iter().copied(), names::feature, Style::Snake);
    providers.into_iter().map(str::to_owned).zip(names).collect()
}

fn split(folder: &str) -> (&str, &str) {
    folder.split_once('/').unwrap_or((folder, folder))
}

impl Docs {
    fn new(schema: &Schema) -> Self {
        Self {
            title: schema.title.clone(),
            description: schema.description.clone(),
            unchecked: schema.unchecked.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named_without_their_enum_unless_they_would_clash() {
        let short = |names: &[&str]| {
            without_prefix(names.iter().map(|name| (*name).to_owned()).collect(), "Mode")
        };
        assert_eq!(short(&["ModePro", "ModeStd"]), ["Pro", "Std"]);
        assert_eq!(short(&["ModePro", "Pro", "Modest"]), ["ModePro", "Pro", "Modest"]);
        // `ModeModePro` would be `ModePro`, which the second one stays.
        let clashing = ["ModeModePro", "ModePro", "Pro"];
        assert_eq!(short(&clashing), clashing);
    }
}
