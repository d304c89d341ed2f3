//! `menfang serve`.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::server::{Running, World, build};
use crate::telemetry;

use super::ConfigFile;

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// The server cannot start.
pub async fn run(file: &ConfigFile) -> anyhow::Result<ExitCode> {
    let config = file.load()?;
    telemetry::logs::init(&config.telemetry)?;
    let server = build(config, World::real()?).await?;
    let running = server.start()?;
    tracing::info!(url = running.url, ops = %running.ops_address, "menfang serves");
    until_signal().await?;
    stop(running).await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// Signals cannot be heard.
pub async fn until_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Drains and stops, and says so.
pub async fn stop(running: Running) {
    tracing::info!("menfang stops: waiting browsers are sent away, requests under way are finished");
    running.stop().await;
    tracing::info!("menfang has stopped");
}
