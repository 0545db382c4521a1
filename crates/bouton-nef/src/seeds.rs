//! Seeds of all objects, derived as Nengo derives them.

use bouton_core::Error;
use bouton_model::{Network, NetworkId};
use bouton_random::RandomState;

/// The seed of every object, by its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seeds {
    /// Of networks, the top one first.
    pub networks: Vec<u32>,
    /// Of ensembles.
    pub ensembles: Vec<u32>,
    /// Of nodes (unused, but drawn).
    pub nodes: Vec<u32>,
    /// Of connections.
    pub connections: Vec<u32>,
    /// Of probes.
    pub probes: Vec<u32>,
}

impl Seeds {
    /// Derives all seeds from the top network's (`top`).
    ///
    /// Every object of a network draws, in the order connections, ensembles, networks, nodes, probes, whether it has a
    /// seed of its own or not, so that giving one object a seed doesn't change the others'.
    pub fn derive(net: &Network, top: u32) -> Result<Seeds, Error> {
        let mut s = Seeds {
            networks: vec![0; net.networks().len()],
            ensembles: vec![0; net.ensembles().len()],
            nodes: vec![0; net.nodes().len()],
            connections: vec![0; net.connections().len()],
            probes: vec![0; net.probes().len()],
        };
        s.networks[0] = top;
        let all = net.all_contents();
        let mut todo = vec![NetworkId::from_index(0)];
        while let Some(n) = todo.pop() {
            let mut rng = RandomState::new(s.networks[n.index()]);
            let mut draw = |own: Option<u32>| {
                let drawn = rng.randint_maxint();
                own.unwrap_or(drawn)
            };
            let c = &all[n.index()];
            for id in &c.connections {
                s.connections[id.index()] = draw(net.get_connection(*id).and_then(|c| c.2.seed));
            }
            for id in &c.ensembles {
                s.ensembles[id.index()] = draw(net.get_ensemble(*id).and_then(|e| e.seed));
            }
            for id in &c.networks {
                s.networks[id.index()] = draw(net.network_seed(*id));
            }
            for id in &c.nodes {
                s.nodes[id.index()] = draw(None);
            }
            for id in &c.probes {
                s.probes[id.index()] = draw(net.get_probe(*id).and_then(|p| p.seed));
            }
            todo.extend(&c.networks);
        }
        Ok(s)
    }
}
