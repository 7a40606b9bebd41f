//! The wording of every diagnostic: one constructor for each finding, grouped by code.
//!
//! A message says what is expected first and what was found second. A help text is an
//! instruction.

use std::fmt;

use serde_json::Value;

use super::{Code, Diagnostic, Place};

const FIX: &str = "correct the schema with a fixup";
const SMALLER: &str = "use a smaller schema";

/// The form of a fixup.
const FIXUP_FORM: &str =
    r#"write it as {"reason": "…", "input": [{"op": "test", "path": "/…", "value": …}, …]}"#;
/// The form of an operation of a patch.
const OPERATION_FORM: &str = "write it as in RFC 6902: `op` is test, replace, add, remove, move \
    or copy, `path` is a JSON pointer such as `/properties/size`, then `value` or `from`";

/// A bound on the size of a schema, and its maximum.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SizeLimit {
    /// The bytes of a file.
    Bytes(usize),
    Levels(usize),
    Values(usize),
    /// The bytes of the pointer to a value.
    Pointer(usize),
    Choices(usize),
    /// The bytes of one choice.
    Choice(usize),
    Branches(usize),
    Properties(usize),
    Required(usize),
    /// References and parts of `allOf` in one schema.
    Parts(usize),
    /// Levels of references.
    References(usize),
    Types(usize),
    /// Fields and branches.
    Rows(usize),
    /// The work of following references and merging.
    Copies,
}

/// A conflict between two schemas that must hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    Unions,
    Formats,
    ClosedProperties,
}

/// `invalid-json`, `duplicate-key`, `limit-passed`.
impl Diagnostic {
    pub(crate) fn invalid_json(place: &Place, error: impl fmt::Display) -> Self {
        Self::new(Code::InvalidJson, place, error.to_string(), "correct the JSON at this place")
    }

    pub(crate) fn duplicate_key(place: &Place, key: &str) -> Self {
        let message = format!("the key `{key}` occurs twice");
        Self::new(Code::DuplicateKey, place, message, "keep one of the two")
    }

    pub(crate) fn limit_passed(place: &Place, limit: SizeLimit) -> Self {
        let (message, help) = match limit {
            SizeLimit::Bytes(max) => {
                (format!("the file must have at most {} MiB", max / 1024 / 1024), SMALLER)
            }
            SizeLimit::Levels(max) => {
                (format!("must nest at most {max} levels deep"), "flatten the schema")
            }
            SizeLimit::Values(max) => (format!("must have at most {max} values"), SMALLER),
            SizeLimit::Pointer(max) => {
                (format!("the path to a value must have at most {max} bytes"), "use shorter names")
            }
            SizeLimit::Choices(max) => {
                (format!("`enum` must have at most {max} values"), "remove the `enum` with a fixup")
            }
            SizeLimit::Choice(max) => (
                format!("a value of an `enum` must have at most {max} bytes"),
                "remove the `enum` with a fixup",
            ),
            SizeLimit::Branches(max) => {
                (format!("a list of schemas must have at most {max}"), SMALLER)
            }
            SizeLimit::Properties(max) => {
                (format!("an object must have at most {max} properties"), SMALLER)
            }
            SizeLimit::Required(max) => {
                (format!("`required` must have at most {max} names"), SMALLER)
            }
            SizeLimit::Parts(max) => (
                format!("a schema must be made of at most {max} `$ref`s and parts of `allOf`"),
                "write it as one schema with a fixup",
            ),
            SizeLimit::References(max) => {
                (format!("references must nest at most {max} levels deep"), SMALLER)
            }
            SizeLimit::Types(max) => (format!("a schema must make at most {max} types"), SMALLER),
            SizeLimit::Rows(max) => {
                (format!("a schema must make at most {max} fields and branches"), SMALLER)
            }
            SizeLimit::Copies => {
                ("its `$ref`s and `allOf` expand to too large a schema".to_owned(), SMALLER)
            }
        };
        Self::new(Code::LimitPassed, place, message, help)
    }

    pub(crate) fn patched_schema_too_large(place: &Place, file: &str) -> Self {
        let message = format!("it makes `{file}` larger or deeper than a schema may be");
        Self::new(Code::LimitPassed, place, message, "copy less")
    }
}

/// `malformed-model`.
impl Diagnostic {
    /// A `model.json` that cannot be read, and what to do about it.
    pub(crate) fn malformed_model(place: &Place, message: &str, help: &str) -> Self {
        Self::new(Code::MalformedModel, place, message, help)
    }

    pub(crate) fn model_in_wrong_folder(
        place: &Place,
        id: impl fmt::Display,
        folder: &str,
        found: &str,
    ) -> Self {
        let message =
            format!("the model `{id}` must be in the folder `{folder}` (found `{found}`)");
        Self::new(Code::MalformedModel, place, message, "move it, or correct the `id`")
    }
}

/// `malformed-fixup`, `stale-fixup`.
impl Diagnostic {
    /// A fixup whose text cannot be read. The fixup has to be written again.
    pub(crate) fn unreadable_fixup(found: Self) -> Self {
        Self { code: Code::MalformedFixup, help: FIXUP_FORM.to_owned(), ..found }
    }

    pub(crate) fn fixup_not_an_object(place: &Place) -> Self {
        Self::new(Code::MalformedFixup, place, "a fixup must be an object", FIXUP_FORM)
    }

    pub(crate) fn unknown_fixup_member(place: &Place, name: &str) -> Self {
        let message =
            format!("a fixup must have a `reason`, an `input` or an `output` (found `{name}`)");
        Self::new(Code::MalformedFixup, place, message, "remove it")
    }

    pub(crate) fn fixup_without_reason(place: &Place) -> Self {
        let help = "say in \"reason\" why the published schema is wrong, and how you know";
        Self::new(Code::MalformedFixup, place, "a fixup must have a `reason` with text", help)
    }

    pub(crate) fn fixup_without_patch(place: &Place) -> Self {
        let help = "add a patch as \"input\" or \"output\", or remove the file";
        let message = "a fixup must correct `input` or `output`";
        Self::new(Code::MalformedFixup, place, message, help)
    }

    pub(crate) fn patch_not_a_list(place: &Place) -> Self {
        Self::new(Code::MalformedFixup, place, "a patch must be a list of operations", FIXUP_FORM)
    }

    pub(crate) fn patch_too_long(place: &Place, max: usize) -> Self {
        let message = format!("a patch must have at most {max} operations");
        Self::new(Code::MalformedFixup, place, message, "correct the schema where it is published")
    }

    pub(crate) fn patch_without_test(place: &Place) -> Self {
        let help = "begin with a `test` of what is wrong in the published schema, to make the \
            fixup fail when that changes";
        Self::new(Code::MalformedFixup, place, "a patch must begin with a `test`", help)
    }

    pub(crate) fn unused_operation_member(place: &Place) -> Self {
        let message = "the operation has a member that it does not use";
        Self::new(Code::MalformedFixup, place, message, OPERATION_FORM)
    }

    pub(crate) fn malformed_operation(place: &Place, error: impl fmt::Display) -> Self {
        let message = format!("must be an operation of a patch ({error})");
        Self::new(Code::MalformedFixup, place, message, OPERATION_FORM)
    }

    /// A fixup that does not apply to the published schema, and why.
    pub(crate) fn stale_fixup(place: &Place, why: impl Into<String>) -> Self {
        let help = "import the new schema, then correct or remove the fixup";
        Self::new(Code::StaleFixup, place, why, help)
    }

    /// A fixup that belongs to no model. `example` is a path of one that does.
    pub(crate) fn orphaned_fixup(place: &Place, example: &str) -> Self {
        let help = format!("name it after the model's folder, such as `{example}`, or remove it");
        Self::new(Code::StaleFixup, place, "this fixup has no model", help)
    }
}

/// `malformed-keyword`, `unsupported-keyword`, `not-an-object`.
impl Diagnostic {
    /// A keyword whose value is not of the `expected` form.
    pub(crate) fn malformed_keyword(place: &Place, expected: &str) -> Self {
        let mut steps = place.pointer.rsplit('/');
        let keyword = steps.find(|step| step.parse::<usize>().is_err()).unwrap_or_default();
        Self::new(Code::MalformedKeyword, place, format!("`{keyword}` must be {expected}"), FIX)
    }

    pub(crate) fn schema_not_an_object(place: &Place) -> Self {
        let help = "write the schema as {…}";
        Self::new(Code::MalformedKeyword, place, "a schema must be an object", help)
    }

    pub(crate) fn unsupported_keyword(place: &Place, keyword: &str) -> Self {
        let message = format!("`{keyword}` is not supported");
        let help = "remove it with a fixup, if the model works without it";
        Self::new(Code::UnsupportedKeyword, place, message, help)
    }

    /// A `pattern` with a construct that is not supported.
    pub(crate) fn unsupported_pattern(place: &Place, construct: &str) -> Self {
        let message = format!("`pattern` with {construct} is not supported");
        let help = "write it without, or remove it, with a fixup";
        Self::new(Code::UnsupportedKeyword, place, message, help)
    }

    pub(crate) fn malformed_pattern(place: &Place, why: &str) -> Self {
        let message = format!("`pattern` must be a regular expression of ECMA-262 (found {why})");
        Self::new(Code::MalformedKeyword, place, message, FIX)
    }

    pub(crate) fn unsupported_items_list(place: &Place) -> Self {
        let message = "a list of schemas as `items` is not supported";
        let help = "give one schema for all items with a fixup";
        Self::new(Code::UnsupportedKeyword, place, message, help)
    }

    pub(crate) fn unsupported_root_union(place: &Place) -> Self {
        let message = "`anyOf` and `oneOf` are not supported for the whole of an input";
        let help = "remove them with a fixup, if the model works without them";
        Self::new(Code::UnsupportedKeyword, place, message, help)
    }

    pub(crate) fn unsupported_any_of_with_one_of(place: &Place) -> Self {
        let message = "`anyOf` beside `oneOf` is not supported";
        Self::new(Code::UnsupportedKeyword, place, message, "write them as one with a fixup")
    }

    pub(crate) fn unsupported_merge(place: &Place, conflict: Conflict) -> Self {
        let what = match conflict {
            Conflict::Unions => "are both unions",
            Conflict::Formats => "have different `format`s",
            Conflict::ClosedProperties => "restrict each other's properties",
        };
        let message = format!("two schemas that must hold together {what}, which is not supported");
        Self::new(Code::UnsupportedKeyword, place, message, "write them as one with a fixup")
    }

    pub(crate) fn unsupported_multiple_of_pair(place: &Place) -> Self {
        let message = "two `multipleOf` that must hold together are not supported";
        let help = "write their common multiple with a fixup";
        Self::new(Code::UnsupportedKeyword, place, message, help)
    }

    pub(crate) fn unsupported_recursion(place: &Place, target: &str) -> Self {
        let message = format!("`#{target}` leads back to itself with no object in between");
        Self::new(Code::UnsupportedKeyword, place, message, "put an object in between with a fixup")
    }

    pub(crate) fn input_not_an_object(place: &Place) -> Self {
        let help = "give the schema of the object, with `properties`";
        Self::new(Code::NotAnObject, place, "the whole of an input must be an object", help)
    }

    pub(crate) fn output_not_wrapped(place: &Place) -> Self {
        let message = "an output schema must be under the one key `output`";
        Self::new(Code::NotAnObject, place, message, "write it as {\"output\": {…}}")
    }
}

/// `unsatisfiable`.
impl Diagnostic {
    pub(crate) fn empty_enum(place: &Place) -> Self {
        Self::new(Code::Unsatisfiable, place, "`enum` must have a value", FIX)
    }

    pub(crate) fn false_schema(place: &Place) -> Self {
        let help = "remove the property with a fixup";
        Self::new(Code::Unsatisfiable, place, "`false` allows no value", help)
    }

    pub(crate) fn no_common_type(place: &Place) -> Self {
        let message = "two schemas that must hold together have no `type` in common";
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    pub(crate) fn no_branch_left(place: &Place) -> Self {
        let message = "no branch of the union holds with the keywords beside it";
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    pub(crate) fn null_union_beside_no_null(place: &Place) -> Self {
        let message = "the union allows only null, and the keywords beside it do not";
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    pub(crate) fn no_choice_of_type(place: &Place) -> Self {
        let message = "no value of its `enum` is of its `type`";
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    pub(crate) fn no_choice_within_rules(place: &Place) -> Self {
        let message = "no value of its `enum` keeps to the rules beside it";
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    /// Two rules about one quantity of media that allow none.
    pub(crate) fn contradicting_media_rules(place: &Place, metric: &str) -> Self {
        let message = format!("its rules about {metric} allow no media");
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    pub(crate) fn contradicting_bounds(place: &Place) -> Self {
        let message = "its bounds allow no value";
        Self::new(Code::Unsatisfiable, place, message, "correct one of them with a fixup")
    }

    pub(crate) fn required_but_not_allowed(place: &Place, name: &str) -> Self {
        let message = format!("`{name}` is required, and `additionalProperties` forbids it");
        let help = "describe it, or remove it from `required`, with a fixup";
        Self::new(Code::Unsatisfiable, place, message, help)
    }
}

/// `name-clash`, `unresolvable-reference`, `unexpected-shape`.
impl Diagnostic {
    /// Two `things` of the generated code with one name.
    pub(crate) fn name_clash(place: &Place, things: &str, name: &str) -> Self {
        let message = format!("{things} would both be called `{name}`");
        let help = "report it; a fixup can remove one of them if you do not need it";
        Self::new(Code::NameClash, place, message, help)
    }

    pub(crate) fn reference_not_a_pointer(place: &Place, reference: &str) -> Self {
        let message =
            format!("a `$ref` must be a JSON pointer into this document (found `{reference}`)");
        let help = "put the schema it refers to into `$defs` of this document with a fixup";
        Self::new(Code::UnresolvableReference, place, message, help)
    }

    pub(crate) fn reference_not_utf8(place: &Place, reference: &str) -> Self {
        let message = format!("a `$ref` must be UTF-8 once it is decoded (found `{reference}`)");
        Self::new(Code::UnresolvableReference, place, message, FIX)
    }

    pub(crate) fn reference_below_id(place: &Place, reference: &str) -> Self {
        let message =
            format!("`{reference}` is a pointer into the document that an `$id` above it begins");
        let help = "remove the `$id` with a fixup, if a pointer into the whole file is meant";
        Self::new(Code::UnresolvableReference, place, message, help)
    }

    pub(crate) fn missing_reference_target(place: &Place, target: &str) -> Self {
        let message = format!("there is no `#{target}` in this document");
        Self::new(Code::UnresolvableReference, place, message, "correct the `$ref` with a fixup")
    }

    pub(crate) fn reference_circle(place: &Place) -> Self {
        let message = "its references lead in a circle";
        Self::new(Code::UnresolvableReference, place, message, "correct the `$ref` with a fixup")
    }

    pub(crate) fn unexpected_shape(place: &Place, reason: impl Into<String>) -> Self {
        let help = "report it: this schema has a shape that was not foreseen";
        Self::new(Code::UnexpectedShape, place, reason, help)
    }
}

/// The warnings.
impl Diagnostic {
    pub(crate) fn closed_input(place: &Place) -> Self {
        let message =
            "the input allows other properties, which are refused all the same as misspelt";
        let help = "nothing, or describe them in `properties` with a fixup";
        Self::new(Code::ClosedInput, place, message, help)
    }

    /// A keyword that is not known, and the known one that it may be a misspelling of.
    pub(crate) fn unknown_keyword(place: &Place, keyword: &str, nearest: Option<&str>) -> Self {
        let message = format!("`{keyword}` is not a known keyword, so it is not checked");
        let help = "nothing, if it is an annotation; otherwise report it";
        Self::new(Code::UnknownKeyword, place, message, did_you_mean(nearest, help))
    }

    /// A `title` or `description` that is not a string.
    pub(crate) fn malformed_annotation(place: &Place, keyword: &str) -> Self {
        let message = format!("`{keyword}` must be a string, so it is not shown as it is");
        let help = "nothing: it is an annotation; write one text with a fixup to show it";
        Self::new(Code::MalformedAnnotation, place, message, help)
    }

    /// A `format` that is not a string.
    pub(crate) fn malformed_format(place: &Place) -> Self {
        let message = "`format` must be a string, so it is not checked";
        let help = "nothing, if any value will do; or write one of a known name with a fixup";
        Self::new(Code::UnknownFormat, place, message, help)
    }

    pub(crate) fn unknown_rule_member(place: &Place, name: &str) -> Self {
        let message = format!("`{name}` is not a known member of a rule");
        let help = "nothing, if it is an annotation; otherwise report it";
        Self::new(Code::UnknownKeyword, place, message, help)
    }

    /// An error in an output schema, which refuses no model.
    pub(crate) fn unreadable_output(found: Self) -> Self {
        let help = "nothing: this part of the output is any JSON".to_owned();
        Self { code: Code::UnreadableOutput, help, ..found }
    }

    /// A `default` or an `example` that its own schema refuses, and why.
    pub(crate) fn default_breaks_schema(place: &Place, what: &str, why: impl fmt::Display) -> Self {
        let message = format!("the {what} {why}");
        let help = "nothing: it is shown and never sent; correct it with a fixup if it misleads";
        Self::new(Code::DefaultBreaksSchema, place, message, help)
    }

    /// A property or choice that shares its Rust name, and the name that it gets.
    pub(crate) fn shared_name(place: &Place, thing: &str, name: &str) -> Self {
        let message = format!("`{thing}` shares its Rust name with another; it is called `{name}`");
        Self::new(Code::SharedName, place, message, "nothing, or rename one of them with a fixup")
    }

    /// A model that shares its module name, and the path that it gets.
    pub(crate) fn shared_module(place: &Place, folder: &str, path: &str) -> Self {
        let message = format!("`{folder}` shares its module name with another; it is `{path}`");
        Self::new(Code::SharedName, place, message, "nothing: each is generated under its own name")
    }

    /// A format that is not known on a `kind` of values, and the known one that it may be a
    /// misspelling of.
    pub(crate) fn unknown_format(
        place: &Place,
        format: &str,
        kind: &str,
        nearest: Option<&str>,
    ) -> Self {
        let message = format!("`{format}` is not a known format, so it is not checked");
        let help = format!("nothing, if any {kind} will do");
        Self::new(Code::UnknownFormat, place, message, did_you_mean(nearest, &help))
    }

    /// A media format of values that are not strings.
    pub(crate) fn format_of_no_string(place: &Place, format: &str, noun: &str) -> Self {
        let message = format!("`{format}` has no meaning for {noun}, so it is not checked");
        let help = "nothing; or correct the `type` with a fixup, if a string is meant";
        Self::new(Code::UnknownFormat, place, message, help)
    }

    pub(crate) fn unchecked_uri(place: &Place) -> Self {
        let message = "`uri` is not checked in an input, where any string is allowed";
        Self::new(Code::UnknownFormat, place, message, "nothing, if any string will do")
    }

    /// A type that is not known, and the known one that it may be a misspelling of.
    pub(crate) fn unknown_type(place: &Place, word: &str, nearest: Option<&str>) -> Self {
        let message = format!("`{word}` is not a known type, so any value is allowed");
        let help = "correct it with a fixup, if you know its meaning";
        Self::new(Code::UnknownType, place, message, did_you_mean(nearest, help))
    }

    pub(crate) fn null_type(place: &Place) -> Self {
        let message = "`type` is null, which is not the string \"null\", so any value is allowed";
        Self::new(Code::UnknownType, place, message, "correct it with a fixup, if null is meant")
    }

    /// A rule that is not known, and the known one that it may be a misspelling of.
    pub(crate) fn unknown_rule(place: &Place, rule: &str, nearest: Option<&str>) -> Self {
        let message = format!("`{rule}` is not a known rule, so it is not checked");
        let help = "nothing: it is kept, and shown as unchecked";
        Self::new(Code::UnknownRule, place, message, did_you_mean(nearest, help))
    }

    /// A known rule whose value is not a number.
    pub(crate) fn rule_without_number(place: &Place, rule: &str, value: &Value) -> Self {
        let message =
            format!("the value of `{rule}` must be a number (found {value}), so it is not checked");
        Self::new(Code::UnknownRule, place, message, "write the number alone with a fixup")
    }

    /// A known rule about media, on values that are not media.
    pub(crate) fn rule_of_no_media(place: &Place, rule: &str, noun: &str) -> Self {
        let message = format!("`{rule}` has no meaning for {noun}, so it is not checked");
        let help = "nothing; or correct the `type` with a fixup, if media is meant";
        Self::new(Code::UnknownRule, place, message, help)
    }

    pub(crate) fn required_without_property(place: &Place, name: &str) -> Self {
        let message =
            format!("`{name}` is required but not in `properties`, so any value is allowed");
        let help = "describe it with a fixup, if you know its meaning";
        Self::new(Code::RequiredWithoutProperty, place, message, help)
    }

    pub(crate) fn ignored_keyword(place: &Place, keyword: &str) -> Self {
        let message = format!("`{keyword}` beside a `$ref` has no meaning in this schema's draft");
        let help = "nothing; or put both into `allOf` with a fixup, if both are meant";
        Self::new(Code::IgnoredKeyword, place, message, help)
    }

    pub(crate) fn repeated_choice(place: &Place, value: impl fmt::Display) -> Self {
        let message = format!("the value {value} is in the `enum` twice");
        Self::new(Code::RepeatedChoice, place, message, "nothing: it counts once")
    }

    /// A name in `arguments` that is not a property, and the one that it may be a misspelling of.
    pub(crate) fn unknown_argument(place: &Place, name: &str, nearest: Option<&str>) -> Self {
        let message = format!("`{name}` is not a property of the input, so `new` does not take it");
        let help = match nearest {
            Some(nearest) => format!("did you mean `{nearest}`? Correct it here"),
            None => "remove it from `arguments`".to_owned(),
        };
        Self::new(Code::UnknownArgument, place, message, help)
    }

    pub(crate) fn repeated_argument(place: &Place, name: &str) -> Self {
        let message = format!("`{name}` is in `arguments` twice");
        Self::new(Code::UnknownArgument, place, message, "keep one of the two")
    }
}

/// Returns the help for a word that may be misspelt.
fn did_you_mean(nearest: Option<&str>, otherwise: &str) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`? Correct it with a fixup"),
        None => otherwise.to_owned(),
    }
}
