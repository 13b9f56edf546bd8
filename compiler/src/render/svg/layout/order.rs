//! The order of slots within layers, so that few lines cross, and their heights, so that most lines are straight.

/// How often the layers are gone through.
const SWEEPS: usize = 4;

/// A box, or a line that passes a layer.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    height: i64,
    pub(super) middle: i64,
    /// Slots that it is joined to in the layer before, and in the one behind.
    before: Vec<usize>,
    behind: Vec<usize>,
    /// Rank in its layer.
    rank: usize,
}

impl Slot {
    pub(super) fn new(height: i64) -> Self {
        Self { height, middle: 0, before: Vec::new(), behind: Vec::new(), rank: 0 }
    }

    pub(super) fn top(&self) -> i64 {
        self.middle - self.height / 2
    }

    pub(super) fn bottom(&self) -> i64 {
        self.middle + self.height / 2
    }
}

/// Joins a slot to one of the next layer.
pub(super) fn join(slots: &mut [Vec<Slot>], left: (usize, usize), right: (usize, usize)) {
    if let Some(slot) = slots.get_mut(left.0).and_then(|layer| layer.get_mut(left.1)) {
        slot.behind.push(right.1);
    }
    if let Some(slot) = slots.get_mut(right.0).and_then(|layer| layer.get_mut(right.1)) {
        slot.before.push(left.1);
    }
}

/// Gives each slot its place. Slots keep their numbers.
pub(super) fn arrange(slots: &mut [Vec<Slot>], gap: i64) {
    for layer in slots.iter_mut() {
        layer.iter_mut().enumerate().for_each(|(rank, slot)| slot.rank = rank);
    }
    for _ in 0..SWEEPS {
        sweep(slots, rank);
    }
    for layer in slots.iter_mut() {
        let wanted = vec![0; layer.len()];
        settle(layer, &wanted, gap);
    }
    for _ in 0..SWEEPS {
        sweep(slots, |slots, at, from| level(slots, at, from, gap));
    }
}

/// Visits the layers from left to right by those before them, and back by those behind.
fn sweep(slots: &mut [Vec<Slot>], mut visit: impl FnMut(&mut [Vec<Slot>], usize, usize)) {
    for at in (0..slots.len().saturating_sub(1)).rev() {
        visit(slots, at, at + 1);
    }
    for at in 1..slots.len() {
        visit(slots, at, at - 1);
    }
}

/// Orders a layer by the mean of what its slots are joined to in another layer.
fn rank(slots: &mut [Vec<Slot>], at: usize, from: usize) {
    let means = means(slots, at, from, |slot| i64::try_from(slot.rank).unwrap_or(i64::MAX) * 1_000);
    let Some(layer) = slots.get_mut(at) else { return };
    let mut order: Vec<(i64, usize, usize)> = layer
        .iter()
        .zip(means)
        .enumerate()
        .map(|(at, (slot, mean))| (mean.unwrap_or(i64::try_from(slot.rank).unwrap_or(i64::MAX) * 1_000), slot.rank, at))
        .collect();
    order.sort_unstable();
    for (rank, (_, _, at)) in order.into_iter().enumerate() {
        if let Some(slot) = layer.get_mut(at) {
            slot.rank = rank;
        }
    }
}

/// Moves the slots of a layer to the height of what they are joined to, as far as there is room.
fn level(slots: &mut [Vec<Slot>], at: usize, from: usize, gap: i64) {
    let means = means(slots, at, from, |slot| slot.middle);
    let Some(layer) = slots.get_mut(at) else { return };
    let wanted: Vec<i64> = layer.iter().zip(means).map(|(slot, mean)| mean.unwrap_or(slot.middle)).collect();
    settle(layer, &wanted, gap);
}

/// For each slot of a layer the mean of a figure of its neighbours in another one.
fn means(slots: &[Vec<Slot>], at: usize, from: usize, figure: impl Fn(&Slot) -> i64) -> Vec<Option<i64>> {
    let (Some(layer), Some(other)) = (slots.get(at), slots.get(from)) else { return Vec::new() };
    let mean = |slot: &Slot| {
        let joined = if from < at { &slot.before } else { &slot.behind };
        let figures: Vec<i64> = joined.iter().filter_map(|at| other.get(*at)).map(&figure).collect();
        let count = i64::try_from(figures.len()).ok().filter(|count| *count > 0)?;
        Some(figures.iter().sum::<i64>().div_euclid(count))
    };
    layer.iter().map(mean).collect()
}

/// The heights nearest to those that are wanted, in the order of ranks and with a gap between: slots that would be too
/// near to each other become a block, which takes the mean of what its slots want.
fn settle(layer: &mut [Slot], wanted: &[i64], gap: i64) {
    let mut order: Vec<usize> = (0..layer.len()).collect();
    order.sort_unstable_by_key(|at| layer.get(*at).map(|slot| slot.rank));
    // Each slot as if those before it in its layer took no room.
    let mut offset = 0;
    let mut offsets = Vec::with_capacity(layer.len());
    let mut blocks: Vec<(i64, i64)> = Vec::new();
    for at in &order {
        let (Some(slot), Some(wanted)) = (layer.get(*at), wanted.get(*at)) else { continue };
        offset += slot.height / 2;
        offsets.push(offset);
        let mut block = (wanted - offset, 1);
        while let Some(last) = blocks.pop_if(|last| last.0.div_euclid(last.1) > block.0.div_euclid(block.1)) {
            block = (last.0 + block.0, last.1 + block.1);
        }
        blocks.push(block);
        offset += slot.height / 2 + gap;
    }
    let places = blocks.into_iter().flat_map(|(sum, count)| (0..count).map(move |_| sum.div_euclid(count)));
    for ((at, offset), place) in order.iter().zip(offsets).zip(places) {
        if let Some(slot) = layer.get_mut(*at) {
            slot.middle = place + offset;
        }
    }
}
