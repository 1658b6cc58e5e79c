//! What channels and messaging would answer: one server plays both internal APIs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gate::Gate;

/// A channel of the world.
#[derive(Clone, Debug)]
pub struct WorldChannel {
    pub id: ChannelId,
    pub workspace: WorkspaceId,
    pub kind: &'static str,
    pub members: Vec<UserId>,
    /// Its log; number `n` stands at `n - 1`.
    pub log: Vec<Value>,
    /// The log begins behind this number.
    pub forgotten: i64,
}

/// The state behind both APIs.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    channels: HashMap<ChannelId, WorldChannel>,
    /// Members of the workspaces who are in no channel.
    colleagues: Vec<UserId>,
    /// Everybody is a guest of the workspaces.
    guests: bool,
    /// Every workspace is closed to sessions that were not proven by a second factor.
    require_mfa: bool,
    is_down: bool,
    /// How often a service was asked while it was down.
    refused: usize,
    gates: HashMap<String, Gate>,
    posts: Vec<(String, Value)>,
}

impl World {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    pub fn add(&self, channel: WorldChannel) {
        self.with(|state| state.channels.insert(channel.id, channel));
    }

    pub fn add_colleague(&self, user: UserId) {
        self.with(|state| state.colleagues.push(user));
    }

    pub fn remove_colleague(&self, user: UserId) {
        self.with(|state| state.colleagues.retain(|colleague| *colleague != user));
    }

    pub fn make_guests(&self) {
        self.with(|state| state.guests = true);
    }

    pub fn require_mfa(&self) {
        self.with(|state| state.require_mfa = true);
    }

    pub fn join(&self, channel: ChannelId, user: UserId) {
        self.with(|state| state.channels.get_mut(&channel).unwrap().members.push(user));
    }

    pub fn leave(&self, channel: ChannelId, user: UserId) {
        self.with(|state| state.channels.get_mut(&channel).unwrap().members.retain(|member| *member != user));
    }

    /// Writes to a channel's log; answers the number.
    pub fn write(&self, channel: ChannelId, event: impl FnOnce(i64) -> Value) -> i64 {
        self.with(|state| {
            let log = &mut state.channels.get_mut(&channel).unwrap().log;
            let seq = i64::try_from(log.len()).unwrap() + 1;
            log.push(event(seq));
            seq
        })
    }

    pub fn workspace_of(&self, channel: ChannelId) -> WorkspaceId {
        self.with(|state| state.channels[&channel].workspace)
    }

    /// The event with this number.
    pub fn event(&self, channel: ChannelId, seq: i64) -> Value {
        self.with(|state| state.channels[&channel].log[usize::try_from(seq - 1).unwrap()].clone())
    }

    /// The log of a channel begins behind `seq` from now on.
    pub fn forget(&self, channel: ChannelId, seq: i64) {
        self.with(|state| state.channels.get_mut(&channel).unwrap().forgotten = seq);
    }

    /// Both services answer 503 from now on, or answer again.
    pub fn set_down(&self, is_down: bool) {
        self.with(|state| state.is_down = is_down);
    }

    /// How often a service was asked while it was down.
    pub fn refused(&self) -> usize {
        self.with(|state| state.refused)
    }

    /// Holds back what an endpoint (`standing`, `events`, `memberships`) answers of one channel or user.
    pub fn gate(&self, endpoint: &str, id: impl std::fmt::Display) -> Gate {
        let gate = Gate::default();
        self.with(|state| state.gates.insert(format!("{endpoint}/{id}"), gate.clone()));
        gate
    }

    async fn pass(&self, endpoint: &str, id: impl std::fmt::Display) {
        let gate = self.with(|state| state.gates.get(&format!("{endpoint}/{id}")).cloned());
        if let Some(gate) = gate {
            gate.pass().await;
        }
    }

    /// What was posted over sockets: the token and the body.
    pub fn posts(&self) -> Vec<(String, Value)> {
        self.with(|state| state.posts.clone())
    }

    /// The URL table of both services.
    pub fn routes(self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        move |app| {
            app.app_data(Data::new(self.clone()))
                .route("/internal/channels/heads", web::post().to(heads))
                .route("/internal/channels/{channel}/head", web::get().to(head_at))
                .route("/internal/channels/{channel}/standing/{user}", web::get().to(standing))
                .route("/internal/channels/{channel}/events", web::get().to(events))
                .route("/internal/users/{user}/channels", web::get().to(channels_of))
                .route("/channels/{channel}/messages", web::post().to(post))
                .route("/channels/{channel}/read", web::put().to(read));
        }
    }

    fn answer(&self, work: impl FnOnce(&mut State) -> Option<Value>) -> HttpResponse {
        self.with(|state| {
            if state.is_down {
                state.refused += 1;
                return refusal(503, "SERVICE_UNAVAILABLE");
            }
            match work(state) {
                Some(data) => HttpResponse::Ok().json(json!({"success": true, "data": data, "meta": meta()})),
                None => refusal(404, "NOT_FOUND"),
            }
        })
    }
}

fn meta() -> Value {
    json!({"request_id": "world", "timestamp": "2026-01-01T00:00:00.000Z"})
}

/// In the words of the real ones, which reach clients.
fn refusal(status: u16, code: &str) -> HttpResponse {
    let message = if status == 404 { "There is no such channel." } else { "no" };
    let body = json!({"success": false, "error": {"code": code, "message": message}, "meta": meta()});
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(body)
}

#[derive(Deserialize)]
struct HeadsQuery {
    channel_ids: Vec<ChannelId>,
}

async fn heads(world: Data<World>, query: Json<HeadsQuery>) -> HttpResponse {
    world.answer(|state| {
        let known = query.channel_ids.iter().filter_map(|id| state.channels.get(id));
        let heads: Vec<Value> =
            known.map(|channel| json!({"channel_id": channel.id, "seq": channel.log.len()})).collect();
        Some(json!({ "heads": heads }))
    })
}

#[derive(Deserialize)]
struct AtQuery {
    at: String,
}

async fn head_at(world: Data<World>, path: Path<ChannelId>, query: Query<AtQuery>) -> HttpResponse {
    world.answer(|state| {
        let log = &state.channels.get(&path)?.log;
        let since =
            log.iter().position(|event| event["at"].as_str().is_some_and(|at| at >= query.at.as_str()));
        Some(json!({"channel_id": *path, "seq": since.unwrap_or(log.len())}))
    })
}

async fn standing(world: Data<World>, path: Path<(ChannelId, UserId)>) -> HttpResponse {
    let (channel, user) = path.into_inner();
    let id = channel;
    let answer = world.answer(|state| {
        let colleague = state.colleagues.contains(&user);
        let role = if state.guests { "guest" } else { "member" };
        let channel = state.channels.get(&channel)?;
        let member = channel.members.contains(&user);
        Some(json!({
            "channel_id": channel.id, "workspace_id": channel.workspace, "kind": channel.kind, "archived": false,
            "workspace_role": (member || colleague).then_some(role), "channel_role": member.then_some("member"),
            "channel_version": 1, "member_version": 1, "workspace_member_version": 1,
            "require_mfa": state.require_mfa,
        }))
    });
    world.pass("standing", id).await;
    answer
}

#[derive(Deserialize)]
struct EventsQuery {
    after: i64,
    limit: usize,
}

async fn events(world: Data<World>, path: Path<ChannelId>, query: Query<EventsQuery>) -> HttpResponse {
    let answer = world.answer(|state| {
        let channel = state.channels.get(&path)?;
        let from = query.after.max(channel.forgotten);
        let rest = channel.log.iter().skip(usize::try_from(from).unwrap());
        let events: Vec<&Value> = rest.take(query.limit).collect();
        let gap = (query.after < channel.forgotten)
            .then(|| json!({"from": query.after + 1, "to": channel.forgotten}));
        let next_after = from + i64::try_from(events.len()).unwrap();
        Some(json!({"events": events, "next_after": next_after, "head_seq": channel.log.len(), "gap": gap}))
    });
    world.pass("events", path).await;
    answer
}

async fn channels_of(world: Data<World>, path: Path<UserId>) -> HttpResponse {
    let user = path.into_inner();
    let answer = world.answer(|state| {
        let mine = state.channels.values().filter(|channel| channel.members.contains(&user));
        let channels: Vec<Value> = mine
            .map(|channel| {
                json!({"channel_id": channel.id, "workspace_id": channel.workspace, "kind": channel.kind,
                    "archived": false, "member": true, "channel_role": "member", "workspace_role": "member",
                    "require_mfa": state.require_mfa})
            })
            .collect();
        Some(json!({ "channels": channels }))
    });
    world.pass("memberships", user).await;
    answer
}

async fn post(
    world: Data<World>,
    request: HttpRequest,
    path: Path<ChannelId>,
    body: Json<Value>,
) -> HttpResponse {
    world.answer(|state| {
        state.channels.get(&path)?;
        let token = request.headers().get("authorization")?.to_str().ok()?.to_owned();
        state.posts.push((token, body.clone()));
        Some(json!({"id": "posted", "content": body["content"]}))
    })
}

async fn read(world: Data<World>, path: Path<ChannelId>) -> HttpResponse {
    world.answer(|state| state.channels.get(&path).map(|_| json!({})))
}
