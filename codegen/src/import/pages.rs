//! Imports a catalog that comes in pages.

use std::collections::HashSet;

use super::catalog;
use super::error::{ImportError, Origin};
use super::json_slice::only_value;
use super::shape::describe;
use super::{Import, readable};

/// The entries of a catalog's pages. An entry that is on two pages, because the catalog shifted
/// while it was read, counts once. Two entries that differ about one id are both skipped by the
/// import, which stops no other model.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// The text of each entry.
    entries: Vec<String>,
    /// The same texts.
    texts: HashSet<String>,
    /// The id of each entry, or its text if it has no id.
    ids: HashSet<String>,
    /// The number of entries that repeat an id of their own page.
    repeated: usize,
}

impl Pages {
    /// Adds one page, the text of a reply. Returns the number of new entries.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a catalog's reply.
    pub fn add(&mut self, text: &str) -> Result<usize, ImportError> {
        let reply = only_value(Origin::Text, readable(Origin::Text, text)?)?.value;
        let Some(entries) = catalog::entries(reply) else {
            return Err(ImportError::UnknownForm { found: describe(reply) });
        };
        let before = self.len();
        let mut on_page = HashSet::new();
        for entry in entries {
            let id = catalog::written_id(entry).unwrap_or_else(|| entry.text().to_owned());
            let is_repeated = !on_page.insert(id.clone());
            self.ids.insert(id);
            if self.texts.insert(entry.text().to_owned()) {
                self.entries.push(entry.text().to_owned());
                self.repeated += usize::from(is_repeated);
            }
        }
        Ok(self.len() - before)
    }

    /// Returns the number of entries. One that another page has with other content is not counted
    /// twice: the catalog may have shifted, and its last entry is still to be read.
    pub fn len(&self) -> usize {
        self.ids.len() + self.repeated
    }

    /// Returns `true` if no page had an entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Imports the models of all pages. If two ids would share a folder, the one that sorts first
    /// gets it, since users cannot edit the catalog.
    ///
    /// # Errors
    ///
    /// Returns an error if no entry is usable.
    pub fn import(&self) -> Result<Import, ImportError> {
        let entries = self.entries.iter().map(|entry| Ok(only_value(Origin::Text, entry)?.value));
        let entries: Vec<_> = entries.collect::<Result<_, ImportError>>()?;
        catalog::read(&entries)
    }
}
