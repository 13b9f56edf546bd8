//! `keep` and `policy`.

use super::Left;
use super::values::{child, date, duration, integer, text};
use crate::model::{Exception, Keep, Policy, Requirement};
use crate::syntax::Cursor;

pub(super) fn keep(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Keep> {
    let store = text(cursor.property("in")?)?;
    let mut count = |name| {
        let count = child(&mut cursor, name, left).and_then(integer)?;
        u32::try_from(count.value).ok()
    };
    let (last, hourly, daily) = (count("last"), count("hourly"), count("daily"));
    let (weekly, monthly, yearly) = (count("weekly"), count("monthly"), count("yearly"));
    let within = child(&mut cursor, "within", left).and_then(duration).map(|time| time.value);
    left.extend(cursor.left());
    let rules = schema::keep::Keep { last, hourly, daily, weekly, monthly, yearly, within };
    Some(Keep { store, rules, span: cursor.span().clone() })
}

pub(super) fn policy(mut cursor: Cursor<'_>, left: &mut Left) -> Option<Policy> {
    let mut policy = Policy::default();
    for mut node in cursor.children("require") {
        let (what, min) = (text(node.argument()?)?, integer(node.property("min")?)?.value);
        let (within, lasting) = (node.property("within").and_then(duration), node.property("for").and_then(duration));
        left.extend(node.left());
        policy.requirements.push(Requirement { what, min, within, lasting, span: node.span().clone() });
    }
    for mut node in cursor.children("allow") {
        let what = text(node.argument()?)?;
        let (reason, until) = (text(node.property("reason")?)?.value, date(node.property("until")?)?);
        left.extend(node.left());
        policy.exceptions.push(Exception { what, reason, until });
    }
    left.extend(cursor.left());
    Some(policy)
}
