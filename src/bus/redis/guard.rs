//! Counters over all nodes: a log of instants for each limit, as each node keeps it for itself.

use std::sync::LazyLock;

use redis::Script;

use crate::domain::clock::Millis;

use super::{Names, Shared};
use crate::bus::guard::{Limit, Reached};

/// Counts under every key or under none. The instant is the caller's, so that logs mean the same as those of the nodes.
///
/// ARGV: the instant, then maximum and window of each key; instants and windows in milliseconds. Answers the place of the limit
/// that is reached (0 for none) and its oldest instant.
static PASS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local now = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local max, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local first = redis.call('LINDEX', key, 0)
  while first and now - tonumber(first) >= window do
    redis.call('LPOP', key)
    first = redis.call('LINDEX', key, 0)
  end
  if redis.call('LLEN', key) >= max then
    return {i, first or ARGV[1]}
  end
end
for i, key in ipairs(KEYS) do
  redis.call('RPUSH', key, ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2 * i + 1])
end
return {0, ARGV[1]}
",
    )
});

impl Shared {
    /// Counts over all nodes, and on this one along: what it has counted is right also when Redis was emptied, and decides alone
    /// while Redis is away.
    pub(super) async fn pass(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        let here = &self.here.guard;
        // A flood that this node has seen itself costs no question.
        here.look(limits, now)?;
        let Some(asked) = self.ask(limits, now).await else {
            metrics::counter!("menfang_redis_fallbacks_total", "use" => "limits").increment(1);
            return here.pass(limits, now);
        };
        asked?;
        here.count(limits, now);
        Ok(())
    }

    async fn ask(&self, limits: &[Limit], now: Millis) -> Option<Result<(), Reached>> {
        let mut connection = self.link.connection()?;
        let mut call = PASS.prepare_invoke();
        call.arg(now.0);
        for limit in limits {
            let window = u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX);
            call.key(self.names.counter(limit)).arg(limit.max).arg(window.max(1));
        }
        let (place, first) = self.link.in_time(call.invoke_async::<(usize, i64)>(&mut connection)).await?;
        Some(match place.checked_sub(1).and_then(|place| limits.get(place)) {
            Some(limit) => Err(Reached::at(limit, Millis(first), now)),
            None => Ok(()),
        })
    }
}

impl Names {
    /// One hash tag for all of them: those of one call must be on one node of a cluster.
    fn counter(&self, limit: &Limit) -> String {
        self.hashed("{limits}", &[limit.name.as_bytes(), limit.key.as_bytes()])
    }
}
