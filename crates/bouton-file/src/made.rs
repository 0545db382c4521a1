//! What of a connection can be named: its rule, its devices, its signals.

use bouton_elements::mappings::Side;
use bouton_model::{ConnectionId, DeviceQuantity, Target};

use crate::fault::{hint_in, quoted};
use crate::format;

/// What a connection is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// Of each of its rules, the names of its third factors.
    rules: Vec<Vec<String>>,
    /// Whether rules give pulses to devices.
    pulses: bool,
    /// The sides on which its synapses have devices; none for ideal weights.
    sides: &'static [Side],
}

/// What a probe can record of every connection, of one with a rule, and of one with devices.
const SIGNALS: [&str; 12] = [
    "weights",
    "output",
    "input",
    "rule.error",
    "rule.delta",
    "rule.activities",
    "devices.plus.resistance",
    "devices.plus.conductance",
    "devices.plus.pulses",
    "devices.minus.resistance",
    "devices.minus.conductance",
    "devices.minus.pulses",
];

impl Made {
    pub(crate) fn of(c: &format::Connection) -> Made {
        let mut rules = c.rule.iter().chain(c.rules.iter().flatten());
        Made {
            rules: rules.clone().map(|r| r.model().factors().into_iter().map(|f| f.name).collect()).collect(),
            pulses: rules.any(|r| r.model().policy().is_some()),
            sides: c.devices.as_ref().map_or(&[], |d| d.mapping.model().sides()),
        }
    }

    /// The number of the rule that `rest` begins with, `rule` or `rules.<number>`, and what follows; `None` if it names no
    /// rule. `name` is the connection's, as it was written.
    pub(crate) fn rule<'r>(&self, name: &str, rest: &'r str) -> Result<Option<(usize, &'r str)>, String> {
        let (word, behind) = rest.split_once('.').unwrap_or((rest, ""));
        let name = quoted(name);
        let (number, behind) = match word {
            "rule" => (None, behind),
            "rules" => {
                let (number, behind) = behind.split_once('.').unwrap_or((behind, ""));
                let k = number.parse::<usize>().map_err(|_| {
                    format!("{name}: after `rules` stands a rule's number, from 0, as in `rules.0`")
                })?;
                (Some(k), behind)
            }
            _ => return Ok(None),
        };
        match (self.rules.len(), number) {
            (0, _) => {
                Err(format!("{name} has no rule; add `rule = …` to the connection, such as `rule = \"pes\"`"))
            }
            (n @ 2.., None) => Err(format!("{name} has {n} rules; say which: `rules.0`, `rules.1`, …")),
            (n, Some(k)) if k >= n => Err(format!("{name} has no rule {k}: it has {n}, counted from 0")),
            (_, k) => Ok(Some((k.unwrap_or(0), behind))),
        }
    }

    /// The number of a third factor of the rule `k`. `name` is the connection's, as it was written.
    pub(crate) fn factor(&self, name: &str, k: usize, factor: &str) -> Result<usize, String> {
        let factors = self.rules.get(k).map_or(&[][..], |f| f);
        factors.iter().position(|f| f == factor).ok_or_else(|| match &factors {
            [] => format!("the rule of {} has no third factors; `{name}.rule` is its error", quoted(name)),
            known => {
                let hint = hint_in("", factor, known.iter().map(String::as_str).collect::<Vec<_>>());
                format!("the rule of {} has no third factor {}{hint}", quoted(name), quoted(factor))
            }
        })
    }

    /// What a probe of the connection records that is followed by `rest`.
    pub(crate) fn target(&self, id: ConnectionId, name: &str, rest: &str) -> Result<Target, String> {
        match rest {
            "weights" => return Ok(Target::Weights(id)),
            "output" => return Ok(Target::ConnectionOutput(id)),
            "input" => return Ok(Target::ConnectionInput(id)),
            _ => {}
        }
        if rest != "rule"
            && let Some((k, signal)) = self.rule(name, rest)?
            && !signal.is_empty()
        {
            let rule = id.rule_at(k);
            return match signal {
                "error" => Ok(Target::RuleError(rule)),
                "delta" if self.pulses => Err(self.no_delta(name)),
                "delta" => Ok(Target::RuleDelta(rule)),
                signal => Ok(Target::RuleSignal(rule, signal.into())),
            };
        }
        if let Some((side, quantity, word)) = devices(rest) {
            self.has_devices(name, side, word)?;
            return Ok(Target::Devices(id, side, quantity));
        }
        let path = if rest.is_empty() { name.to_string() } else { format!("{name}.{rest}") };
        let hint = hint_in(&format!("{name}."), rest, SIGNALS);
        Err(format!("{} can't be recorded{hint}", quoted(&path)))
    }

    fn no_delta(&self, name: &str) -> String {
        let side = self.sides.first().map_or("plus", |s| side_name(*s));
        format!(
            "the rule of {} gives pulses to devices and has no delta; record `{name}.devices.{side}.pulses` or \
             `{name}.devices.{side}.conductance`",
            quoted(name)
        )
    }

    fn has_devices(&self, name: &str, side: Side, quantity: &str) -> Result<(), String> {
        match self.sides {
            [] => Err(format!(
                "{} has no devices; add `devices = …` to the connection, or record `{name}.weights`",
                quoted(name)
            )),
            sides if sides.contains(&side) => Ok(()),
            [only, ..] => {
                let (is, not) = (side_name(*only), side_name(side));
                Err(format!(
                    "the synapses of {} have a device on the side `{is}` and none on `{not}`; record \
                     `{name}.devices.{is}.{quantity}`",
                    quoted(name)
                ))
            }
        }
    }
}

/// A side as a file writes it.
fn side_name(side: Side) -> &'static str {
    match side {
        Side::Plus => "plus",
        Side::Minus => "minus",
    }
}

/// `devices.plus.resistance` and the like, and the last word of it.
fn devices(rest: &str) -> Option<(Side, DeviceQuantity, &str)> {
    let (side, word) = rest.strip_prefix("devices.")?.split_once('.')?;
    let side = [Side::Plus, Side::Minus].into_iter().find(|s| side_name(*s) == side)?;
    let quantity = match word {
        "resistance" => DeviceQuantity::Resistance,
        "conductance" => DeviceQuantity::Conductance,
        "pulses" => DeviceQuantity::Pulses,
        _ => return None,
    };
    Some((side, quantity, word))
}
