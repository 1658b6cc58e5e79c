//! Puts a node together.

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use colink_bus::tail::{Tail, TailReadiness};
use colink_runtime::{Boot, Requirement, Service, StartError};
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;

use crate::config::Config;
use crate::holes::{self, Holes};
use crate::hub::Hub;
use crate::hub::close::Close;
use crate::jobs::{check_heads, sweep_devices};
use crate::metrics::PresenceMetrics;
use crate::outdated::Outdated;
use crate::peers::Peers;
use crate::sends::SendBudgets;
use crate::state::State;
use crate::store::devices::Devices;
use crate::store::ephemera::Ephemera;
use crate::typing::TypingThrottle;
use crate::{consumers, notices, routes};

/// The presence service.
#[derive(Debug)]
pub struct Presence;

#[derive(OpenApi)]
#[openapi(
    info(title = "presence", description = "Sockets, presence and typing."),
    paths(routes::socket::open::open_socket, routes::presence::list::list_presence)
)]
struct Document;

impl Service for Presence {
    const NAME: &'static str = "presence";
    const DEFAULTS: &'static str = include_str!("../config.toml");
    type Config = Config;
    type State = Arc<State>;

    fn openapi() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<Arc<State>, StartError> {
        let redis = boot.redis(&config.redis).await?;
        let identity = boot.identity(&config.auth, &config.internal, Some(&redis))?;
        let tails = consumers::STREAMS.map(|stream| Tail::start(&config.kafka, stream, boot.metrics()));
        let tails = tails.into_iter().collect::<Result<Vec<Tail>, _>>()?;
        let ready = tails.iter().map(Tail::readiness).collect();
        let (holes, reports) = Holes::new();
        let peers =
            Peers::new(boot.peer("channels", &config.internal)?, boot.peer("messaging", &config.internal)?);
        let state = Arc::new(State {
            clock: boot.clock(),
            settings: config.sockets.clone(),
            hub: Hub::default(),
            devices: Devices::new(redis.clone()),
            ephemera: Ephemera::new(redis),
            peers,
            holes,
            outdated: Outdated::default(),
            typing: TypingThrottle::default(),
            sends: SendBudgets::new(config.sockets.send_burst, config.sockets.sends_per_minute),
            metrics: PresenceMetrics::new(boot.metrics())?,
            authenticator: identity.authenticator,
            lifecycle: boot.lifecycle().clone(),
        });
        let life = boot.lifecycle();
        let soft = life.soft();
        for tail in tails {
            life.spawn(tail.topic().name(), consumers::run(Arc::clone(&state), tail, soft.clone()));
        }
        life.spawn("holes", holes::run(Arc::clone(&state), reports, soft.clone()));
        life.spawn("notices", notices::run(Arc::clone(&state), soft.clone()));
        life.spawn("sweep devices", sweep_devices::run(Arc::clone(&state), soft.clone()));
        life.spawn("check heads", check_heads::run(Arc::clone(&state), soft.clone()));
        life.spawn("drain", drain(Arc::clone(&state), soft));
        life.spawn_brief("await the streams", announce(ready, boot.require("streams")));
        Ok(state)
    }

    fn routes(routes: &mut ServiceConfig, _state: &Arc<State>) {
        routes::configure(routes);
    }
}

/// A node takes no sockets before it sees every event.
async fn announce(tails: Vec<TailReadiness>, streams: Requirement) {
    for mut tail in tails {
        if !tail.wait().await {
            return;
        }
    }
    streams.grant();
}

/// At shutdown every client is asked to come back to another node, each at its own time.
async fn drain(state: Arc<State>, soft: CancellationToken) {
    soft.cancelled().await;
    for socket in state.hub.sockets() {
        socket.close(Close::Draining);
    }
}
