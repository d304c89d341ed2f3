//! Writing down what came of sends, many in one unit.

use crate::bus::Nudge;
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::{Entropy, random};
use crate::domain::delivery::{Answer, Try, Verdict, too_frequent_pause};
use crate::domain::follower::known_as_of;
use crate::domain::network::Network;
use crate::domain::notification::Stop;
use crate::domain::template::TemplateTrouble;
use crate::store::dispatch::{Due, Moves};
use crate::store::notifications::Which;
use crate::store::{StoreError, Unit};

use super::super::unfollowed::forget;
use super::answer::Beyond;
use super::ready::Taken;
use super::session::{Session, StepError};

/// Most outcomes written in one unit.
const BATCH: usize = 200;
/// How long a template that a person refuses is not tried with that person again: one try in so long finds out whether she has
/// changed her mind, which WeChat does not tell.
const REFUSED_FOR: std::time::Duration = std::time::Duration::from_hours(24 * 7);

/// What came back of a delivery that was taken.
pub(super) struct Landed {
    pub(super) taken: Taken,
    pub(super) answer: Answer,
    pub(super) beyond: Option<Beyond>,
}

impl Landed {
    /// It was not tried after all.
    pub(super) fn untried(taken: Taken) -> Self {
        Self { taken, answer: Answer::Untried, beyond: None }
    }

    /// It was not tried, because a repeat might have arrived twice by now.
    pub(super) fn too_late(taken: Taken) -> Self {
        Self { taken, answer: Answer::TooLate, beyond: None }
    }
}

impl Session<'_> {
    /// Writes down what has landed.
    pub(super) async fn flush(&mut self) -> Result<(), StepError> {
        let pause = self.landed.iter().filter_map(|landed| landed.beyond).collect::<Vec<_>>();
        let pause = pause.into_iter().filter_map(|beyond| self.beyond(beyond)).last();
        if self.pause.is_some() {
            // What is taken and held up now goes back to where it was.
            let held: Vec<_> = {
                let (pause, now) = (self.pause.clone(), self.now());
                self.sender
                    .take_back(|priority| pause.as_ref().is_some_and(|pause| pause.holds(priority, now)))
            };
            self.landed.extend(held.into_iter().map(Landed::untried));
        }
        let unit = self.begin_unit().await?;
        let some = &self.landed[..self.landed.len().min(BATCH)];
        let written = self.write(&unit, some).await?;
        if let Some(pause) = &pause {
            unit.pause_outbox(&self.lease, Some(pause), self.probe_at).await?;
            unit.tell_open(self.lease.outbox).await?;
        }
        let count = some.len();
        let untried = some.iter().filter(|landed| landed.answer == Answer::Untried).count();
        self.quota.used = self.quota.used.saturating_sub(i32::try_from(untried).unwrap_or(0)).max(0);
        let quota = self.quota;
        unit.set_used_quota(&self.lease, &quota).await?;
        unit.commit().await?;
        self.landed.drain(..count);
        self.taken = self.taken.saturating_sub(count);
        self.tools().bus.nudge(Nudge::Changes);
        if written.sent > 0 {
            self.setbacks = 0;
        }
        self.done.add(written);
        for (outcome, many) in [
            ("sent", written.sent),
            ("retried", written.retried),
            ("uncertain", written.uncertain),
            ("failed", written.failed),
            ("skipped", written.skipped),
        ] {
            metrics::counter!("menfang_sends_total", "outcome" => outcome).increment(many);
        }
        Ok(())
    }

    async fn write(&self, unit: &Unit, some: &[Landed]) -> Result<super::Dispatched, StepError> {
        let (rules, now) = (self.tools().rules.sends, self.now());
        let mut moves = Moves::new();
        let mut done = super::Dispatched::default();
        let mut sent: Vec<(Due, Option<i64>)> = Vec::new();
        for landed in some {
            let due = &landed.taken.due;
            let tried =
                Try { before: due.attempts, unknown_since: due.unknown_since, taken_at: landed.taken.at };
            let verdict = rules.after(tried, &landed.answer, now, chance(&*self.tools().entropy));
            match &verdict {
                Verdict::Sent(msgid) => {
                    sent.push((due.clone(), *msgid));
                    done.sent += 1;
                    continue;
                }
                Verdict::Again { counts: true, .. } => done.retried += 1,
                Verdict::Again { .. } => {}
                Verdict::Skipped { .. } => done.skipped += 1,
                Verdict::Failed { reason, .. } => {
                    done.failed += 1;
                    self.note(unit, Action::MessageFailed, due, reason).await?;
                }
                Verdict::Uncertain => {
                    done.uncertain += 1;
                    self.note_uncertain(unit, std::slice::from_ref(due)).await?;
                }
            }
            unit.settle(&self.lease, due, &verdict, &mut moves).await?;
            self.remember(unit, landed).await?;
        }
        unit.settle_sent(&self.lease, &sent, &mut moves).await?;
        unit.count_moves(&self.lease, moves).await?;
        Ok(done)
    }

    /// Keeps what an answer says about its person or its template.
    async fn remember(&self, unit: &Unit, landed: &Landed) -> Result<(), StoreError> {
        let Some(account) = &self.account else { return Ok(()) };
        let (due, place) = (&landed.taken.due, (account.organization, account.id));
        let template = landed.taken.letter.template.as_str();
        match landed.answer {
            Answer::NotFollowing(_) => {
                let at = known_as_of(landed.taken.at);
                if unit.set_follower(place.0, place.1, &due.openid, false, at).await? {
                    forget(unit, account, vec![due.openid.clone()], &by_itself()).await?;
                }
            }
            Answer::TemplateRefused(_) => {
                unit.hold_back(place, &due.openid, Some(template), REFUSED_FOR).await?;
            }
            Answer::TooFrequent(_) => {
                unit.hold_back(place, &due.openid, None, too_frequent_pause(due.attempts)).await?;
            }
            _ => {}
        }
        match landed.beyond {
            Some(Beyond::Template(stop)) => {
                let trouble = match stop {
                    Stop::TemplateBanned => TemplateTrouble::Banned,
                    _ => TemplateTrouble::Gone,
                };
                unit.mark_template(self.lease.outbox, template, trouble).await?;
                unit.stop_notifications(self.lease.outbox, Which::ByTemplate(template), stop).await?;
            }
            Some(Beyond::Notification(stop)) => {
                unit.stop_notifications(self.lease.outbox, Which::One(due.notification), stop).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes into the audit log that nobody knows of these whether they were sent.
    pub(super) async fn note_uncertain(&self, unit: &Unit, due: &[Due]) -> Result<(), StoreError> {
        for one in due {
            self.note(unit, Action::MessageUncertain, one, "uncertain").await?;
        }
        Ok(())
    }

    async fn note(
        &self,
        unit: &Unit,
        action: Action,
        due: &Due,
        result: &'static str,
    ) -> Result<(), StoreError> {
        let entry = Entry {
            organization: self.lease.organization,
            action,
            actor: "server".into(),
            subject: Some(due.id.to_string()),
            result,
        };
        unit.audit(entry, &by_itself()).await
    }
}

fn chance(entropy: &dyn Entropy) -> u32 {
    u32::from_le_bytes(random::<4>(entropy))
}

fn by_itself() -> Caller {
    Caller { network: Network::Unknown, request_id: String::new(), agent: "dispatcher".into() }
}
