//! The diagnostics of one model as they are gathered.

use std::collections::BTreeMap;

use super::{Code, Diagnostic, Severity};

/// The maximum number of diagnostics of one model. Of the others, one of each code is kept with
/// their count: a reader corrects the first before the last, and a terminal holds no more.
const MAX_SHOWN: usize = 200;
/// The maximum length of a message in characters: it may repeat a long text of the schema.
const MAX_MESSAGE: usize = 1000;

/// The diagnostics of one model, each once.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub Vec<Diagnostic>, BTreeMap<Code, Hidden>);

/// The diagnostics of one code beyond [`MAX_SHOWN`].
#[derive(Debug)]
struct Hidden {
    /// The index of the first of them.
    index: usize,
    /// The message of the first of them.
    message: String,
    count: usize,
}

impl Findings {
    /// Runs a step about an output, whose errors become warnings.
    pub(crate) fn as_warnings<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        let mut own = Self::default();
        let result = step(&mut own);
        for found in own.0 {
            self.push(match found.code.severity() {
                Severity::Error => Diagnostic::unreadable_output(found),
                Severity::Warning => found,
            });
        }
        result
    }

    /// Adds a diagnostic, unless it is there already.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        shorten(&mut diagnostic.message);
        let Diagnostic { code, place, message, .. } = &diagnostic;
        let mut known = self.0.iter();
        if known.any(|known| (known.code, &known.place, &known.message) == (*code, place, message))
        {
            return;
        }
        if self.0.len() >= MAX_SHOWN {
            if let Some(hidden) = self.1.get_mut(code) {
                hidden.count += 1;
                let Some(first) = self.0.get_mut(hidden.index) else { return };
                let Hidden { message, count, .. } = hidden;
                first.message = format!("{message}; and {count} more of this kind, not shown");
                return;
            }
            let hidden = Hidden { index: self.0.len(), message: message.clone(), count: 0 };
            self.1.insert(*code, hidden);
        }
        self.0.push(diagnostic);
    }
}

fn shorten(message: &mut String) {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
}
