//! What of an order may happen at once: on a store across a network each mark and each removal is a few round trips.

use schema::fact::StoredArtifact;

/// Most at once.
const AT_ONCE: usize = 8;

/// Cuts a list, in which children come before what they need, into waves. No wave holds both: what a child needs is only
/// touched when the child is done with.
pub(super) fn waves<T>(list: &[T], fact: impl Fn(&T) -> &StoredArtifact) -> Vec<&[T]> {
    let needs = |one: &StoredArtifact, other: &StoredArtifact| {
        one.parent.as_ref() == Some(&other.id) && (&one.source, &one.database) == (&other.source, &other.database)
    };
    let (mut waves, mut rest) = (Vec::new(), list);
    while !rest.is_empty() {
        let mut length = 1;
        while length < AT_ONCE
            && let (Some(wave), Some(next)) = (rest.get(..length), rest.get(length))
            && !wave.iter().any(|before| needs(fact(before), fact(next)))
        {
            length += 1;
        }
        let (wave, behind) = rest.split_at(length);
        waves.push(wave);
        rest = behind;
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(id: &str, parent: Option<&str>) -> StoredArtifact {
        StoredArtifact { id: id.to_owned(), parent: parent.map(str::to_owned), ..StoredArtifact::default() }
    }

    fn cut(list: &[StoredArtifact]) -> Vec<Vec<&str>> {
        waves(list, |fact| fact).into_iter().map(|wave| wave.iter().map(|fact| fact.id.as_str()).collect()).collect()
    }

    #[test]
    fn what_a_child_needs_comes_in_a_later_wave() {
        let chain = [artifact("c", Some("b")), artifact("x", None), artifact("b", Some("a")), artifact("a", None)];
        assert_eq!(cut(&chain), [vec!["c", "x"], vec!["b"], vec!["a"]]);
        assert_eq!(cut(&[]), Vec::<Vec<&str>>::new());
    }

    #[test]
    fn no_wave_is_too_large() {
        let many: Vec<_> = (0..20).map(|n| artifact(&n.to_string(), None)).collect();
        assert_eq!(cut(&many).iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 4]);
    }
}
