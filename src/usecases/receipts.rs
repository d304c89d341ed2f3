//! Receipts of messages, which come as fast as messages are sent: those that come together are stored together.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::store::receipts::NewReceipt;
use crate::store::{Store, StoreError};

/// Receipts stored in one unit.
const BATCH: usize = 500;
/// Receipts that may wait to be stored; WeChat sends again what is refused.
const WAITING: usize = 5_000;

/// Where receipts come in. Each is answered when it is stored; whoever has the turn stores for all who wait.
#[derive(Default)]
pub struct ReceiptIntake {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    receipt: NewReceipt,
    stored: Arc<OnceLock<bool>>,
}

impl ReceiptIntake {
    /// Stores a receipt, together with all that wait for the same.
    ///
    /// # Errors
    /// It is not stored, as far as is known: the database is away, or too many wait.
    pub async fn keep(&self, store: &Store, receipt: NewReceipt) -> Result<(), StoreError> {
        let stored = Arc::<OnceLock<bool>>::default();
        {
            let mut waiting = self.waiting();
            if waiting.len() >= WAITING {
                return Err(StoreError::Unavailable(None));
            }
            waiting.push(Waiting { receipt, stored: Arc::clone(&stored) });
        }
        while stored.get().is_none() {
            let _turn = self.turn.lock().await;
            if stored.get().is_some() {
                break;
            }
            let batch: Vec<Waiting> = {
                let mut waiting = self.waiting();
                let many = waiting.len().min(BATCH);
                waiting.drain(..many).collect()
            };
            if batch.is_empty() {
                // Whoever was storing it went away in the middle.
                break;
            }
            let (receipts, ends): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|one| (one.receipt, one.stored)).unzip();
            let done = commit(store, &receipts).await;
            if let Err(error) = &done {
                tracing::warn!(error = %error, receipts = receipts.len(), "receipts could not be stored");
            }
            for end in ends {
                end.get_or_init(|| done.is_ok());
            }
        }
        match stored.get() {
            Some(true) => Ok(()),
            Some(false) | None => Err(StoreError::Unavailable(None)),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        // Nothing is left half done in there by a panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn commit(store: &Store, receipts: &[NewReceipt]) -> Result<(), StoreError> {
    let unit = store.begin().await?;
    unit.keep_receipts(receipts).await?;
    unit.commit().await
}
