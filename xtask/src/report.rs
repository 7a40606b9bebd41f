//! Diagnostics as a terminal shows them.

use std::io::IsTerminal;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use runcomfy_codegen::{Diagnostic, Severity};

use crate::folder::Model;

/// Prints every diagnostic with the place in its file, and says how many there are.
pub(crate) fn print(diagnostics: &[Diagnostic], models: &[Model], origin: &str) {
    let styled = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    for diagnostic in diagnostics {
        eprintln!("{}\n", drawn(diagnostic, models, origin, &renderer));
    }
    let count = |severity| {
        diagnostics.iter().filter(|diagnostic| diagnostic.code.severity() == severity).count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings > 0 {
        eprintln!("{errors} errors, {warnings} warnings");
    }
}

fn drawn(diagnostic: &Diagnostic, models: &[Model], origin: &str, renderer: &Renderer) -> String {
    let place = &diagnostic.place;
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let text = models.iter().find_map(|model| model.text(&place.file)).unwrap_or("");
    // The first line of the value is enough to find it.
    let start = place.span.start.min(text.len());
    let value = text.get(start..place.span.end.min(text.len())).unwrap_or("");
    let end = start + value.find('\n').unwrap_or(value.len());
    let path = format!("{origin}/{}", place.file);
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.name());
    let annotation = AnnotationKind::Primary.span(start..end).label(&place.pointer);
    let group = title
        .element(Snippet::source(text).path(&path).annotation(annotation))
        .element(Level::HELP.message(&diagnostic.help));
    renderer.render(&[group]).to_string()
}
