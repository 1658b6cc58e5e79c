use colink_core::clock::SystemClock;
use colink_core::permission::Scopes;

use super::*;
use crate::hub::Hub;
use crate::hub::socket::tests::socket;

fn channel() -> ChannelId {
    ChannelId::generate(&SystemClock)
}

fn workspace() -> WorkspaceId {
    WorkspaceId::generate(&SystemClock)
}

fn admit(hub: &Hub, socket: &Arc<Socket>, channels: &[(ChannelId, WorkspaceId)]) {
    for (channel, _) in channels {
        hub.place(*channel, socket);
    }
    assert!(hub.admit(socket, socket.followed().doubts(), channels));
}

/// everybody in the workspaces is told, once however many of them he is in, and nobody else is even looked at.
#[test]
fn a_notice_goes_to_the_listeners_and_to_each_once() {
    let (hub, works, shop) = (Hub::default(), workspace(), workspace());
    let ((both, mut his), (bot, mut its)) = (socket(Scopes::ALL), socket(Scopes::NONE));
    hub.connect(&both);
    admit(&hub, &both, &[(channel(), works), (channel(), works), (channel(), shop)]);
    admit(&hub, &bot, &[(channel(), shop)]);
    for _ in 0..50 {
        let (stranger, _outbox) = socket(Scopes::ALL);
        admit(&hub, &stranger, &[(channel(), workspace())]);
    }
    assert_eq!(hub.listeners.of(&[works]).len(), 1);
    assert_eq!(hub.listeners.of(&[works, shop]).len(), 2);
    hub.tell_workspaces(&[works, shop], &"seen".into());
    assert_eq!(his.ready(&both).as_deref(), Some("seen"));
    assert_eq!(his.ready(&both), None, "told once");
    assert_eq!(its.ready(&bot), None, "its token may not know of users");
}

/// whatever ends the last following in a workspace ends the listening, and the index keeps nothing of it.
#[test]
fn a_listener_goes_with_its_last_channel() {
    let ends: [fn(&Hub, &Socket, ChannelId, WorkspaceId); 5] = [
        |hub, socket, channel, _| assert!(hub.leave(channel, socket)),
        |hub, socket, channel, _| hub.cut(channel, socket.user_id()),
        |hub, socket, channel, _| hub.cut_socket(channel, socket),
        |hub, socket, _, workspace| assert!(hub.cut_workspace(workspace, socket)),
        |hub, socket, _, _| hub.disconnect(socket),
    ];
    for end in ends {
        let (hub, works) = (Hub::default(), workspace());
        let (first, last) = (channel(), channel());
        let (socket, _outbox) = socket(Scopes::ALL);
        hub.connect(&socket);
        admit(&hub, &socket, &[(first, works), (last, works)]);
        hub.leave(first, &socket);
        assert_eq!(hub.listeners.of(&[works]).len(), 1, "the last channel is still followed");
        end(&hub, &socket, last, works);
        assert!(read(&hub.listeners.0).0.is_empty());
    }
}

/// a following that was given up, and one that a doubt overtook, leave nothing behind.
#[test]
fn what_is_not_admitted_or_given_up_does_not_listen() {
    let (hub, works, channel) = (Hub::default(), workspace(), channel());
    let (socket, _outbox) = socket(Scopes::ALL);
    let doubts = socket.followed().doubts();
    socket.followed().doubt(works);
    assert!(!hub.admit(&socket, doubts, &[(channel, works)]));
    assert!(read(&hub.listeners.0).0.is_empty());
    let (_room, place) = hub.place(channel, &socket);
    assert!(hub.admit(&socket, socket.followed().doubts(), &[(channel, works)]));
    hub.give_up(channel, &socket, place);
    assert!(read(&hub.listeners.0).0.is_empty());
}
