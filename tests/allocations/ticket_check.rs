//! The check of a handle, at each request of a waiting browser, and of a ticket, at each scan.

use menfang::domain::clock::Clock;
use menfang::domain::ids::{AppId, new_uuid};
use menfang::domain::keys::SigningKey;
use menfang::domain::qr_ticket::{BrowserSecret, QrSealer};
use menfang::server::world::{OsEntropy, SystemClock};

use super::rows::computer;
use super::{assert_at_most, blocks, counted};

const TIMES: u64 = 1_000;

#[test]
fn handles_and_tickets_are_checked_with_few_allocations() {
    counted(async {
        let sealer = QrSealer::new(SigningKey::new([7; 32]));
        let (browser, app) = (BrowserSecret::generate(&OsEntropy), AppId(new_uuid(&SystemClock, &OsEntropy)));
        let computer = computer();
        let (handle, ticket, waiting) = sealer.issue(&browser, app, computer, SystemClock.now(), &OsEntropy);
        let before = blocks();
        for _ in 0..TIMES {
            assert_eq!(sealer.open_handle(&handle, &browser), Ok(waiting));
        }
        assert_at_most(1, before, TIMES, "check of a handle");
        let before = blocks();
        for _ in 0..TIMES {
            assert_eq!(sealer.open_ticket(&ticket, app).map(|ticket| ticket.r), Ok(waiting.r));
        }
        assert_at_most(2, before, TIMES, "check of a ticket");
        let before = blocks();
        for _ in 0..TIMES {
            drop(sealer.issue(&browser, app, computer, SystemClock.now(), &OsEntropy));
        }
        assert_at_most(6, before, TIMES, "issue of a code");
    });
}
