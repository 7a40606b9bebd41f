//! A catalog that comes in pages.

use std::collections::{BTreeMap, HashMap};

use super::catalog;
use super::error::{ImportError, Origin, Skipped, Unusable};
use super::id::{ModelId, shown};
use super::json_slice::{Piece, only_value};
use super::shape::described;
use super::{Import, readable};

/// The entries of a catalog's pages, put together. An entry that stands on two pages, because the
/// catalog shifted while it was read, counts once.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// Each as it came.
    entries: Vec<String>,
    /// Where the entry with an id is among them; one without an id goes by its text.
    places: HashMap<String, usize>,
}

impl Pages {
    /// Takes in one page, the text of a reply, and says how many of its entries were new.
    ///
    /// # Errors
    ///
    /// When it is no catalog's reply, or has an entry again that reads differently.
    pub fn add(&mut self, text: &str) -> Result<usize, ImportError> {
        let reply = only_value(Origin::Text, readable(Origin::Text, text)?)?;
        let Some(entries) = catalog::entries(reply) else {
            return Err(ImportError::UnknownForm { found: described(reply) });
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

    /// How many entries there are so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no page had an entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The models of all pages. Where two ids would share a folder, the one that sorts first has
    /// it: nobody can take an entry out of a catalog that is not theirs.
    ///
    /// # Errors
    ///
    /// When no entry can be used.
    pub fn import(&self) -> Result<Import, ImportError> {
        let mut fit = Vec::new();
        let mut passed_over = Vec::new();
        let entries = self.entries.iter().map(|entry| only_value(Origin::Text, entry));
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let owners = owners(&entries);
        for (index, &entry) in entries.iter().enumerate() {
            let model = catalog::entry_id(entry).ok();
            match model.as_ref().and_then(|model| owners.get(&model.folder())) {
                Some(owner) if Some(owner) != model.as_ref() => passed_over.push(Skipped {
                    index,
                    id: catalog::shown_id(entry),
                    model,
                    reason: Unusable::SharesFolder { with: owner.clone() },
                }),
                Some(_) | None => fit.push((index, entry)),
            }
        }
        let mut import = catalog::read(fit)?;
        import.skipped.extend(passed_over);
        Ok(import)
    }
}

/// Who has each folder.
fn owners(entries: &[Piece<'_>]) -> BTreeMap<String, ModelId> {
    let mut owners: BTreeMap<String, ModelId> = BTreeMap::new();
    for model in entries.iter().filter_map(|&entry| catalog::entry_id(entry).ok()) {
        let owner = owners.entry(model.folder()).or_insert_with(|| model.clone());
        if model < *owner {
            *owner = model;
        }
    }
    owners
}
