//! Where Redis is: one server, a cluster, or whichever server Sentinel names; and how it is connected to.

use std::time::Duration;

use redis::aio::PubSub;
use redis::cluster::ClusterClient;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, RedisResult, TlsMode,
};

use super::ANSWER;
use super::link::Connection;

/// Longest time for one connection.
const CONNECT: Duration = Duration::from_secs(1);
/// A peer that acknowledges nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(5);

/// Where Redis is. URLs are `redis://` or `rediss://`, with name, password and number of the database.
#[derive(Clone)]
pub enum Servers {
    /// One server.
    One(String),
    /// A cluster, of which these nodes are known.
    Cluster(Vec<String>),
    /// The server that Sentinel names.
    Sentinel {
        /// The Sentinels; what stands in their URLs beside host and port is for the server.
        sentinels: Vec<String>,
        /// What Sentinel calls the server.
        master: String,
    },
}

/// Addresses that cannot be used, wherever Redis is.
#[derive(Debug, thiserror::Error)]
#[error("redis.url cannot be used: {0}")]
pub struct Unusable(#[from] RedisError);

/// The same, looked through.
pub(super) enum Wiring {
    One(Client),
    Cluster { client: Box<ClusterClient>, seeds: Vec<Client> },
    Sentinel { sentinels: Vec<ConnectionInfo>, master: String },
}

/// What a bus needs: a connection to speak by, and one to listen by.
pub(super) struct Wires {
    pub(super) voice: Connection,
    pub(super) ears: PubSub,
}

impl Servers {
    pub(super) fn wiring(&self) -> Result<Wiring, Unusable> {
        let all = |urls: &[String]| urls.iter().map(|url| address(url)).collect::<RedisResult<Vec<_>>>();
        Ok(match self {
            Self::One(url) => Wiring::One(Client::open(address(url)?)?),
            Self::Cluster(urls) => {
                let nodes = all(urls)?;
                let seeds = nodes.iter().cloned().map(Client::open).collect::<RedisResult<_>>()?;
                let client = ClusterClient::builder(nodes)
                    .tcp_settings(socket())
                    .connection_timeout(CONNECT)
                    .response_timeout(ANSWER)
                    .retries(2)
                    .max_retry_wait(100)
                    .min_retry_wait(10);
                Wiring::Cluster { client: Box::new(client.build()?), seeds }
            }
            Self::Sentinel { sentinels, master } => {
                Wiring::Sentinel { sentinels: all(sentinels)?, master: master.clone() }
            }
        })
    }
}

impl Wiring {
    /// Connects; `turn` chooses the node of a cluster that is listened to, where every node repeats what any other one is told.
    pub(super) async fn connect(&self, turn: usize) -> RedisResult<Wires> {
        match self {
            Self::One(client) => to(client).await,
            Self::Cluster { client, seeds } => {
                let voice = Connection::Cluster(client.get_async_connection().await?);
                let seed = seeds.get(turn % seeds.len().max(1)).ok_or_else(super::link::gone)?;
                Ok(Wires { voice, ears: seed.get_async_pubsub().await? })
            }
            Self::Sentinel { sentinels, master } => to(&named(sentinels, master).await?).await,
        }
    }
}

async fn to(client: &Client) -> RedisResult<Wires> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(2 * ANSWER));
    let (voice, ears) = tokio::try_join!(
        client.get_multiplexed_async_connection_with_config(&config),
        client.get_async_pubsub()
    )?;
    Ok(Wires { voice: Connection::One(voice), ears })
}

/// The server that Sentinel names. Sentinels mostly ask for no password; those that do are given the server's.
async fn named(sentinels: &[ConnectionInfo], master: &str) -> RedisResult<Client> {
    let open =
        sentinels.iter().map(|sentinel| sentinel.clone().set_redis_settings(RedisConnectionInfo::default()));
    match ask(open.collect(), sentinels, master).await {
        Err(_) if sentinels.iter().any(|sentinel| sentinel.redis_settings().password().is_some()) => {
            let known = sentinels.iter().map(|sentinel| {
                let login = sentinel.redis_settings().clone().set_db(0);
                sentinel.clone().set_redis_settings(login)
            });
            ask(known.collect(), sentinels, master).await
        }
        named => named,
    }
}

async fn ask(asked: Vec<ConnectionInfo>, given: &[ConnectionInfo], master: &str) -> RedisResult<Client> {
    let mut node = SentinelNodeConnectionInfo::default().set_tcp_settings(socket());
    if let Some(first) = given.first() {
        node = node.set_redis_connection_info(first.redis_settings().clone());
        if matches!(first.addr(), ConnectionAddr::TcpTls { .. }) {
            node = node.set_tls_mode(TlsMode::Secure);
        }
    }
    // Built anew each time: it keeps connections, and a Sentinel that was away would stay so.
    SentinelClient::build(asked, master, Some(node), SentinelServerType::Master)?.async_get_client().await
}

fn address(url: &str) -> RedisResult<ConnectionInfo> {
    Ok(url.into_connection_info()?.set_tcp_settings(socket()))
}

fn socket() -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_user_timeout(STUCK)
}
