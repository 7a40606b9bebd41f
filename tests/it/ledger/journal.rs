//! A journal with which a crash loses no job: the pattern of `docs/guarantees.md`, with many
//! lines per sync.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

/// An append-only journal. A line is on the disk once [`Journal::write`] returns.
#[derive(Clone)]
pub(super) struct Journal(mpsc::Sender<(Value, oneshot::Sender<()>)>);

/// The journal's record of one intent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Entry {
    /// The number of times that the intent was recorded.
    pub intents: usize,
    /// The request's id, if a line has it.
    pub id: Option<String>,
    /// Every later event: `submitted`, and how the job ended.
    pub words: Vec<String>,
}

impl Journal {
    pub(super) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let mut file = file.expect("it can be opened");
        // End a line that a crash truncated, so the next line is whole.
        file.write_all(b"\n").expect("it can be written");
        let (lines, waiting) = mpsc::channel();
        std::thread::spawn(move || write_all(file, &waiting));
        Self(lines)
    }

    /// Records an event of an intent, with its details.
    pub(super) async fn write(&self, number: usize, word: &str, id: Option<&str>) {
        let (done, written) = oneshot::channel();
        let line = json!({"intent": number, "word": word, "id": id});
        self.0.send((line, done)).expect("the journal is written while the program runs");
        written.await.expect("it is written");
    }

    /// Reads a journal, by intent.
    pub(super) fn read(path: &Path) -> BTreeMap<usize, Entry> {
        let text = std::fs::read(path).unwrap_or_default();
        let mut entries = BTreeMap::<usize, Entry>::new();
        for line in String::from_utf8_lossy(&text).lines() {
            // A line that a crash truncated is not JSON.
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            let number = line["intent"].as_u64().expect("it has a number") as usize;
            let word = line["word"].as_str().expect("it has a word").to_owned();
            let entry = entries.entry(number).or_default();
            match word.as_str() {
                "intent" => entry.intents += 1,
                _ => entry.words.push(word),
            }
            if let Some(id) = line["id"].as_str() {
                entry.id = Some(id.to_owned());
            }
        }
        entries
    }
}

fn write_all(mut file: File, waiting: &mpsc::Receiver<(Value, oneshot::Sender<()>)>) {
    while let Ok(first) = waiting.recv() {
        let batch: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let text: String = batch.iter().map(|(line, _)| format!("{line}\n")).collect();
        file.write_all(text.as_bytes()).expect("it can be written");
        file.sync_data().expect("it reaches the disk");
        for (_, done) in batch {
            // The waiting task may have been dropped.
            let _ = done.send(());
        }
    }
}
