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

/// So many times other lines, added up; a line without a name is 1.
pub(crate) type Sum = &'static [(f64, &'static str)];

/// What was promised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) sum: Sum,
    /// In words, for the table.
    pub(crate) words: &'static str,
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// By which others name it.
    pub(crate) key: &'static str,
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// The line it is compared with.
    pub(crate) against: Option<&'static str>,
    pub(crate) budget: Option<Budget>,
    pub(crate) stretch: Option<Budget>,
    /// Where it stands in a curve of growth: the curve, and how much there was.
    pub(crate) grows: Option<(&'static str, f64)>,
    /// One number for each round in which it was measured.
    pub(crate) rounds: Vec<f64>,
}

impl Line {
    pub(crate) fn new(key: &'static str, name: impl Into<String>, unit: Unit) -> Self {
        let name = name.into();
        let rounds = Vec::new();
        Self { key, name, unit, against: None, budget: None, stretch: None, grows: None, rounds }
    }

    /// Compared with this line.
    pub(crate) fn against(mut self, key: &'static str) -> Self {
        self.against = Some(key);
        self
    }

    /// Promised to be no worse than this.
    pub(crate) fn budget(mut self, words: &'static str, sum: Sum) -> Self {
        self.budget = Some(Budget { sum, words });
        self
    }

    /// Hoped to be no worse than this.
    pub(crate) fn stretch(mut self, words: &'static str, sum: Sum) -> Self {
        self.stretch = Some(Budget { sum, words });
        self
    }

    /// One point of a curve.
    pub(crate) fn grows(mut self, curve: &'static str, load: f64) -> Self {
        self.grows = Some((curve, load));
        self
    }
}
