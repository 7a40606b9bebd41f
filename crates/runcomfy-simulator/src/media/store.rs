//! Files that were made, kept for a while: a file that is measured is asked for again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::content::Content;
use super::file::TestMedia;
use crate::facts::{MeasureError, MeasuredInfo};

/// What kept files may take in memory.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// How many files are kept: each is small, but for large pictures.
const MAX_FILES: usize = 1024;

/// The files of one simulator.
#[derive(Default)]
pub(crate) struct Store {
    made: Mutex<HashMap<TestMedia, Arc<Made>>>,
}

/// A file that was made, and its facts once they were measured.
pub(crate) struct Made {
    pub(crate) content: Content,
    pub(crate) facts: OnceLock<Result<MeasuredInfo, MeasureError>>,
}

impl Store {
    /// The file, or why it cannot be made. This takes as long as encoding it does.
    pub(crate) fn get(&self, media: TestMedia) -> Result<Arc<Made>, String> {
        let media = media.without_faults();
        if let Some(made) = self.lock().get(&media) {
            return Ok(made.clone());
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

    fn lock(&self) -> MutexGuard<'_, HashMap<TestMedia, Arc<Made>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
