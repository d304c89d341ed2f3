//! What processes cost.

use std::time::Duration;

use anyhow::Context as _;
use nix::time::ClockId;
use nix::unistd::Pid;

/// All sockets are pinged once in this time, and none of them twice.
pub(crate) const PINGED: Duration = Duration::from_secs(25);

/// Seconds of processor time that a process has used, user and system; this one without a number. By its clock, and not by `/proc`,
/// whose ticks are 10 ms.
pub(crate) fn used(process: Option<u32>) -> anyhow::Result<f64> {
    let clock = match process {
        Some(number) => ClockId::pid_cpu_clock_id(Pid::from_raw(i32::try_from(number)?))?,
        None => ClockId::CLOCK_PROCESS_CPUTIME_ID,
    };
    Ok(Duration::from(clock.now()?).as_secs_f64())
}

/// The share of a core that a process needs while nothing happens but pings, in hundredths.
pub(crate) async fn rest(process: u32) -> anyhow::Result<f64> {
    let before = used(Some(process))?;
    tokio::time::sleep(PINGED).await;
    Ok((used(Some(process))? - before) * 100.0 / PINGED.as_secs_f64())
}

/// Memory that a process has for itself (and, for what keeps its sessions there, shares), in KiB: no files, no buffers of the system.
pub(crate) fn memory(process: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let of = |name: &str| -> anyhow::Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("/proc is Linux's")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    };
    Ok(of("RssAnon:")? + of("RssShmem:")?)
}

/// So many hundredths of some numbers are this or less: `share(&times, 99)`.
pub(crate) fn share(numbers: &[f64], percent: usize) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}
