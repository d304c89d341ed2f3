//! What processes cost.

use anyhow::Context as _;

/// Ticks of `/proc` in a second, on every Linux that is built today.
const TICKS: f64 = 100.0;

/// Seconds of processor time that a process has used, user and system; this one without a number.
pub(crate) fn used(process: Option<u32>) -> anyhow::Result<f64> {
    let process = process.map_or_else(|| "self".to_owned(), |number| number.to_string());
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold anything.
    let (_, numbers) = stat.rsplit_once(')').context("/proc is Linux's")?;
    let mut numbers = numbers.split_ascii_whitespace().skip(11);
    let mut next = || -> anyhow::Result<f64> { Ok(numbers.next().context("/proc is Linux's")?.parse()?) };
    Ok((next()? + next()?) / TICKS)
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
