//! Starting, and what a server needs that nobody uses.

use std::time::Duration;

use crate::measure::cost;
use crate::measure::site::Site;
use crate::report::{Line, Table, Unit};
use crate::run::{Bench, say};
use crate::waiting::count;

/// What was only used for the start is given back in this time, if ever.
const SETTLE: Duration = Duration::from_secs(1);
const MIB: f64 = 1_048_576.0;

/// The section.
pub(crate) struct Start {
    site: Site,
    folder: std::path::PathBuf,
}

impl Start {
    pub(crate) async fn set_up(bench: &Bench, table: &mut Table) -> anyhow::Result<Self> {
        table.declare([
            Line::new("start.binary", "size of the program", Unit::MebiBytes),
            Line::new("start.first", "from start to ready, the database being made", Unit::Milliseconds),
            Line::new("start.again", "from start to ready", Unit::Milliseconds),
            Line::new("start.memory", "memory of a server that nobody uses", Unit::MebiBytes),
        ]);
        let folder = bench.folder("start")?;
        Ok(Self { site: Site::on_sqlite(bench, &folder).await?, folder })
    }

    pub(crate) async fn round(&self, bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
        say("  starts");
        let size = usize::try_from(std::fs::metadata(&bench.arguments.binary)?.len())?;
        table.add("start.binary", count(size) / MIB);
        let new = tempfile::tempdir_in(&self.folder)?;
        let database = format!("sqlite://{}", new.path().join("new.db").display());
        let address = self.site.door()?.address;
        let first = self.site.start_at(address, &[("MENFANG__DATABASE__URL", &database)]).await?;
        table.add("start.first", first.ready_in.as_secs_f64() * 1e3);
        drop(first);
        let again = self.site.start().await?;
        table.add("start.again", again.ready_in.as_secs_f64() * 1e3);
        tokio::time::sleep(SETTLE).await;
        table.add("start.memory", cost::memory(again.program.id())? / 1_024.0);
        Ok(())
    }
}
