//! What the names of a file refer to, and slices.

use std::collections::HashMap;

use bouton_elements::mappings::Side;
use bouton_model::{ConnectionId, DeviceQuantity, End, EnsembleId, NodeId, Object, Slice, Target};

use crate::fault::{hint, hint_in, quoted};

/// What a path refers to. Ids are known before the objects are made: they count up in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    /// An ensemble with its dimensions and neurons.
    Ensemble(EnsembleId, usize, usize),
    /// A node with its inputs and outputs.
    Node(NodeId, usize, usize),
    /// A connection.
    Connection(ConnectionId),
    /// A nested network.
    Network,
    /// An ensemble array.
    Array,
}

/// All named objects of a file, by path from the top.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, Named>);

/// One end of a connection with the number of values that its slice takes; `None` for a rule.
pub(crate) struct Found {
    pub(crate) end: End,
    pub(crate) size: Option<usize>,
}

impl Names {
    /// Adds an object; `false` if the name is taken.
    pub(crate) fn add(&mut self, path: String, named: Named) -> bool {
        self.0.insert(path, named).is_none()
    }

    /// The object that the longest beginning of `path` names, seen from the network whose objects begin with
    /// `prefix`, and what follows.
    fn find<'p>(&self, prefix: &str, path: &'p str) -> Result<(Named, &'p str), String> {
        let ends = path.char_indices().filter(|(_, c)| *c == '.').map(|(k, _)| k);
        let mut ends: Vec<usize> = ends.chain([path.len()]).collect();
        ends.reverse();
        let mut group = None;
        // Names are short: a beginning of more parts than any object has names nothing.
        for end in ends.into_iter().filter(|e| *e <= 4096) {
            let head = &path[..end];
            let named = self.0.get(&format!("{prefix}{head}")).or_else(|| self.0.get(head));
            match named {
                Some(Named::Network) => group = group.or(Some((head, "a network; name an object in it"))),
                Some(Named::Array) => {
                    group = group
                        .or(Some((head, "an array; use its `input`, its `output` or an ensemble in it")));
                }
                Some(n) => return Ok((*n, path[end..].strip_prefix('.').unwrap_or(""))),
                None => {}
            }
        }
        let known = self.known(prefix);
        match group {
            Some((head, what)) if head == path => Err(format!("`{path}` is {what}")),
            _ => Err(format!("there is no {}{}", quoted(path), hint(path, known.iter().map(String::as_str)))),
        }
    }

    /// Paths that could have been meant, those of the own network without its prefix.
    fn known(&self, prefix: &str) -> Vec<String> {
        let objects = self.0.iter().filter(|(_, n)| !matches!(n, Named::Network | Named::Array));
        let mut known: Vec<String> =
            objects.map(|(p, _)| p.strip_prefix(prefix).unwrap_or(p).to_string()).collect();
        known.sort();
        known.truncate(10_000);
        known
    }

    /// One end of a connection.
    pub(crate) fn end(&self, prefix: &str, text: &str, post: bool) -> Result<Found, String> {
        let (path, slice) = split_slice(text)?;
        let (named, rest) = self.find(prefix, path)?;
        let unknown = |known: &[&str]| {
            let hint = hint_in(&path[..path.len() - rest.len()], rest, known.to_vec());
            format!("{} is no end of a connection{hint}", quoted(path))
        };
        let (object, size) = match (named, rest) {
            (Named::Ensemble(e, dimensions, _), "") => (Object::Ensemble(e), Some(dimensions)),
            (Named::Ensemble(e, _, neurons), "neurons") => (Object::Neurons(e), Some(neurons)),
            (Named::Ensemble(..), _) => return Err(unknown(&["neurons"])),
            (Named::Node(n, size_in, size_out), "") => {
                (Object::Node(n), Some(if post { size_in } else { size_out }))
            }
            (Named::Connection(c), "rule") if post => (Object::Rule(c), None),
            (Named::Connection(_), "rule") => {
                return Err("a learning rule can only be the end of a connection".into());
            }
            (Named::Connection(_), _) => return Err(unknown(&["rule"])),
            _ => return Err(unknown(&[])),
        };
        let slice = match slice {
            Some(s) => parse_slice(s, size)?,
            None => Slice::All,
        };
        if let Some(size) = size {
            slice.check(size).map_err(|m| format!("`{path}`: {m}"))?;
        }
        let size = size.map(|s| slice.len(s));
        Ok(Found { end: object.slice(slice), size })
    }

    /// What a probe records, and the slice in brackets.
    pub(crate) fn target(&self, prefix: &str, text: &str) -> Result<(Target, Option<Slice>), String> {
        let (path, slice) = split_slice(text)?;
        let (named, rest) = self.find(prefix, path)?;
        let unknown = |known: &[&str]| {
            let hint = hint_in(&path[..path.len() - rest.len()], rest, known.to_vec());
            format!("{} can't be recorded{hint}", quoted(path))
        };
        let target = match (named, rest) {
            (Named::Ensemble(e, ..), "") => Target::Decoded(e),
            (Named::Ensemble(e, ..), "input") => Target::EnsembleInput(e),
            (Named::Ensemble(e, ..), "scaled_encoders") => Target::ScaledEncoders(e),
            (Named::Ensemble(e, ..), "neurons" | "neurons.output") => Target::Spikes(e),
            (Named::Ensemble(e, ..), "neurons.input") => Target::NeuronInput(e),
            (Named::Ensemble(e, ..), rest) => match rest.strip_prefix("neurons.") {
                Some(state) => Target::NeuronState(e, state.into()),
                None => {
                    return Err(unknown(&[
                        "input",
                        "neurons",
                        "neurons.input",
                        "neurons.voltage",
                        "scaled_encoders",
                    ]));
                }
            },
            (Named::Node(n, ..), "") => Target::Node(n),
            (Named::Connection(c), "weights") => Target::Weights(c),
            (Named::Connection(c), "output") => Target::ConnectionOutput(c),
            (Named::Connection(c), "input") => Target::ConnectionInput(c),
            (Named::Connection(c), "rule.error") => Target::RuleError(c),
            (Named::Connection(c), "rule.delta") => Target::RuleDelta(c),
            (Named::Connection(c), rest) => match (rest.strip_prefix("rule."), devices(rest)) {
                (Some(signal), _) => Target::RuleSignal(c, signal.into()),
                (None, Some((side, quantity))) => Target::Devices(c, side, quantity),
                (None, None) => {
                    let rule = ["weights", "output", "input", "rule.error", "rule.delta", "rule.activities"];
                    let devices =
                        ["devices.plus.resistance", "devices.plus.conductance", "devices.plus.pulses"];
                    let minus =
                        ["devices.minus.resistance", "devices.minus.conductance", "devices.minus.pulses"];
                    return Err(unknown(&[&rule[..], &devices, &minus].concat()));
                }
            },
            _ => return Err(unknown(&[])),
        };
        let size = match named {
            Named::Ensemble(_, d, n) => Some(if rest.starts_with("neurons") { n } else { d }),
            Named::Node(_, _, out) => Some(out),
            _ => None,
        };
        let slice = slice.map(|s| parse_slice(s, size)).transpose()?;
        Ok((target, slice))
    }
}

fn devices(rest: &str) -> Option<(Side, DeviceQuantity)> {
    let (side, quantity) = rest.strip_prefix("devices.")?.split_once('.')?;
    let side = match side {
        "plus" => Side::Plus,
        "minus" => Side::Minus,
        _ => return None,
    };
    let quantity = match quantity {
        "resistance" => DeviceQuantity::Resistance,
        "conductance" => DeviceQuantity::Conductance,
        "pulses" => DeviceQuantity::Pulses,
        _ => return None,
    };
    Some((side, quantity))
}

/// A path and what stands in brackets behind it.
fn split_slice(text: &str) -> Result<(&str, Option<&str>), String> {
    let text = text.trim();
    let Some(open) = text.find('[') else { return Ok((text, None)) };
    match text[open..].strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
        Some(inner) => Ok((text[..open].trim_end(), Some(inner))),
        None => Err(format!("{}: a slice ends with `]`, as in `a[0:2]`", quoted(text))),
    }
}

/// `0`, `0:2`, `:2`, `1:`, `[0,2]`. An open end is that of `size`, or all there is.
pub(crate) fn parse_slice(text: &str, size: Option<usize>) -> Result<Slice, String> {
    let bad = || {
        format!("{} is not a slice; write `0`, `0:2`, `1:` or `[0,2]`, counted from 0", quoted(text.trim()))
    };
    let number = |s: &str| s.trim().parse::<usize>().map_err(|_| bad());
    let text_ = text.trim();
    if let Some(list) = text_.strip_prefix('[') {
        let list = list.strip_suffix(']').ok_or_else(bad)?;
        return Ok(Slice::Indices(list.split(',').map(number).collect::<Result<_, _>>()?));
    }
    if let Some((a, b)) = text_.split_once(':') {
        let start = if a.trim().is_empty() { 0 } else { number(a)? };
        let end = if b.trim().is_empty() { size.unwrap_or(usize::MAX) } else { number(b)? };
        return Ok(Slice::Range(start, end));
    }
    let i = number(text_)?;
    Ok(Slice::Range(i, i.checked_add(1).ok_or_else(bad)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_read() {
        let of = |s| parse_slice(s, Some(9));
        assert_eq!(of("3"), Ok(Slice::Range(3, 4)));
        assert_eq!(of("0:2"), Ok(Slice::Range(0, 2)));
        assert_eq!(of(" : 2"), Ok(Slice::Range(0, 2)));
        assert_eq!(of("1:"), Ok(Slice::Range(1, 9)));
        assert_eq!(of("[2, 0,2]"), Ok(Slice::Indices(vec![2, 0, 2])));
        for bad in ["", "-1", "a", "0:2:1", "[]", "[1", "[1,]", "1.5", "18446744073709551615"] {
            assert!(of(bad).unwrap_err().contains("is not a slice"), "{bad}");
        }
    }
}
