//! The JSON schema holds every field and every member of every kind.

use serde_json::Value;

fn def<'a>(schema: &'a Value, name: &str) -> &'a Value {
    schema.get("$defs").and_then(|d| d.get(name)).unwrap_or_else(|| panic!("no {name} in the schema"))
}

fn fields(of: &Value) -> String {
    let mut names: Vec<&str> = of["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}

fn types(of: &Value) -> Vec<&str> {
    let variants = of["anyOf"].as_array().unwrap().iter();
    variants.filter_map(|v| v.get("properties")?.get("type")?.get("const")?.as_str()).collect()
}

#[test]
fn every_table_has_its_fields() {
    let s = bouton_file::schema();
    assert_eq!(
        fields(&s),
        "arrays commands connections dt ensembles format networks nodes probes rules seed time"
    );
    let ensemble = "bias dimensions encoders eval_points gain initial_state intercepts max_rates n_eval_points n_neurons \
                    neuron_type noise normalize_encoders radius seed";
    for (name, expected) in [
        ("Ensemble", ensemble),
        ("EnsembleArray", &ensemble.replace("dimensions", "count dimensions")),
        ("Network", "arrays connections ensembles networks nodes probes seed"),
        ("Node", "constant expression passthrough process size size_in table"),
        (
            "TableNode",
            "array column columns decimal delimiter end file interpolation offset past_end rate scale skip start time time_unit",
        ),
        ("FromFile", "array decimal delimiter file sample skip transpose"),
        (
            "Connection",
            "bounds devices eval_points function mask name post pre rule rules scale_eval_points seed solver synapse transform",
        ),
        ("Probe", "at_spikes elements norm sample_every seed slice solver synapse target"),
        ("DeviceSpec", "bounds device each gain mapping minus plus policy seed spread spread_of"),
        ("TimedCommand", "at column element every freeze from row set thaw to until"),
    ] {
        assert_eq!(fields(def(&s, name)), expected, "{name}");
        assert_eq!(def(&s, name)["additionalProperties"], Value::Bool(false), "{name}");
    }
}

#[test]
fn every_kind_has_its_members() {
    let s = bouton_file::schema();
    assert_eq!(types(def(&s, "NeuronType")), bouton_elements::neurons::NeuronType::names());
    assert_eq!(types(def(&s, "Synapse")), bouton_elements::synapses::Synapse::names());
    assert_eq!(types(def(&s, "Solver")), bouton_elements::solvers::Solver::names());
    assert_eq!(types(def(&s, "Rule")), bouton_elements::rules::Rule::names());
    assert_eq!(types(def(&s, "Device")), bouton_elements::devices::Device::names());
    assert_eq!(types(def(&s, "Mapping")), bouton_elements::mappings::Mapping::names());
    assert_eq!(types(def(&s, "Policy")), bouton_elements::policies::Policy::names());
    // Tables are nodes of their own, given samples are lists.
    let processes = bouton_elements::processes::Process::names().into_iter().filter(|n| *n != "table");
    assert_eq!(types(def(&s, "Process")), processes.collect::<Vec<_>>());
    let distributions = bouton_elements::distributions::Distribution::names().into_iter();
    assert_eq!(types(def(&s, "Distribution")), distributions.filter(|n| *n != "samples").collect::<Vec<_>>());
    assert_eq!(types(def(&s, "Transform")), bouton_elements::transforms::Transform::names());
}

#[test]
fn every_field_is_described_and_nothing_is_null() {
    fn walk(v: &Value, path: &str) {
        match v {
            Value::Object(o) => {
                for (name, field) in o.get("properties").and_then(Value::as_object).into_iter().flatten() {
                    let named = name == "type" || field.get("description").is_some();
                    assert!(named, "{path}.{name} has no description");
                }
                o.iter().for_each(|(k, v)| walk(v, &format!("{path}.{k}")));
            }
            Value::Array(a) => a.iter().for_each(|v| walk(v, path)),
            Value::String(s) => assert_ne!(s, "null", "{path}: TOML has no null"),
            Value::Null => panic!("{path} is null"),
            _ => {}
        }
    }
    walk(&bouton_file::schema(), "");
}
