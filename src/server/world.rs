//! The outside world, by one door: time, chance, and the way out.

use std::sync::Arc;
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;

use crate::domain::clock::{Clock, Entropy, Millis};

use super::cluster_clock::ClusterClock;

/// What a server takes from outside.
#[derive(Clone)]
pub struct World {
    /// The time that is stored.
    pub clock: Arc<dyn Clock>,
    /// The same clock, if it is to go by the database's.
    pub cluster_clock: Option<Arc<ClusterClock>>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The way out, to WeChat and SMS gateways.
    pub http: reqwest::Client,
}

impl World {
    /// The real world.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn real() -> anyhow::Result<Self> {
        let clock = Arc::new(ClusterClock::default());
        let cluster_clock = Some(Arc::clone(&clock));
        Ok(Self { clock, cluster_clock, entropy: Arc::new(OsEntropy), http: client()? })
    }
}

/// The client for calls to outside systems: no redirects (a secret stands in the query), no retries of its own (the
/// caller knows what may be repeated), every call with an end.
///
/// # Errors
/// TLS cannot be set up.
pub fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(8))
        .build()?)
}

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door that time comes in by")]
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random numbers.
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if SysRng.try_fill_bytes(bytes).is_err() {
            // Going on with predictable secrets would be worse than not going on.
            tracing::error!("the operating system gives no random numbers");
            std::process::abort();
        }
    }
}
