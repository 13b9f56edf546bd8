//! A simulation as an SVG chart: restorable points of each database and store, and what stores hold, day by day. It has
//! no script, follows the reader's light or dark setting, and says in words what it shows. Lines differ in more than
//! colour: each has its own dashes and its name beside it.

use super::simulation::{domain, named, utc};
use super::xml::escaped;
use crate::amount::bytes;
use schema::simulate::Simulation;
use std::fmt::Write;

/// Lines that are drawn at most in one panel; the others are counted.
const MOST: usize = 8;
const WIDTH: i64 = 960;
/// Room to the left of a panel, for its scale, and to the right, for names.
const LEFT: i64 = 90;
const RIGHT: i64 = 230;
const HEIGHT: i64 = 220;
const TOP: i64 = 70;
const GAP: i64 = 70;
const DAY: i64 = 86_400;

const STYLE: &str = "svg{background:#fff;color:#1b1f24;font:13px system-ui,sans-serif}\
text{fill:currentColor}.axis{stroke:#6b7280;stroke-width:1}.line{fill:none;stroke-width:2}\
.lost{stroke:#b42318;stroke-width:2;stroke-dasharray:2 3}.lost-name{fill:#b42318}\
.c0{stroke:#0b57d0}.c1{stroke:#a8480a}.c2{stroke:#146c2e}.c3{stroke:#8430ce}\
.c4{stroke:#b3261e}.c5{stroke:#00677f}.c6{stroke:#6d4c00}.c7{stroke:#4a4458}\
.d1{stroke-dasharray:8 4}.d2{stroke-dasharray:2 4}.d3{stroke-dasharray:12 3 2 3}\
@media (prefers-color-scheme:dark){svg{background:#15181c;color:#e6e8eb}.axis{stroke:#9aa1aa}\
.lost{stroke:#ff8a80}.lost-name{fill:#ff8a80}\
.c0{stroke:#8ab4f8}.c1{stroke:#ffb074}.c2{stroke:#81c995}.c3{stroke:#d7aefb}\
.c4{stroke:#f6aea9}.c5{stroke:#78d9ec}.c6{stroke:#fdd663}.c7{stroke:#cac4d0}}";

/// One line of a panel.
struct Line {
    name: String,
    days: Vec<u64>,
}

/// The chart, as a document of its own.
#[must_use]
pub fn chart(simulation: &Simulation) -> String {
    let counts = counts(simulation);
    let levels: Vec<Line> =
        simulation.stores.iter().map(|level| Line { name: level.store.clone(), days: level.days.clone() }).collect();
    let height = TOP + 2 * HEIGHT + 2 * GAP;
    let title = format!("{}: restorable points and storage", simulation.strategy);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{STYLE}</style>\n",
        escaped(&title),
        escaped(&description(simulation, &counts, &levels))
    );
    let _ = writeln!(out, "<text x=\"{LEFT}\" y=\"28\" font-size=\"18\">{}</text>", escaped(&title));
    panel("Restorable points", &counts, TOP, simulation, |count| count.to_string(), &mut out);
    panel("Bytes in stores", &levels, TOP + HEIGHT + GAP, simulation, bytes, &mut out);
    out.push_str("</svg>\n");
    out
}

/// What the chart shows, in words.
fn description(simulation: &Simulation, counts: &[Line], levels: &[Line]) -> String {
    let mut out = format!("From {} to {}, UTC.", utc(simulation.from), utc(simulation.to));
    for line in counts.iter().take(MOST) {
        let (last, most) = ends(line);
        let _ = write!(out, " {}: {last} restorable points at the end, {most} at most.", line.name);
    }
    for line in levels.iter().take(MOST) {
        let (last, most) = ends(line);
        let _ = write!(out, " Store {}: {} at the end, {} at most.", line.name, bytes(last), bytes(most));
    }
    for failed in &simulation.failures {
        let _ = write!(out, " At {} {} {} is lost.", utc(failed.at), domain(failed.domain), failed.name);
    }
    out
}

fn ends(line: &Line) -> (u64, u64) {
    (line.days.last().copied().unwrap_or_default(), line.days.iter().copied().max().unwrap_or_default())
}

/// Restorable points at the end of each day, by database and store.
fn counts(simulation: &Simulation) -> Vec<Line> {
    let days = usize::try_from((simulation.to - simulation.from + DAY - 1) / DAY).unwrap_or_default();
    let day = |at: i64| usize::try_from((at - simulation.from).max(0) / DAY).unwrap_or(days).min(days);
    let mut out = Vec::new();
    for history in &simulation.histories {
        for (at, store) in simulation.stores.iter().enumerate() {
            let mut changes = vec![0_i64; days + 1];
            let copies = history.points.iter().flat_map(|point| &point.copies);
            let mut any = false;
            for copy in copies.filter(|copy| usize::try_from(copy.store).is_ok_and(|store| store == at)) {
                any = true;
                let Some(good) = copy.restorable else { continue };
                let ends = [(good, 1), (copy.gone.unwrap_or(simulation.to), -1)];
                for (when, by) in ends {
                    if let Some(slot) = changes.get_mut(day(when)) {
                        *slot += by;
                    }
                }
            }
            let mut sum = 0_i64;
            let days = changes.iter().take(days).map(|change| {
                sum += change;
                u64::try_from(sum).unwrap_or_default()
            });
            if any {
                out.push(Line { name: format!("{}: {}", store.store, named(history)), days: days.collect() });
            }
        }
    }
    out
}

fn panel(
    title: &str,
    lines: &[Line],
    top: i64,
    simulation: &Simulation,
    say: impl Fn(u64) -> String,
    out: &mut String,
) {
    let (right, bottom) = (WIDTH - RIGHT, top + HEIGHT);
    let most = lines.iter().flat_map(|line| &line.days).copied().max().unwrap_or_default().max(1);
    let last = lines.iter().map(|line| line.days.len()).max().unwrap_or_default().saturating_sub(1).max(1);
    let last = i64::try_from(last).unwrap_or(i64::MAX);
    let x = |day: i64| LEFT + (right - LEFT) * day.clamp(0, last) / last;
    let y = |value: u64| {
        let share = u128::from(value) * u128::from(HEIGHT.unsigned_abs()) / u128::from(most);
        bottom - i64::try_from(share).unwrap_or(HEIGHT)
    };
    let _ = writeln!(out, "<g><text x=\"{LEFT}\" y=\"{}\" font-size=\"15\">{title}</text>", top - 14);
    let _ = writeln!(out, "<path class=\"axis line\" d=\"M{LEFT} {top}V{bottom}H{right}\"/>");
    for (value, at) in [(most, top), (most / 2, y(most / 2)), (0, bottom)] {
        let _ = writeln!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", LEFT - 8, at + 4, say(value));
    }
    for (at, x, anchor) in [(simulation.from, LEFT, "start"), (simulation.to, right, "end")] {
        let day = utc(at);
        let day = day.get(..10).unwrap_or_default();
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{day}</text>", bottom + 20);
    }
    let mut names: Vec<(i64, String)> = Vec::new();
    for (number, line) in lines.iter().take(MOST).enumerate() {
        let mut path = String::new();
        let mut before = None;
        for (day, value) in (0_i64..).zip(&line.days) {
            let (x, y) = (x(day), y(*value));
            // A step: nothing is between two days.
            let _ = match before {
                None => write!(path, "M{x} {y}"),
                Some(before) if before != y => write!(path, "H{x}V{y}"),
                Some(_) => Ok(()),
            };
            before = Some(y);
        }
        let _ = write!(path, "H{right}");
        let _ = writeln!(out, "<path class=\"line c{} d{}\" d=\"{path}\"/>", number % MOST, number % 4);
        names.push((before.unwrap_or(bottom), line.name.clone()));
    }
    labels(names, right, bottom, out);
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(
            out,
            "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">and {more} more, not drawn</text>",
            top - 14
        );
    }
    for failed in &simulation.failures {
        let at = x((failed.at - simulation.from).div_euclid(DAY));
        let _ = writeln!(out, "<path class=\"lost\" d=\"M{at} {top}V{bottom}\"/>");
        let name = format!("{} {}", domain(failed.domain), failed.name);
        let _ =
            writeln!(out, "<text class=\"lost-name\" x=\"{}\" y=\"{}\">{}</text>", at + 4, top + 12, escaped(&name));
    }
    out.push_str("</g>\n");
}

/// Names beside the ends of their lines, moved apart so that none lies on another.
fn labels(names: Vec<(i64, String)>, right: i64, bottom: i64, out: &mut String) {
    let mut names: Vec<(i64, usize, String)> =
        names.into_iter().enumerate().map(|(number, (at, name))| (at, number, name)).collect();
    names.sort();
    // From below upwards, so that the lowest stays inside.
    let mut least = bottom + 16;
    for (at, number, name) in names.into_iter().rev() {
        let at = at.min(least - 16);
        least = at;
        let short: String =
            if name.chars().count() > 28 { name.chars().take(27).chain(['…']).collect() } else { name.clone() };
        let mark = at - 4;
        let _ = writeln!(
            out,
            "<path class=\"line c{} d{}\" d=\"M{} {mark}h22\"/><text x=\"{}\" y=\"{at}\">{}</text>",
            number % MOST,
            number % 4,
            right + 8,
            right + 36,
            escaped(&short)
        );
    }
}
