//! Writes the modules above the models: one for each provider, and the one that holds them.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use runcomfy::ContentKind;

use super::{FOOTER, HEADER, file, formatted, imports};
use crate::manifest::Manifest;
use crate::model::{Discovery, Model, Output};
use crate::settings::{Features, Settings};
use crate::text::{code, plain};

/// A model in the list of its provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ModelListing {
    /// The module within the provider's module.
    pub module: String,
    /// The model's id. `None` if its `model.json` cannot be read.
    pub id: Option<String>,
    /// The version of this workspace at which the model left RunComfy's catalog.
    pub gone: Option<String>,
    /// The facts by which it is found. `None` if its `model.json` cannot be read.
    pub discovery: Option<Discovery>,
    /// The URL of the model's page.
    pub page: Option<String>,
    /// The properties of the input and of the output. `None` if the schemas cannot be read.
    pub properties: Option<[String; 2]>,
    /// `true` if its module needs the feature `pattern` of `runcomfy`.
    pub needs_pattern: bool,
}

/// A provider and its models.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    /// The folder within the schemas folder.
    pub folder: String,
    pub feature: String,
    pub models: Vec<ModelListing>,
}

/// The providers by their modules.
pub(crate) type Providers = BTreeMap<String, Provider>;

impl Provider {
    pub(crate) fn new(folder: &str, feature: String) -> Self {
        Self { folder: folder.to_owned(), feature, models: Vec::new() }
    }
}

impl ModelListing {
    /// Lists a lowered model.
    pub(crate) fn new(model: &Model) -> Self {
        let fields = model.inputs.first().map(|root| root.fields.as_slice()).unwrap_or_default();
        let required = model.arguments.iter().filter_map(|index| fields.get(*index));
        let mut input: Vec<String> = required.map(|field| code(&field.wire)).collect();
        let optional = fields.len() - input.len();
        if optional > 0 {
            input.push(format!("{optional} optional"));
        }
        let output = match &model.output {
            Output::Usual => "media".to_owned(),
            Output::Own { structs, .. } => {
                let fields = structs.first().map(|of| of.fields.as_slice()).unwrap_or_default();
                let names: Vec<String> = fields.iter().map(|field| code(&field.wire)).collect();
                names.join(", ")
            }
            Output::Plain { .. } => "one value".to_owned(),
        };
        Self {
            module: model.module.name.clone(),
            id: Some(model.id.clone()),
            gone: model.gone.clone(),
            discovery: Some(model.discovery.clone()),
            page: model.page.clone(),
            properties: Some([input.join(", "), output]),
            needs_pattern: imports::needs_pattern(model),
        }
    }

    /// Lists a model whose schemas cannot be read, and that keeps its old module.
    pub(crate) fn unreadable(module: &str, manifest: Option<&Manifest>) -> Self {
        Self {
            module: module.to_owned(),
            id: manifest.map(|manifest| manifest.id.as_str().to_owned()),
            gone: manifest.and_then(Manifest::delisted_as_of).map(str::to_owned),
            discovery: manifest.map(Manifest::discovery),
            page: manifest.and_then(Manifest::page),
            properties: None,
            needs_pattern: false,
        }
    }
}

/// Returns the files of the modules above the models, by their path. A file is `None` if what it
/// lists is not known.
pub(crate) fn parent_modules(
    providers: &Providers,
    settings: &Settings,
) -> Vec<(String, Option<String>)> {
    let origin = &settings.origin;
    let mut files = vec![("models.md".to_owned(), model_table(providers, settings))];
    let mut modules = Vec::new();
    for (module, provider) in providers {
        files.push((format!("{module}.rs"), provider_module(provider, origin)));
        let feature = (settings.features == Features::PerProvider).then_some(&provider.feature);
        modules.push((module.as_str(), feature.map(String::as_str)));
    }
    files.push(("mod.rs".to_owned(), Some(crate_module(&modules, origin))));
    files
}

/// Returns the module of one provider, such as `minimax.rs`.
fn provider_module(provider: &Provider, origin: &str) -> Option<String> {
    let Provider { folder, models, .. } = provider;
    let mut head = vec![
        format!("Models of {}.", code(folder)),
        String::new(),
        "| module | model | title | category |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    for model in models {
        let id = code(model.id.as_ref()?);
        let facts = model.discovery.as_ref();
        let title = facts.map(|facts| plain(&facts.title)).unwrap_or_default();
        let category = facts.map(category).unwrap_or_default();
        head.push(format!("| [`{}`] | {id} | {title} | {category} |", model.module));
    }
    head.extend([String::new(), format!("Generated by {HEADER} `{origin}/{folder}`; {FOOTER}")]);
    let modules = models.iter().map(|model| {
        let module = format_ident!("{}", model.module);
        let gone = model.gone.as_ref().map(|version| {
            let note = format!("RunComfy's catalog no longer lists this model, as of {version}");
            quote! { #[deprecated(note = #note)] }
        });
        quote! { #gone pub mod #module; }
    });
    // A delisted model is deprecated, and no longer offered.
    let listed = models.iter().filter(|model| model.gone.is_none()).map(info);
    let listed: Vec<TokenStream> = listed.collect();
    let of = doc_line(&format!("The models of {}.", code(folder)));
    let items = [
        match models.iter().any(has_kinds) {
            true => quote! { use ::runcomfy::{ContentKind, ModelInfo}; },
            false => quote! { use ::runcomfy::ModelInfo; },
        },
        modules.collect(),
        quote! { #of pub static MODELS: &[ModelInfo] = &[#(#listed),*]; },
    ];
    Some(file(&head, items.map(formatted)))
}

/// Returns the `ModelInfo` of a model.
fn info(model: &ModelListing) -> TokenStream {
    let module = format_ident!("{}", model.module);
    let facts = model.discovery.as_ref().map(|facts| {
        let title = &facts.title;
        let category = facts.category.as_ref().map(|category| quote! { .categorized(#category) });
        let takes = kinds(&facts.takes);
        let takes = takes.map(|kinds| quote! { .taking(#kinds) });
        let gives = kinds(&facts.gives);
        let gives = gives.map(|kinds| quote! { .giving(#kinds) });
        quote! { .titled(#title) #category #takes #gives }
    });
    let page = model.page.as_ref().map(|page| quote! { .at_page(#page) });
    quote! { ModelInfo::of::<#module::Input>() #facts #page }
}

fn has_kinds(model: &ModelListing) -> bool {
    let facts = model.discovery.as_ref().filter(|_| model.gone.is_none());
    facts.is_some_and(|facts| !facts.takes.is_empty() || !facts.gives.is_empty())
}

fn kinds(kinds: &[ContentKind]) -> Option<TokenStream> {
    let names = kinds.iter().map(|kind| format_ident!("{kind:?}"));
    (!kinds.is_empty()).then(|| quote! { &[#(ContentKind::#names),*] })
}

/// Returns the category of a model for a cell of a table.
fn category(facts: &Discovery) -> String {
    facts.category.as_deref().map(code).unwrap_or_default().replace('|', "\\|")
}

fn names(kinds: &[ContentKind]) -> String {
    kinds.iter().copied().map(ContentKind::as_str).collect::<Vec<_>>().join(", ")
}

fn doc_line(text: &str) -> TokenStream {
    let text = format!(" {text}");
    quote! { #[doc = #text] }
}

/// Returns `mod.rs`: the providers, behind their features if there are features.
fn crate_module(providers: &[(&str, Option<&str>)], origin: &str) -> String {
    let head = [
        "Models, by provider.".to_owned(),
        String::new(),
        format!("Generated by {HEADER} `{origin}`; {FOOTER}"),
    ];
    let modules = providers.iter().map(|(module, feature)| {
        let module = format_ident!("{module}");
        let gate = feature.as_ref().map(|feature| quote! { #[cfg(feature = #feature)] });
        quote! { #gate pub mod #module; }
    });
    let lists = providers.iter().map(|(module, feature)| {
        let module = format_ident!("{module}");
        let gate = feature.as_ref().map(|feature| quote! { #[cfg(feature = #feature)] });
        quote! { #gate #module::MODELS }
    });
    let items = [
        // A program uses few of these.
        quote! { #![allow(dead_code)] },
        quote! { use ::runcomfy::ModelInfo; },
        modules.collect(),
        quote! {
            /// Returns every model, with the table of its input.
            pub fn models() -> impl Iterator<Item = &'static ModelInfo> {
                MODELS.iter().copied().flatten()
            }
        },
        quote! { static MODELS: &[&[ModelInfo]] = &[#(#lists),*]; },
    ];
    file(&head, items.map(formatted))
}

/// Returns `models.md`: the table of models for the crate's front page. It has a column for features
/// if the crate has them.
fn model_table(providers: &Providers, settings: &Settings) -> Option<String> {
    let (heading, line) = match settings.features {
        Features::PerProvider => ("| feature ", "| --- "),
        Features::None => ("", ""),
    };
    let mut text = format!("<!-- Generated by {HEADER} `{}`; {FOOTER} -->\n\n", settings.origin);
    text.push_str(&format!(
        "| model and its module | category | takes | gives {heading}| input | output |\n\
         | --- | --- | --- | --- {line}| --- | --- |\n"
    ));
    for (provider_module, Provider { feature, models, .. }) in providers {
        for ModelListing { module, id, discovery, properties, .. } in models {
            let (id, [input, output]) = (id.as_ref()?, properties.as_ref()?);
            let facts = discovery.as_ref()?;
            let path = format!("{provider_module}::{module}");
            let (takes, gives) = (names(&facts.takes), names(&facts.gives));
            let (title, category) = (plain(&facts.title), category(facts));
            // A bar ends a cell, even within code.
            let (input, output) = (input.replace('|', "\\|"), output.replace('|', "\\|"));
            let feature = match settings.features {
                Features::PerProvider => format!("| `{feature}` "),
                Features::None => String::new(),
            };
            text.push_str(&format!(
                "| {title}<br>`{id}`<br>[`{path}`]({path}) | {category} | {takes} | {gives} \
                 {feature}| {input} | {output} |\n"
            ));
        }
    }
    Some(text)
}
