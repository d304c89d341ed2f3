//! Binding, starting and stopping.

use std::{net::TcpListener, path::PathBuf};

use actix_web::{App, HttpServer, dev::ServerHandle, middleware::from_fn, web};
use anyhow::Context;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    callback::{Outbox, Pace, hand_on},
    control,
    ledger::Ledger,
    phone, traffic, wechat,
    world::World,
};

/// Threads that serve. It is a test tool: two show every race and leave the machine to what is tested.
const WORKERS: usize = 2;
/// How long a stop waits for calls in flight, in seconds.
const STOP_SECONDS: u64 = 3;

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// `127.0.0.1:8090`; port 0 picks a free one.
    pub listen: String,
    /// The folder of the journal; `None` keeps everything in memory.
    pub data: Option<PathBuf>,
}

/// A sandbox that has its port and its memory, but does not answer yet.
pub struct Sandbox {
    listener: TcpListener,
    ledger: Ledger,
    url: String,
}

impl Sandbox {
    /// Binds the port and reads the journal.
    ///
    /// # Errors
    /// The address cannot be bound, or the folder cannot be used.
    pub fn bind(config: SandboxConfig) -> anyhow::Result<Self> {
        let SandboxConfig { listen, data } = config;
        let ledger = Ledger::open(data.as_deref())?;
        let listener =
            TcpListener::bind(&listen).with_context(|| format!("the sandbox cannot listen on {listen}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, ledger, url })
    }

    /// Where it will be reached: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts to answer. Must be called inside a tokio (or actix) runtime.
    ///
    /// # Panics
    /// Outside a runtime, or on a machine where no socket and no TLS client can be set up.
    #[must_use = "the sandbox stops when this is dropped"]
    pub fn start(self) -> RunningSandbox {
        self.try_start().expect("the sandbox could not be started")
    }

    fn try_start(self) -> anyhow::Result<RunningSandbox> {
        let Self { listener, ledger, url } = self;
        let (outbox, deliveries) = Outbox::start(Pace::WECHAT)?;
        let (stop, stopping) = watch::channel(false);
        let world = web::Data::new(World::new(url.clone(), ledger, outbox, stopping));
        let shared = world.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .wrap(from_fn(wechat::refuse_chunked))
                .wrap(from_fn(traffic::watch))
                .configure(wechat::routes)
                .configure(control::routes)
                .configure(phone::routes)
                .default_service(web::to(wechat::not_found))
        })
        .workers(WORKERS)
        .disable_signals()
        .shutdown_timeout(STOP_SECONDS)
        .listen(listener)?
        .run();
        let handle = server.handle();
        let serving = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox ended");
            }
        });
        let receipts = tokio::spawn(hand_on(world.clone().into_inner()));
        let tasks = Some(Tasks { serving, deliveries, receipts });
        Ok(RunningSandbox { url, handle, stop, tasks, world })
    }
}

struct Tasks {
    serving: JoinHandle<()>,
    deliveries: JoinHandle<()>,
    receipts: JoinHandle<()>,
}

/// A sandbox that answers. Dropping it stops it at once; [`RunningSandbox::stop`] is the gentle way.
pub struct RunningSandbox {
    url: String,
    handle: ServerHandle,
    stop: watch::Sender<bool>,
    tasks: Option<Tasks>,
    world: web::Data<World>,
}

impl RunningSandbox {
    /// Where it is reached: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends what is in flight and stops. The journal is complete: every change is written as it is made. When this
    /// returns, port and folder are free again.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let tasks = self.tasks.take();
        self.handle.stop(true).await;
        let Some(Tasks { serving, deliveries, receipts }) = tasks else { return };
        let _ = serving.await;
        receipts.abort();
        deliveries.abort();
        let _ = receipts.await;
        let _ = deliveries.await;
        // Threads that are still winding down hold the world, and with it the folder.
        self.world.ledger().close();
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let tasks = self.tasks.take();
        if let Some(tasks) = tasks {
            tasks.receipts.abort();
            tasks.deliveries.abort();
            self.world.ledger().close();
            // The command is on its way when the call returns; the future only waits for it.
            drop(self.handle.stop(false));
        }
    }
}
