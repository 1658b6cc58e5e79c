//! C-2, C-3, C-5: every combination of role in the workspace, role in the channel, kind, archived,
//! realm admin and action, against a table that people read: `tests/permissions.txt`.

use std::fs;
use std::path::Path;

use colink_core::permission::{
    Action, Decision, Scopes, Standing, decide, may_change_role, may_remove_from_channel, may_remove_member,
};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};

const LEGEND: &str = "\
# Who may do what: the answer to every combination, made by `COLINK_BLESS=1 cargo test -p colink-core`.
# A change here is a change of rights: read it as such.
#
#   +  allowed
#   A  allowed as a realm admin, and audited (not by membership)
#   -  forbidden: 403
#   .  hidden: 404, as if it did not exist
#
# Columns: the role in the workspace, and under each the role in the channel:
#   -  not in it   m  member   M  moderator   O  owner
";

fn workspace_roles() -> Vec<Option<WorkspaceRole>> {
    std::iter::once(None).chain(WorkspaceRole::ALL.iter().copied().map(Some)).collect()
}

fn channel_roles() -> Vec<Option<ChannelRole>> {
    std::iter::once(None).chain(ChannelRole::ALL.iter().copied().map(Some)).collect()
}

pub(crate) fn every_standing() -> Vec<Standing> {
    let mut standings = Vec::new();
    for kind in ChannelKind::ALL.iter().copied() {
        for (archived, realm_admin) in [(false, false), (false, true), (true, false), (true, true)] {
            standings.extend(block(kind, archived, realm_admin));
        }
    }
    standings
}

/// The columns of one block of the table.
fn block(kind: ChannelKind, archived: bool, realm_admin: bool) -> Vec<Standing> {
    let channel = channel_roles();
    let of = |workspace| {
        let scopes = Scopes::ALL;
        let standing = move |channel| Standing { realm_admin, workspace, channel, kind, archived, scopes };
        channel.iter().copied().map(standing).collect::<Vec<_>>()
    };
    workspace_roles().into_iter().flat_map(of).collect()
}

const fn sign(decision: Decision) -> char {
    match decision {
        Decision::Allow => '+',
        Decision::AllowAsRealmAdmin => 'A',
        Decision::Forbid => '-',
        Decision::Hide => '.',
    }
}

fn render() -> String {
    let mut table = LEGEND.to_owned();
    let roles = workspace_roles();
    let names = roles.iter().map(|role| role.map_or("outside", WorkspaceRole::as_str));
    let head: String = names.map(|role| format!("  {role:<9}")).collect();
    let columns = "  - m M O  ".repeat(roles.len());
    for standings in every_standing().chunks(roles.len() * channel_roles().len()) {
        let Some(Standing { kind, archived, realm_admin, .. }) = standings.first() else { continue };
        let state = if *archived { "archived" } else { "open" };
        let who = if *realm_admin { "realm admin" } else { "user" };
        table += &format!("\n== {kind} channel, {state}, {who}\n");
        table += &format!("{:<23}{}\n{:<23}{}\n", "", head.trim_end(), "", columns.trim_end());
        table.extend(Action::ALL.iter().map(|action| row(*action, standings)));
    }
    table
}

fn row(action: Action, standings: &[Standing]) -> String {
    let answer = |standing: &Standing| sign(decide(standing, action)).to_string();
    let group = |group: &[Standing]| group.iter().map(answer).collect::<Vec<_>>().join(" ");
    let groups: Vec<String> = standings.chunks(channel_roles().len()).map(group).collect();
    format!("{:<23}  {}\n", action.as_str(), groups.join("    "))
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let path = Path::new("tests/permissions.txt");
    let actual = render();
    if std::env::var_os("COLINK_BLESS").is_some() {
        fs::write(path, &actual).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    for (number, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(expected, actual, "line {} of {}", number + 1, path.display());
    }
    assert!(expected == actual, "{} has another number of lines", path.display());
}

#[test]
fn somebody_outside_the_workspace_learns_nothing() {
    let outside = |s: &Standing| s.workspace.is_none() && !s.realm_admin;
    for standing in every_standing().iter().filter(|s| outside(s)) {
        for action in Action::ALL {
            assert_eq!(decide(standing, *action), Decision::Hide, "{standing:?} {action}");
        }
    }
}

#[test]
fn nothing_is_hidden_from_whoever_is_inside() {
    for standing in every_standing().iter().filter(|s| s.workspace.is_some()) {
        for action in Action::ALL {
            assert_ne!(decide(standing, *action), Decision::Hide, "{standing:?} {action}");
        }
    }
}

#[test]
fn an_archived_channel_takes_no_writing_from_its_members() {
    let reading = [
        Action::ViewChannel,
        Action::ReadMessages,
        Action::Search,
        Action::ReadFiles,
        Action::Subscribe,
        Action::LeaveChannel,
        Action::ArchiveChannel,
        Action::UnarchiveChannel,
    ];
    let in_channel = |a: &Action| *a < Action::ViewWorkspace;
    for standing in every_standing().iter().filter(|s| s.archived) {
        for action in Action::ALL.iter().filter(|a| in_channel(a) && !reading.contains(a)) {
            assert_ne!(decide(standing, *action), Decision::Allow, "{standing:?} {action}");
        }
    }
}

#[test]
fn a_direct_conversation_is_open_to_its_members_alone() {
    let outside = |s: &Standing| s.kind == ChannelKind::Dm && s.channel.is_none() && !s.realm_admin;
    for standing in every_standing().iter().filter(|s| outside(s)) {
        for action in Action::ALL.iter().filter(|a| **a < Action::ViewWorkspace) {
            assert!(!decide(standing, *action).is_allowed(), "{standing:?} {action}");
        }
    }
}

#[test]
fn a_private_channel_is_read_by_nobody_outside_it() {
    let outside = |s: &Standing| s.kind == ChannelKind::Private && s.channel.is_none() && !s.realm_admin;
    for standing in every_standing().iter().filter(|s| outside(s)) {
        for action in [Action::ReadMessages, Action::Subscribe, Action::SendMessage] {
            assert!(!decide(standing, action).is_allowed(), "{standing:?} {action}");
        }
    }
}

#[test]
fn a_realm_admin_is_refused_nothing_that_he_would_get_as_a_member() {
    for standing in every_standing().iter().filter(|s| !s.realm_admin) {
        let admin = Standing { realm_admin: true, ..*standing };
        for action in Action::ALL {
            if decide(standing, *action) == Decision::Allow {
                assert_eq!(decide(&admin, *action), Decision::Allow, "{admin:?} {action}");
            }
        }
    }
}

#[test]
fn a_greater_role_never_loses_a_right() {
    let but_guests = || WorkspaceRole::ALL.iter().filter(|role| **role > WorkspaceRole::Guest);
    for standing in every_standing().iter().filter(|s| s.workspace.is_some()) {
        for action in Action::ALL.iter().filter(|a| decide(standing, **a) == Decision::Allow) {
            for role in but_guests().filter(|role| Some(**role) >= standing.workspace) {
                let greater = Standing { workspace: Some(*role), ..*standing };
                assert_eq!(decide(&greater, *action), Decision::Allow, "{standing:?} {role} {action}");
            }
        }
    }
}

#[test]
fn nobody_touches_or_gives_a_role_above_his_own() {
    for actor in WorkspaceRole::ALL.iter().copied() {
        for target in WorkspaceRole::ALL.iter().copied() {
            for to in WorkspaceRole::ALL.iter().copied() {
                let expected = match actor {
                    WorkspaceRole::Owner => true,
                    WorkspaceRole::Admin => target != WorkspaceRole::Owner && to != WorkspaceRole::Owner,
                    _ => false,
                };
                assert_eq!(may_change_role(actor, target, to), expected, "{actor} {target} {to}");
            }
            let expected = may_change_role(actor, target, WorkspaceRole::Guest);
            assert_eq!(may_remove_member(actor, target), expected, "{actor} {target}");
        }
    }
}

#[test]
fn a_moderator_removes_members_and_no_owner() {
    let standing = |channel| Standing {
        realm_admin: false,
        workspace: Some(WorkspaceRole::Member),
        channel: Some(channel),
        kind: ChannelKind::Private,
        archived: false,
        scopes: Scopes::ALL,
    };
    let moderator = standing(ChannelRole::Moderator);
    assert_eq!(may_remove_from_channel(&moderator, ChannelRole::Member), Decision::Allow);
    assert_eq!(may_remove_from_channel(&moderator, ChannelRole::Owner), Decision::Forbid);
    assert_eq!(may_remove_from_channel(&standing(ChannelRole::Owner), ChannelRole::Owner), Decision::Allow);
}

#[test]
fn the_standing_in_a_workspace_decides_its_actions() {
    let member = Standing::in_workspace(false, Some(WorkspaceRole::Member), Scopes::ALL);
    assert_eq!(decide(&member, Action::CreatePublicChannel), Decision::Allow);
    assert_eq!(decide(&member, Action::InviteToWorkspace), Decision::Forbid);
    let stranger = Standing::in_workspace(false, None, Scopes::ALL);
    assert_eq!(decide(&stranger, Action::ViewWorkspace), Decision::Hide);
    let realm_admin = Standing::in_workspace(true, None, Scopes::ALL);
    assert_eq!(decide(&realm_admin, Action::ViewWorkspace), Decision::AllowAsRealmAdmin);
    assert_eq!(decide(&realm_admin, Action::LeaveWorkspace), Decision::Forbid);
}

#[test]
fn every_action_has_a_word_of_its_own() {
    let mut words: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Action::ALL.len());
}
