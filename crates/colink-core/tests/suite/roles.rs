//! Roles and channel kinds as words.

use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_core::schema;

#[test]
fn roles_are_snake_case_words_in_every_direction() {
    for role in WorkspaceRole::ALL {
        assert_eq!(role.as_str().parse::<WorkspaceRole>().unwrap(), *role);
        assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
        assert_eq!(serde_json::from_str::<WorkspaceRole>(&format!("\"{role}\"")).unwrap(), *role);
    }
    for role in ChannelRole::ALL {
        assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
    }
    for kind in ChannelKind::ALL {
        assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
    }
}

#[test]
fn an_unknown_role_is_refused_with_the_known_ones() {
    let refused = "king".parse::<ChannelRole>().unwrap_err();
    assert_eq!(refused.message(), "must be one of: member moderator owner");
    assert_eq!("".parse::<ChannelRole>().unwrap_err().message(), "is required");
    assert!(serde_json::from_str::<ChannelKind>("\"Public\"").is_err());
}

#[test]
fn roles_are_ordered_from_least_to_greatest() {
    assert!(WorkspaceRole::ALL.is_sorted());
    assert!(WorkspaceRole::Guest < WorkspaceRole::Member && WorkspaceRole::Admin < WorkspaceRole::Owner);
    assert!(ChannelRole::ALL.is_sorted());
    assert!(ChannelRole::Member < ChannelRole::Owner);
}

#[test]
fn every_schema_has_a_name_of_its_own() {
    let schemas = schema::all();
    let mut names: Vec<&str> = schemas.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), schemas.len());
    for wanted in ["ChannelId", "Timestamp", "Email", "WorkspaceRole", "ErrorKind", "Cursor"] {
        assert!(names.contains(&wanted), "{wanted}");
    }
    let id = schemas.iter().find(|(name, _)| name == "ChannelId").unwrap();
    let json = serde_json::to_value(&id.1).unwrap();
    assert_eq!((&json["type"], &json["format"]), (&"string".into(), &"uuid".into()));
}
