//! The steps of an import: a page of the list, letting go who is not in it, asking about some. Each begins with a claim, shows
//! it in every unit, and gives it back with the last one.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, stream};
use uuid::Uuid;

use crate::bus::Nudge;
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::Millis;
use crate::domain::follower::{Details, FollowerImport, ImportState, known_as_of};
use crate::domain::network::Network;
use crate::domain::service_account::ServiceAccount;
use crate::store::follower_imports::ImportClaim;
use crate::store::follower_pages::Listed;
use crate::store::{StoreError, Unit};
use crate::wechat::{Class, Credentials, FollowerDetails, OpenidBatch, WeChatError};

use super::{FollowerImporter, Memory, StepError};
use crate::actors::unfollowed::forget;

/// Rows that are written in one unit: nobody else waits long for the database.
const ROWS: usize = 500;
/// People asked about in one step.
const ASKED: u64 = 2_000;
/// People asked about in one call, as WeChat allows.
const BATCH: usize = 100;
/// Calls at once.
const CALLS: usize = 8;
/// So many followers are worth a look of the database at how many there are.
const MANY: i32 = 1_000;
/// WeChat's number for a list of openids with one in it that is nobody's.
const INVALID_OPENIDS: i64 = 40_031;
/// The claim is given back.
const NOW: Millis = Millis(0);

/// What WeChat told of some people.
#[derive(Default)]
struct Told {
    /// Who was asked about.
    openids: Vec<String>,
    details: HashMap<String, Details>,
    /// Openids that are nobody's.
    nobody: HashSet<String>,
}

impl Told {
    fn add(&mut self, other: Self) {
        self.openids.extend(other.openids);
        self.details.extend(other.details);
        self.nobody.extend(other.nobody);
    }
}

impl FollowerImporter {
    pub(super) async fn step(&self, claim: &mut ImportClaim, memory: &mut Memory) -> Result<(), StepError> {
        let account = self.store.service_account_of(claim.import.organization).await?;
        let account = account.filter(|account| account.id == claim.import.account).ok_or(StepError::Lost)?;
        match claim.import.state {
            ImportState::Listing => self.list(claim, &account).await,
            ImportState::Sweeping => self.sweep(claim, &account).await,
            ImportState::Detailing => self.detail(claim, &account, memory).await,
            ImportState::Done | ImportState::Failed => Err(StepError::Lost),
        }
    }

    /// Reads a page of the list. That it was read is written with its last rows, so that after a crash the same page is read
    /// again, and no other.
    async fn list(&self, claim: &mut ImportClaim, account: &ServiceAccount) -> Result<(), StepError> {
        let from = claim.import.next_openid.clone();
        let mut page = self.wechat.follower_page(&credentials(account), from.as_deref()).await?;
        // In the order of the index that finds them, so that neighbours are written together.
        page.openids.sort_unstable();
        claim.import.total = i32::try_from(page.total).unwrap_or(i32::MAX);
        let last = page.openids.len().saturating_sub(1) / ROWS * ROWS;
        let (before, last) = page.openids.split_at(last);
        for rows in before.chunks(ROWS) {
            let unit = self.store.begin().await?;
            self.advance(&unit, claim, self.lease()).await?;
            self.keep_listed(unit, &claim.import, rows).await?;
        }
        claim.import.listed = claim.import.listed.saturating_add(count(&page.openids));
        claim.import.next_openid = page.next;
        if claim.import.next_openid.is_none() {
            claim.import.state = if claim.import.is_whole() {
                ImportState::Sweeping
            } else {
                tracing::warn!(import.id = %claim.import.id, listed = claim.import.listed, total = claim.import.total, "WeChat's list of followers is far from whole; nobody is let go for it");
                ImportState::Detailing
            };
        }
        let many_are_new = claim.import.next_openid.is_none() && claim.import.listed >= MANY;
        let unit = self.store.begin().await?;
        self.advance(&unit, claim, NOW).await?;
        self.keep_listed(unit, &claim.import, last).await?;
        if many_are_new && let Err(error) = self.store.recount_followers().await {
            // All that follows is slower without.
            tracing::warn!(import.id = %claim.import.id, error = %error, "the database has not counted an import's followers");
        }
        Ok(())
    }

    /// Keeps that these people follow; what was not sent lately to those among them who did not is sent after all.
    async fn keep_listed(
        &self,
        unit: Unit,
        import: &FollowerImport,
        openids: &[String],
    ) -> Result<(), StoreError> {
        let mut reopened = 0;
        if !self.catching_up.follow_wait.is_zero() {
            let since = unit.now().minus(self.catching_up.follow_wait);
            let back = unit.returning_followers(import, openids).await?;
            for openid in unit.who_missed(import.account, &back, since).await? {
                reopened +=
                    unit.reopen_for_follower(import.organization, import.account, &openid, since).await?;
            }
        }
        unit.list_followers(import, openids).await?;
        unit.commit().await?;
        if reopened > 0 {
            self.catching_up.bus.nudge(Nudge::Outbox);
            self.catching_up.bus.nudge(Nudge::Changes);
        }
        Ok(())
    }

    /// Lets everybody go who was not in the list.
    async fn sweep(&self, claim: &mut ImportClaim, account: &ServiceAccount) -> Result<(), StepError> {
        let mut behind = Uuid::nil();
        loop {
            let page = self.store.unlisted_followers(&claim.import, behind, ROWS as u64).await?;
            let unit = self.store.begin().await?;
            let Some(last) = page.last() else {
                claim.import.state = ImportState::Detailing;
                self.advance(&unit, claim, NOW).await?;
                return Ok(unit.commit().await?);
            };
            behind = last.row;
            self.advance(&unit, claim, self.lease()).await?;
            let gone = unit.unlist_followers(&claim.import, page).await?;
            forget(&unit, account, gone, &by_itself()).await?;
            unit.commit().await?;
        }
    }

    /// Asks WeChat what it tells of some people, and ends the import when there is nobody left to ask about.
    async fn detail(
        &self,
        claim: &mut ImportClaim,
        account: &ServiceAccount,
        memory: &mut Memory,
    ) -> Result<(), StepError> {
        let id = claim.import.id;
        let behind = memory.behind.get(&id).copied().unwrap_or_default();
        let people = self.store.undetailed_followers(&claim.import, behind, ASKED).await?;
        let Some(last) = people.last().map(|last| last.row) else {
            if memory.behind.remove(&id).is_none() {
                claim.import.state = ImportState::Done;
                return Ok(self.end(claim.clone(), "ok").await?);
            }
            // Somebody in front may have come back meanwhile: once more from there.
            let unit = self.store.begin().await?;
            self.advance(&unit, claim, NOW).await?;
            return Ok(unit.commit().await?);
        };
        let all_were_asked = self.ask_and_keep(claim, account, people).await;
        if all_were_asked.is_ok() {
            memory.behind.insert(id, last);
        }
        all_were_asked
    }

    /// Keeps what is told of those about whom it could be asked, also when others are in the way.
    async fn ask_and_keep(
        &self,
        claim: &mut ImportClaim,
        account: &ServiceAccount,
        people: Vec<Listed>,
    ) -> Result<(), StepError> {
        let credentials = credentials(account);
        let asked = known_as_of(self.clock.now());
        let openids: Vec<String> = people.into_iter().map(|listed| listed.openid).collect();
        let batches = openids.chunks(BATCH).map(|batch| self.ask(&credentials, batch));
        let answers: Vec<_> = stream::iter(batches).buffered(CALLS).collect().await;
        let (mut told, mut in_the_way) = (Told::default(), None);
        for answer in answers {
            match answer {
                Ok(part) => told.add(part),
                Err(error) => in_the_way = Some(error),
            }
        }
        for rows in told.openids.chunks(ROWS) {
            let unit = self.store.begin().await?;
            claim.import.detailed = claim.import.detailed.saturating_add(count(rows));
            self.advance(&unit, claim, self.lease()).await?;
            keep(&unit, account, rows, &told, asked).await?;
            unit.commit().await?;
        }
        if let Some(error) = in_the_way {
            return Err(error.into());
        }
        let unit = self.store.begin().await?;
        self.advance(&unit, claim, NOW).await?;
        Ok(unit.commit().await?)
    }

    /// Asks about a hundred people. WeChat refuses all of them for one openid that is nobody's: then by halves, down to that one.
    async fn ask(&self, credentials: &Credentials, openids: &[String]) -> Result<Told, WeChatError> {
        let mut told = Told { openids: openids.to_vec(), ..Told::default() };
        let mut left = vec![openids];
        while let Some(part) = left.pop() {
            let Some(batch) = OpenidBatch::split(part).next() else { continue };
            match self.wechat.follower_details(credentials, batch).await {
                Ok(details) => told.details.extend(details.into_iter().map(by_openid)),
                Err(error) if !names_nobody(&error) => return Err(error),
                Err(_) if part.len() == 1 => told.nobody.extend(part.iter().cloned()),
                Err(_) => left.extend(<[_; 2]>::from(part.split_at(part.len() / 2))),
            }
        }
        Ok(told)
    }

    /// Writes the end of an import, with a line in the audit log.
    pub(super) async fn end(&self, mut claim: ImportClaim, result: &'static str) -> Result<(), StoreError> {
        let unit = self.store.begin().await?;
        if !unit.advance_import(&mut claim, NOW).await? {
            return Ok(());
        }
        let entry = Entry {
            organization: claim.import.organization,
            action: Action::FollowersImported,
            actor: "server".into(),
            subject: Some(claim.import.id.to_string()),
            result,
        };
        unit.audit(entry, &by_itself());
        unit.commit().await?;
        tracing::info!(import.id = %claim.import.id, organization.id = %claim.import.organization, listed = claim.import.listed, result = result, "an import of followers has ended");
        Ok(())
    }

    async fn advance(&self, unit: &Unit, claim: &mut ImportClaim, until: Millis) -> Result<(), StepError> {
        if unit.advance_import(claim, until).await? { Ok(()) } else { Err(StepError::Lost) }
    }
}

async fn keep(
    unit: &Unit,
    account: &ServiceAccount,
    openids: &[String],
    told: &Told,
    asked: Millis,
) -> Result<(), StoreError> {
    for openid in openids.iter().filter(|openid| told.nobody.contains(*openid)) {
        unit.remove_follower(account.id, openid).await?;
    }
    let gone = unit.detail_followers(account.id, openids, &told.details, asked).await?;
    forget(unit, account, gone, &by_itself()).await
}

fn by_openid(details: FollowerDetails) -> (String, Details) {
    let FollowerDetails { openid, follows, followed_at, scene, unionid, .. } = details;
    (openid.clone(), Details { openid, follows, followed_at, scene, unionid })
}

fn count(openids: &[String]) -> i32 {
    i32::try_from(openids.len()).unwrap_or(i32::MAX)
}

fn names_nobody(error: &WeChatError) -> bool {
    error.class() == Some(Class::Recipient) || error.errcode() == Some(INVALID_OPENIDS)
}

fn by_itself() -> Caller {
    Caller { network: Network::Unknown, request_id: String::new(), agent: "import".into() }
}

fn credentials(account: &ServiceAccount) -> Credentials {
    Credentials {
        account: account.id,
        organization: account.organization,
        appid: account.appid.clone(),
        secret: account.secret.clone(),
    }
}
