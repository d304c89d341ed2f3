//! How fast messages go out: so many a second for a service account, and a share of that for one app.

use std::num::NonZeroU32;

use governor::clock::DefaultClock;
use governor::state::keyed::DashMapStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::domain::ids::AppId;
use crate::domain::policy::DispatchRules;

type PerApp = RateLimiter<AppId, DashMapStateStore<AppId>, DefaultClock>;

/// The limiters of one outbox. One node sends by it at a time, so that limiters of this process are enough.
pub(super) struct Pace {
    all: DefaultDirectRateLimiter,
    apps: Option<PerApp>,
    window: usize,
    share_percent: u8,
}

impl Pace {
    pub(super) fn new(rules: &DispatchRules) -> Self {
        let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota =
            |per_second: u32, burst: u32| Quota::per_second(number(per_second)).allow_burst(number(burst));
        let share =
            |of: u32| u32::try_from(u64::from(of) * u64::from(rules.app_share_percent) / 100).unwrap_or(of);
        let own = || RateLimiter::keyed(quota(share(rules.per_second), share(rules.burst)));
        // On their way messages catch up with each other: a part of the burst is left for that, so that WeChat never counts more.
        Self {
            all: RateLimiter::direct(quota(rules.per_second, rules.burst - rules.burst / 4)),
            apps: (rules.app_share_percent < 100).then(own),
            window: usize::try_from(rules.per_second / 2).unwrap_or(usize::MAX).clamp(8, 500),
            share_percent: rules.app_share_percent,
        }
    }

    /// How many messages are taken ahead: what goes out in half a second, so that something urgent is never behind more.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// How many messages of one app may be taken ahead, of so many in all.
    pub(super) fn room_of_app(&self, room: usize) -> usize {
        if self.apps.is_none() { room } else { (room * usize::from(self.share_percent) / 100).max(1) }
    }

    /// Waits until a message may go, and takes the place of one. Dropped before its end, it takes none.
    pub(super) async fn go(&self) {
        self.all.until_ready().await;
    }

    /// Whether a message of this app may go now; yes takes the place of one.
    pub(super) fn app_may(&self, app: AppId) -> bool {
        self.apps.as_ref().is_none_or(|apps| apps.check_key(&app).is_ok())
    }
}
