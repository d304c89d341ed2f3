//! Cores and limits: what is measured has a core for itself, everything else shares another one.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::Context as _;

/// Open files that are wanted: the most sockets, and some.
const FILES: usize = 65_536;

/// Who runs where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    /// The core of what is measured.
    pub(crate) measured: usize,
    /// The core of the load and of everything that only has to be there.
    pub(crate) load: usize,
}

impl Cores {
    /// As it is written in an argument: `0,1`.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let (measured, load) = text.split_once(',').context("two cores, as 0,1")?;
        Ok(Self { measured: measured.parse()?, load: load.parse()? })
    }

    /// The first two cores that this process may use; the same one twice where there is one.
    fn choose() -> anyhow::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let mut cores = Vec::new();
        for range in line.context("/proc is Linux's")?.trim().split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            cores.extend(first.parse::<usize>()?..=last.parse()?);
        }
        let measured = *cores.first().context("a process runs somewhere")?;
        Ok(Self { measured, load: cores.get(1).copied().unwrap_or(measured) })
    }
}

/// Starts this program again, on the core of the load and with as many open files as it may have; does not come back.
pub(crate) fn begin_again(arguments: &[String]) -> anyhow::Result<()> {
    let cores = Cores::choose()?;
    let limit = |files: usize| format!("--nofile={files}:{files}");
    let try_to = Command::new("prlimit").args([&limit(FILES), "true"]).stderr(Stdio::null()).status();
    let raised = try_to.context("prlimit (util-linux) is needed")?.success();
    let files = if raised { FILES } else { files()?.1 };
    let error = Command::new("prlimit")
        .args([&limit(files), "taskset", "-c", &cores.load.to_string()])
        .arg(std::env::current_exe()?)
        .args(arguments)
        .args(["--cores", &format!("{},{}", cores.measured, cores.load)])
        .exec();
    Err(error).context("taskset (util-linux) is needed")
}

/// How many files this process may have open, and how many it may allow itself.
pub(crate) fn files() -> anyhow::Result<(usize, usize)> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let mut numbers = line.context("/proc is Linux's")?.split_ascii_whitespace();
    let mut next = || -> anyhow::Result<usize> {
        let number = numbers.next().context("/proc is Linux's")?;
        if number == "unlimited" { Ok(FILES) } else { Ok(number.parse()?) }
    };
    Ok((next()?, next()?))
}
