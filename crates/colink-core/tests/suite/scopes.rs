//! a token with scopes does what its user may and its scopes name, and nothing else.

use std::collections::BTreeSet;

use colink_core::permission::{Action, Decision, Scope, Scopes, Standing, decide};

use crate::permissions::every_standing;

/// None, all, each one alone, and all but each one.
fn every_kind_of_set() -> Vec<Scopes> {
    let all_but = |left_out: Scope| Scopes::ALL.iter().filter(|scope| *scope != left_out).collect::<Scopes>();
    let mut sets = vec![Scopes::NONE, Scopes::ALL];
    for scope in Scope::ALL.iter().copied() {
        sets.extend([Scopes::NONE.with(scope), Scopes::NONE.with(scope).with(Scope::Admin), all_but(scope)]);
    }
    sets
}

/// The whole rule in one line: what the user may, cut down to what the token names. The table in
/// `tests/permissions.txt` says the first half.
#[test]
fn a_scoped_token_is_answered_as_its_user_or_refused() {
    for full in every_standing() {
        for scopes in every_kind_of_set() {
            let standing = Standing { scopes, ..full };
            let user = Standing { realm_admin: full.realm_admin && scopes.contains(Scope::Admin), ..full };
            for action in Action::ALL.iter().copied() {
                let expected = match decide(&user, action) {
                    Decision::Hide => Decision::Hide,
                    _ if !scopes.contains(action.scope()) => Decision::Forbid,
                    decision => decision,
                };
                assert_eq!(decide(&standing, action), expected, "{standing:?} {action}");
            }
        }
    }
}

#[test]
fn a_token_without_scopes_does_nothing_at_all() {
    for full in every_standing() {
        let standing = Standing { scopes: Scopes::NONE, ..full };
        assert!(Action::ALL.iter().all(|action| !decide(&standing, *action).is_allowed()), "{standing:?}");
    }
}

#[test]
fn a_realm_admins_token_passes_no_door_without_the_scope_for_it() {
    for full in every_standing().into_iter().filter(|standing| standing.realm_admin) {
        let scopes = Scopes::ALL.iter().filter(|scope| *scope != Scope::Admin).collect();
        let standing = Standing { scopes, ..full };
        for action in Action::ALL {
            assert_ne!(decide(&standing, *action), Decision::AllowAsRealmAdmin, "{standing:?} {action}");
        }
    }
}

#[test]
fn no_scope_reads_and_writes() {
    let changes = |action: &&Action| {
        let word = action.as_str();
        !["view_", "read_", "list_"].iter().any(|reading| word.starts_with(reading))
            && !matches!(action, Action::Search | Action::Subscribe)
    };
    for action in Action::ALL.iter().filter(changes) {
        assert!(!action.scope().as_str().ends_with(":read"), "{action}");
    }
    for action in Action::ALL.iter().filter(|action| !changes(action)) {
        assert!(action.scope().as_str().ends_with(":read"), "{action}");
    }
}

#[test]
fn scopes_are_written_as_words_and_read_back() {
    let words: BTreeSet<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    assert_eq!(words.len(), Scope::ALL.len());
    for scope in Scope::ALL.iter().copied() {
        assert_eq!(scope.as_str().parse(), Ok(scope));
        assert!(scope.refusal().contains(&format!("`{scope}`")));
    }
    assert_eq!(Scopes::ALL.iter().count(), Scope::ALL.len());
    let few = Scopes::read("files:read later:thing messages:write");
    assert_eq!(few.to_string(), "messages:write files:read");
    assert_eq!(serde_json::to_string(&few).unwrap(), "\"messages:write files:read\"");
    assert_eq!(serde_json::from_str::<Scopes>("\"messages:write files:read\"").unwrap(), few);
    for nothing in ["", " ", "all", "*", "MESSAGES:READ", "messages:read,files:read", "admin"] {
        assert_eq!(Scopes::read(nothing), Scopes::NONE, "{nothing}");
    }
    assert!(Scopes::NONE.is_within(few) && few.is_within(Scopes::ALL) && !Scopes::ALL.is_within(few));
    assert_eq!(few & Scopes::NONE.with(Scope::FilesRead), Scopes::NONE.with(Scope::FilesRead));
    let refused = "read".parse::<Scope>().unwrap_err().to_string();
    assert!(refused.contains("messages:read") && refused.contains("admin:*"), "{refused}");
}
