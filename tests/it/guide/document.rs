//! A Markdown document as prose and fenced blocks.

use std::path::PathBuf;

use crate::support::root;

pub(super) struct Document {
    path: PathBuf,
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Line(String),
    Block { language: String, text: String },
}

impl Document {
    pub(super) fn read(path: &str) -> Self {
        let path = root().join(path);
        let text = std::fs::read_to_string(&path).expect("the document can be read");
        let mut pieces = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            pieces.push(match line.strip_prefix("```") {
                None => Piece::Line(line.to_owned()),
                Some(language) => {
                    let block = lines.by_ref().take_while(|line| *line != "```");
                    let text = block.map(|line| format!("{line}\n")).collect();
                    Piece::Block { language: language.to_owned(), text }
                }
            });
        }
        Self { path, pieces }
    }

    /// Returns the texts of the blocks of a language.
    pub(super) fn blocks(&self, wanted: &str) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(move |piece| match piece {
            Piece::Block { language, text } if language == wanted => Some(text.as_str()),
            Piece::Block { .. } | Piece::Line(_) => None,
        })
    }

    /// Returns the pieces before the first heading of the second level, and those from each to
    /// the next.
    pub(super) fn sections(&self) -> impl Iterator<Item = &[Piece]> {
        self.pieces
            .chunk_by(|_, next| !matches!(next, Piece::Line(line) if line.starts_with("## ")))
    }

    /// Fails if the file has another text. With `INSTA_UPDATE=always`, writes it.
    pub(super) fn compare(&self) {
        let text: String = self.pieces.iter().map(Piece::text).collect();
        let old = std::fs::read_to_string(&self.path).expect("it can be read");
        if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
            std::fs::write(&self.path, text).expect("it can be written");
            return;
        }
        let difference = similar::TextDiff::from_lines(&old, &text).unified_diff().to_string();
        let shown = self.path.display();
        assert!(old == text, "{shown} shows what the commands do not print:\n{difference}");
    }
}

impl Piece {
    fn text(&self) -> String {
        match self {
            Self::Line(line) => format!("{line}\n"),
            Self::Block { language, text } => format!("```{language}\n{text}```\n"),
        }
    }
}
