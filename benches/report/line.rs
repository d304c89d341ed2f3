//! A line of the table.

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    KibiBytes,
    MebiBytes,
    Microseconds,
    Milliseconds,
    /// Of one core.
    Percent,
}

impl Unit {
    /// As it is written behind a number.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "/s",
            Self::KibiBytes => "KiB",
            Self::MebiBytes => "MiB",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Percent => "%",
        }
    }

    /// Whether more of it is better.
    pub(crate) fn more_is_better(self) -> bool {
        self == Self::PerSecond
    }
}

/// What was promised.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    /// So many times other lines, added up; a line without a name is 1.
    pub(crate) sum: Vec<(f64, String)>,
    /// In words, for the table.
    pub(crate) words: String,
}

impl Budget {
    fn new(words: &str, sum: &[(f64, &str)]) -> Self {
        Self {
            sum: sum.iter().map(|(times, key)| (*times, (*key).to_owned())).collect(),
            words: words.to_owned(),
        }
    }
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// By which others name it.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// The line it is compared with.
    pub(crate) against: Option<String>,
    pub(crate) budget: Option<Budget>,
    pub(crate) stretch: Option<Budget>,
    /// Where it stands in a curve of growth: the curve, and how much there was.
    pub(crate) grows: Option<(String, f64)>,
    /// One number for each round in which it was measured.
    pub(crate) rounds: Vec<f64>,
}

impl Line {
    pub(crate) fn new(key: impl Into<String>, name: impl Into<String>, unit: Unit) -> Self {
        let (key, name) = (key.into(), name.into());
        let rounds = Vec::new();
        Self { key, name, unit, against: None, budget: None, stretch: None, grows: None, rounds }
    }

    /// Compared with this line.
    pub(crate) fn against(mut self, key: impl Into<String>) -> Self {
        self.against = Some(key.into());
        self
    }

    /// Promised to be no worse than this.
    pub(crate) fn budget(mut self, words: &str, sum: &[(f64, &str)]) -> Self {
        self.budget = Some(Budget::new(words, sum));
        self
    }

    /// Hoped to be no worse than this.
    pub(crate) fn stretch(mut self, words: &str, sum: &[(f64, &str)]) -> Self {
        self.stretch = Some(Budget::new(words, sum));
        self
    }

    /// One point of a curve.
    pub(crate) fn grows(mut self, curve: &str, load: f64) -> Self {
        self.grows = Some((curve.to_owned(), load));
        self
    }
}
