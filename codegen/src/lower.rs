//! `lower`: schemas → the model in the middle.
//!
//! It names and nests: every object becomes a struct under a name of ours, every
//! string `enum` an enum, and the rules are gathered beside the shapes. Which Rust type
//! a field has is then typify's decision; see [`shapes`].

mod arguments;
mod shapes;
mod values;

use crate::diagnostic::{Code, Findings};
use crate::document::Schema;
use crate::entry::Entry;
use crate::model::{Docs, Field, Model, Module, Output, Struct, Type};
use crate::names;

pub(crate) use arguments::ordered;
use values::{Direction, Draft, Values};

/// Lowers one model. `module` is its place in the crate.
pub(crate) fn lower(
    entry: &Entry,
    module: Module,
    input: &Schema,
    output: Option<&Schema>,
    findings: &mut Findings,
) -> Option<Model> {
    let mut values = Values::new(Direction::Input, findings);
    values.root("Input", input, &entry.required_inputs);
    let inputs = values.finish()?;
    let words = inputs.words;
    let inputs = typed(inputs.structs, words.len(), input, findings)?;
    let output = match output {
        None => Output::Usual,
        Some(schema) => {
            let mut values = Values::new(Direction::Output, findings);
            values.root("Output", schema, &[]);
            let drafts = values.finish()?.structs;
            let outputs = typed(drafts, 0, schema, findings)?;
            if is_usual(&outputs) { Output::Usual } else { Output::Own(outputs) }
        }
    };
    let arguments = inputs.first().map(|root| ordered(root, entry.arguments.as_deref()));
    Some(Model {
        id: entry.id.as_str().to_owned(),
        folder: entry.id.folder(),
        module,
        about: entry.about(),
        description: input.description.clone(),
        arguments: arguments.unwrap_or_default(),
        inputs,
        words,
        output,
    })
}

/// The structs with the types that typify gives their fields.
fn typed(
    drafts: Vec<Draft>,
    words: usize,
    schema: &Schema,
    findings: &mut Findings,
) -> Option<Vec<Struct>> {
    let types = match shapes::types(&drafts, words) {
        Ok(types) => types,
        Err(reason) => {
            let help = "tell the maintainers: this schema has a shape that was not foreseen";
            findings.push(Code::UnexpectedShape, &schema.place, reason, help);
            return None;
        }
    };
    let field = |(draft, ty): (values::FieldDraft, Type)| Field {
        docs: draft.docs,
        title: draft.title,
        default: draft.default,
        required: draft.required,
        name: draft.name,
        wire: draft.wire,
        of: draft.of,
        place: draft.place,
        ty,
    };
    let structs = drafts.into_iter().zip(types).map(|(draft, types)| Struct {
        name: draft.name,
        wire: draft.hint.own,
        docs: draft.docs,
        fields: draft.fields.into_iter().zip(types).map(field).collect(),
    });
    Some(structs.collect())
}

/// Whether these structs say no more than the output that the models share.
fn is_usual(outputs: &[Struct]) -> bool {
    let [root] = outputs else { return false };
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

/// The module of a model: its provider, and the rest of its folder in one name.
pub(crate) fn module(folder: &str) -> Module {
    let (provider, name) = folder.split_once('/').unwrap_or((folder, folder));
    Module { provider: names::module(provider), name: names::module(name) }
}

impl Docs {
    fn of(schema: &Schema) -> Self {
        Self { title: schema.title.clone(), description: schema.description.clone() }
    }
}
