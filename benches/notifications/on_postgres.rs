//! The rows of notifications on PostgreSQL, which waits for its disk, as by default.

use std::collections::BTreeMap;

use crate::measure::cores::Cores;
use crate::measure::postgres::Postgres;
use crate::measure::rates::measure;

use super::WeChat;
use super::lines::Line;
use super::outcomes;
use super::outcomes::Outcomes;
use super::rows::Rows;
use super::stage::Stage;

/// The account whose orders are spread there.
const CROWD: &str = "wx00112233445566aa";

/// What is measured there; the server goes last.
pub(super) struct OnPostgres {
    crowd: Stage,
    bare: Rows,
    outcomes: Outcomes,
    _server: Postgres,
    _folder: tempfile::TempDir,
}

impl OnPostgres {
    pub(super) async fn start(
        wechat: &WeChat,
        settings: &[(&str, &str)],
        followers: usize,
        cores: Cores,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let server = Postgres::start(folder.path(), cores, &[]).await?;
        let url = server.database("crowd").await?;
        let settings = [settings, &[("database.url", url.as_str())]].concat();
        Ok(Self {
            crowd: Stage::start(wechat, CROWD, &settings, followers).await?,
            bare: Rows::bare_on(&server.database("bare").await?).await?,
            outcomes: Outcomes::open(&server.database("outcomes").await?).await?,
            _server: server,
            _folder: folder,
        })
    }

    pub(super) async fn round(&self, many: usize) -> anyhow::Result<BTreeMap<Line, f64>> {
        let bare = measure(many, self.bare.write(many)).await?;
        let mut rates = BTreeMap::from([(Line::PostgresBareRows, bare)]);
        let spread = self.crowd.spread(many).await?;
        rates.extend(spread.map(|(load, rate)| (Line::PostgresSpread(load), rate)));
        let recorded = self.outcomes.rates(outcomes(many)).await?;
        rates.extend(recorded.map(|(load, rate)| (Line::PostgresOutcomes(load), rate)));
        Ok(rates)
    }

    pub(super) async fn stop(self) {
        self.crowd.stop().await;
    }
}
