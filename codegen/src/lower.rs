//! `lower`: schemas → the model in the middle.
//!
//! It names and nests: every object becomes a struct under a name of ours, every
//! string `enum` an enum, and the rules are gathered beside the shapes. Which Rust type
//! a field has is then typify's decision; see [`typify`].

mod annotations;
mod budget;
mod draft;
mod infer;
mod lowerer;
mod merge;
mod naming;
mod objects;
mod references;
mod rules;
mod typify;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use crate::Objects;
use crate::constructor_args::ordered;
use crate::diagnostic::{Code, Findings};
use crate::manifest::Manifest;
use crate::model::{Docs, Field, Model, Module, Output, Struct, Type, Union};
use crate::names;
use crate::schema::Schema;

use draft::{FieldDraft, Lowered, TypeRequest};
use lowerer::Lowerer;
use naming::Direction;
use typify::Types;

/// Lowers one model. `module` is its place in the crate.
pub(crate) fn lower(
    manifest: &Manifest,
    module: Module,
    input: &Schema,
    output: Option<&Schema>,
    objects: Objects,
    findings: &mut Findings,
) -> Option<Model> {
    let values = Lowerer::new(Direction::Input, input, objects, findings);
    let found = values.input(&manifest.required_inputs())?;
    let (enums, rules, others) = (found.enums.clone(), found.rules.clone(), found.others.clone());
    let (inputs, unions, _) = typed(found, input, findings)?;
    let output = match output {
        None => Output::Usual,
        Some(schema) => {
            let found = Lowerer::new(Direction::Output, schema, objects, findings).output()?;
            let is_struct = found.root == TypeRequest::Object(0);
            match typed(found, schema, findings)? {
                (structs, unions, _) if is_struct && is_usual(&structs, &unions) => Output::Usual,
                (structs, unions, _) if is_struct => Output::Own { structs, unions },
                (structs, unions, root) => Output::Plain { structs, unions, root },
            }
        }
    };
    let arguments = inputs.first().map(|root| ordered(root, manifest.arguments.as_deref()));
    Some(Model {
        id: manifest.id.as_str().to_owned(),
        folder: manifest.id.folder(),
        module,
        gone: manifest.delisted_as_of().map(str::to_owned),
        page: manifest.page(),
        about: manifest.about(),
        description: input.description.clone(),
        arguments: arguments.unwrap_or_default(),
        inputs,
        others,
        rules,
        enums,
        unions,
        output,
    })
}

/// The structs and unions, and the root, with the types that typify gives them.
fn typed(
    found: Lowered,
    schema: &Schema,
    findings: &mut Findings,
) -> Option<(Vec<Struct>, Vec<Union>, Type)> {
    let types = match typify::types(&found) {
        Ok(types) => types,
        Err(reason) => {
            let help = "tell the maintainers: this schema has a shape that was not foreseen";
            findings.push(Code::UnexpectedShape, &schema.place, reason, help);
            return None;
        }
    };
    let Types { root, fields, variants } = types;
    let field = |(draft, ty): (FieldDraft, Type)| Field {
        docs: draft.docs,
        title: draft.title,
        description: draft.description,
        default: draft.default,
        examples: draft.examples,
        required: draft.required,
        name: draft.name,
        wire: draft.wire,
        schema: draft.schema,
        place: draft.place,
        ty,
    };
    let structs: Vec<Struct> = found
        .structs
        .into_iter()
        .zip(fields)
        .map(|(draft, types)| Struct {
            name: draft.name,
            wire: draft.hint.own,
            docs: draft.docs,
            table_only: draft.table_only,
            fields: draft.fields.into_iter().zip(types).map(field).collect(),
        })
        .collect();
    let names = TypeNames {
        structs: structs.iter().map(|of| of.name.clone()).collect(),
        enums: found.enums.iter().map(|words| words.name.clone()).collect(),
        unions: found.unions.iter().map(|union| union.name.clone()).collect(),
    };
    let mut unions = Vec::new();
    for (draft, types) in found.unions.into_iter().zip(variants) {
        let named: Vec<String> = types.iter().map(|ty| names.variant(ty, &types)).collect();
        let once = |name: &str| named.iter().filter(|other| *other == name).count() == 1;
        let named = named.iter().zip(&types).map(|(name, ty)| match once(name) {
            true => name.clone(),
            false => names.exact(ty),
        });
        let named: Vec<String> = named.collect();
        unions.push(Union {
            name: draft.name,
            wire: draft.hint.own,
            docs: draft.docs,
            kind: draft.kind,
            branches: draft.branches,
            variants: named.into_iter().zip(types).collect(),
        });
    }
    Some((structs, unions, root))
}

/// The names of a model's types, by their indices.
struct TypeNames {
    structs: Vec<String>,
    enums: Vec<String>,
    unions: Vec<String>,
}

impl TypeNames {
    /// The name of a variant by its whole type, where the short one would be shared.
    fn exact(&self, ty: &Type) -> String {
        let named = |names: &[String], index: usize| names.get(index).cloned().unwrap_or_default();
        match ty {
            Type::Enum(index) => format!("{}Choice", named(&self.enums, *index)),
            Type::Struct(index) => format!("{}Object", named(&self.structs, *index)),
            Type::Union(index) => format!("{}Union", named(&self.unions, *index)),
            Type::List(item) => format!("{}List", self.exact(item)),
            Type::Map(value) => format!("{}Map", self.exact(value)),
            Type::Nullable(inner) => format!("{}OrNull", self.exact(inner)),
            Type::Boxed(inner) => self.exact(inner),
            Type::Any
            | Type::Boolean
            | Type::Integer
            | Type::Number
            | Type::Text
            | Type::Media
            | Type::Url => self.variant(ty, &[]),
        }
    }

    /// The name of a union's variant: what it holds, and where several hold such a
    /// thing, of what type.
    fn variant(&self, ty: &Type, all: &[Type]) -> String {
        let alone = |test: fn(&Type) -> bool| all.iter().filter(|ty| test(ty)).count() == 1;
        let named = |names: &[String], index: usize| names.get(index).cloned().unwrap_or_default();
        match ty {
            Type::Any => "Any".to_owned(),
            Type::Boolean => "Boolean".to_owned(),
            Type::Integer => "Integer".to_owned(),
            Type::Number => "Number".to_owned(),
            Type::Text => "Text".to_owned(),
            Type::Media => "Media".to_owned(),
            Type::Url => "Url".to_owned(),
            Type::Enum(_) if alone(|ty| matches!(ty, Type::Enum(_))) => "Choice".to_owned(),
            Type::Enum(index) => named(&self.enums, *index),
            Type::Struct(_) if alone(|ty| matches!(ty, Type::Struct(_))) => "Object".to_owned(),
            Type::Struct(index) => named(&self.structs, *index),
            Type::Union(index) => named(&self.unions, *index),
            Type::List(_) if alone(|ty| matches!(ty, Type::List(_))) => "List".to_owned(),
            Type::List(item) => format!("{}List", self.variant(item, all)),
            Type::Map(value) => format!("{}Map", self.variant(value, all)),
            Type::Nullable(inner) => format!("{}OrNull", self.variant(inner, all)),
            Type::Boxed(inner) => self.variant(inner, all),
        }
    }
}

/// Whether these structs say no more than the output that the models share.
fn is_usual(outputs: &[Struct], unions: &[Union]) -> bool {
    let ([root], []) = (outputs, unions) else { return false };
    let usual = |field: &Field| {
        let is_list = match &field.ty {
            Type::Url => false,
            Type::List(item) if **item == Type::Url => true,
            _ => return false,
        };
        runcomfy::MediaOutput::PROPERTIES.contains(&(field.wire.as_str(), is_list))
    };
    root.fields.iter().all(usual)
}

/// The modules of models, by their folders: the provider, and the rest of the folder in
/// one name. Those that would share one are told apart by their own characters.
pub(crate) fn modules<'a>(folders: &[&'a str]) -> BTreeMap<&'a str, Module> {
    let split = |folder: &'a str| folder.split_once('/').unwrap_or((folder, folder));
    let providers: BTreeSet<&str> = folders.iter().map(|folder| split(folder).0).collect();
    let names = names::distinct(providers.iter().copied(), names::module, names::snake_suffix);
    let providers: BTreeMap<&str, String> = providers.into_iter().zip(names).collect();
    let mut modules = BTreeMap::new();
    for (own, provider) in &providers {
        let of_provider = folders.iter().filter(|folder| split(folder).0 == *own);
        let of_provider: Vec<&'a str> = of_provider.copied().collect();
        let rests = of_provider.iter().map(|folder| split(folder).1);
        let names = names::distinct(rests, names::module, names::snake_suffix);
        for (folder, name) in of_provider.into_iter().zip(names) {
            modules.insert(folder, Module { provider: provider.clone(), name });
        }
    }
    modules
}

impl Docs {
    fn of(schema: &Schema) -> Self {
        Self {
            title: schema.title.clone(),
            description: schema.description.clone(),
            unchecked: schema.unchecked.clone(),
        }
    }
}
