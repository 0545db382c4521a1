//! What of a connection can be named: its rule, its devices, its signals.

use bouton_elements::mappings::Side;
use bouton_elements::rules::Acts;
use bouton_model::{ConnectionId, DeviceQuantity, Target};

use crate::fault::{hint_in, quoted};
use crate::format;

/// What a connection is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    rule: bool,
    /// Whether the rule gives pulses to devices.
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
        let rule = c.rule.as_ref();
        Made {
            rule: rule.is_some(),
            pulses: rule.is_some_and(|r| matches!(r.model().acts(), Acts::OnDevices(_))),
            sides: c.devices.as_ref().map_or(&[], |d| d.mapping.model().sides()),
        }
    }

    /// Refuses a connection without a rule; `name` is the connection's, as it was written.
    pub(crate) fn has_rule(self, name: &str) -> Result<(), String> {
        if self.rule {
            return Ok(());
        }
        let name = quoted(name);
        Err(format!("{name} has no rule; add `rule = …` to the connection, such as `rule = \"pes\"`"))
    }

    /// What a probe of the connection records that is followed by `rest`.
    pub(crate) fn target(self, id: ConnectionId, name: &str, rest: &str) -> Result<Target, String> {
        match rest {
            "weights" => return Ok(Target::Weights(id)),
            "output" => return Ok(Target::ConnectionOutput(id)),
            "input" => return Ok(Target::ConnectionInput(id)),
            _ => {}
        }
        if let Some(signal) = rest.strip_prefix("rule.") {
            self.has_rule(name)?;
            return match signal {
                "error" => Ok(Target::RuleError(id)),
                "delta" if self.pulses => Err(self.no_delta(name)),
                "delta" => Ok(Target::RuleDelta(id)),
                signal => Ok(Target::RuleSignal(id, signal.into())),
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

    fn no_delta(self, name: &str) -> String {
        let side = self.sides.first().map_or("plus", |s| side_name(*s));
        format!(
            "the rule of {} gives pulses to devices and has no delta; record `{name}.devices.{side}.pulses` or \
             `{name}.devices.{side}.conductance`",
            quoted(name)
        )
    }

    fn has_devices(self, name: &str, side: Side, quantity: &str) -> Result<(), String> {
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
