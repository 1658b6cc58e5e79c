//! A small HTTP server on a thread of its own: the JWKS endpoint, or the other service of an internal call.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};

/// A server on a free port of 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct LocalServer {
    address: SocketAddr,
    handle: ServerHandle,
}

impl LocalServer {
    /// Starts a server with these routes.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start<F>(routes: F) -> Self
    where
        F: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (started, handle) = mpsc::channel();
        let body = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let server = HttpServer::new(move || App::new().configure(routes.clone()))
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .expect("a listening socket")
                    .run();
                started.send(server.handle()).expect("somebody waiting");
                server.await
            })
        };
        thread::Builder::new().name("local server".to_owned()).spawn(body).expect("a thread");
        Self { address, handle: handle.recv().expect("a started server") }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        // The command is queued by the call; nobody needs to wait for the thread to end.
        drop(self.handle.stop(false));
    }
}
