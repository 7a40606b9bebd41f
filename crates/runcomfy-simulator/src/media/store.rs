//! Cache of generated files, since a file is requested many times while it is measured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::content::Content;
use super::file::TestMedia;
use crate::budget::MemoryBudget;
use crate::facts::{MeasureError, MeasuredInfo};

/// Memory limit of the cache.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// Memory for encoding and decoding pictures, all at once.
const MAX_WORKING_BYTES: u64 = 256 * 1024 * 1024;
/// Limit of the number of files. Most of them are small.
const MAX_FILES: usize = 1024;

/// Cache of generated files.
pub(crate) struct Store {
    made: Mutex<HashMap<TestMedia, Arc<Made>>>,
    memory: MemoryBudget,
}

impl Default for Store {
    fn default() -> Self {
        Self { made: Mutex::default(), memory: MemoryBudget::new(MAX_WORKING_BYTES) }
    }
}

/// A generated file and its size once measured.
pub(crate) struct Made {
    pub(crate) content: Content,
    pub(crate) facts: OnceLock<Result<MeasuredInfo, MeasureError>>,
}

impl Store {
    /// Returns a file, or the reason why it cannot be made. Encoding takes a while.
    pub(crate) fn get(&self, media: TestMedia) -> Result<Arc<Made>, String> {
        let media = media.without_faults();
        if let Some(made) = self.kept(&media) {
            return Ok(made);
        }
        let _reservation = self.memory.reserve(media.encoding_bytes());
        self.get_reserved(media)
    }

    /// Returns a file like [`Store::get`]. The caller holds the reservation.
    pub(crate) fn get_reserved(&self, media: TestMedia) -> Result<Arc<Made>, String> {
        let media = media.without_faults();
        if let Some(made) = self.kept(&media) {
            return Ok(made);
        }
        let made = Arc::new(Made { content: media.make()?, facts: OnceLock::new() });
        let mut kept = self.lock();
        let held: usize = kept.values().map(|made| made.content.held()).sum();
        if held + made.content.held() > MAX_HELD_BYTES || kept.len() >= MAX_FILES {
            kept.clear();
        }
        kept.insert(media, made.clone());
        Ok(made)
    }

    fn kept(&self, media: &TestMedia) -> Option<Arc<Made>> {
        self.lock().get(media).cloned()
    }

    /// Returns the memory for encoding and decoding pictures.
    pub(crate) fn memory(&self) -> &MemoryBudget {
        &self.memory
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TestMedia, Arc<Made>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
