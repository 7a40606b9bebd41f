//! Imports a catalog that comes in pages.

use std::collections::HashMap;

use super::catalog;
use super::error::{ImportError, Origin};
use super::id::shown;
use super::json_slice::only_value;
use super::shape::describe;
use super::{Import, readable};

/// The entries of a catalog's pages. An entry that is on two pages, because the catalog shifted
/// while it was read, counts once.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// The text of each entry.
    entries: Vec<String>,
    /// The index of each entry by its id, or by its text if it has no id.
    places: HashMap<String, usize>,
}

impl Pages {
    /// Adds one page, the text of a reply. Returns the number of new entries.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a catalog's reply or repeats an entry with other content.
    pub fn add(&mut self, text: &str) -> Result<usize, ImportError> {
        let reply = only_value(Origin::Text, readable(Origin::Text, text)?)?.value;
        let Some(entries) = catalog::entries(reply) else {
            return Err(ImportError::UnknownForm { found: describe(reply) });
        };
        let before = self.len();
        for entry in entries {
            let key = catalog::written_id(entry).unwrap_or_else(|| entry.text().to_owned());
            match self.places.get(&key).and_then(|&place| self.entries.get(place)) {
                Some(known) if known == entry.text() => {}
                Some(_) => return Err(ImportError::Changed { id: shown(&key) }),
                None => {
                    self.places.insert(key, self.len());
                    self.entries.push(entry.text().to_owned());
                }
            }
        }
        Ok(self.len() - before)
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
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
