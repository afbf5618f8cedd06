//! The section `[connectors]` of the settings.

use serde::{Deserialize, Serialize};

/// How connectors run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many runs this process has under way at most. The others wait for their turn.
    pub at_a_time: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { at_a_time: 2 }
    }
}
