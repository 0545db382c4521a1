//! One pulse a step on every synapse whose presynaptic neuron is active, to the side of the wanted change.
//!
//! | parameter | default | unit |
//! |---|---|---|
//! | `gate` | filtered | what opens a column: the filtered activity, or a spike in this step |
//! | `threshold` | 0.5 | Hz; a column is open when its activity is above |
//! | `dead_band` | 1e-5 | units of the local error (of a change of each weight: of that); no pulse at all when none is above |
//!
//! With the default, a column stays open for about 29 ms after a spike (5 ms filter, 0.5 Hz).
//!
//! Reference: Tiotto et al. 2021, Frontiers in Neuroscience 14:627276 (the rule mPES).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PolicyModel, Pulses, Wanted};
use crate::Element;
use crate::var::{Bounds, Var};

/// What opens a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The presynaptic activity after the rule's filter, as published.
    #[default]
    Filtered,
    /// A spike in this very step.
    Spike,
}

/// One pulse a step on every synapse whose column is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SinglePulse {
    /// What opens a column.
    pub gate: Gate,
    /// A column is open when its activity (Hz) is above this.
    #[schemars(range(min = 0))]
    pub threshold: f64,
    /// No pulse at all when the wanted change of every row is at most this.
    #[schemars(range(min = 0))]
    pub dead_band: f64,
}

impl Default for SinglePulse {
    fn default() -> SinglePulse {
        SinglePulse { gate: Gate::Filtered, threshold: 0.5, dead_band: 1e-5 }
    }
}

impl Element for SinglePulse {
    const NAME: &'static str = "single_pulse";
    const PAGE: &'static str = include_str!("single_pulse.rs");
}

impl PolicyModel for SinglePulse {
    fn check(&self) -> Result<(), String> {
        Bounds::AT_LEAST_0.check("threshold", self.threshold)?;
        Bounds::AT_LEAST_0.check("dead_band", self.dead_band)
    }
    fn filtered(&self) -> bool {
        self.gate == Gate::Filtered
    }
    fn vars(&self) -> Vec<Var> {
        let var = |name, unit, value, doc| Var::parameter(name, unit, value, Bounds::AT_LEAST_0, doc);
        vec![
            var("threshold", "Hz", self.threshold, "a column is open when its activity is above this"),
            var("dead_band", "", self.dead_band, "no pulse at all when no wanted change is above this"),
            Var::choice("gate", &self.gate, "what opens a column"),
        ]
    }
    fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), String> {
        let parameter = match name {
            "threshold" => &mut self.threshold,
            "dead_band" => &mut self.dead_band,
            _ => {
                return Err(format!(
                    "a single pulse has no parameter `{name}`; it has `threshold` and `dead_band`"
                ));
            }
        };
        Bounds::AT_LEAST_0.check(name, value)?;
        *parameter = value;
        Ok(())
    }
    fn pulses(&self, parameters: &[f64], wanted: Wanted<'_>, activity: &[f64], out: &mut Pulses) {
        out.clear();
        let [threshold, dead_band] = *parameters else { return };
        let (Wanted::Outer { post: change, .. } | Wanted::Dense(change)) = wanted;
        // The published rule is silent as a whole or not at all: a small error beside a large one still pulses.
        if !change.iter().any(|c| c.abs() > dead_band) {
            return;
        }
        let signs = change.iter().map(|c| i8::from(*c > 0.0) - i8::from(*c < 0.0));
        match wanted {
            Wanted::Outer { .. } => out.rows.extend(signs),
            Wanted::Dense(_) => out.signs.extend(signs),
        }
        let open = (0u32..).zip(activity).filter(|(_, a)| **a > threshold).map(|(k, _)| k);
        out.open(activity.len(), open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_open_above_the_threshold_and_rows_follow_the_sign() {
        let mut p = Pulses::default();
        let policy = SinglePulse::default();
        let now = crate::var::parameter_values(&policy.vars());
        let outer = |post| Wanted::Outer { post, pre: &[] };
        policy.pulses(&now, outer(&[0.3, 0.0, -1e-9]), &[0.0, 0.5, 0.51, 200.0], &mut p);
        assert_eq!((&p.rows[..], &p.columns[..]), (&[1, 0, -1][..], &[2, 3][..]));
        policy.pulses(&now, outer(&[1e-5, -1e-5]), &[200.0], &mut p);
        assert!(p.rows.is_empty() && p.columns.is_empty(), "the dead band is not silent");
        // Of each weight, and with what the parameters are now.
        policy.pulses(&[10.0, 0.1], Wanted::Dense(&[0.2, -0.05, 0.0, -0.3]), &[5.0, 11.0], &mut p);
        assert_eq!((&p.signs[..], &p.columns[..]), (&[1, -1, 0, -1][..], &[1][..]));
        assert!(p.rows.is_empty());
    }
}
