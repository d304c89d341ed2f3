//! Start, drain, stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::Arbiter;
use actix_web::dev::{Server as HttpServer_, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use socket2::SockRef;
use tokio::task::JoinHandle;

use crate::actors::dispatcher::Dispatcher;
use crate::actors::follower_import::FollowerImporter;
use crate::actors::inboxes::Inboxes;
use crate::actors::progress::ProgressWatchers;
use crate::actors::registry::Registry;
use crate::http::front_door::{self, MakeId};
use crate::http::{ops, routes};
use crate::store::Store;
use crate::telemetry;
use crate::usecases::{Administration, PlatformAccounts, SignIn};

use super::build::Server;
use super::upgrade;

/// A peer that takes nothing for so long is gone: without it a stuck reader would keep its socket for ever, because
/// its actor is no longer polled.
const STUCK: Duration = Duration::from_secs(20);
/// The longest time over which waiting browsers are sent away.
const LONGEST_GOODBYE: Duration = Duration::from_secs(10);

/// A server that serves.
pub struct Running {
    public: ServerHandle,
    ops: ServerHandle,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
    progress: ProgressWatchers,
    arbiters: Vec<Arbiter>,
    draining: Arc<AtomicBool>,
    shutdown: Duration,
    /// Where the public is served.
    pub url: String,
    /// Where the operator is served.
    pub ops_address: SocketAddr,
    /// Signing in, for what has no route.
    pub sign_in: SignIn,
    /// Administering, for what has no route.
    pub admin: Administration,
    /// Registered people, for what has no route.
    pub accounts: PlatformAccounts,
    /// The rows, for tests that count them.
    pub store: Store,
    /// The live sessions.
    pub live: Registry,
    /// The live inboxes.
    pub inboxes: Inboxes,
    /// Importing followers, for tests that wait for it.
    pub importer: Arc<FollowerImporter>,
    /// Sending what is due, for tests that wait for it.
    pub dispatcher: Arc<Dispatcher>,
}

impl Server {
    /// The public URL.
    pub fn url(&self) -> &str {
        &self.site.front.origin
    }

    /// The use cases, before serving begins.
    pub fn sign_in(&self) -> &SignIn {
        &self.site.sign_in
    }

    /// Administering, before serving begins.
    pub fn admin(&self) -> &Administration {
        &self.site.admin
    }

    /// Platform accounts, before serving begins.
    pub fn accounts(&self) -> &PlatformAccounts {
        &self.site.accounts
    }

    /// Begins to serve.
    ///
    /// # Errors
    /// The listeners cannot be taken over.
    pub fn start(self) -> anyhow::Result<Running> {
        let ops_address = self.ops_listener.local_addr().context("ops.listen")?;
        let public = self.public()?;
        let ops = self.ops()?;
        let (public_handle, ops_handle) = (public.handle(), ops.handle());
        let tasks = vec![tokio::spawn(public), tokio::spawn(ops)];
        Ok(Running {
            public: public_handle,
            ops: ops_handle,
            tasks,
            url: self.site.front.origin.clone(),
            ops_address,
            sign_in: self.site.sign_in.clone(),
            admin: self.site.admin.clone(),
            accounts: self.site.accounts.clone(),
            store: self.store,
            live: self.views.registry,
            inboxes: self.views.inboxes,
            progress: self.views.progress,
            dispatcher: self.dispatcher,
            importer: self.importer,
            arbiters: self.arbiters,
            draining: self.draining,
            shutdown: self.config.http.shutdown(),
        })
    }

    fn public(&self) -> anyhow::Result<HttpServer_> {
        let site = self.site.clone();
        let make_id = self.make_id();
        let app = move || {
            App::new()
                .app_data(site.clone())
                .app_data(make_id.clone())
                .configure(routes::framework_errors)
                .wrap(from_fn(front_door::pass))
                .configure(routes::public)
        };
        let http = &self.config.http;
        let mut server = HttpServer_::build()
            .disable_signals()
            .max_concurrent_connections(http.max_connections)
            .shutdown_timeout((http.shutdown_seconds / 2).min(10));
        if http.workers > 0 {
            server = server.workers(http.workers);
        }
        let (head, stop) = (http.head(), server.graceful_shutdown_signal());
        let services = move || {
            let stop = stop.clone();
            let stopping = move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            };
            upgrade::service(app(), head, stopping, watch_for_stuck_readers)
        };
        Ok(server.listen("public", self.listener.try_clone()?, services)?.run())
    }

    fn make_id(&self) -> web::Data<MakeId> {
        web::Data::new(front_door::ids(Arc::clone(&self.world.clock), Arc::clone(&self.world.entropy)))
    }

    fn ops(&self) -> anyhow::Result<HttpServer_> {
        let bus = self.bus.clone();
        let ops = web::Data::new(ops::Ops {
            store: self.store.clone(),
            redis_is_up: Box::new(move || bus.redis_is_up()),
            draining: Arc::clone(&self.draining),
            metrics: telemetry::metrics::render,
        });
        let make_id = self.make_id();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(ops.clone())
                .app_data(make_id.clone())
                .wrap(from_fn(front_door::pass))
                .configure(ops::routes)
        });
        Ok(server
            .workers(1)
            .disable_signals()
            .shutdown_timeout(1)
            .listen(self.ops_listener.try_clone()?)?
            .run())
    }
}

impl Running {
    /// Drains and stops: not ready at once, live connections are sent away with 1012, what is under way is finished.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Relaxed);
        let goodbye = (self.shutdown / 3).min(LONGEST_GOODBYE);
        self.progress.drain();
        // What is on its way to WeChat is waited for, while waiting browsers are sent away.
        let sends = tokio::time::timeout(self.shutdown / 2, self.dispatcher.drain());
        let (sent, (), ()) = tokio::join!(sends, self.live.drain(goodbye), self.inboxes.drain(goodbye));
        if sent.is_err() {
            tracing::warn!("some messages were still on their way; the next start finds out about them");
        }
        let graceful = tokio::time::timeout(self.shutdown, self.public.stop(true)).await;
        if graceful.is_err() {
            tracing::warn!("some requests did not end in time and were cut off");
            self.public.stop(false).await;
        }
        self.ops.stop(false).await;
        for task in self.tasks {
            if let Ok(Err(error)) = task.await {
                tracing::error!(error = %error, "a server ended with an error");
            }
        }
        end(self.arbiters).await;
        // Threads of the framework end by themselves, some time after they said that they would.
        self.store.let_go();
    }

    /// Stops at once, like a process that is killed: nobody is told, nothing is finished.
    pub async fn halt(self) {
        self.public.stop(false).await;
        self.ops.stop(false).await;
        end(self.arbiters).await;
        self.store.let_go();
    }
}

/// Ends the actors and waits until their threads are gone.
async fn end(arbiters: Vec<Arbiter>) {
    for arbiter in &arbiters {
        arbiter.stop();
    }
    // What they work at is dropped with them, and with it the database: whoever starts next finds it free.
    let ended = tokio::task::spawn_blocking(|| arbiters.into_iter().all(|arbiter| arbiter.join().is_ok()));
    if !ended.await.is_ok_and(|ended| ended) {
        tracing::warn!("a thread of actors did not end well");
    }
}

fn watch_for_stuck_readers(connection: &TcpStream) {
    let socket = SockRef::from(connection);
    // Neither is possible on every system, and serving without them is better than not serving.
    drop(socket.set_tcp_user_timeout(Some(STUCK)));
    drop(socket.set_tcp_nodelay(true));
}
