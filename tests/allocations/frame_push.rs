//! From the nudge that a row changed to the text that a waiting browser is sent.

use std::sync::Arc;
use std::time::Duration;

use entities::qr_session::{Column, Entity};
use menfang::actors::closed_portals::ClosedPortals;
use menfang::actors::qr_session::{Tools, Update};
use menfang::actors::registry::Registry;
use menfang::actors::scanned::Scanned;
use menfang::domain::clock::Clock;
use menfang::domain::ids::{AppId, OrgId, new_uuid};
use menfang::domain::network::Network;
use menfang::domain::policy::Lifetimes;
use menfang::domain::qr_session::{QrSession, State};
use menfang::domain::qr_ticket::{QrRef, Waiting};
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::store::Store;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::rows::{computer, rows, store};
use super::{assert_at_most, blocks, counted};

const TIMES: u64 = 50;
const R: QrRef = QrRef([3; 16]);

fn tools(store: Store) -> Tools {
    let minute = Duration::from_mins(1);
    let lifetimes = Lifetimes {
        qr: minute,
        bind: minute,
        decision: minute,
        claim: minute,
        held: minute,
        browser: minute,
        oauth_state: minute,
        code: minute,
        device: minute,
        idle_pc: minute,
        idle_wechat: minute,
    };
    let (closed, scanned) = (ClosedPortals::default(), Scanned::default());
    Tools { store, clock: Arc::new(SystemClock), lifetimes, watchers: 8, closed, scanned }
}

/// A session that somebody scanned.
fn scanned(app: AppId) -> QrSession {
    let now = SystemClock.now();
    QrSession {
        r: R,
        organization: OrgId(new_uuid(&SystemClock, &OsEntropy)),
        app,
        openid: "oOpenid".into(),
        user: None,
        state: State::Scanned,
        seq: 2,
        match_number: Some(42),
        computer: computer(),
        phone_network: Network::Unknown,
        issued_at: now,
        scanned_at: now,
        expires_at: now.plus(Duration::from_mins(1)),
    }
}

#[test]
fn a_frame_is_pushed_with_few_allocations() {
    counted(async {
        let folder = tempfile::tempdir().unwrap();
        let (store, app) = (store(folder.path()).await, AppId(new_uuid(&SystemClock, &OsEntropy)));
        let rows = rows(folder.path()).await;
        let unit = store.begin().await.unwrap();
        unit.insert_qr_session(&scanned(app)).await.unwrap();
        unit.commit().await.unwrap();
        let registry = Registry::new(tools(store), 8);
        let mut updates = registry.watch(Waiting { r: R, issued_at: SystemClock.now(), app }).unwrap();
        let Some(Update::Frame(first)) = updates.recv().await else { panic!("no first frame") };
        assert_eq!(first.seq, 2);
        let mut spent = 0;
        for round in 0..TIMES {
            let seq = i32::try_from(round).unwrap() + 3;
            let update = Entity::update_many().col_expr(Column::Seq, Expr::value(seq));
            update.filter(Column::R.eq(R.to_hex())).exec(&rows).await.unwrap();
            let before = blocks();
            registry.look(std::iter::once((R, None)));
            let Some(Update::Frame(frame)) = updates.recv().await else { panic!("no frame") };
            let text = frame.to_json(SystemClock.now());
            spent += blocks() - before;
            assert!(text.contains(r#""match":"42""#), "{text}");
            assert_eq!(i32::try_from(frame.seq).unwrap(), seq);
        }
        assert_at_most(130, blocks() - spent, TIMES, "frame of a change, with its row read");
    });
}
