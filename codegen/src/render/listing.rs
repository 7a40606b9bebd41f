//! The modules above the models: one a provider, and the one that holds them all.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{FOOTER, HEADER, docs, file, formatted};

/// A model as its provider's module lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    /// Its module within the provider's.
    pub module: String,
    /// Its id.
    pub id: String,
}

/// The module of one provider, such as `minimax.rs`.
pub(crate) fn provider_module(provider: &str, models: &[Listed], origin: &str) -> String {
    let mut head = vec![
        format!("Models of {}, {HEADER} `{origin}/{provider}`;", docs::code(provider)),
        FOOTER.to_owned(),
        String::new(),
    ];
    head.extend(["| module | model |", "| --- | --- |"].map(str::to_owned));
    head.extend(models.iter().map(|model| {
        let module = &model.module;
        format!("| [`{module}`] | {} |", docs::code(&model.id))
    }));
    let modules = models.iter().map(|model| {
        let module = format_ident!("{}", model.module);
        quote! { pub mod #module; }
    });
    file(&head, [formatted(modules.collect::<TokenStream>())])
}

/// `mod.rs`: the providers, each behind its feature where there are features.
pub(crate) fn crate_module(providers: &[(String, Option<String>)], origin: &str) -> String {
    let head = [format!("Models by provider, {HEADER} `{origin}`;"), FOOTER.to_owned()];
    let modules = providers.iter().map(|(module, feature)| {
        let module = format_ident!("{module}");
        let gate = feature.as_ref().map(|feature| quote! { #[cfg(feature = #feature)] });
        quote! { #gate pub mod #module; }
    });
    file(&head, [formatted(modules.collect::<TokenStream>())])
}
