//! Places boxes of a graph in layers from left to right, so that none overlap and lines go around them. It knows boxes
//! and lines only, not what they stand for. Lengths are in pixels.

mod order;

use order::Slot;

/// Height of a box.
pub(super) const HEIGHT: i64 = 44;
/// Between boxes of a layer.
const BELOW: i64 = 14;
/// What a line takes that passes through a layer.
const LINE: i64 = 10;
/// Between layers.
const BESIDE: i64 = 36;

/// Where everything is, from the upper left.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Upper left corner and width of each box: all of a layer are as wide as the widest.
    pub(super) boxes: Vec<(i64, i64, i64)>,
    /// For each line its stretches through layers, as `(from x, to x, y)`; it bends between them.
    pub(super) lines: Vec<Vec<(i64, i64, i64)>>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Places boxes of these widths. Lines go from a box to a later one.
pub(super) fn layout(widths: &[i64], lines: &[(usize, usize)]) -> Layout {
    let layer = layers(widths.len(), lines);
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut slots: Vec<Vec<Slot>> = vec![Vec::new(); count];
    let mut place = Vec::with_capacity(widths.len());
    for at in layer.iter().copied() {
        place.push(push(&mut slots, at, HEIGHT));
    }
    // Each line is a chain of slots: its box, one in each layer that it passes, its other box.
    let mut chains: Vec<Vec<(usize, usize)>> = Vec::new();
    for (from, to) in lines {
        let (Some(start), Some(end)) = (place.get(*from).copied(), place.get(*to).copied()) else { continue };
        let passed = (start.0 + 1..end.0).map(|at| push(&mut slots, at, LINE));
        let chain: Vec<(usize, usize)> = std::iter::once(start).chain(passed).chain([end]).collect();
        chains.push(chain);
    }
    for chain in &chains {
        for pair in chain.windows(2) {
            let [left, right] = pair else { continue };
            order::join(&mut slots, *left, *right);
        }
    }
    order::arrange(&mut slots, BELOW);
    drawn(widths, &place, &chains, &slots)
}

/// The longest way to each box.
fn layers(count: usize, lines: &[(usize, usize)]) -> Vec<usize> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in lines {
        if let Some(before) = before.get_mut(*to) {
            before.push(*from);
        }
    }
    let mut layer: Vec<usize> = Vec::with_capacity(count);
    for before in before {
        let last = before.iter().filter_map(|from| layer.get(*from)).max();
        layer.push(last.map_or(0, |last| last + 1));
    }
    layer
}

fn push(slots: &mut [Vec<Slot>], layer: usize, height: i64) -> (usize, usize) {
    let Some(slots) = slots.get_mut(layer) else { return (layer, 0) };
    slots.push(Slot::new(height));
    (layer, slots.len() - 1)
}

fn drawn(widths: &[i64], place: &[(usize, usize)], chains: &[Vec<(usize, usize)>], slots: &[Vec<Slot>]) -> Layout {
    let mut columns = vec![0_i64; slots.len()];
    for ((layer, _), width) in place.iter().zip(widths) {
        if let Some(column) = columns.get_mut(*layer) {
            *column = (*column).max(*width);
        }
    }
    let mut lefts = Vec::with_capacity(columns.len());
    let mut x = 0;
    for column in &columns {
        lefts.push(x);
        x += column + BESIDE;
    }
    let all = || slots.iter().flatten();
    let top = all().map(Slot::top).min().unwrap_or_default();
    let middle = |(layer, at): &(usize, usize)| {
        slots.get(*layer).and_then(|slots| slots.get(*at)).map_or(0, |slot| slot.middle - top)
    };
    let left = |layer: usize| lefts.get(layer).copied().unwrap_or_default();
    let column = |layer: usize| columns.get(layer).copied().unwrap_or_default();
    let boxes = place.iter().map(|it| (left(it.0), middle(it) - HEIGHT / 2, column(it.0)));
    let lines = chains.iter().map(|chain| {
        let last = chain.len().saturating_sub(1);
        let stretch = |(at, it): (usize, &(usize, usize))| {
            let (from, to) = (left(it.0), left(it.0) + column(it.0));
            (if at == 0 { to } else { from }, if at == last { from } else { to }, middle(it))
        };
        chain.iter().enumerate().map(stretch).collect()
    });
    let height = all().map(Slot::bottom).max().unwrap_or_default() - top;
    Layout { lines: lines.collect(), boxes: boxes.collect(), width: (x - BESIDE).max(0), height }
}

#[cfg(test)]
mod tests {
    use super::{HEIGHT, layout};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn boxes_do_not_overlap_and_lines_go_around_them(
            widths in prop::collection::vec(20_i64..300, 1..40),
            pairs in prop::collection::vec((0_usize..40, 0_usize..40), 0..80),
        ) {
            let count = widths.len();
            let lines: Vec<(usize, usize)> = pairs
                .into_iter()
                .map(|(one, other)| (one.min(other), one.max(other)))
                .filter(|(one, other)| one != other && *other < count)
                .collect();
            let drawn = layout(&widths, &lines);
            prop_assert!(drawn.boxes.iter().zip(&widths).all(|(it, wanted)| it.2 >= *wanted));
            let boxes: Vec<_> = drawn.boxes.iter().map(|(x, y, width)| (*x, *y, x + width, y + HEIGHT)).collect();
            for (at, (left, top, right, bottom)) in boxes.iter().enumerate() {
                prop_assert!(*left >= 0 && *top >= 0 && *right <= drawn.width && *bottom <= drawn.height);
                for other in boxes.iter().skip(at + 1) {
                    let apart = *right < other.0 || other.2 < *left || *bottom < other.1 || other.3 < *top;
                    prop_assert!(apart, "{:?} and {:?}", (left, top, right, bottom), other);
                }
            }
            prop_assert_eq!(drawn.lines.len(), lines.len());
            for line in &drawn.lines {
                // A line goes to the right only, and no box is in its way where it passes a layer.
                for (left, right) in line.iter().zip(line.iter().skip(1)) {
                    prop_assert!(left.1 < right.0, "{:?}", line);
                }
                for (from, to, y) in line.iter().filter(|(from, to, _)| from < to) {
                    let hit = boxes.iter().any(|it| it.0 < *to && *from < it.2 && it.1 <= *y && *y <= it.3);
                    prop_assert!(!hit, "{:?}", line);
                }
            }
        }
    }
}
