//! `menfang notify`: the program itself, against a server in this process.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{for_tomorrow, id, ordered, with_a_guest};
use crate::support::TestServer;
use crate::support::outbox::TEMPLATE;

/// Runs it with these arguments, beside the server that this thread serves.
async fn notify(server: &TestServer, arguments: &[&str]) -> Output {
    let mut program = program(server, arguments);
    spawn_blocking(move || program.output().unwrap()).await.unwrap()
}

fn program(server: &TestServer, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menfang"));
    command
        .arg("notify")
        .args(arguments)
        .env_clear()
        .env("NO_PROXY", "127.0.0.1")
        .env("MENFANG_URL", &server.url)
        .env("MENFANG_API_KEY", &server.api_key);
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn expect(output: &Output, code: i32, part: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(part), "{part:?} is not said: {said}");
}

/// The options of an order that is well, for tomorrow, so that no dispatcher sends it.
fn order(app: &str, tomorrow: &str) -> Vec<String> {
    let app = app.trim_start_matches("/apps/");
    let all = [
        "--app",
        app,
        "--template",
        TEMPLATE,
        "--data",
        "thing1=Order 42",
        "--data",
        "time2=2026-11-22 18:00",
        "--send-at",
        tomorrow,
    ];
    all.map(ToOwned::to_owned).into()
}

fn tomorrow(server: &TestServer) -> String {
    for_tomorrow(server, json!({}))["send_at"].as_str().unwrap().to_owned()
}

async fn with(server: &TestServer, app: &str, more: &[&str]) -> Output {
    let options = order(app, &tomorrow(server));
    let all: Vec<&str> = options.iter().map(String::as_str).chain(more.iter().copied()).collect();
    notify(server, &all).await
}

async fn orders(server: &TestServer, app: &str) -> Vec<Value> {
    let listed = server.own_backend().get(&format!("{app}/notifications")).await.expect(200).json();
    listed["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn an_order_is_tried_placed_and_repeated_from_a_shell() {
    let (server, app, user) = with_a_guest().await;
    expect(&with(&server, &app, &["--audience", "all", "--dry-run"]).await, 0, "it would go to one person");
    assert_eq!(orders(&server, &app).await.len(), 0);
    let users = format!("users:{user}");
    let once = ["--audience", &users, "--no-wait", "--priority", "urgent", "--idempotency-key", "today"];
    let first = with(&server, &app, &once).await;
    expect(&first, 0, "ntf_");
    let again = with(&server, &app, &once).await;
    assert_eq!(String::from_utf8_lossy(&first.stdout), String::from_utf8_lossy(&again.stdout));
    let made = orders(&server, &app).await;
    assert_eq!(made.len(), 1);
    assert_eq!((&made[0]["priority"], &made[0]["audience"]), (&json!("urgent"), &json!({"users": [user]})));
    assert!(!said(&first).contains(&server.api_key));
}

#[actix_web::test]
async fn refusals_name_the_field_and_end_with_1_and_bad_usage_with_2() {
    let (server, app, _) = with_a_guest().await;
    let link = ["--audience", "all", "--link", "https://elsewhere.example.com/"];
    expect(&with(&server, &app, &link).await, 1, "url: ");
    let data = ["--audience", "all", "--data", "thing3=x", "--dry-run"];
    expect(&with(&server, &app, &data).await, 1, "data.thing3: ");
    expect(&with(&server, &app, &[]).await, 2, "--audience");
    expect(&with(&server, &app, &["--audience", "everybody"]).await, 2, "--audience");
    expect(&with(&server, &app, &["--audience", "all", "--data", "nothing"]).await, 2, "--data");
    expect(&notify(&server, &["--audience", "all"]).await, 2, "--app");
    expect(&notify(&server, &["--watch", "42"]).await, 2, "--watch");
    let unknown = "ntf_00000000000000000000000000";
    expect(
        &notify(&server, &["--watch", unknown]).await,
        1,
        &format!("(404 not_found) at /notifications/{unknown}"),
    );
    let strange = notify(&server, &["--key-file", "/nowhere", "--app", "app_1", "--audience", "all"]).await;
    expect(&strange, 2, "--key-file");
    let help = notify(&server, &["--help"]).await;
    expect(&help, 0, "Examples:");
    assert!(!said(&help).contains(&server.api_key), "help shows no secret");
    assert_eq!(orders(&server, &app).await.len(), 0);
}

#[actix_web::test]
async fn each_row_of_a_file_is_one_order_and_the_same_file_again_is_none() {
    let (server, app, user) = with_a_guest().await;
    let other = server.guest(&server.own_backend(), &app).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    let stranger = "usr_00000000000000000000000000";
    write(&file, &format!("user,thing1\n{user},Hello A\n{other},\n{stranger},Hello C\n"));
    let file = file.to_str().unwrap().to_owned();
    let tried = with(&server, &app, &["--file", &file, "--dry-run"]).await;
    expect(&tried, 1, "2 rows would be sent; 1 are refused");
    for _ in 0..2 {
        let output = with(&server, &app, &["--file", &file, "--no-wait"]).await;
        expect(&output, 1, "row 3 (line 4): audience.users[0]: ");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
    }
    let mut audiences: Vec<_> =
        orders(&server, &app).await.iter().map(|order| order["audience"]["users"][0].clone()).collect();
    audiences.sort_by_key(ToString::to_string);
    let mut all = [json!(user), json!(other)];
    all.sort_by_key(ToString::to_string);
    assert_eq!(audiences, all, "each once");
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
}

#[actix_web::test]
async fn watching_goes_on_to_the_end_and_tells_what_to_do() {
    let (server, app, _) = with_a_guest().await;
    let order = for_tomorrow(&server, TestServer::wechat_order(json!({"openids": ["oA", "oB"]})));
    let made = ordered(&server, &app, order).await;
    let mut watching = program(&server, &["--watch", id(&made)]);
    let watching = watching.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    server.leave_delivery(id(&made), "oA", "uncertain").await;
    server.leave_delivery(id(&made), "oB", "failed").await;
    let cancel = format!("/notifications/{}/cancel", id(&made));
    server.own_backend().post(&cancel, json!({})).await.expect(200);
    let output = spawn_blocking(|| watching.wait_with_output().unwrap()).await.unwrap();
    expect(&output, 1, "cancelled");
    for part in ["uncertain", "/resend", "were refused by WeChat [refused] (errcode 40003)"] {
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
    let past =
        server.past_notification(&server.organization.to_string(), app.trim_start_matches("/apps/")).await;
    expect(&notify(&server, &["--watch", &past.0]).await, 1, "done");
}

#[actix_web::test]
async fn rows_of_people_who_were_not_told_are_named_at_the_end() {
    let (server, app, user) = with_a_guest().await;
    let other = server.guest(&server.own_backend(), &app).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    write(&file, &format!("user,thing1\n\n{user},Hello A\n{other},Hello B\n"));
    let options = order(&app, &tomorrow(&server));
    let options: Vec<&str> =
        options.iter().map(String::as_str).chain(["--file", file.to_str().unwrap()]).collect();
    let mut waiting = program(&server, &options);
    let waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(30));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let made = loop {
        looks.tick().await;
        let made = orders(&server, &app).await;
        if made.len() == 2 {
            break made;
        }
    };
    for order in &made {
        if order["audience"]["users"][0] == json!(other) {
            server.leave_delivery(id(order), "oB", "failed").await;
        }
        let cancel = format!("/notifications/{}/cancel", id(order));
        server.own_backend().post(&cancel, json!({})).await.expect(200);
    }
    let output = spawn_blocking(|| waiting.wait_with_output().unwrap()).await.unwrap();
    expect(&output, 1, "row 2 (line 4): failed: were refused by WeChat [refused] (errcode 40003) (ntf_");
    assert!(!said(&output).contains("row 1"), "{}", said(&output));
}
