//! How often the API may be asked: for each key, and for each address that sends wrong ones.

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::ids::ApiKeyId;
use crate::domain::policy::ApiRules;

type PerKey = RateLimiter<ApiKeyId, DashMapStateStore<ApiKeyId>, DefaultClock, StateInformationMiddleware>;
type PerAddress = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

/// The limiters of this node.
pub struct ApiLimits {
    keys: PerKey,
    failures: PerAddress,
    burst: u32,
    per_second: u32,
}

/// What is left for a key, for the headers of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    remaining: u32,
    burst: u32,
    per_second: u32,
}

impl ApiLimits {
    /// As the rules say.
    pub fn new(rules: &ApiRules) -> Self {
        let ApiRules { requests_per_second: per_second, burst, failed_keys_per_minute, .. } = *rules;
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self {
            keys: RateLimiter::dashmap(quota).with_middleware(),
            failures: RateLimiter::dashmap(Quota::per_minute(at_least_one(failed_keys_per_minute))),
            burst,
            per_second,
        }
    }

    /// Counts a request of a key.
    ///
    /// # Errors
    /// How long to wait.
    pub fn count(&self, key: ApiKeyId) -> Result<Left, Duration> {
        let left = |remaining| Left { remaining, burst: self.burst, per_second: self.per_second };
        match self.keys.check_key(&key) {
            Ok(state) => Ok(left(state.remaining_burst_capacity())),
            Err(refused) => {
                metrics::counter!("menfang_limit_hits_total", "limit" => "requests_per_key").increment(1);
                Err(refused.wait_time_from(DefaultClock::default().now()))
            }
        }
    }

    /// Counts a wrong key of an address.
    ///
    /// # Errors
    /// How long to wait.
    pub fn count_failure(&self, address: &str) -> Result<(), Duration> {
        self.failures.check_key(&address.to_owned()).map_err(|refused| {
            metrics::counter!("menfang_limit_hits_total", "limit" => "failed_keys_per_address").increment(1);
            refused.wait_time_from(DefaultClock::default().now())
        })
    }

    /// Forgets keys and addresses that have not been seen for long enough to have everything left.
    pub fn tidy(&self) {
        self.keys.retain_recent();
        self.failures.retain_recent();
    }
}

impl Left {
    /// The headers that say so (draft-ietf-httpapi-ratelimit-headers): what is left, and the policy.
    pub fn headers(self) -> Vec<(HeaderName, HeaderValue)> {
        let Self { remaining, burst, per_second } = self;
        // Seconds until everything is left again.
        let full_in = (burst.saturating_sub(remaining)).div_ceil(per_second.max(1));
        let window = burst.div_ceil(per_second.max(1));
        [
            ("ratelimit-policy", format!("\"key\";q={burst};w={window}")),
            ("ratelimit", format!("\"key\";r={remaining};t={full_in}")),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_burst_fits_and_the_next_waits() {
        let hour = Duration::from_hours(1);
        let limits = ApiLimits::new(&ApiRules {
            requests_per_second: 1,
            burst: 3,
            failed_keys_per_minute: 2,
            idempotency: hour,
            key: hour,
        });
        let key = ApiKeyId(Uuid::from_u128(1));
        let left = limits.count(key).unwrap();
        assert_eq!(left.headers()[1].1, "\"key\";r=2;t=1");
        assert!(limits.count(key).is_ok() && limits.count(key).is_ok());
        assert!(limits.count(key).unwrap_err() <= Duration::from_secs(1));
        assert!(limits.count(ApiKeyId(Uuid::from_u128(2))).is_ok(), "another key has its own");
        assert!(limits.count_failure("a").is_ok() && limits.count_failure("a").is_ok());
        assert!(limits.count_failure("a").is_err() && limits.count_failure("b").is_ok());
    }
}
