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
use crate::store::notification_progress::Which;
use crate::store::{StoreError, Unit};

use super::super::unfollowed::forget;
use super::answer::Beyond;
use super::ready::Taken;
use super::session::{Session, StepError};

/// Most outcomes written in one unit.
const BATCH: usize = 500;
/// Most outcomes among them that are not just a message that WeChat took: each of those is some statements of its own, and a unit
/// has to end in time.
const OTHERS: usize = 100;
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
        let count = in_one_unit(&self.landed);
        if let Some(pause) = self.pause.clone() {
            // What is taken and held up now goes back to where it was.
            let now = self.now();
            let held = self.sender.take_back(|priority| pause.holds(priority, now));
            self.landed.extend(held.into_iter().map(Landed::untried));
        }
        let unit = self.begin_unit().await?;
        let some = &self.landed[..count];
        let written = self.write(&unit, some).await?;
        let untried = some.iter().filter(|landed| landed.answer == Answer::Untried).count();
        let mut quota = self.quota;
        quota.used = quota.used.saturating_sub(i32::try_from(untried).unwrap_or(0)).max(0);
        unit.set_used_quota(&self.lease, &quota).await?;
        let news = self.pause_is_news;
        if news {
            self.add_pause(&unit).await?;
        }
        self.commit(unit).await?;
        self.quota = quota;
        self.pause_is_news &= !news;
        self.landed.drain(..count);
        self.taken = self.taken.saturating_sub(count);
        self.tools().bus.nudge(Nudge::Changes);
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
            let answer = self.with_news(unit, landed).await?;
            let verdict = rules.after(tried, &answer, now, chance(&*self.tools().entropy));
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
                    self.note(unit, Action::MessageFailed, due, reason);
                }
                Verdict::Uncertain => {
                    done.uncertain += 1;
                    self.note_uncertain(unit, std::slice::from_ref(due));
                }
            }
            unit.settle(&self.lease, due, &verdict, &mut moves).await?;
            self.remember(unit, landed).await?;
        }
        unit.settle_sent(&self.lease, &sent, &mut moves).await?;
        unit.count_moves(&self.lease, moves).await?;
        Ok(done)
    }

    /// What an answer says together with what has been heard since: who was not following may do so by now.
    async fn with_news(&self, unit: &Unit, landed: &Landed) -> Result<Answer, StoreError> {
        let (Answer::NotFollowing(errcode), Some(account)) = (&landed.answer, &self.account) else {
            return Ok(landed.answer.clone());
        };
        let openid = &landed.taken.due.openid;
        let at = known_as_of(landed.taken.at);
        if unit.set_follower(account.organization, account.id, openid, false, at).await? {
            forget(unit, account, vec![openid.clone()], &by_itself()).await?;
        } else if !unit.known_away(account.id, vec![openid]).await?.contains(openid) {
            return Ok(Answer::Later(Some(*errcode)));
        }
        Ok(landed.answer.clone())
    }

    /// Keeps what an answer says about its person or its template.
    async fn remember(&self, unit: &Unit, landed: &Landed) -> Result<(), StoreError> {
        let Some(account) = &self.account else { return Ok(()) };
        let (due, place) = (&landed.taken.due, (account.organization, account.id));
        let template = landed.taken.letter.template.as_str();
        match landed.answer {
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
                tracing::warn!(organization.id = %account.organization, template, reason = stop.name(), "nothing more goes by a template");
                unit.mark_template(self.lease.outbox, template, trouble).await?;
                unit.stop_notifications(self.lease.outbox, Which::ByTemplate(template), stop).await?;
            }
            Some(Beyond::Notification(stop)) => {
                tracing::warn!(organization.id = %account.organization, notification.id = %due.notification, answer = ?landed.answer, "WeChat refuses a message, whoever it is for");
                unit.stop_notifications(self.lease.outbox, Which::One(due.notification), stop).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes into the audit log that nobody knows of these whether they were sent.
    pub(super) fn note_uncertain(&self, unit: &Unit, due: &[Due]) {
        for one in due {
            self.note(unit, Action::MessageUncertain, one, "uncertain");
        }
    }

    fn note(&self, unit: &Unit, action: Action, due: &Due, result: &'static str) {
        let entry = Entry {
            organization: self.lease.organization,
            action,
            actor: "server".into(),
            subject: Some(due.id.to_string()),
            result,
        };
        unit.audit(entry, &by_itself());
    }
}

/// How many of these, from the front, are written together.
fn in_one_unit(landed: &[Landed]) -> usize {
    let mut others = 0;
    let within = landed.iter().take(BATCH).take_while(|landed| {
        others += usize::from(!matches!(landed.answer, Answer::Accepted(_)));
        others <= OTHERS
    });
    within.count()
}

fn chance(entropy: &dyn Entropy) -> u32 {
    u32::from_le_bytes(random::<4>(entropy))
}

fn by_itself() -> Caller {
    Caller { network: Network::Unknown, request_id: String::new(), agent: "dispatcher".into() }
}

#[cfg(test)]
mod tests {
    use super::super::ready::tests::taken;
    use super::*;
    use crate::domain::notification::Priority;

    #[test]
    fn a_unit_takes_many_that_were_taken_and_few_that_were_not() {
        let accepted = |number| Landed {
            taken: taken(number, 1, Priority::Normal),
            answer: Answer::Accepted(Some(1)),
            beyond: None,
        };
        let untried = |number| Landed::untried(taken(number, 1, Priority::Normal));
        let some: Vec<Landed> = (0..700).map(accepted).collect();
        assert_eq!(in_one_unit(&some), 500);
        let some: Vec<Landed> = (0..10).map(accepted).chain((0..300).map(untried)).collect();
        assert_eq!(in_one_unit(&some), 110);
        assert_eq!(in_one_unit(&[]), 0);
    }
}
