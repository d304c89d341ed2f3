//! Rates.

use std::time::Instant;

/// How many a second, when `work` does `amount` of them.
pub(crate) async fn measure(
    amount: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<f64> {
    let begun = Instant::now();
    work.await?;
    Ok(f64::from(u32::try_from(amount)?) / begun.elapsed().as_secs_f64())
}
