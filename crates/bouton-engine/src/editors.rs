//! The order of callbacks that edit the same weights.

use crate::program::{Action, Program};

/// Adds the edges that put the callbacks on one signal in order: that in which their nodes were made, except that one which
/// feeds another within the step comes before it. No edge goes against another way through the step, so that none makes a
/// cycle where there was none.
pub(crate) fn order_editors(program: &Program, editors: &[u32], edges: &mut [Vec<u32>]) {
    let mut list = editors.to_vec();
    list.sort_by_key(|op| match program.operators[*op as usize].action {
        Action::Node { node, .. } => node,
        _ => usize::MAX,
    });
    list.dedup();
    if list.len() < 2 {
        return;
    }
    let feeds: Vec<Vec<bool>> = list.iter().map(|op| reached(edges, *op, &list)).collect();
    let mut placed = vec![false; list.len()];
    let mut order = Vec::with_capacity(list.len());
    for k in 0..list.len() {
        place(k, &feeds, &mut placed, &mut order);
    }
    for w in order.windows(2) {
        let (a, b) = (list[w[0]], list[w[1]]);
        if !edges[a as usize].contains(&b) {
            edges[a as usize].push(b);
        }
    }
}

/// Places an editor after those that feed it.
fn place(k: usize, feeds: &[Vec<bool>], placed: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut placed[k], true) {
        return;
    }
    for j in 0..feeds.len() {
        if j != k && feeds[j][k] {
            place(j, feeds, placed, order);
        }
    }
    order.push(k);
}

/// Which of `list` must run after `from`.
fn reached(edges: &[Vec<u32>], from: u32, list: &[u32]) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut todo = vec![from];
    while let Some(op) = todo.pop() {
        for next in &edges[op as usize] {
            if !std::mem::replace(&mut seen[*next as usize], true) {
                todo.push(*next);
            }
        }
    }
    list.iter().map(|op| seen[*op as usize]).collect()
}
