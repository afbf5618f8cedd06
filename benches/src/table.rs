//! The printed result.

use std::fmt;
use std::time::Duration;

use crate::load::Seen;

/// One line: a case, what it should reach, and what it did.
#[derive(Debug, Default)]
pub struct Row {
    pub case: String,
    pub reach: String,
    pub measured: String,
    pub ratio: Option<f64>,
    pub latency: Option<(Duration, Duration)>,
    /// MiB.
    pub memory: Option<f64>,
}

impl Row {
    pub fn new(case: impl Into<String>, reach: impl Into<String>) -> Self {
        Self { case: case.into(), reach: reach.into(), ..Self::default() }
    }

    /// With a rate and its latencies.
    pub fn seen(self, seen: &Seen) -> Self {
        Self { measured: format!("{:.0}/s", seen.rate), latency: Some((seen.p50, seen.p99)), ..self }
    }

    pub fn ratio(self, ratio: f64) -> Self {
        Self { ratio: Some(ratio), ..self }
    }

    pub fn memory(self, memory: f64) -> Self {
        Self { memory: Some(memory), ..self }
    }

    pub fn measured(self, measured: impl Into<String>) -> Self {
        Self { measured: measured.into(), ..self }
    }
}

pub const HEAD: &str =
    "| case | reach | measured | ratio | p50 | p99 | server memory |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
        let (p50, p99) = self.latency.map(|(p50, p99)| (millis(p50), millis(p99))).unwrap_or_default();
        let ratio = self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let memory = self.memory.map(|mib| format!("{mib:.0} MiB")).unwrap_or_default();
        write!(f, "| {} | {} | {} | {ratio} | {p50} | {p99} | {memory} |", self.case, self.reach, self.measured)
    }
}
