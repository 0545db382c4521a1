//! Neuron types of one's own, for tests.

/// Makes a neuron type, without parameters, whose output is its current: its name in Rust, its name in files, its page.
macro_rules! neuron {
    ($(#[$doc:meta])* $type:ident, $name:literal, $page:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        struct $type {}

        impl bouton_elements::Element for $type {
            const NAME: &'static str = $name;
            const PAGE: &'static str = $page;
        }
        impl bouton_elements::neurons::NeuronModel for $type {
            fn spiking(&self) -> bool {
                false
            }
            fn check(&self) -> Result<(), String> {
                Ok(())
            }
            fn gain_bias(&self, rates: &[f64], _: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
                Ok((rates.into(), vec![0.0; rates.len()]))
            }
            fn max_rates_intercepts(&self, gain: &[f64], _: &[f64]) -> (Vec<f64>, Vec<f64>) {
                (gain.into(), vec![0.0; gain.len()])
            }
            fn rates(&self, _: &mut [f64]) {}
            fn vars(&self) -> Vec<bouton_elements::var::Var> {
                vec![]
            }
            fn step_f64(
                &self,
                _: &bouton_elements::neurons::NeuronStep<'_>,
                j: &[f64],
                out: &mut [f64],
                _: &mut [&mut [f64]],
            ) {
                out.copy_from_slice(j);
            }
        }
    };
}
