//! `Model`: what generated code says of one RunComfy model.

use std::fmt;

use crate::check::{self, FoundMedia};
use crate::codegen_support::from_output::FromOutput;
use crate::codegen_support::value_ref::{AsValueRef, ValueRef};
use crate::json::JsonInput;
use crate::schema::{Field, Rule, ValueSchema};
use crate::valid::{Invalid, Valid};
use crate::violation::Violations;

/// The input type of one RunComfy model. Generated; its methods are for everyone.
pub trait Model: AsValueRef + Clone + fmt::Debug + Send + Sync + 'static {
    /// The model's id, such as `minimax/Hailuo Video 01 Live`. Case and spaces count.
    const ID: &'static str;
    /// The input's table.
    const FIELDS: &'static [Field];
    /// What properties beside those of the table may be, where the input takes them.
    const OTHERS: Option<&'static ValueSchema> = None;
    /// The rules of the input as a whole.
    const RULES: &'static [Rule] = &[];
    /// What the model answers.
    type Output: FromOutput + Default + fmt::Debug + Send + 'static;

    /// Checks every rule that needs no measuring of media.
    ///
    /// # Errors
    ///
    /// Every violation at once, and the input back.
    fn validate(self) -> Result<Valid<Self>, Invalid<Self>> {
        let violations = self.violations();
        Valid::unless(self, violations)
    }

    /// Every rule that this input breaks, of those that need no measuring of media.
    fn violations(&self) -> Violations {
        check::violations(&input::<Self>(), self.as_value_ref())
    }
}

/// What can be submitted: a model's typed input, or a [`JsonInput`] of it.
///
/// Sealed by its one blanket implementation and [`JsonInput`].
pub trait Payload: Clone + fmt::Debug + Send + Sync + 'static {
    /// The model that takes it.
    type Model: Model;

    /// The input as it would be sent.
    fn value_ref(&self) -> ValueRef<'_>;

    /// Every piece of media in it, with its rules.
    fn media(&self) -> Vec<FoundMedia> {
        check::media(&input::<Self::Model>(), self.value_ref())
    }

    /// The input as JSON, as it would be sent; `null` where it cannot be written, as with a
    /// local file that was not read yet ([`Media::read`](crate::Media::read)).
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self.value_ref()).unwrap_or_default()
    }
}

/// The table of a model's input as a whole.
pub(crate) const fn input<M: Model>() -> ValueSchema {
    ValueSchema::input(M::FIELDS, M::OTHERS, M::RULES)
}

impl<M: Model> Payload for M {
    type Model = M;

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_value_ref()
    }
}

impl<M: Model> Payload for JsonInput<M> {
    type Model = M;

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_value().as_value_ref()
    }
}
