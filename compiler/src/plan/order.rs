//! Steps into an order in which they could run one by one, ties by address; or the cycle that prevents it, told with
//! the line of each hop.

use super::draft::{Draft, Graph};
use crate::diag::{Diagnostic, Sink, codes};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use schema::plan::Plan;
use schema::step::{Address, Need, Step, When};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

/// The steps of a graph as a plan has them. `None` when some wait for each other.
pub(super) fn order(graph: Graph, sink: &mut Sink) -> Option<Vec<Step>> {
    let order = sorted(&graph);
    if order.len() < graph.steps.len() {
        tell_cycles(&graph, sink);
        return None;
    }
    let implied = implied(&graph, &order);
    let addresses: Vec<Address> = graph.steps.iter().map(|step| Address(step.address.clone())).collect();
    let mut steps: Vec<Option<Box<Draft>>> = graph.steps.into_iter().map(Some).collect();
    let mut finish = |at: usize| {
        let draft = steps.get_mut(at).and_then(Option::take);
        draft.map(|draft| finished(at, *draft, &addresses, &implied))
    };
    let mut out = Vec::with_capacity(order.len());
    out.extend(order.into_iter().filter_map(&mut finish));
    Some(out)
}

/// Tells each group of steps that wait for each other.
fn tell_cycles(graph: &Graph, sink: &mut Sink) {
    let mut edges: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = graph.steps.iter().map(|_| edges.add_node(())).collect();
    for (at, step) in graph.steps.iter().enumerate() {
        for need in &step.needs {
            if let (Some(from), Some(to)) = (nodes.get(need.step), nodes.get(at)) {
                edges.add_edge(*from, *to, ());
            }
        }
    }
    let mut cycles: Vec<Vec<usize>> = tarjan_scc(&edges)
        .into_iter()
        .map(|group| group.into_iter().map(NodeIndex::index).collect::<Vec<_>>())
        .filter(|group| group.len() > 1 || group.first().is_some_and(|step| needs_itself(graph, *step)))
        .collect();
    cycles.sort_by_key(|group| group.iter().min().copied());
    for group in &cycles {
        sink.push(cycle(graph, group));
    }
}

fn needs_itself(graph: &Graph, step: usize) -> bool {
    graph.steps.get(step).is_some_and(|draft| draft.needs.iter().any(|need| need.step == step))
}

/// Always the free step with the smallest address; jobs stay in the order of the strategy.
fn sorted(graph: &Graph) -> Vec<usize> {
    let mut jobs: BTreeMap<&str, usize> = BTreeMap::new();
    for step in &graph.steps {
        let next = jobs.len();
        jobs.entry(&step.job).or_insert(next);
    }
    let rank = |at: usize| {
        let step = graph.steps.get(at)?;
        Some((*jobs.get(step.job.as_str())?, step.address.as_str()))
    };
    let mut waiting: Vec<usize> = graph.steps.iter().map(|step| step.needs.len()).collect();
    let mut dependants: Vec<Vec<usize>> = vec![Vec::new(); graph.steps.len()];
    for (at, step) in graph.steps.iter().enumerate() {
        for need in &step.needs {
            if let Some(list) = dependants.get_mut(need.step) {
                list.push(at);
            }
        }
    }
    let free = waiting.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| Reverse((rank(at), at)));
    let mut free: BinaryHeap<_> = free.collect();
    let mut out = Vec::new();
    while let Some(Reverse((_, at))) = free.pop() {
        out.push(at);
        for next in dependants.get(at).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(*next) {
                *count -= 1;
                if *count == 0 {
                    free.push(Reverse((rank(*next), *next)));
                }
            }
        }
    }
    out
}

/// Needs that others imply, as (step, needed): a step runs only after its success needs, and those after theirs. A
/// reader of the plan has enough with the last of such a chain.
fn implied(graph: &Graph, order: &[usize]) -> BTreeSet<(usize, usize)> {
    let mut place = vec![0_usize; graph.steps.len()];
    for (rank, at) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(*at) {
            *place = rank;
        }
    }
    let place = |step: usize| place.get(step).copied().unwrap_or_default();
    let needs = |step: usize| {
        let needs = graph.steps.get(step).into_iter().flat_map(|draft| &draft.needs);
        needs.filter(|need| need.when != When::Always).map(|need| need.step)
    };
    // The step for which each was last looked at.
    let mut seen = vec![usize::MAX; graph.steps.len()];
    let mut out = BTreeSet::new();
    for at in order {
        let first = needs(*at).map(place).min();
        let Some(first) = first.filter(|_| needs(*at).count() > 1) else { continue };
        // Back over needs that must succeed, but not to what comes before all that it needs itself.
        let mut open: Vec<usize> = needs(*at).flat_map(needs).collect();
        while let Some(step) = open.pop() {
            let slot = seen.get_mut(step).filter(|slot| **slot != *at && place(step) >= first);
            if let Some(slot) = slot {
                *slot = *at;
                open.extend(needs(step));
            }
        }
        // That one was wholly ok is implied by nothing.
        let direct = graph.steps.get(*at).into_iter().flat_map(|draft| &draft.needs);
        let direct = direct.filter(|need| need.when == When::Success).map(|need| need.step);
        out.extend(direct.filter(|step| seen.get(*step) == Some(at)).map(|step| (*at, step)));
    }
    out
}

fn finished(at: usize, draft: Draft, addresses: &[Address], implied: &BTreeSet<(usize, usize)>) -> Step {
    let mut needs: Vec<Need> = draft
        .needs
        .iter()
        .filter(|need| !implied.contains(&(at, need.step)))
        .filter_map(|need| Some(Need { step: addresses.get(need.step)?.clone(), when: need.when }))
        .collect();
    needs.sort_by(|one, other| one.step.cmp(&other.step));
    Step {
        address: Address(draft.address),
        job: draft.job,
        action: draft.action,
        needs,
        reason: draft.reason,
        estimate: None,
        origin: draft.span.origin(),
        host: draft.host,
        timeout: draft.timeout,
    }
}

/// The shortest way from the first step of a group back to itself, each hop with its line.
fn cycle(graph: &Graph, group: &[usize]) -> Diagnostic {
    let members: BTreeSet<usize> = group.iter().copied().collect();
    let start = members.first().copied().unwrap_or_default();
    let path = way_back(graph, &members, start);
    let name = |step: usize| graph.steps.get(step).map(|draft| draft.address.as_str()).unwrap_or_default();
    let mut shown: Vec<String> = path.iter().map(|step| format!("`{}`", name(*step))).collect();
    shown.push(format!("`{}`", name(start)));
    let message = match path.as_slice() {
        [alone] => format!("`{}` waits for itself", name(*alone)),
        _ => format!("these steps wait for each other: {}", shown.join(" → ")),
    };
    let mut out = Diagnostic::error(&codes::CYCLE, message);
    for (at, step) in path.iter().enumerate() {
        let next = path.get(at + 1).copied().unwrap_or(start);
        let needs = graph.steps.get(*step).into_iter().flat_map(|draft| &draft.needs);
        if let Some(need) = needs.into_iter().find(|need| need.step == next) {
            out = out.at(&need.because, format!("`{}` waits for `{}`", name(*step), name(next)));
        }
    }
    out.help("Remove one `after=`, or put the statements into another order.")
}

/// Steps from `start` along needs until `start` is needed again.
fn way_back(graph: &Graph, members: &BTreeSet<usize>, start: usize) -> Vec<usize> {
    let mut queue = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = queue.pop_front() {
        let Some(draft) = path.last().and_then(|last| graph.steps.get(*last)) else { continue };
        for need in &draft.needs {
            if need.step == start {
                return path;
            }
            if members.contains(&need.step) && seen.insert(need.step) {
                queue.push_back(path.iter().copied().chain([need.step]).collect());
            }
        }
    }
    vec![start]
}

/// The steps of a plan between a stop and its start: those during which a server is down. By position.
#[must_use]
pub(crate) fn downtime(plan: &Plan) -> Vec<usize> {
    use schema::step::Action;
    if !plan.steps.iter().any(|step| matches!(step.action, Action::Stop { .. })) {
        return Vec::new();
    }
    let at: BTreeMap<&Address, usize> = plan.steps.iter().enumerate().map(|(at, step)| (&step.address, at)).collect();
    let mut behind_stop = BTreeSet::new();
    for (position, step) in plan.steps.iter().enumerate() {
        let follows = step.needs.iter().any(|need| at.get(&need.step).is_some_and(|at| behind_stop.contains(at)));
        if matches!(step.action, Action::Stop { .. }) || follows {
            behind_stop.insert(position);
        }
    }
    let mut before_start = BTreeSet::new();
    for (position, step) in plan.steps.iter().enumerate().rev() {
        if matches!(step.action, Action::Start { .. }) || before_start.contains(&position) {
            before_start.insert(position);
            before_start.extend(step.needs.iter().filter_map(|need| at.get(&need.step)));
        }
    }
    behind_stop.intersection(&before_start).copied().collect()
}
