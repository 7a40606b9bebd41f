//! A model with an extreme table: wide, deep, and with lists.

use runcomfy::codegen_support::schema::Rule::{MaxLength, UniqueItems};
use runcomfy::codegen_support::schema::{Field, INTEGER, Shape, TEXT, ValueSchema};
use runcomfy::codegen_support::{AsValueRef, Members, ValueRef};
use runcomfy::{MediaOutput, Model};

/// An input that exists for its table only.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grown;

/// Number of properties of the wide and the narrow object.
pub(crate) const WIDE: usize = 496;
pub(crate) const NARROW: usize = 62;

static NAMES: [[u8; 4]; WIDE] = names();
static WIDE_FIELDS: [Field; WIDE] = numbered();
static NARROW_FIELDS: [Field; NARROW] = numbered();
static NODE: [Field; 1] = [Field::optional("n", Shape::Object(&NODE), &[])];
static BRANCHES: [ValueSchema; 2] =
    [ValueSchema::new(Shape::Object(&TREE), &[]), ValueSchema::new(TEXT, &[MaxLength(3)])];
static TREE: [Field; 1] = [Field::optional("n", Shape::AnyOf(&BRANCHES), &[])];
static ITEM: [Field; 1] = [Field::required("word", TEXT, &[MaxLength(3)])];
static FIELDS: [Field; 9] = [
    Field::optional("text", TEXT, &[MaxLength(3)]),
    Field::optional("words", Shape::List(&ValueSchema::new(TEXT, &[MaxLength(3)])), &[]),
    Field::optional("items", Shape::List(&ValueSchema::new(Shape::Object(&ITEM), &[])), &[]),
    Field::optional("unique", Shape::List(&ValueSchema::new(Shape::Any, &[])), &[UniqueItems]),
    Field::optional("wide", Shape::Object(&WIDE_FIELDS), &[]),
    Field::optional("narrow", Shape::Object(&NARROW_FIELDS), &[]),
    Field::optional("open", Shape::Open(&WIDE_FIELDS, &ValueSchema::new(INTEGER, &[])), &[]),
    Field::optional("deep", Shape::Object(&NODE), &[]),
    Field::optional("tree", Shape::AnyOf(&BRANCHES), &[]),
];

/// Returns the names `p000`, `p001` and so on.
const fn names() -> [[u8; 4]; WIDE] {
    let mut names = [*b"p000"; WIDE];
    let mut index = 0;
    while index < WIDE {
        names[index][1] += (index / 100) as u8;
        names[index][2] += (index / 10 % 10) as u8;
        names[index][3] += (index % 10) as u8;
        index += 1;
    }
    names
}

const fn numbered<const N: usize>() -> [Field; N] {
    let mut fields = [Field::optional("", INTEGER, &[]); N];
    let mut index = 0;
    while index < N {
        if let Ok(name) = str::from_utf8(&NAMES[index]) {
            fields[index] = Field::optional(name, INTEGER, &[]);
        }
        index += 1;
    }
    fields
}

impl AsValueRef for Grown {
    fn as_value_ref(&self) -> ValueRef<'_> {
        ValueRef::Struct(self)
    }
}

impl Members for Grown {
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn get(&self, _: usize) -> ValueRef<'_> {
        ValueRef::Absent
    }
}

impl Model for Grown {
    const ID: &'static str = "acme/grown";
    const FIELDS: &'static [Field] = &FIELDS;
    type Output = MediaOutput;
}
