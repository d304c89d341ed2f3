//! A backup of the rows that change while people are served, row by row as a dump has them, on any database.

use entities::{
    account_login, callback_event, delivery, follower, login, notification, outbox, qr_session, receipt,
    recipient_hold, verification_code, visit,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::TestServer;
use super::database::Rows;

/// Rows in one statement.
const ROWS: usize = 200;

macro_rules! backup {
    ($($table:ident),+) => {
        /// The rows as they were.
        pub(crate) struct Backup { $($table: Vec<$table::Model>),+ }

        impl Backup {
            /// Takes one, while no server runs.
            pub(crate) async fn take(server: &TestServer) -> Self {
                let Rows(db) = server.database().await;
                let taken = Self { $($table: $table::Entity::find().all(&db).await.unwrap()),+ };
                db.close().await.unwrap();
                taken
            }

            /// Puts it back: what came since is lost.
            pub(crate) async fn put_back(&self, server: &TestServer) {
                let Rows(db) = server.database().await;
                $(
                    $table::Entity::delete_many().exec(&db).await.unwrap();
                    for some in self.$table.chunks(ROWS) {
                        let rows = some.iter().map(|row| row.clone().into_active_model().reset_all());
                        $table::Entity::insert_many(rows).exec_without_returning(&db).await.unwrap();
                    }
                )+
                db.close().await.unwrap();
            }
        }
    };
}

backup!(
    account_login,
    callback_event,
    delivery,
    follower,
    login,
    notification,
    outbox,
    qr_session,
    receipt,
    recipient_hold,
    verification_code,
    visit
);

impl Backup {
    /// Takes all but so many deliveries of the first notification away, as if it had been taken while that was being spread.
    pub(crate) fn half_spread(&mut self, left: usize) {
        let one = &mut self.notification[0];
        let (of_it, others): (Vec<_>, Vec<_>) =
            self.delivery.drain(..).partition(|delivery| delivery.notification_id == one.id);
        let kept: Vec<_> = of_it.into_iter().take(left).collect();
        one.state = "expanding".into();
        one.position = kept.last().map(|delivery| delivery.id.to_string());
        one.pending = i32::try_from(left).unwrap();
        self.delivery = others.into_iter().chain(kept).collect();
    }
}
