//! Which objects' values come back to them: strongly connected components, once for all (Tarjan 1972, SIAM J. Comput. 1:146).

use std::collections::{HashMap, HashSet};

use bouton_model::{Network, Object};

/// The object that values of a connection's end belong to: neurons and what they represent are one. Errors of rules lead
/// nowhere.
pub(super) fn place(o: Object) -> Option<Object> {
    match o {
        Object::Ensemble(e) | Object::Neurons(e) => Some(Object::Ensemble(e)),
        Object::Node(_) => Some(o),
        _ => None,
    }
}

/// Objects from which a way along connections leads back to them.
pub(super) fn looped(net: &Network) -> HashSet<Object> {
    let mut number: HashMap<Object, usize> = HashMap::new();
    let mut objects = vec![];
    let mut to: Vec<Vec<usize>> = vec![];
    let mut own = HashSet::new();
    for c in net.connections() {
        let Some((pre, post, _)) = net.get_connection(c) else { continue };
        let (Some(a), Some(b)) = (place(pre.object), place(post.object)) else { continue };
        let mut of = |o: Object| {
            *number.entry(o).or_insert_with(|| {
                objects.push(o);
                to.push(vec![]);
                objects.len() - 1
            })
        };
        let (i, k) = (of(a), of(b));
        to[i].push(k);
        if i == k {
            own.insert(a);
        }
    }
    for component in components(&to).into_iter().filter(|c| c.len() > 1) {
        own.extend(component.into_iter().map(|k| objects[k]));
    }
    own
}

/// Strongly connected components. Without recursion: a chain may be as long as the model.
fn components(to: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let n = to.len();
    let (mut index, mut low) = (vec![UNSEEN; n], vec![0; n]);
    let (mut stack, mut on_stack) = (vec![], vec![false; n]);
    let (mut next, mut found) = (0, vec![]);
    for root in 0..n {
        if index[root] != UNSEEN {
            continue;
        }
        // Where we are, and which of its neighbours comes next.
        let mut way = vec![(root, 0)];
        while let Some((at, k)) = way.last_mut() {
            let at = *at;
            if *k == 0 {
                (index[at], low[at]) = (next, next);
                next += 1;
                stack.push(at);
                on_stack[at] = true;
            }
            if let Some(&other) = to[at].get(*k) {
                *k += 1;
                if index[other] == UNSEEN {
                    way.push((other, 0));
                } else if on_stack[other] {
                    low[at] = low[at].min(index[other]);
                }
                continue;
            }
            way.pop();
            if let Some((parent, _)) = way.last() {
                low[*parent] = low[*parent].min(low[at]);
            }
            if low[at] == index[at] {
                let mut component = vec![];
                while let Some(k) = stack.pop() {
                    on_stack[k] = false;
                    component.push(k);
                    if k == at {
                        break;
                    }
                }
                found.push(component);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_those_of_reachability() {
        // 0 → 1 → 2 → 0, 2 → 3 → 4 → 3, 5 alone.
        let to = vec![vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![]];
        let mut all: Vec<Vec<usize>> = components(&to);
        all.iter_mut().for_each(|c| c.sort_unstable());
        all.sort();
        assert_eq!(all, vec![vec![0, 1, 2], vec![3, 4], vec![5]]);
        // A node with no neighbours before others must not be taken twice.
        assert_eq!(components(&[vec![], vec![0]]).len(), 2);
    }

    #[test]
    fn a_chain_as_long_as_a_model_is_no_depth_of_calls() {
        let n = 200_000;
        let to: Vec<Vec<usize>> = (0..n).map(|k| if k + 1 < n { vec![k + 1] } else { vec![0] }).collect();
        assert_eq!(components(&to).len(), 1);
    }
}
