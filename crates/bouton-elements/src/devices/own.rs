//! Parameters that are a device's own: from a file, drawn, or one for all.

use std::collections::BTreeMap;

use bouton_core::nearest;
use bouton_random::{Purpose, RandomState, Stream};
use serde_json::{Map, Value};

use super::{Device, DeviceSpec};
use crate::distributions::Values;
use crate::mappings::Side;

/// The parameters of a device type by their names.
fn fields(device: &Device) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(device) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("`device` has no parameters that could be a device's own".into()),
        Err(e) => Err(e.to_string()),
    }
}

/// Refuses names that the device type doesn't have, sides that the mapping doesn't have, and values that make no sense.
pub(super) fn check(spec: &DeviceSpec) -> Result<(), String> {
    let all = [("each", &spec.each), ("plus", &spec.plus), ("minus", &spec.minus)];
    if all.iter().all(|(_, own)| own.is_empty()) {
        return Ok(());
    }
    let fields = fields(&spec.device)?;
    let known: Vec<&str> = fields.iter().filter(|(_, v)| v.is_number()).map(|(k, _)| k.as_str()).collect();
    for (place, own) in all {
        let side = spec.mapping.model().sides().iter().any(|s| s.name() == place);
        if !own.is_empty() && place != "each" && !side {
            return Err(format!(
                "`{place}`: the synapses have no device on this side; give `each`, or another `mapping`"
            ));
        }
        for (name, values) in own {
            if !known.contains(&name.as_str()) {
                let near = nearest(name, known.iter().copied());
                let way = near.map_or_else(
                    || format!("there are: {}", known.join(", ")),
                    |n| format!("did you mean `{n}`?"),
                );
                let device = spec.device.name();
                return Err(format!(
                    "`{place}`: the device `{device}` has no parameter `{name}` that is a number; {way}"
                ));
            }
            if let Values::Drawn(d) = values {
                d.check().map_err(|m| format!("`{place}.{name}`: {m}"))?;
            }
        }
    }
    Ok(())
}

/// The devices of one side, each with its own parameters.
pub(super) struct Own<'a> {
    side: Side,
    cols: usize,
    /// The type, with the parameters of the last device.
    last: Device,
    fields: Map<String, Value>,
    /// Names, and a value for each device.
    own: Vec<(&'a str, Vec<f64>)>,
}

impl<'a> Own<'a> {
    pub(super) fn of(
        spec: &'a DeviceSpec,
        side: Side,
        shape: (usize, usize),
        seed: u64,
        object: u64,
    ) -> Result<Own<'a>, String> {
        let of_side = if side == Side::Plus { &spec.plus } else { &spec.minus };
        let mut all: BTreeMap<&str, (&str, &Values)> =
            spec.each.iter().map(|(k, v)| (k.as_str(), ("each", v))).collect();
        all.extend(of_side.iter().map(|(k, v)| (k.as_str(), (side.name(), v))));
        let mut own = vec![];
        for (name, (place, values)) in all {
            // Each side draws its own; what is drawn hangs on seed, connection, side and name alone.
            let word = format!("device.{}.{name}", side.name());
            let numbers = numbers(values, shape, || {
                let first = Stream::new(seed, object, Purpose::named(&word), 0).f64_at(0);
                RandomState::new((first * 4_294_967_296.0) as u32)
            });
            own.push((name, numbers.map_err(|m| format!("`{place}.{name}`: {m}"))?));
        }
        let fields = if own.is_empty() { Map::new() } else { fields(&spec.device)? };
        Ok(Own { side, cols: shape.1, last: spec.device.clone(), fields, own })
    }
    /// The device of a number: the type with its own parameters.
    pub(super) fn device(&mut self, k: usize) -> Result<&Device, String> {
        let mut changed = false;
        for (name, values) in &self.own {
            let now = Value::from(values[k]);
            if let Some(was) = self.fields.get_mut(*name).filter(|was| **was != now) {
                *was = now;
                changed = true;
            }
        }
        if changed {
            let made: Result<Device, _> = serde_json::from_value(Value::Object(self.fields.clone()));
            let made = made.map_err(|e| e.to_string());
            let made = made.and_then(|d| d.model().check().and_then(|()| d.within_bounds()).map(|()| d));
            self.last = made.map_err(|m| {
                let (row, column) = (k / self.cols.max(1), k % self.cols.max(1));
                format!("device ({row}, {column}) on the side `{}`: {m}", self.side.name())
            })?;
        }
        Ok(&self.last)
    }
}

/// A number for each device of a shape.
fn numbers(
    values: &Values,
    (rows, cols): (usize, usize),
    rng: impl FnOnce() -> RandomState,
) -> Result<Vec<f64>, String> {
    let out = match values {
        Values::Number(x) => vec![*x; rows * cols],
        Values::Drawn(d) => d.sample(rows * cols, 1, &mut rng())?,
        Values::Scalars(x) if x.len() == rows * cols && rows.min(cols) == 1 => x.clone(),
        Values::Scalars(x) => {
            return Err(format!(
                "must be {rows} rows of {cols} numbers (post × pre), found a list of {}",
                x.len()
            ));
        }
        Values::Rows(x) => {
            let width = x.first().map_or(0, Vec::len);
            if let Some(k) = x.iter().position(|row| row.len() != width) {
                return Err(format!("row {k} has {} numbers where the first has {width}", x[k].len()));
            }
            if (x.len(), width) != (rows, cols) {
                let way =
                    if (width, x.len()) == (rows, cols) { "; turn it with `transpose = true`" } else { "" };
                return Err(format!(
                    "must be {rows} rows of {cols} numbers (post × pre), found {} of {width}{way}",
                    x.len()
                ));
            }
            x.concat()
        }
    };
    match out.iter().position(|x| !x.is_finite()) {
        Some(k) => Err(format!("number ({}, {}) is {}", k / cols.max(1), k % cols.max(1), out[k])),
        None => Ok(out),
    }
}
