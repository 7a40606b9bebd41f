//! The wording of violations.

use crate::schema::{Field, Rule, Shape};

/// What would be right, of a rule that is [`broken`], and what was counted.
pub(crate) fn words(rule: &Rule, count: usize) -> (String, Option<String>) {
    let message = match *rule {
        Rule::MinLength(least) => return counted("least", least, count, "character"),
        Rule::MaxLength(most) => return counted("most", most, count, "character"),
        Rule::MinItems(least) => return counted("least", least, count, "item"),
        Rule::MaxItems(most) => return counted("most", most, count, "item"),
        Rule::MinProperties(least) => return of_properties("least", least, count),
        Rule::MaxProperties(most) => return of_properties("most", most, count),
        Rule::UniqueItems => {
            return ("Each item once.".to_owned(), Some(format!("item {count} is there twice")));
        }
        Rule::MinimumInteger(bound) => format!("At least {bound}."),
        Rule::MaximumInteger(bound) => format!("At most {bound}."),
        Rule::MultipleOf(step) => format!("A multiple of {step}."),
        Rule::Values(choices) => format!("One of {}.", choices.join(", ")),
        Rule::Minimum(bound) => format!("At least {bound}."),
        Rule::Maximum(bound) => format!("At most {bound}."),
        Rule::ExclusiveMinimum(bound) => format!("Over {bound}."),
        Rule::ExclusiveMaximum(bound) => format!("Under {bound}."),
        Rule::Strings(words) => format!("One of {}.", listed(words)),
        Rule::Integers(choices) => format!("One of {}.", listed(choices)),
        Rule::Measured(_, _, message) | Rule::Unchecked(_, _, message) => message.to_owned(),
        // It is never broken.
        Rule::Annotation(..) => String::new(),
    };
    (message, None)
}

fn counted(side: &str, bound: u64, count: usize, noun: &str) -> (String, Option<String>) {
    let plural = |is_one| if is_one { "" } else { "s" };
    (
        format!("At {side} {bound} {noun}{}.", plural(bound == 1)),
        Some(format!("{count} {noun}{}", plural(count == 1))),
    )
}

fn of_properties(side: &str, bound: u64, count: usize) -> (String, Option<String>) {
    let plural = if bound == 1 { "property" } else { "properties" };
    (format!("At {side} {bound} {plural}."), Some(count.to_string()))
}

fn listed<T: std::fmt::Debug>(choices: &[T]) -> String {
    choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ")
}

/// A shape in words.
pub(crate) fn noun(shape: Shape) -> &'static str {
    match shape {
        Shape::Any | Shape::ByKind(_) => "any value",
        Shape::Null => "null",
        Shape::Boolean => "a boolean",
        Shape::Integer => "a whole number",
        Shape::Number => "a number",
        Shape::Text => "a string",
        Shape::Media(_) => "a string, the address of media",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "an object",
        Shape::Nullable(inner) => noun(inner.shape),
        Shape::AnyOf(_) | Shape::OneOf(_) => "one of several choices",
    }
}

/// As many names are listed where none is like the one that is not known.
const MOST_LISTED: usize = 24;

/// What to say to a name that the schema does not have: the nearest that it has.
pub(crate) fn unknown(fields: &'static [Field], name: &str) -> String {
    let length = name.chars().count();
    let near = fields.iter().filter_map(|field| {
        let known = field.name.chars().count();
        let most = 1 + known / 4;
        // The lengths bound the distance from below: a name from a stranger may be long.
        let distance = (known.abs_diff(length) <= most)
            .then(|| strsim::damerau_levenshtein(field.name, name))?;
        (distance <= most).then_some((distance, most, field.name))
    });
    let nearest = near.min();
    if let Some((.., known)) = nearest {
        return format!("No such property; did you mean `{known}`?");
    }
    let listed = fields.iter().take(MOST_LISTED).map(|field| format!("`{}`", field.name));
    let listed = listed.collect::<Vec<_>>().join(", ");
    match fields.len().saturating_sub(MOST_LISTED) {
        _ if fields.is_empty() => "No such property; there are none.".to_owned(),
        0 => format!("No such property; there are {listed}."),
        more => format!("No such property; there are {listed} and {more} more."),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::rules::broken;
    use crate::codegen_support::value_ref::AsValueRef;

    #[test]
    fn each_message_says_what_would_be_right_and_some_what_was_counted() {
        let cases = [
            (Rule::MinLength(1), json!(""), "At least 1 character.", Some("0 characters")),
            (Rule::MaxLength(2), json!("abc"), "At most 2 characters.", Some("3 characters")),
            (Rule::MinItems(2), json!([0]), "At least 2 items.", Some("1 item")),
            (Rule::MaxItems(1), json!([0, 0]), "At most 1 item.", Some("2 items")),
            (Rule::MinProperties(1), json!({}), "At least 1 property.", Some("0")),
            (Rule::MaxProperties(0), json!({"a": 1}), "At most 0 properties.", Some("1")),
            (Rule::UniqueItems, json!([1, 1]), "Each item once.", Some("item 1 is there twice")),
            (Rule::Minimum(0.5), json!(0), "At least 0.5.", None),
            (Rule::Maximum(0.5), json!(1), "At most 0.5.", None),
            (Rule::ExclusiveMinimum(1.0), json!(1), "Over 1.", None),
            (Rule::ExclusiveMaximum(1.0), json!(1), "Under 1.", None),
            (Rule::MinimumInteger(3), json!(2), "At least 3.", None),
            (Rule::MaximumInteger(3), json!(4), "At most 3.", None),
            (Rule::MultipleOf(0.1), json!(0.25), "A multiple of 0.1.", None),
            (Rule::Strings(&["16:9", "a"]), json!("b"), "One of \"16:9\", \"a\".", None),
            (Rule::Integers(&[5, -1]), json!(4), "One of 5, -1.", None),
            (Rule::Values(&["null", "2.5"]), json!(4), "One of null, 2.5.", None),
        ];
        for (rule, value, message, found) in cases {
            let said = broken(&rule, value.as_value_ref()).map(|count| words(&rule, count));
            assert_eq!(said, Some((message.to_owned(), found.map(str::to_owned))), "{rule:?}");
        }
    }

    #[test]
    fn a_message_says_what_would_be_right_and_not_what_was_given() {
        let secret = json!("hush");
        let rule = Rule::MaxLength(1);
        let (message, found) =
            words(&rule, broken(&rule, secret.as_value_ref()).expect("it breaks"));
        assert_eq!(message, "At most 1 character.");
        assert_eq!(found.as_deref(), Some("4 characters"));
    }
}
