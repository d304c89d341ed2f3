//! Taking deliveries that are due: those that need no call are ended here, the rest is marked as being sent.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use serde_json::{Map, Value, json};

use crate::domain::clock::Millis;
use crate::domain::delivery::{DeliveryState, failed, skipped};
use crate::domain::ids::{AppId, NotificationId};
use crate::domain::notification::{Notification, Priority, QuotaDay};
use crate::domain::service_account::ServiceAccount;
use crate::store::dispatch::{Due, Lane, Moves};
use crate::store::recipient_holds::Hold;
use crate::store::{StoreError, Unit};
use crate::wechat::SendRefusal;

use super::ready::{Letter, Taken};
use super::session::{Session, StepError};

/// Most deliveries that one unit takes.
const BATCH: usize = 500;
/// The reason of what makes no sense.
const BROKEN: &str = "broken";

/// Due deliveries of one unit, and what becomes of them.
struct Sorting<'a> {
    unit: &'a Unit,
    account: &'a ServiceAccount,
    notifications: HashMap<NotificationId, Notification>,
    moves: Moves,
}

impl Session<'_> {
    /// Takes what is due and has room; true when something was moved.
    pub(super) async fn claim(&mut self) -> Result<bool, StepError> {
        self.more = false;
        let Some(account) = self.account.clone() else { return Ok(false) };
        let mut moved = false;
        for priority in Priority::ALL {
            let room = self.desk.pace.window().saturating_sub(self.sender.ahead(priority)).min(BATCH);
            let room = match self.careful {
                true if self.taken > 0 => 0,
                true => room.min(1),
                false => room,
            };
            if room == 0 {
                self.more = true;
                break;
            }
            if self.is_held(priority) {
                continue;
            }
            let lane = Lane { outbox: self.lease.outbox, priority };
            if self.tools().store.has_due(lane, self.now()).await? {
                moved |= self.claim_lane(lane, room, &account).await?;
            }
        }
        Ok(moved)
    }

    async fn claim_lane(
        &mut self,
        lane: Lane,
        room: usize,
        account: &Arc<ServiceAccount>,
    ) -> Result<bool, StepError> {
        if self.quota_is_unknown() {
            self.ask_quota(false);
        }
        if lane.priority != Priority::Urgent && self.awaits_quota() {
            return Ok(false);
        }
        let left = self.left_today(lane.priority);
        if left == 0 {
            // How many are left is certain when those on their way have landed.
            if self.taken == 0 {
                self.used_up(lane.priority).await?;
            }
            return Ok(false);
        }
        let apps = self.apps(lane).await?;
        let unit = self.begin_unit().await?;
        unit.stop_expired(lane.outbox).await?;
        let due = self.take_in_turn(&unit, lane, &apps, room).await?;
        let (found, more) = (!due.is_empty(), due.len() >= room || due.len() > left);
        let mut sorting = Sorting::of(&unit, account, &due).await?;
        let due = self.without_late(&mut sorting, due).await?;
        let due = sorting.without_stopped(due).await?;
        let due = sorting.without_strangers(due).await?;
        let due = sorting.without_away(due).await?;
        let due = sorting.without_held(due).await?;
        let due = match self.tools().rules.per_person_per_day {
            0 => due,
            most => sorting.within_day(due, most, self.lease.outbox, self.now()).await?,
        };
        let (due, _) = split(due, left);
        let (letters, due) = sorting.letters(due).await?;
        unit.take_deliveries(&self.lease, &due, &mut sorting.moves).await?;
        let moves = sorting.moves;
        let mut quota = self.quota;
        quota.used = quota.used.saturating_add(i32::try_from(due.len()).unwrap_or(i32::MAX));
        unit.set_used_quota(&self.lease, &quota).await?;
        let told = !moves.is_empty();
        unit.count_moves(&self.lease, moves).await?;
        self.commit(unit).await?;
        self.quota = quota;
        self.more |= more;
        if told {
            self.tools().bus.nudge(crate::bus::Nudge::Changes);
        }
        let at = self.now();
        let taken: Vec<Taken> = due
            .into_iter()
            .filter_map(|due| {
                let letter = Arc::clone(letters.get(&due.notification)?);
                Some(Taken { due, at, letter })
            })
            .collect();
        self.taken += taken.len();
        self.sender.push(taken);
        Ok(found)
    }

    /// The apps with something waiting, those behind the one that had its turn last in front.
    async fn apps(&self, lane: Lane) -> Result<Vec<AppId>, StoreError> {
        let mut apps = Vec::new();
        while let Some(app) = self.tools().store.next_app(lane, apps.last().copied()).await? {
            apps.push(app);
        }
        let last = *self.desk.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = apps.iter().position(|app| Some(*app) > last).unwrap_or(0);
        apps.rotate_left(begins);
        Ok(apps)
    }

    /// As many of each app as the room allows; what one does not use is the others'.
    async fn take_in_turn(
        &self,
        unit: &Unit,
        lane: Lane,
        apps: &[AppId],
        room: usize,
    ) -> Result<Vec<Due>, StoreError> {
        let share = room.div_ceil(apps.len().max(1));
        let most = self.desk.pace.room_of_app(room);
        let (mut taken, mut further) = (Vec::new(), Vec::new());
        for &app in apps {
            if taken.len() >= room {
                break;
            }
            let own = most.saturating_sub(self.sender.of_app(app));
            let mut due = unit.due_deliveries(lane, app, own).await?;
            let rest = due.split_off(share.min(due.len()));
            if !due.is_empty() {
                *self.desk.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(app);
            }
            taken.append(&mut due);
            further.extend(rest);
        }
        taken.truncate(room);
        further.truncate(room - taken.len());
        taken.append(&mut further);
        Ok(taken)
    }

    /// Ends those whose first try is so old that a repeat might arrive twice.
    async fn without_late(&self, sorting: &mut Sorting<'_>, due: Vec<Due>) -> Result<Vec<Due>, StoreError> {
        let (rules, now) = (self.tools().rules.sends, self.now());
        let (due, late): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|due| rules.may_repeat(due.unknown_since, now));
        sorting.unit.doubt_deliveries(&late, &mut sorting.moves).await?;
        self.note_uncertain(sorting.unit, &late);
        Ok(due)
    }
}

fn split(mut due: Vec<Due>, most: usize) -> (Vec<Due>, Vec<Due>) {
    let beyond = due.split_off(most.min(due.len()));
    (due, beyond)
}

impl<'a> Sorting<'a> {
    async fn of(unit: &'a Unit, account: &'a ServiceAccount, due: &[Due]) -> Result<Self, StoreError> {
        let ids: HashSet<NotificationId> = due.iter().map(|due| due.notification).collect();
        let ids: Vec<NotificationId> = ids.into_iter().collect();
        let notifications = if ids.is_empty() { Vec::new() } else { unit.notifications(&ids).await? };
        let notifications = notifications.into_iter().map(|one| (one.id, one)).collect();
        Ok(Self { unit, account, notifications, moves: Moves::new() })
    }

    /// Ends what is not to be sent any more: called off, expired, by a template that is gone.
    async fn without_stopped(&mut self, due: Vec<Due>) -> Result<Vec<Due>, StoreError> {
        let mut going = Vec::new();
        for due in due {
            let Some(notification) = self.notifications.get(&due.notification) else {
                self.set_aside(due).await?;
                continue;
            };
            match notification.stopped.and_then(|stop| Some((stop.ends_as()?, stop.name(), None))) {
                Some(end) => self.unit.end_deliveries(&[due], end, &mut self.moves).await?,
                None => going.push(due),
            }
        }
        Ok(going)
    }

    /// Ends what makes no sense, so that it holds nothing else up.
    async fn set_aside(&mut self, due: Due) -> Result<(), StoreError> {
        tracing::error!(delivery.id = %due.id, "a delivery of a notification that makes no sense is not sent");
        self.unit.end_deliveries(&[due], (DeliveryState::Failed, BROKEN, None), &mut self.moves).await
    }

    /// Ends what is for users who were switched off or deleted, or have another WeChat identity now.
    async fn without_strangers(&mut self, due: Vec<Due>) -> Result<Vec<Due>, StoreError> {
        let users: Vec<_> = due.iter().filter_map(|due| Some((due.user?, due.openid.as_str()))).collect();
        let known = self.unit.still_reachable(self.account, &users).await?;
        // Of somebody who was erased while a message was on its way no openid is left.
        let (due, strangers): (Vec<Due>, Vec<Due>) = due
            .into_iter()
            .partition(|due| !due.openid.is_empty() && due.user.is_none_or(|user| known.contains(&user)));
        let end = (DeliveryState::Skipped, skipped::NO_WECHAT, None);
        self.unit.end_deliveries(&strangers, end, &mut self.moves).await?;
        Ok(due)
    }

    /// Ends what is for people who do not follow.
    async fn without_away(&mut self, due: Vec<Due>) -> Result<Vec<Due>, StoreError> {
        let openids = due.iter().map(|due| due.openid.as_str()).collect();
        let away = self.unit.known_away(self.account.id, openids).await?;
        let (away, due): (Vec<Due>, Vec<Due>) = due.into_iter().partition(|due| away.contains(&due.openid));
        let end = (DeliveryState::Skipped, skipped::NOT_FOLLOWING, None);
        self.unit.end_deliveries(&away, end, &mut self.moves).await?;
        Ok(due)
    }

    /// Ends what a person refuses by its template, and puts off what is for people who are sent too much.
    async fn without_held(&mut self, due: Vec<Due>) -> Result<Vec<Due>, StoreError> {
        if due.is_empty() {
            return Ok(due);
        }
        let holds =
            self.unit.holds(self.account.id, due.iter().map(|due| due.openid.as_str()).collect()).await?;
        if holds.is_empty() {
            return Ok(due);
        }
        let (mut going, mut refused) = (Vec::new(), Vec::new());
        for due in due {
            let template = self.notifications.get(&due.notification).and_then(|one| one.template.as_deref());
            let of_person = |hold: &&Hold| hold.openid == due.openid;
            let all = holds.iter().filter(of_person).find(|hold| hold.template.is_none());
            let one = holds
                .iter()
                .filter(of_person)
                .find(|hold| hold.template.is_some() && hold.template.as_deref() == template);
            match (one, all) {
                (Some(_), _) => refused.push(due),
                (None, Some(hold)) => self.unit.put_off(&[due], hold.until).await?,
                (None, None) => going.push(due),
            }
        }
        let errcode = Some(SendRefusal::TEMPLATE_REFUSED);
        let end = (DeliveryState::Failed, failed::TEMPLATE_REFUSED, errcode);
        self.unit.end_deliveries(&refused, end, &mut self.moves).await?;
        Ok(going)
    }

    /// Puts off what is for people who have had all that one gets in a day.
    async fn within_day(
        &mut self,
        due: Vec<Due>,
        most: u32,
        outbox: crate::domain::notification::Outbox,
        now: Millis,
    ) -> Result<Vec<Due>, StoreError> {
        if due.is_empty() {
            return Ok(due);
        }
        let today = QuotaDay::of(now);
        let openids: Vec<&str> = due.iter().map(|due| due.openid.as_str()).collect();
        let sent = self.unit.sent_since(outbox, openids, today.begins_at()).await?;
        let mut had: HashMap<String, i64> = sent.into_iter().collect();
        let mut put_off = Vec::new();
        let mut going = Vec::new();
        for due in due {
            let so_far = had.entry(due.openid.clone()).or_default();
            if *so_far >= i64::from(most) {
                put_off.push(due);
            } else {
                *so_far += 1;
                going.push(due);
            }
        }
        self.unit.put_off(&put_off, today.ends_at()).await?;
        Ok(going)
    }

    /// What the messages of each notification have in common, and those that make sense.
    async fn letters(
        &mut self,
        due: Vec<Due>,
    ) -> Result<(HashMap<NotificationId, Arc<Letter>>, Vec<Due>), StoreError> {
        let ids: HashSet<NotificationId> = due.iter().map(|due| due.notification).collect();
        let known = ids.into_iter().filter_map(|id| self.notifications.get(&id));
        let letters: HashMap<_, _> = known.filter_map(|one| Some((one.id, Arc::new(letter(one)?)))).collect();
        let (due, broken): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|due| letters.contains_key(&due.notification));
        for one in broken {
            self.set_aside(one).await?;
        }
        Ok((letters, due))
    }
}

fn letter(notification: &Notification) -> Option<Letter> {
    let data: Map<String, Value> = serde_json::from_str(&notification.data).ok()?;
    let data = data.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect();
    Some(Letter {
        template: notification.template.clone()?,
        data: Value::Object(data),
        url: notification.url.clone(),
    })
}
