//! Prints diagnostics, for a terminal or as lines of JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anyhow::{Context, Result};
use runcomfy_codegen::{Diagnostic, Settings, Severity, escape_control, fixup_path, mask_control};
use serde::Serialize;

use crate::args::MessageFormat;
use crate::schemas_dir::{Model, Orphan};
use crate::terminal::{count, json_line};

/// Diagnostics, with the files that they are about.
pub(crate) struct Report<'a> {
    pub diagnostics: &'a [Diagnostic],
    pub models: &'a [Model],
    pub orphans: &'a [Orphan],
    /// The schemas that a fixup corrected, by their path in the schemas folder.
    pub patched: &'a BTreeMap<String, String>,
    /// The schemas folder as messages name it.
    pub origin: &'a Path,
    /// The settings that make some warnings errors.
    pub settings: &'a Settings,
}

/// One diagnostic as a line of JSON, for programs.
#[derive(Debug, Serialize)]
struct Line<'a> {
    code: &'a str,
    severity: &'a str,
    file: String,
    pointer: &'a str,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// In bytes.
    span: [usize; 2],
    message: &'a str,
    help: &'a str,
    /// The fixup with which `file` was read; the place is one in the corrected text.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixup: Option<String>,
}

impl Report<'_> {
    /// Returns `true` if there is an error.
    pub(crate) fn refuses(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Prints every diagnostic, and the number of them.
    pub(crate) fn print(&self, format: MessageFormat) -> Result<()> {
        match format {
            MessageFormat::Human => self.draw(),
            MessageFormat::Json => self.lines().context("writing the diagnostics")?,
        }
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        if errors + warnings > 0 {
            let (errors, warnings) = (count(errors, "error"), count(warnings, "warning"));
            anstream::eprintln!("{errors}, {warnings}");
        }
        Ok(())
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics
            .iter()
            .filter(|found| self.settings.severity(found.code) == severity)
            .count()
    }

    fn draw(&self) {
        let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
        for diagnostic in self.diagnostics {
            anstream::eprintln!("{}\n", self.drawn(diagnostic, &renderer));
        }
    }

    fn drawn(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let place = &diagnostic.place;
        let level = match self.settings.severity(diagnostic.code) {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (text, Range { start, end }) = self.found(diagnostic);
        // The first line of the value is enough to find it.
        let value = text.get(start..end).unwrap_or("");
        let end = start + value.find('\n').unwrap_or(value.len());
        let mut path = self.name(&place.file);
        if let Some(fixup) = self.fixup(&place.file) {
            path.push_str(&format!(" with {fixup}"));
        }
        let (path, pointer) = (escape_control(&path), escape_control(&place.pointer));
        let title = level.primary_title(&diagnostic.message).id(diagnostic.code.name());
        let annotation = AnnotationKind::Primary.span(start..end).label(&pointer);
        let source = mask_control(text);
        let group = title
            .element(Snippet::source(source.as_ref()).path(&path).annotation(annotation))
            .element(Level::HELP.message(&diagnostic.help));
        renderer.render(&[group]).to_string()
    }

    fn lines(&self) -> Result<()> {
        let mut out = io::stdout().lock();
        for diagnostic in self.diagnostics {
            writeln!(out, "{}", json_line(&self.line(diagnostic))?)?;
        }
        Ok(out.flush()?)
    }

    fn line<'d>(&self, diagnostic: &'d Diagnostic) -> Line<'d> {
        let place = &diagnostic.place;
        let (text, span) = self.found(diagnostic);
        let before = text.get(..span.start).unwrap_or("");
        let last_line = before.rsplit('\n').next().unwrap_or("");
        Line {
            code: diagnostic.code.name(),
            severity: match self.settings.severity(diagnostic.code) {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            file: self.name(&place.file),
            pointer: &place.pointer,
            line: before.matches('\n').count() + 1,
            column: last_line.chars().count() + 1,
            span: [span.start, span.end],
            message: &diagnostic.message,
            help: &diagnostic.help,
            fixup: self.fixup(&place.file),
        }
    }

    /// The text that a diagnostic is about, and its span there.
    fn found(&self, diagnostic: &Diagnostic) -> (&str, Range<usize>) {
        let place = &diagnostic.place;
        let text = self.text(&place.file);
        let start = place.span.start.min(text.len());
        (text, start..place.span.end.clamp(start, text.len()))
    }

    /// The text of a file as it was read.
    fn text(&self, file: &str) -> &str {
        if let Some(text) = self.patched.get(file) {
            return text;
        }
        let published = self.models.iter().find_map(|model| model.text(file));
        let mut orphans = self.orphans.iter();
        published
            .or_else(|| Some(orphans.find(|orphan| orphan.file == file)?.text.as_str()))
            .unwrap_or("")
    }

    /// The fixup with which a file was read, if there is one.
    fn fixup(&self, file: &str) -> Option<String> {
        self.patched.get(file)?;
        let (folder, _) = file.rsplit_once('/')?;
        Some(self.name(&fixup_path(folder)))
    }

    fn name(&self, file: &str) -> String {
        self.origin.join(file).display().to_string()
    }
}
