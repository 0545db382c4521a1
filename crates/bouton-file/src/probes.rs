//! Probes that are added to those of a file.

use indexmap::IndexMap;

use crate::fault::{Fault, quoted};
use crate::tree::{Item, Value};

/// Adds probes, each with its name and its target.
pub(crate) fn add(root: &mut Item, probes: &[(String, String)]) -> Result<(), Fault> {
    let Value::Table(top) = &mut root.value else { return Ok(()) };
    for (name, target) in probes {
        let absent = || Item::new(Value::Table(IndexMap::new()), 0);
        let all = top.entry("probes".into()).or_insert_with(absent);
        // What is no table, the check refuses.
        let Value::Table(all) = &mut all.value else { return Ok(()) };
        if all.contains_key(name) {
            let m = format!(
                "--probe {}: the model has a probe of this name; give another, as in `--probe NAME={target}`",
                quoted(name)
            );
            return Err(Fault::new(0, m));
        }
        let target = [("target".to_string(), Item::new(Value::Str(target.clone()), 0))];
        all.insert(name.clone(), Item::new(Value::Table(target.into_iter().collect()), 0));
    }
    Ok(())
}
