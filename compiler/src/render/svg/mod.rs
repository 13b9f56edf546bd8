//! The graph of a plan as a drawing: a lane a job, steps from left to right. It needs no script and nothing from
//! elsewhere, and is light or dark as its reader is.

mod graph;
mod layout;

use super::view::{Preview, plural};
use super::xml::escaped;
use super::{meaning, symbol};
use graph::{Box, Graph, Lane};
use layout::{HEIGHT, Layout, layout};
use schema::plan::Plan;
use schema::step::When;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How wide a column of a terminal is in letters of 12 pixels, in hundredths of a pixel; the widest common ones.
const COLUMN: i64 = 740;
/// Most columns of a text; what is longer loses its middle.
const MOST_COLUMNS: usize = 44;
/// Between the text of a box and its edge.
const INSIDE: i64 = 12;
/// Around a lane, and above it for its name.
const MARGIN: i64 = 16;
const NAME: i64 = 30;
/// The lines of the legend.
const LEGEND: i64 = 22;
/// Least width, for the legend.
const LEAST: i64 = 440;

const STYLE: &str = include_str!("style.css");

/// A whole SVG document.
#[must_use]
pub fn svg(plan: &Plan, preview: &Preview<'_>) -> String {
    let Graph { lanes, note } = graph::graph(plan, preview);
    let drawn: Vec<(Lane, Layout)> = lanes
        .into_iter()
        .map(|lane| {
            let layout = placed(&lane);
            (lane, layout)
        })
        .collect();
    let inner = drawn.iter().map(|(_, layout)| layout.width).max().unwrap_or_default();
    // Names of jobs are in larger letters.
    let names = drawn.iter().map(|(lane, _)| text_width(&fitted(&lane.name)) * 6 / 5).max().unwrap_or_default();
    let width = (inner.max(names) + 4 * MARGIN).max(LEAST);
    let legend = legend(plan, preview, &drawn, width, note.as_deref());
    let mut y = MARGIN;
    let mut body = String::new();
    for (lane, layout) in &drawn {
        draw_lane(lane, layout, y, width, &mut body);
        y += layout.height + NAME + 2 * MARGIN + MARGIN;
    }
    for line in &legend {
        let _ = writeln!(body, "<text class=\"g-legend\" x=\"{MARGIN}\" y=\"{}\">{}</text>", y + 10, escaped(line));
        y += LEGEND;
    }
    let height = y + MARGIN / 2;
    let title = format!("Steps of {}", plan.strategy);
    let steps = plural(drawn.iter().flat_map(|(lane, _)| &lane.boxes).map(|it| it.count).sum(), "step");
    let desc = format!(
        "{steps} in {}, each after what it needs, from left to right. Needs that follow from others are not drawn.",
        plural(drawn.len(), "job")
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"g\" role=\"img\" aria-labelledby=\"g-title g-desc\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title id=\"g-title\">{}</title>\n<desc id=\"g-desc\">{}</desc>\n<style>\n{STYLE}</style>\n\
         <defs><marker id=\"g-arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"g-head\" d=\"M0 0 8 4 0 8Z\"/></marker></defs>\n\
         <rect class=\"g-page\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n",
        escaped(&title),
        escaped(&desc)
    )
}

fn placed(lane: &Lane) -> Layout {
    let widths: Vec<i64> =
        lane.boxes.iter().map(|it| text_width(&it.head).max(text_width(&fitted(&it.subject))) + 2 * INSIDE).collect();
    let lines: Vec<(usize, usize)> = lane.lines.iter().map(|line| (line.from, line.to)).collect();
    layout(&widths, &lines)
}

fn draw_lane(lane: &Lane, layout: &Layout, top: i64, width: i64, out: &mut String) {
    let (left, above) = (2 * MARGIN, top + NAME + MARGIN);
    let height = layout.height + NAME + 2 * MARGIN;
    let _ = writeln!(
        out,
        "<rect class=\"g-lane\" x=\"{MARGIN}\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"8\"/>\n\
         <text class=\"g-job\" x=\"{left}\" y=\"{}\">{}</text>",
        width - 2 * MARGIN,
        top + 26,
        escaped(&fitted(&lane.name))
    );
    for (line, stretches) in lane.lines.iter().zip(&layout.lines) {
        let class = if line.when == When::Always { "g-need g-always" } else { "g-need" };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" marker-end=\"url(#g-arrow)\" d=\"{}\"/>",
            path(stretches, left, above)
        );
    }
    for (it, (x, y, width)) in lane.boxes.iter().zip(&layout.boxes) {
        draw_box(it, x + left, y + above, *width, out);
    }
}

/// Straight through layers, and bent between them.
fn path(stretches: &[(i64, i64, i64)], left: i64, above: i64) -> String {
    let mut out = String::new();
    let mut before: Option<(i64, i64)> = None;
    for (from, to, y) in stretches {
        let (from, to, y) = (from + left, to + left, y + above);
        match before {
            None => {
                let _ = write!(out, "M{from} {y}");
            }
            Some((_, level)) if level == y => {
                let _ = write!(out, "H{from}");
            }
            Some((x, level)) => {
                let middle = x + (from - x) / 2;
                let _ = write!(out, "C{middle} {level} {middle} {y} {from} {y}");
            }
        }
        if to > from {
            let _ = write!(out, "H{to}");
        }
        before = Some((to, y));
    }
    out
}

fn draw_box(it: &Box, x: i64, y: i64, width: i64, out: &mut String) {
    let class = if it.down { "g-box g-down" } else { "g-box" };
    let _ = writeln!(out, "<g><title>{}</title>", escaped(&it.title));
    if it.count > 1 {
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"5\"/>",
            x + 4,
            y + 4
        );
    }
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"5\"/>\n\
         <text class=\"g-kind\" x=\"{left}\" y=\"{}\">{}</text><text class=\"g-subject\" x=\"{left}\" y=\"{}\">{}</text></g>",
        y + 18,
        escaped(&it.head),
        y + 35,
        escaped(&fitted(&it.subject)),
        left = x + INSIDE,
    );
}

/// Lines of signs that fit into a width.
fn legend(plan: &Plan, preview: &Preview<'_>, drawn: &[(Lane, Layout)], width: i64, note: Option<&str>) -> Vec<String> {
    let mut signs: Vec<String> = Vec::new();
    for (step, _) in plan.steps.iter().zip(preview.shown(plan)).filter(|(_, shown)| *shown) {
        let sign = format!("{} {}", symbol(&step.action), meaning(&step.action));
        if !signs.contains(&sign) {
            signs.push(sign);
        }
    }
    let has = |when: When| drawn.iter().flat_map(|(lane, _)| &lane.lines).any(|line| line.when == when);
    let down = drawn.iter().flat_map(|(lane, _)| &lane.boxes).any(|it| it.down);
    let more = [
        (has(When::Success) || has(When::Ok), "solid line: must succeed"),
        (has(When::Always), "dashed line: must have ended"),
        (down, "thick edge: something is down"),
    ];
    signs.extend(more.into_iter().filter(|(is, _)| *is).map(|(_, words)| words.to_owned()));
    let words = note.into_iter().flat_map(|note| note.split(": ")).map(str::to_owned);
    let mut lines: Vec<String> = Vec::new();
    for sign in signs.into_iter().chain(words) {
        match lines.last_mut() {
            Some(line) if text_width(line) + text_width(&sign) + 3 * MARGIN < width => {
                line.push_str(" · ");
                line.push_str(&sign);
            }
            _ => lines.push(sign),
        }
    }
    lines
}

/// In pixels.
fn text_width(text: &str) -> i64 {
    i64::try_from(text.width()).unwrap_or(i64::MAX / COLUMN) * COLUMN / 100
}

/// A text that loses its middle when it is too long for a box.
fn fitted(text: &str) -> String {
    if text.width() <= MOST_COLUMNS {
        return text.to_owned();
    }
    let half = MOST_COLUMNS / 2 - 1;
    let take = |chars: &mut dyn Iterator<Item = char>| -> Vec<char> {
        let mut used = 0;
        chars
            .take_while(|char| {
                used += char.width().unwrap_or(1);
                used <= half
            })
            .collect()
    };
    let (head, mut tail) = (take(&mut text.chars()), take(&mut text.chars().rev()));
    tail.reverse();
    head.into_iter().chain(['…']).chain(tail).collect()
}
