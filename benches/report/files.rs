//! Where the results go: below the build folder, and into the documentation if that is wanted.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::table::Table;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
/// What the table stands between.
const BEGIN: &str = "<!-- written by `MENFANG_BENCH_WRITE=1 make bench` -->\n";
const END: &str = "<!-- up to here -->\n";

impl Table {
    /// Writes all files, and says where they are.
    pub(crate) fn write(&self, about: &Value) -> anyhow::Result<&'static str> {
        let folder = Path::new(FOLDER);
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("table.md"), self.markdown(about))?;
        std::fs::write(folder.join("results.json"), serde_json::to_vec_pretty(&self.json(about))?)?;
        std::fs::write(folder.join("budget.svg"), self.bars())?;
        std::fs::write(folder.join("growth.svg"), self.curves())?;
        Ok(FOLDER)
    }

    /// Puts the table where the documentation has one.
    pub(crate) fn write_into_documentation(&self, about: &Value) -> anyhow::Result<()> {
        let page = std::fs::read_to_string(PAGE)?;
        let (before, rest) =
            page.split_once(BEGIN).context("docs/performance.md has no place for a table")?;
        let (_, after) =
            rest.split_once(END).context("the place for a table in docs/performance.md has no end")?;
        std::fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", self.markdown(about)))?;
        Ok(())
    }

    fn markdown(&self, about: &Value) -> String {
        let said =
            |name: &str| about[name].as_str().map_or_else(|| about[name].to_string(), ToOwned::to_owned);
        format!(
            "Median of {} rounds at {} % of the usual work, {} cores, {}:\n\n```text\n{}\n```\n",
            said("rounds"),
            said("scale"),
            said("cores"),
            said("processor"),
            self.text().trim_end()
        )
    }
}
