//! Messages that are taken and wait for their moment: the urgent ones in front of all others.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::clock::Millis;
use crate::domain::ids::AppId;
use crate::domain::notification::Priority;
use crate::store::dispatch::Due;

/// What all messages of one notification have in common.
pub(super) struct Letter {
    pub(super) template: String,
    pub(super) data: Value,
    pub(super) url: Option<String>,
}

/// A delivery under this lease.
#[derive(Clone)]
pub(super) struct Taken {
    pub(super) due: Due,
    /// When it was taken.
    pub(super) at: Millis,
    pub(super) letter: Arc<Letter>,
}

/// What is taken, in three lanes.
#[derive(Default)]
pub(super) struct Ready {
    lanes: [VecDeque<Taken>; 3],
}

impl Ready {
    pub(super) fn push(&mut self, taken: Taken) {
        self.lane(taken.due.priority).push_back(taken);
    }

    /// How many go before a new one of this priority.
    pub(super) fn ahead(&self, priority: Priority) -> usize {
        Priority::ALL
            .into_iter()
            .zip(&self.lanes)
            .filter(|(lane, _)| *lane <= priority)
            .map(|(_, lane)| lane.len())
            .sum()
    }

    /// How many are of an app.
    pub(super) fn of_app(&self, app: AppId) -> usize {
        self.lanes.iter().flatten().filter(|taken| taken.due.app == app).count()
    }

    /// The next one down to this priority whose app may send now.
    pub(super) fn pop(&mut self, down_to: Priority, may: impl Fn(AppId) -> bool) -> Option<Taken> {
        for priority in Priority::ALL.into_iter().filter(|priority| *priority <= down_to) {
            let lane = self.lane(priority);
            let mut refused: Vec<AppId> = Vec::new();
            let found = lane.iter().position(|taken| {
                let app = taken.due.app;
                if refused.contains(&app) {
                    return false;
                }
                let goes = may(app);
                if !goes {
                    refused.push(app);
                }
                goes
            });
            if let Some(found) = found {
                return lane.remove(found);
            }
        }
        None
    }

    /// Takes everything out that one of these priorities has.
    pub(super) fn drain(&mut self, which: impl Fn(Priority) -> bool) -> Vec<Taken> {
        let lanes = Priority::ALL.into_iter().zip(&mut self.lanes);
        lanes.filter(|(priority, _)| which(*priority)).flat_map(|(_, lane)| lane.drain(..)).collect()
    }

    fn lane(&mut self, priority: Priority) -> &mut VecDeque<Taken> {
        match priority {
            Priority::Urgent => &mut self.lanes[0],
            Priority::Normal => &mut self.lanes[1],
            Priority::Bulk => &mut self.lanes[2],
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::ids::{DeliveryId, NotificationId};
    use uuid::Uuid;

    pub(in super::super) fn taken(number: u128, app: u128, priority: Priority) -> Taken {
        let due = Due {
            id: DeliveryId(Uuid::from_u128(number)),
            notification: NotificationId(Uuid::nil()),
            app: AppId(Uuid::from_u128(app)),
            priority,
            user: None,
            openid: String::new(),
            attempts: 0,
            unknown_since: None,
        };
        let letter = Letter { template: String::new(), data: Value::Null, url: None };
        Taken { due, at: Millis(0), letter: Arc::new(letter) }
    }

    fn number(taken: Option<Taken>) -> Option<u128> {
        taken.map(|taken| taken.due.id.0.as_u128())
    }

    #[test]
    fn urgent_ones_pass_all_others() {
        let mut ready = Ready::default();
        ready.push(taken(1, 1, Priority::Bulk));
        ready.push(taken(2, 1, Priority::Normal));
        ready.push(taken(3, 1, Priority::Urgent));
        let ahead = Priority::ALL.map(|priority| ready.ahead(priority));
        assert_eq!(ahead, [1, 2, 3]);
        assert_eq!(number(ready.pop(Priority::Urgent, |_| true)), Some(3));
        assert_eq!(
            number(ready.pop(Priority::Urgent, |_| true)),
            None,
            "the places that are left are kept for urgent ones"
        );
        assert_eq!(number(ready.pop(Priority::Bulk, |_| true)), Some(2));
        assert_eq!(number(ready.pop(Priority::Bulk, |_| true)), Some(1));
        assert_eq!(ready.ahead(Priority::Bulk), 0);
    }

    #[test]
    fn an_app_that_has_used_its_share_holds_nobody_up() {
        let mut ready = Ready::default();
        for (id, app) in [(1, 1), (2, 1), (3, 2)] {
            ready.push(taken(id, app, Priority::Normal));
        }
        let second = |app: AppId| app.0.as_u128() == 2;
        assert_eq!(number(ready.pop(Priority::Bulk, second)), Some(3));
        assert_eq!(number(ready.pop(Priority::Bulk, second)), None);
        assert_eq!(ready.drain(|priority| priority == Priority::Normal).len(), 2);
    }
}
