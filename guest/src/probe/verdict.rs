//! How a probe attempt ended.

use crate::protocol::probe_failure::Kind;
use crate::protocol::probe_response::Outcome;
use crate::protocol::{ProbeFailure, ProbeResponse};

/// What of a program's words is passed on.
pub const TEXT_LIMIT: usize = 10 << 10;

/// The texts are a kubelet's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Success(String),
    /// A success to speak of.
    Warning(String),
    Failure(Kind, String),
    /// The probe could not be made, so it counts for nothing.
    Unknown(String),
}

impl From<Verdict> for ProbeResponse {
    fn from(verdict: Verdict) -> Self {
        Self {
            outcome: Some(match verdict {
                Verdict::Success(output) => Outcome::Success(cut(output)),
                Verdict::Warning(message) => Outcome::Warning(cut(message)),
                Verdict::Failure(kind, message) => Outcome::Failure(ProbeFailure { kind: kind.into(), message: cut(message) }),
                Verdict::Unknown(message) => Outcome::Unknown(cut(message)),
            }),
        }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_LIMIT {
        let end = (0..=TEXT_LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_long_texts_between_characters() {
        let long = "x".to_owned() + &"é".repeat(TEXT_LIMIT);
        let ProbeResponse { outcome: Some(Outcome::Success(text)) } = Verdict::Success(long).into() else { panic!("no success") };
        assert_eq!(text.len(), TEXT_LIMIT - 1);
    }
}
