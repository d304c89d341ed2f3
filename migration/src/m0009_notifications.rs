//! Notifications and their deliveries, the outboxes they go out by, templates, receipts, inboxes.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, IndexCreateStatement, MigrationTrait, SchemaManager, Table,
    async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, pk_uuid, small_integer, string_len,
    string_len_null, text, text_null, uuid, uuid_null,
};

/// Notifications and their deliveries, the outboxes they go out by, templates, receipts, inboxes.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The new tables, in the order in which they are made.
const TABLES: [&str; 8] = [
    "message_templates",
    "notifications",
    "deliveries",
    "outboxes",
    "receipts",
    "recipient_holds",
    "inbox_items",
    "follow_codes",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        message_templates(m).await?;
        notifications(m).await?;
        deliveries(m).await?;
        outboxes(m).await?;
        receipts(m).await?;
        recipient_holds(m).await?;
        inbox_items(m).await?;
        follow_codes(m).await?;
        let hosts = Table::alter().table("organizations").add_column(text_null("link_hosts")).to_owned();
        m.alter_table(hosts).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table("organizations").drop_column("link_hosts").to_owned()).await?;
        for table in TABLES.into_iter().rev() {
            m.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

async fn message_templates(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("message_templates")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("service_account_id"))
            .col(string_len("template_id", 64))
            .col(string_len("title", 120))
            .col(text("content"))
            .col(text("example"))
            // Why it cannot be used any more; nothing while it can.
            .col(string_len_null("trouble", 16))
            .col(big_integer("synced_at"))
            .to_owned(),
    )
    .await?;
    let of_account =
        index("message_templates_account", "message_templates", &["service_account_id", "template_id"]);
    m.create_index(of_account.clone().unique().to_owned()).await
}

async fn notifications(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("notifications")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            // The service account that it goes out by; the organization, for what goes into inboxes.
            .col(uuid("outbox_id"))
            .col(string_len("channel", 16))
            .col(string_len_null("template_id", 64))
            .col(text("data"))
            .col(text_null("url"))
            .col(text("audience"))
            .col(small_integer("lane"))
            .col(string_len("state", 16))
            // Why the rest of it is not sent; nothing while it is.
            .col(string_len_null("stopped", 24))
            // Whether a dispatcher has something to do for it.
            .col(boolean("open"))
            .col(big_integer("send_at"))
            .col(big_integer_null("expires_at"))
            // Behind whom spreading it over the audience goes on.
            .col(string_len_null("position", 64))
            .col(integer("pending"))
            .col(integer("sending"))
            .col(integer("sent"))
            .col(integer("delivered"))
            .col(integer("rejected"))
            .col(integer("skipped"))
            .col(integer("failed"))
            .col(integer("uncertain"))
            .col(string_len("created_by", 64))
            .col(big_integer("created_at"))
            .col(big_integer_null("finished_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("notifications_app", "notifications", &["app_id", "id"])).await?;
    m.create_index(index("notifications_due", "notifications", &["open", "send_at"])).await?;
    m.create_index(index("notifications_outbox", "notifications", &["outbox_id", "open", "send_at"])).await?;
    m.create_index(index("notifications_finished", "notifications", &["finished_at"])).await
}

async fn deliveries(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("deliveries")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("notification_id"))
            .col(uuid("outbox_id"))
            .col(uuid("app_id"))
            .col(small_integer("lane"))
            // An openid, or the id of a user without one: nobody stands twice in one notification. Of somebody who is gone
            // the id of a delivery.
            .col(string_len("recipient", 64))
            .col(uuid_null("user_id"))
            .col(uuid_null("account_id"))
            .col(string_len_null("openid", 64))
            .col(string_len("state", 16))
            .col(string_len_null("reason", 32))
            .col(big_integer_null("errcode"))
            .col(integer("attempts"))
            .col(big_integer("due_at"))
            // When the first try began whose outcome nobody knows.
            .col(big_integer_null("unknown_since"))
            // The number of the lease under which it was taken last.
            .col(big_integer("fence"))
            .col(big_integer_null("msgid"))
            // How many deliveries of the same notification to the same person came before.
            .col(integer("again"))
            .col(uuid_null("resend_of"))
            .col(big_integer("created_at"))
            .col(big_integer_null("sent_at"))
            .col(big_integer_null("finished_at"))
            .to_owned(),
    )
    .await?;
    let person = index("deliveries_recipient", "deliveries", &["notification_id", "recipient", "again"]);
    m.create_index(person.clone().unique().to_owned()).await?;
    let due = ["outbox_id", "state", "lane", "app_id", "due_at", "id"];
    m.create_index(index("deliveries_due", "deliveries", &due)).await?;
    m.create_index(index("deliveries_state", "deliveries", &["notification_id", "state", "id"])).await?;
    m.create_index(index("deliveries_msgid", "deliveries", &["outbox_id", "msgid"])).await?;
    m.create_index(index("deliveries_person", "deliveries", &["outbox_id", "openid", "sent_at"])).await?;
    // Whoever is deleted is found by the account, too: an openid may have been taken from it since.
    m.create_index(index("deliveries_user", "deliveries", &["user_id"])).await
}

async fn outboxes(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("outboxes")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            // Grows with every new holder; every write of a holder shows it.
            .col(big_integer("fence"))
            .col(string_len_null("holder", 64))
            .col(big_integer("until"))
            .col(string_len_null("pause_reason", 32))
            .col(big_integer_null("resumes_at"))
            .col(big_integer("probe_at"))
            .col(integer("quota_day"))
            .col(integer("quota_used"))
            .col(integer_null("quota_limit"))
            .col(big_integer("quota_asked_at"))
            .to_owned(),
    )
    .await
}

async fn receipts(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("receipts")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("service_account_id"))
            .col(string_len("openid", 64))
            .col(big_integer("msgid"))
            .col(string_len("status", 16))
            .col(big_integer("happened_at"))
            .col(big_integer("due_at"))
            .col(integer("tries"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("receipts_due", "receipts", &["due_at"])).await?;
    m.create_index(index("receipts_account", "receipts", &["service_account_id", "due_at"])).await?;
    m.create_index(index("receipts_happened", "receipts", &["happened_at"])).await
}

async fn recipient_holds(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("recipient_holds")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("service_account_id"))
            .col(string_len("openid", 64))
            // Empty: whatever the template.
            .col(string_len("template_id", 64))
            .col(big_integer("until"))
            .col(integer("times"))
            .to_owned(),
    )
    .await?;
    let person = ["service_account_id", "openid", "template_id"];
    m.create_index(index("recipient_holds_person", "recipient_holds", &person).unique().to_owned()).await?;
    m.create_index(index("recipient_holds_until", "recipient_holds", &["until"])).await
}

async fn inbox_items(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("inbox_items")
            // The id of its delivery.
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("account_id"))
            .col(uuid("notification_id"))
            .col(big_integer("created_at"))
            .col(big_integer_null("read_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(index("inbox_items_account", "inbox_items", &["account_id", "id"])).await?;
    m.create_index(index("inbox_items_unread", "inbox_items", &["account_id", "read_at"])).await?;
    m.create_index(index("inbox_items_created", "inbox_items", &["created_at"])).await
}

async fn follow_codes(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("follow_codes")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("service_account_id"))
            .col(uuid("app_id"))
            .col(text("url"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .to_owned(),
    )
    .await?;
    let app = index("follow_codes_app", "follow_codes", &["service_account_id", "app_id"]);
    m.create_index(app.clone().unique().to_owned()).await
}
