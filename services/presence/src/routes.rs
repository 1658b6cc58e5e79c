//! The URL table.

use actix_web::web::{ServiceConfig, get, resource};

pub mod presence;
pub mod socket;

/// `/ws` carries the realtime protocol; the rest is plain HTTP.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .service(resource("/ws").route(get().to(socket::open::open_socket)))
        .service(resource("/presence").route(get().to(presence::list::list_presence)));
}
