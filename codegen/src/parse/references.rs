//! `$ref`, and what bears on where it leads and on what stands beside it: the draft, `$id`,
//! and definitions.

use percent_encoding::percent_decode_str;

use super::node::{Node, text};
use crate::diagnostic::{Code, Findings, Place};

pub(super) fn reference(node: &Node<'_>, findings: &mut Findings) -> Option<(String, Place)> {
    let text = text(node, findings)?;
    let pointer = text.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if pointer.is_none() {
        findings.push(
            Code::UnresolvableReference,
            &node.place,
            format!("`{text}` is no JSON pointer into this document"),
            "put what it refers to into `$defs` of this document, with a fixup",
        );
    }
    // A pointer in a URI may be percent-encoded.
    let decoded = percent_decode_str(pointer?).decode_utf8().ok();
    if decoded.is_none() || node.within.other_base {
        let (why, help) = match decoded {
            None => ("is not UTF-8 when it is decoded", "correct it with a fixup"),
            Some(_) => (
                "is a pointer into the document that an `$id` above it begins",
                "take the `$id` out with a fixup, if a pointer into the whole is meant",
            ),
        };
        let message = format!("`{text}` {why}");
        findings.push(Code::UnresolvableReference, &node.place, message, help);
    }
    Some((decoded?.into_owned(), node.place.clone()))
}
