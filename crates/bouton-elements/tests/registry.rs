//! What holds for every element of every kind, whoever wrote it, and for the registries.

use bouton_elements::devices::DeviceModel;
use bouton_elements::mappings::MappingModel;
use bouton_elements::neurons::{Lif, NeuronModel, NeuronStep, NeuronType};
use bouton_elements::policies::PolicyModel;
use bouton_elements::processes::{Process, ProcessModel, Table};
use bouton_elements::rules::RuleModel;
use bouton_elements::solvers::SolverModel;
use bouton_elements::synapses::{LinearFilter, Lowpass, Synapse, SynapseModel};
use bouton_elements::var::{Over, Role, Var};
use bouton_elements::{Element, ElementOf, Kind, kinds, register_neuron};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a file has to give beside the name.
fn needed(name: &str) -> serde_json::Value {
    match name {
        "white_signal" => json!({ "type": name, "period": 1.0, "high": 10.0, "rms": 0.5 }),
        "piecewise" => json!({ "type": name, "times": [0.0], "values": [[1.0]] }),
        _ => json!({ "type": name }),
    }
}

/// For every element: a file that gives its name, and what has no default, makes it, it is written as it is read, its schema has it, its page
/// says something, and its variables have different names, parameters first.
fn contract<M: ?Sized + Kind>() {
    let schema = schemars::schema_for!(ElementOf<M>).to_value();
    let members: Vec<&str> = schema["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["properties"]["type"]["const"].as_str().unwrap())
        .collect();
    for def in M::registry().all() {
        let name = def.name;
        let read = serde_json::from_value::<ElementOf<M>>(needed(name));
        let made = match &read {
            Ok(read) => read.clone(),
            Err(_) => ElementOf::<M>::named(name).unwrap(),
        };
        assert_eq!(made.name(), name);
        assert_eq!(made, made.clone());
        assert!(def.page().lines().count() > 2 && !def.page().contains("//!"), "{name} has no page");
        assert!(!def.doc.is_empty(), "{name} has no line");
        assert_eq!(members.contains(&name), def.in_files, "{name}");
        if def.in_files {
            assert_eq!(read.unwrap(), made);
            let written = serde_json::to_value(&made).unwrap();
            assert_eq!(written["type"], name);
            assert_eq!(serde_json::from_value::<ElementOf<M>>(written).unwrap(), made);
            let mut with_typo = needed(name);
            with_typo["typo"] = json!(1);
            let e = serde_json::from_value::<ElementOf<M>>(with_typo).unwrap_err();
            assert!(e.to_string().contains("unknown field `typo`"), "{name}: {e}");
        } else {
            assert!(read.is_err() && serde_json::to_value(&made).is_err(), "{name} is in files");
        }
        let vars = made.model().variables();
        let mut names: Vec<&str> = vars.iter().map(|v| v.name).collect();
        let states = vars.iter().skip_while(|v| v.role == Role::Parameter);
        assert!(states.clone().all(Var::is_state), "{name}: a parameter behind a state");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), vars.len(), "{name}: a name twice");
        for v in &vars {
            assert!(
                v.values().iter().all(|x| v.bounds.hold(*x)),
                "{name}: {} starts outside its bounds",
                v.name
            );
            if v.over == Over::One && v.role == Role::Parameter && def.in_files {
                // What has a path is a parameter of the file, by the same name.
                let other = made.with(&[(v.name, &v.values())]).unwrap();
                assert_eq!(other, made);
            }
        }
    }
    let e = serde_json::from_value::<ElementOf<M>>(json!({ "type": "no_such" })).unwrap_err();
    assert!(e.to_string().contains("no_such") && e.to_string().contains(members[0]), "{e}");
}

#[test]
fn every_element_keeps_the_contract() {
    contract::<dyn NeuronModel>();
    contract::<dyn SynapseModel>();
    contract::<dyn SolverModel>();
    contract::<dyn ProcessModel>();
    contract::<dyn RuleModel>();
    contract::<dyn PolicyModel>();
    contract::<dyn DeviceModel>();
    contract::<dyn MappingModel>();
    assert_eq!(kinds().len(), 8);
}

/// Neurons whose output is their current.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Identity {}

/// Another type of the same name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Impostor {}

macro_rules! neuron {
    ($type:ident, $name:literal) => {
        impl Element for $type {
            const NAME: &'static str = $name;
            const PAGE: &'static str =
                "Neurons whose output is their current.\n\nNo parameters.\n\nNo reference.";
        }
        impl NeuronModel for $type {
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
            fn vars(&self) -> Vec<Var> {
                vec![]
            }
            fn step_f64(&self, _: &NeuronStep<'_>, j: &[f64], out: &mut [f64], _: &mut [&mut [f64]]) {
                out.copy_from_slice(j);
            }
        }
    };
}
neuron!(Identity, "identity");
neuron!(Impostor, "identity");

#[test]
fn a_registered_type_is_like_a_shipped_one() {
    // Without being registered it can be used, but no file knows it.
    let own = NeuronType::new(Identity {});
    assert!(own.is::<Identity>() && own != NeuronType::from(Lif::default()));
    register_neuron::<Identity>().unwrap();
    register_neuron::<Identity>().expect("the same type twice is no mistake");
    let e = register_neuron::<Impostor>().unwrap_err().to_string();
    assert!(e.contains("neurons.identity") && e.contains("Identity` has it"), "{e}");
    assert!(NeuronType::names().ends_with(&["identity"]));
    let read: NeuronType = serde_json::from_value(json!({ "type": "identity" })).unwrap();
    assert_eq!(read, own);
    // In single precision it steps in double precision.
    let mut out = [0.0f32; 2];
    own.model().step_f32(&NeuronStep { dt: 0.001, parameters: &[] }, &[1.5, -2.0], &mut out, &mut []);
    assert_eq!(out, [1.5, -2.0]);
    contract::<dyn NeuronModel>();
}

#[test]
fn a_copy_keeps_its_parameters_when_the_other_is_changed() {
    let mut rule = bouton_elements::rules::Rule::named("pes").unwrap();
    let copy = rule.clone();
    rule.model_mut().set_parameter("learning_rate", 0.5).unwrap();
    assert_eq!(copy.model().vars()[0].values(), [1e-4]);
    assert_eq!(rule.model().vars()[0].values(), [0.5]);
}

#[test]
fn parameters_are_exchanged_by_name() {
    let f = Synapse::from(LinearFilter { num: vec![1.0], den: vec![0.1, 1.0], analog: true });
    let other = f.with(&[("den", &[0.2, 1.0])]).unwrap();
    assert_eq!(other.downcast_ref::<LinearFilter>().unwrap().den, [0.2, 1.0]);
    let e = Synapse::from(Lowpass { tau: 0.1 }).with(&[("taw", &[1.0])]).unwrap_err().to_string();
    assert!(e.contains("`taw`") && e.contains("tau"), "{e}");
    let e = Process::from(Table::default()).with(&[("rate", &[1.0])]).unwrap_err().to_string();
    assert!(e.contains("processes.table"), "{e}");
}
