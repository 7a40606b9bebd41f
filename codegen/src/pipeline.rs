//! One model through the stages that all commands share: fixup → parse → lower.

use crate::diagnostic::{Code, Findings};
use crate::fixup::Corrected;
use crate::manifest::Entry;
use crate::model::{Model, Module};
use crate::{Objects, Source, lower, parse};

/// One model through the line as far as lowering: parse → lower.
pub(crate) fn lowered(
    source: &Source<'_>,
    corrected: &Corrected,
    module: Module,
    objects: Objects,
    findings: &mut Findings,
) -> Option<Model> {
    let entry_file = source.file("model.json", source.model);
    let entry = Entry::parse(&entry_file, findings);
    let input = corrected.input.as_deref().unwrap_or(source.input);
    let input = parse::input(&source.file("input.json", input), findings);
    let output = corrected.output.as_deref().or(source.output);
    let output = output.map(|text| source.file("output.json", text));
    // An output that cannot be read has its diagnostic, for which `check` refuses.
    let output = output.and_then(|file| parse::output(&file, findings));
    let (entry, input) = (entry?, input?);
    if entry.id.folder() != source.folder {
        findings.push(
            Code::MalformedModel,
            &entry_file.whole(),
            format!(
                "the model `{}` belongs in the folder `{}`, not in `{}`",
                entry.id.as_str(),
                entry.id.folder(),
                source.folder
            ),
            "move it there, or correct the `id`",
        );
    }
    let mut model = lower::lower(&entry, module, &input, output.as_ref(), objects, findings)?;
    model.about.extend(corrected.about.clone());
    Some(model)
}

/// The order in which `new` takes the required properties, for the `arguments` of
/// `model.json`. What stands there already is kept as far as it goes. Empty where the
/// schemas cannot be read: generating says why.
pub(crate) fn argument_order(source: &Source<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    let corrected = Corrected::of(source, &mut findings);
    let module = Module { provider: String::new(), name: String::new() };
    let model = lowered(source, &corrected, module, Objects::Closed, &mut findings);
    let root = model.as_ref().and_then(|model| Some((model, model.inputs.first()?)));
    let Some((model, root)) = root else { return Vec::new() };
    let wire = |index: &usize| Some(root.fields.get(*index)?.wire.clone());
    model.arguments.iter().filter_map(wire).collect()
}
