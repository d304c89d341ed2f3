//! Building a server: the only place that knows every room.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix::Arbiter;
use anyhow::Context as _;

use crate::actors::change_feed::{ChangeFeed, Views};
use crate::actors::closed_portals::ClosedPortals;
use crate::actors::dispatcher::{self, DispatchWatch, Dispatcher};
use crate::actors::follow_check::{Asker, FollowCheck};
use crate::actors::follower_import::{CatchingUp, FollowerImporter, FollowerImports};
use crate::actors::inboxes::Inboxes;
use crate::actors::janitor::Janitor;
use crate::actors::progress::ProgressWatchers;
use crate::actors::registry::Registry;
use crate::actors::scanned::Scanned;
use crate::actors::supervision::supervise;
use crate::actors::{inbox, qr_session};
use crate::bus::Bus;
use crate::config::Config;
use crate::domain::keys::SigningKey;
use crate::http::api::limits::ApiLimits;
use crate::http::site::{Front, Site};
use crate::sms::SmsSender;
use crate::store::{Database, Store};
use crate::telemetry;
use crate::usecases::receipts::ReceiptIntake;
use crate::usecases::{Administration, Parts, PlatformAccounts, SignIn};
use crate::wechat::WeChat;

use super::{World, secrets, sections};

/// Threads that the actors of inboxes live on.
const INBOX_THREADS: usize = 2;
/// How long one look at a table may take that an operator asks for.
const LONGEST_LOOK: Duration = Duration::from_mins(10);

/// A server whose ports are bound and whose rows are ready, not yet serving.
pub struct Server {
    pub(super) config: Config,
    pub(super) world: World,
    pub(super) listener: TcpListener,
    pub(super) ops_listener: TcpListener,
    pub(super) site: actix_web::web::Data<Site>,
    pub(super) store: Store,
    pub(super) bus: Bus,
    pub(super) views: Views,
    pub(super) importer: Arc<FollowerImporter>,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) arbiters: Vec<Arbiter>,
    pub(super) draining: Arc<AtomicBool>,
}

/// Binds the ports, opens the rows, brings the schema up, starts the actors.
///
/// # Errors
/// A port is taken, the database cannot be used, or a setting cannot.
pub async fn build(config: Config, world: World) -> anyhow::Result<Server> {
    let listener = bind("http.listen", config.http.listen)?;
    let ops_listener = bind("ops.listen", config.ops.listen)?;
    let bound = listener.local_addr().context("http.listen")?;
    let front = sections::front(&config, bound);
    if !front.secure && config.http.public_url.is_some() {
        tracing::warn!("http.public_url is plain http: cookies are not protected by TLS");
    }
    // It holds much, and only while it opens.
    let store = Box::pin(open(&sections::database(&config), &config, &world)).await?;
    if store.is_for_one_process() {
        // It begins here: whoever held a claim is gone.
        let unit = store.begin().await?;
        unit.give_back_imports().await?;
        unit.release_all_outboxes().await?;
        unit.commit().await?;
    }
    telemetry::metrics::install()?;

    let bus = match sections::redis(&config, &world)? {
        Some(settings) => Bus::redis(settings)?,
        None => Bus::in_process(),
    };
    let wechat = wechat(&config, &world, &bus);
    let parts = Arc::new(parts(&config, &world, &store, &bus, &wechat, &front)?);
    // Who sends and tidies up has connections of its own, so that nobody who signs in waits for them.
    let behind = store.in_background();
    let sign_in = SignIn::new(Arc::clone(&parts));
    let admin = Administration::new(Arc::clone(&parts));
    let accounts = PlatformAccounts::new(parts);
    // One for the core, one for imports, which have much to read and write, one for what is sent, and those of the inboxes.
    let arbiters: Vec<Arbiter> = (0..3 + INBOX_THREADS).map(|_| thread_of_actors()).collect();
    let tools = qr_session::Tools {
        store: store.clone(),
        clock: Arc::clone(&world.clock),
        lifetimes: sections::lifetimes(&config),
        watchers: config.http.sockets_per_session,
        closed: ClosedPortals::default(),
        scanned: Scanned::default(),
    };
    let homes: Vec<_> = arbiters.iter().skip(3).map(Arbiter::handle).collect();
    let registry = Registry::new(tools, config.limits.qr_sessions_per_node);
    let tools = inbox::Tools {
        store: store.clone(),
        clock: Arc::clone(&world.clock),
        rules: sections::account_rules(&config),
        watchers: config.http.sockets_per_account,
    };
    let views =
        Views { registry, inboxes: Inboxes::new(tools, homes), progress: ProgressWatchers::default() };
    let core = arbiters.first().context("no arbiter")?.handle();
    let shown = views.registry.clone();
    bus.show_sessions_to(move |news| shown.tell(news));
    start_feed(&core, &store, &bus, &views);
    if let Some(clock) = &world.cluster_clock {
        core.spawn(Arc::clone(clock).follow(store.clone()));
    }
    start_actors(&core, &config, &world, &behind, &bus, &wechat);
    let sends = &arbiters.get(2).context("no arbiter")?.handle();
    let dispatcher = start_dispatching(sends, &config, &world, &behind, &bus, &wechat);
    let catching_up =
        CatchingUp { follow_wait: sections::dispatch_rules(&config).follow_wait, bus: bus.clone() };
    let importer = FollowerImporter::new(behind, wechat, Arc::clone(&world.clock), catching_up);
    let importer = start_imports(&arbiters.get(1).context("no arbiter")?.handle(), importer);

    let site = actix_web::web::Data::new(Site::new(
        sign_in,
        admin,
        accounts,
        views.clone(),
        front,
        ApiLimits::new(&sections::api_rules(&config)),
    ));
    tidy_every_minute(&core, site.clone());
    Ok(Server {
        config,
        world,
        listener,
        ops_listener,
        site,
        store,
        bus,
        views,
        importer,
        dispatcher,
        arbiters,
        draining: Arc::default(),
    })
}

/// A thread for actors. What they are at when it stops is dropped after its runtime has left the thread, and a query that is
/// dropped gives its connection back by a task: the thread keeps the runtime's handle for that.
fn thread_of_actors() -> Arbiter {
    Arbiter::with_tokio_rt(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // As `Arbiter::new` would: a machine that cannot give a thread its runtime cannot serve.
        let runtime = runtime.unwrap_or_else(|error| panic!("no runtime for a thread of actors: {error}"));
        std::mem::forget(runtime.enter());
        runtime
    })
}

/// Administering alone, with no port, no actor and no part in what nodes share out.
///
/// # Errors
/// The database cannot be used, or a setting cannot.
pub async fn administration(config: &Config, world: &World) -> anyhow::Result<Administration> {
    // Whole tables are looked through, and nobody else waits for it.
    let database = Database { behind: LONGEST_LOOK, ..sections::database(config) };
    let store = Box::pin(open(&database, config, world)).await?;
    let bus = Bus::in_process();
    let wechat = wechat(config, world, &bus);
    let front = sections::front(config, config.http.listen);
    let parts = parts(config, world, &store, &bus, &wechat, &front)?;
    Ok(Administration::new(Arc::new(parts)))
}

/// Opens the rows, sets the clock by them, and brings the schema up.
async fn open(database: &Database, config: &Config, world: &World) -> anyhow::Result<Store> {
    let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
    let store = Store::open(database, sections::vault(config), clock, entropy).await?;
    if let Some(clock) = &world.cluster_clock {
        clock.look(&store).await?;
    }
    store.migrate_up().await.context("the schema could not be brought up")?;
    secrets::agree(&store, config).await?;
    Ok(store)
}

/// Keys and addresses that have not been seen for a while would pile up in the limiters.
fn tidy_every_minute(core: &actix::ArbiterHandle, site: actix_web::web::Data<Site>) {
    core.spawn(async move {
        let mut every = tokio::time::interval(Duration::from_mins(1));
        loop {
            every.tick().await;
            site.api_limits.tidy();
        }
    });
}

fn bind(key: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    let listener =
        TcpListener::bind(address).with_context(|| format!("{key}: cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn wechat(config: &Config, world: &World, bus: &Bus) -> WeChat {
    let (http, clock) = (world.http.clone(), Arc::clone(&world.clock));
    WeChat::sharing(http, sections::endpoints(config), clock, bus)
}

fn parts(
    config: &Config,
    world: &World,
    store: &Store,
    bus: &Bus,
    wechat: &WeChat,
    front: &Front,
) -> anyhow::Result<Parts> {
    let entropy = Arc::clone(&world.entropy);
    let sms = SmsSender::new(
        sections::gateway(config),
        world.http.clone(),
        Arc::clone(&world.clock),
        Arc::clone(&entropy),
    );
    anyhow::ensure!(
        sections::limits(config).guesses_per_code > 0,
        "limits.guesses_per_code: must be at least 1"
    );
    Ok(Parts {
        store: store.clone(),
        bus: bus.clone(),
        wechat: wechat.clone(),
        sms,
        clock: Arc::clone(&world.clock),
        entropy,
        signing: SigningKey::new(*config.secrets.signing_key.expose()),
        lifetimes: sections::lifetimes(config),
        limits: sections::limits(config),
        public_url: front.origin.clone(),
        countries: config.sms.allowed_countries.iter().map(|code| code.as_str().to_owned()).collect(),
        sms_text: config.sms.text.clone(),
        api: sections::api_rules(config),
        dispatch: sections::dispatch_rules(config),
        receipts: ReceiptIntake::default(),
        accounts: sections::account_rules(config),
        member_seats: sections::member_seats(config),
        prices: sections::price_list(config).context("billing.packs")?,
    })
}

fn start_dispatching(
    home: &actix::ArbiterHandle,
    config: &Config,
    world: &World,
    store: &Store,
    bus: &Bus,
    wechat: &WeChat,
) -> Arc<Dispatcher> {
    let dispatcher = Arc::new(Dispatcher::new(dispatcher::Tools {
        store: store.clone(),
        bus: bus.clone(),
        wechat: wechat.clone(),
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        rules: sections::dispatch_rules(config),
    }));
    let (called, place) = (Arc::clone(&dispatcher), home.clone());
    supervise("dispatch_watch", home, move |life| {
        DispatchWatch::new(Arc::clone(&called), place.clone(), life)
    });
    dispatcher
}

fn start_imports(home: &actix::ArbiterHandle, importer: FollowerImporter) -> Arc<FollowerImporter> {
    let importer = Arc::new(importer);
    let called = Arc::clone(&importer);
    supervise("follower_import", home, move |life| FollowerImports::new(Arc::clone(&called), life));
    importer
}

/// The change feed, and whom it tells.
fn start_feed(core: &actix::ArbiterHandle, store: &Store, bus: &Bus, views: &Views) {
    let (rows, nudges, told) = (store.clone(), bus.clone(), views.clone());
    supervise("change_feed", core, move |life| {
        ChangeFeed::new(rows.clone(), nudges.clone(), told.clone(), life)
    });
}

fn start_actors(
    core: &actix::ArbiterHandle,
    config: &Config,
    world: &World,
    store: &Store,
    bus: &Bus,
    wechat: &WeChat,
) {
    let (rows, nudges, wechat, clock) =
        (store.clone(), bus.clone(), wechat.clone(), Arc::clone(&world.clock));
    let follow_wait = sections::dispatch_rules(config).follow_wait;
    supervise("follow_check", core, move |life| {
        let asker = Asker {
            store: rows.clone(),
            bus: nudges.clone(),
            wechat: wechat.clone(),
            clock: Arc::clone(&clock),
            follow_wait,
        };
        FollowCheck::new(asker, life)
    });
    let (rows, keep) = (store.clone(), sections::retention(config));
    supervise("janitor", core, move |life| Janitor::new(rows.clone(), keep, life));
    core.spawn(async {
        let mut every = tokio::time::interval(Duration::from_secs(5));
        loop {
            every.tick().await;
            telemetry::metrics::run_upkeep();
        }
    });
}
