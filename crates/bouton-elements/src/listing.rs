//! All kinds with their elements, for whoever shows them.

use crate::element::{Def, Kind};
use crate::var::Var;
use crate::{
    devices, distributions, mappings, neurons, policies, processes, rules, solvers, synapses, transforms,
};

/// An element, as a listing shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name in model files.
    pub name: &'static str,
    /// What it is, in a line or two.
    pub doc: String,
    /// Whether a model file can name it.
    pub in_files: bool,
    /// Its page.
    pub page: String,
    /// Its variables, with the values that they have where a file gives none; see [`Def::variables`].
    pub vars: Vec<Var>,
}

/// A kind with its elements.
#[derive(Clone, Debug)]
pub struct ListedKind {
    /// Its name: `neurons`.
    pub name: &'static str,
    /// What it is.
    pub doc: String,
    /// Its elements, the shipped ones first.
    pub elements: Vec<Listed>,
}

fn kind<M: ?Sized + Kind>() -> ListedKind {
    let of = |d: Def<M>| Listed {
        name: d.name,
        vars: d.variables(),
        page: d.page(),
        in_files: d.in_files,
        doc: d.doc(),
    };
    ListedKind { name: M::KIND, doc: M::doc(), elements: M::registry().all().into_iter().map(of).collect() }
}

/// All kinds.
pub fn kinds() -> Vec<ListedKind> {
    vec![
        kind::<dyn neurons::NeuronModel>(),
        kind::<dyn synapses::SynapseModel>(),
        kind::<dyn distributions::DistributionModel>(),
        kind::<dyn transforms::TransformModel>(),
        kind::<dyn solvers::SolverModel>(),
        kind::<dyn processes::ProcessModel>(),
        kind::<dyn rules::RuleModel>(),
        kind::<dyn policies::PolicyModel>(),
        kind::<dyn devices::DeviceModel>(),
        kind::<dyn mappings::MappingModel>(),
    ]
}
