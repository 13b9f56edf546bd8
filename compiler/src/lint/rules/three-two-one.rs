//! `three-two-one`: three copies, two media, one of them off-site: what of that a source lacks, or does not say.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, Kept, OffSite};
use crate::lint::{Found, Levels, Rule, Subject};
use std::collections::BTreeSet;

/// Live data counts as a copy, on this.
const LIVE: &str = "disk";
const MEDIA: usize = 2;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "three-two-one",
        summary: "a source whose copies are not three, on two media, one of them off-site",
        why: "What breaks one kind of storage, or one site, must not take all copies. The live data counts as a copy, on \
              `disk`. A source with fewer than two stores is told by `copies-too-few`, one whose stores are all on its own \
              site by `off-site-missing`.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "letters" engine="files" { root "letters"; }
store "shed" plugin="fs" { path "shed"; site "dc-2"; media "disk"; immutable "30d"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="shed"
    verify "desk"; verify "shed"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="shed" into="spare"; }"#,
            right: r#"environment "production"
source "letters" engine="files" { root "letters"; }
store "shed" plugin="fs" { path "shed"; site "dc-2"; media "object"; immutable "30d"; }
job "nightly" {
    schedule "30 2 * * *"
    backup "letters" to="desk"
    transfer from="desk" to="shed"
    verify "desk"; verify "shed"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="shed" into="spare"; }"#,
        },
        fix: "Put a copy on other media or another site, or say `media` and `site` of the stores.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    if !subject.is_at_stake() {
        return;
    }
    let all = copies::kept(subject.strategy);
    out.extend(all.iter().filter(|kept| kept.stores.len() > 1).filter_map(|kept| found(subject, kept)));
}

fn found(subject: &Subject<'_>, kept: &Kept<'_>) -> Option<Found> {
    let said = kept.stores.iter().filter_map(|store| store.media.as_ref().map(|media| media.value.to_lowercase()));
    let media: BTreeSet<String> = said.chain([LIVE.to_owned()]).collect();
    let few = media.len() < MEDIA && !subject.requires("media", 2);
    let off_site = copies::off_site(subject.strategy, kept);
    let unsaid = matches!(off_site, OffSite::Unsaid) && !subject.requires("sites", 2);
    if !few && !unsaid {
        return None;
    }
    let away = match &off_site {
        OffSite::In(stores) => format!("{} off-site", stores.len()),
        OffSite::Nowhere => "0 of 1 off-site".to_owned(),
        OffSite::Unsaid => "off-site not said".to_owned(),
    };
    let name = &kept.source.name.value;
    let count = media.len();
    let of = if few { format!(" of {MEDIA}") } else { String::new() };
    let (label, help) = advice(kept, few);
    Some(Found {
        about: None,
        message: format!("`{name}` is not 3-2-1: {} copies, {count}{of} media, {away}", kept.stores.len() + 1),
        span: kept.source.span.clone(),
        label,
        help,
    })
}

fn advice(kept: &Kept<'_>, few: bool) -> (String, String) {
    let without =
        |said: fn(&&&crate::model::Store) -> bool| kept.stores.iter().find(said).map(|store| &store.name.value);
    if few {
        let label = "all on one kind of media".to_owned();
        return match without(|store| store.media.is_none()) {
            Some(store) => (label, format!("Say what `{store}` is made of: `media \"object\"`, or what it is.")),
            None => {
                (label, "Send one copy to other media, such as an object store or tape, and say `media`.".to_owned())
            }
        };
    }
    let label = "nothing says where its copies are".to_owned();
    match without(|store| store.site.is_none()) {
        Some(store) => (label, format!("Add `site \"NAME\"` to `{store}`.")),
        None => (label, "Add `site \"NAME\"` to its servers or to the `runner`.".to_owned()),
    }
}
