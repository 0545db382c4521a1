//! What the names of a file refer to.

use std::collections::HashMap;

use bouton_model::{ConnectionId, End, EnsembleId, NodeId, Object, Slice, Target};

use crate::fault::{hint, hint_in, quoted};
use crate::made::Made;
use crate::slices::{parse_slice, split_slice};

/// What a path refers to. Ids are known before the objects are made: they count up in the order of the file.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    /// An ensemble with its dimensions and neurons.
    Ensemble(EnsembleId, usize, usize),
    /// A node with what it is, its inputs and its outputs.
    Node(NodeId, &'static str, usize, usize),
    /// A connection with what it is made of.
    Connection(ConnectionId, Made),
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
    /// `prefix`, that beginning, and what follows.
    fn find<'p>(&self, prefix: &str, path: &'p str) -> Result<(Named, &'p str, &'p str), String> {
        if path.contains('.') && path.split('.').any(|part| part.trim().is_empty()) {
            return Err(format!("{}: a dot stands between two names, as in `a.neurons`", quoted(path)));
        }
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
                Some(n) => return Ok((n.clone(), head, path[end..].strip_prefix('.').unwrap_or(""))),
                None => {}
            }
        }
        match (group, of_connection(path)) {
            (Some((head, what)), _) if head == path => Err(format!("`{path}` is {what}")),
            (_, Some(head)) => Err(self.no_connection(prefix, head)),
            _ => {
                let known = self.known(prefix, |n| !matches!(n, Named::Network | Named::Array));
                let hint = hint(path, known.iter().map(String::as_str));
                Err(format!("there is no {}{hint}", quoted(path)))
            }
        }
    }

    /// What to say when `path` is that of a connection whose rule or weights are meant, and there is none.
    fn no_connection(&self, prefix: &str, path: &str) -> String {
        let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
        let known = self.known(prefix, |n| matches!(n, Named::Connection(..)));
        let near = bouton_model::nearest(path, known.iter().map(String::as_str));
        let way = match near {
            Some(near) => format!("did you mean `{near}`? If not, give"),
            None => "a connection is found by its name: give".into(),
        };
        let name = name.chars().take(80).collect::<String>();
        format!(
            "there is no connection called {}; {way} the connection `name = \"{}\"`",
            quoted(path),
            name.escape_debug()
        )
    }

    /// Paths of a kind that could have been meant, those of the own network without its prefix.
    fn known(&self, prefix: &str, kind: impl Fn(&Named) -> bool) -> Vec<String> {
        let objects = self.0.iter().filter(|(_, n)| kind(n));
        let mut known: Vec<String> =
            objects.map(|(p, _)| p.strip_prefix(prefix).unwrap_or(p).to_string()).collect();
        known.sort();
        known.truncate(10_000);
        known
    }

    /// One end of a connection.
    pub(crate) fn end(&self, prefix: &str, text: &str, post: bool) -> Result<Found, String> {
        let (path, slice) = split_slice(text)?;
        let (named, name, rest) = self.find(prefix, path)?;
        let unknown = |known: &[&str]| {
            let hint = hint_in(&format!("{name}."), rest, known.to_vec());
            format!("{} is no end of a connection{hint}", quoted(path))
        };
        let (object, size) = match (named, rest) {
            (Named::Ensemble(e, dimensions, _), "") => (Object::Ensemble(e), Some(dimensions)),
            (Named::Ensemble(e, _, neurons), "neurons") => (Object::Neurons(e), Some(neurons)),
            (Named::Ensemble(..) | Named::Node(..), "rule") => {
                return Err(format!("{} is no connection, and only connections have a rule", quoted(name)));
            }
            (Named::Ensemble(..), _) => return Err(unknown(&["neurons"])),
            (Named::Node(_, kind, 0, _), "") if post => return Err(no_input(name, kind)),
            (Named::Node(n, _, size_in, size_out), "") => {
                (Object::Node(n), Some(if post { size_in } else { size_out }))
            }
            (Named::Connection(..), "rule") if !post => return Err(only_an_end()),
            (Named::Connection(c, made), _) => match made.rule(name, rest)? {
                Some((k, "")) if post => (Object::Rule(c.rule_at(k)), None),
                Some((k, factor)) if post => {
                    let factor = made.factor(name, k, factor)?;
                    (Object::Factor(c.rule_at(k), factor), None)
                }
                Some((_, "")) => return Err(only_an_end()),
                _ => return Err(unknown(&["rule"])),
            },
            _ => return Err(unknown(&[])),
        };
        let slice = match slice {
            Some(s) => match parse_slice(s, size)? {
                Slice::Steps { .. } => {
                    return Err(format!(
                        "{}: how many values a rule takes here is known only when the model is built; count from 0, without a step",
                        quoted(text)
                    ));
                }
                slice => slice,
            },
            None => Slice::All,
        };
        if let Some(size) = size {
            slice.check(size).map_err(|m| format!("`{path}`: {m}"))?;
        }
        let size = size.map(|s| slice.len(s));
        Ok(Found { end: object.slice(slice), size })
    }

    /// What a probe records, and the slice in brackets or in its `field`.
    pub(crate) fn target(
        &self,
        prefix: &str,
        text: &str,
        field: Option<&str>,
    ) -> Result<(Target, Option<Slice>), String> {
        let (path, slice) = split_slice(text)?;
        let (named, name, rest) = self.find(prefix, path)?;
        let unknown = |known: &[&str]| {
            let hint = hint_in(&format!("{name}."), rest, known.to_vec());
            format!("{} can't be recorded{hint}", quoted(path))
        };
        let size = size_of(&named, rest);
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
            (Named::Connection(c, made), rest) => made.target(c, name, rest)?,
            _ => return Err(unknown(&[])),
        };
        if slice.is_some() && field.is_some() {
            return Err("the target has a slice already".into());
        }
        // An open end stays open: how many values some targets have is known when the model is built.
        let read = |s: &str| parse_slice(s, None).or_else(|_| parse_slice(s, size));
        let slice = slice.or(field).map(read).transpose()?;
        Ok((target, slice))
    }
}

/// How many values, or rows, a target has; `None` where that is known only when the model is built.
fn size_of(named: &Named, rest: &str) -> Option<usize> {
    match (named, rest) {
        (Named::Ensemble(_, dimensions, _), "" | "input") => Some(*dimensions),
        (Named::Ensemble(_, _, neurons), _) => Some(*neurons),
        (Named::Node(_, _, _, size_out), "") => Some(*size_out),
        _ => None,
    }
}

/// The connection of a path such as `c.rule`, `c.weights` or `c.devices.plus.pulses`.
fn of_connection(path: &str) -> Option<&str> {
    [".rule", ".rules", ".weights", ".devices"].into_iter().find_map(|part| {
        let (head, behind) = path.split_once(part)?;
        (behind.is_empty() || behind.starts_with('.')).then_some(head)
    })
}

fn only_an_end() -> String {
    "a learning rule can only be the end of a connection".into()
}

fn no_input(name: &str, kind: &str) -> String {
    let way = match kind {
        "expression" => "give it `size_in = n`, and use the input as `x`",
        _ => "what takes input is an expression with `size_in = n` or a `passthrough = n`",
    };
    format!("{} is a node that takes no input ({kind}); {way}", quoted(name))
}
