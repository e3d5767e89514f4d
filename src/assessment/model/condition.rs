//! The condition of a control's row: of which resources a verdict is evidence.
//!
//! A check is asked for the organization's own standard, and a control asks something of its own. They
//! can differ in three ways, and each has its list of subjects:
//!
//! - `about`: the control speaks of these resources alone (customer managed keys); a verdict on another
//!   is not its evidence.
//! - `pass`: what a resource must be for a pass to show what the control asks. A standard may admit less:
//!   a bucket with SSE-S3 passes it, and shows nothing of AWS KMS keys.
//! - `fail`: what a resource must be for a fail to show that the control is not met. A standard may ask
//!   for more: a bucket under an AWS managed key fails it, and still has a KMS key.
//!
//! A list that is left out asks for nothing, and an empty one has none: no fail is evidence. Where the subject is not known well enough to say whether it
//! is in a list, the evidence is `unknown`. The views of the questions say the same in SQL
//! (`query::views` of the census); a test holds the two to each other.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::{Subject, Verdict};

/// What must hold for a finding to be evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The subjects that the control speaks of; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<BTreeSet<Subject>>,
    /// The subjects whose fail is evidence; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<BTreeSet<Subject>>,
    /// The subjects whose pass is evidence; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<BTreeSet<Subject>>,
}

words! {
    /// What a finding is as evidence for a control.
    Evidence {
        /// The pass is evidence.
        Pass = "pass",
        /// The fail is evidence.
        Fail = "fail",
        /// The fail is evidence, and a dated exception accepts it.
        Exempt = "exempt",
        /// The verdict cannot be said, or whether it is evidence.
        Unknown = "unknown",
        /// The check does not apply to the resource.
        NotApplicable = "not_applicable",
        /// The verdict is none: the condition does not hold.
        None = "not_evidence",
    }
}

impl From<Verdict> for Evidence {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Exempt => Self::Exempt,
            Verdict::Unknown => Self::Unknown,
            Verdict::NotApplicable => Self::NotApplicable,
        }
    }
}

impl Condition {
    /// What a verdict is as evidence, under a condition or under none.
    pub fn evidence(condition: Option<&Self>, verdict: Verdict, subject: Option<Subject>) -> Evidence {
        let Some(condition) = condition else { return verdict.into() };
        let of_verdict = match verdict {
            Verdict::Pass => holds(condition.pass.as_ref(), subject),
            Verdict::Fail | Verdict::Exempt => holds(condition.fail.as_ref(), subject),
            Verdict::Unknown | Verdict::NotApplicable => Some(true),
        };
        match (holds(condition.about.as_ref(), subject), of_verdict) {
            (Some(false), _) | (_, Some(false)) => Evidence::None,
            _ if matches!(verdict, Verdict::Unknown | Verdict::NotApplicable) => verdict.into(),
            (Some(true), Some(true)) => verdict.into(),
            _ => Evidence::Unknown,
        }
    }
}

/// Canonical JSON: names and subjects stand in the order of their characters.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [("about", &self.about), ("fail", &self.fail), ("pass", &self.pass)];
        let given = lists.into_iter().filter_map(|(name, list)| Some((name, list.as_ref()?)));
        // Names and words are ours, lower snake case, and need no escape.
        let members = given.map(|(name, list)| {
            let words: Vec<String> = list.iter().map(|subject| format!("\"{}\"", subject.word())).collect();
            format!("\"{name}\":[{}]", words.join(","))
        });
        write!(f, "{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

/// Whether a list has the subject; none where what is known of the subject does not tell.
fn holds(list: Option<&BTreeSet<Subject>>, subject: Option<Subject>) -> Option<bool> {
    let Some(list) = list else { return Some(true) };
    match subject {
        Some(subject) if list.contains(&subject) => Some(true),
        _ if list.is_empty() => Some(false),
        None | Some(Subject::Unknown) => None,
        // It is one of these two.
        Some(Subject::KmsKey)
            if list.contains(&Subject::AwsManagedKey) || list.contains(&Subject::CustomerManagedKey) =>
        {
            None
        }
        Some(_) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Subject::{AwsManagedKey, CustomerManagedKey, KmsKey, NotConfigured, SseS3};

    const KEYS: [Subject; 3] = [AwsManagedKey, CustomerManagedKey, KmsKey];

    fn list(subjects: &[Subject]) -> Option<BTreeSet<Subject>> {
        Some(subjects.iter().copied().collect())
    }

    /// Every verdict of every subject, a line a subject: pass, fail, exempt, unknown, not applicable.
    fn lines(condition: &Condition) -> Vec<String> {
        let subjects = Subject::ALL.iter().copied().map(Some).chain([None]);
        let line = |subject: Option<Subject>| {
            let verdicts =
                [Verdict::Pass, Verdict::Fail, Verdict::Exempt, Verdict::Unknown, Verdict::NotApplicable];
            let words = verdicts.map(|verdict| Condition::evidence(Some(condition), verdict, subject).word());
            format!("{}: {}", subject.map_or("none", Subject::word), words.join(" "))
        };
        subjects.map(line).collect()
    }

    #[test]
    fn a_control_of_customer_keys_has_no_evidence_of_others() {
        assert_eq!(
            lines(&Condition { about: list(&[CustomerManagedKey]), ..Condition::default() }),
            [
                "aws_managed_key: not_evidence not_evidence not_evidence not_evidence not_evidence",
                "customer_managed_key: pass fail exempt unknown not_applicable",
                "kms_key: unknown unknown unknown unknown not_applicable",
                "not_configured: not_evidence not_evidence not_evidence not_evidence not_evidence",
                "sse_s3: not_evidence not_evidence not_evidence not_evidence not_evidence",
                "unknown: unknown unknown unknown unknown not_applicable",
                "none: unknown unknown unknown unknown not_applicable",
            ]
        );
    }

    /// A pass under SSE-S3 shows no KMS key, and a fail under a KMS key does not show that there is none.
    #[test]
    fn a_control_of_kms_keys_has_no_pass_without_and_no_fail_with_one() {
        assert_eq!(
            lines(&Condition { about: None, fail: list(&[NotConfigured, SseS3]), pass: list(&KEYS) }),
            [
                "aws_managed_key: pass not_evidence not_evidence unknown not_applicable",
                "customer_managed_key: pass not_evidence not_evidence unknown not_applicable",
                "kms_key: pass not_evidence not_evidence unknown not_applicable",
                "not_configured: not_evidence fail exempt unknown not_applicable",
                "sse_s3: not_evidence fail exempt unknown not_applicable",
                "unknown: unknown unknown unknown unknown not_applicable",
                "none: unknown unknown unknown unknown not_applicable",
            ]
        );
    }

    #[test]
    fn a_key_that_nobody_described_is_not_taken_for_a_customers() {
        let of = lines(&Condition {
            about: None,
            fail: list(&[AwsManagedKey, NotConfigured, SseS3]),
            pass: list(&[CustomerManagedKey]),
        });
        assert_eq!(of[2], "kms_key: unknown unknown unknown unknown not_applicable");
        assert_eq!(of[0], "aws_managed_key: not_evidence fail exempt unknown not_applicable");
        assert_eq!(of[1], "customer_managed_key: pass not_evidence not_evidence unknown not_applicable");
    }

    /// What is in AWS KMS is kept in protected storage; what is not, is kept elsewhere and not thereby badly.
    #[test]
    fn a_control_may_take_passes_and_no_fails() {
        assert_eq!(
            lines(&Condition { about: list(&KEYS), fail: list(&[]), pass: None }),
            [
                "aws_managed_key: pass not_evidence not_evidence unknown not_applicable",
                "customer_managed_key: pass not_evidence not_evidence unknown not_applicable",
                "kms_key: pass not_evidence not_evidence unknown not_applicable",
                "not_configured: not_evidence not_evidence not_evidence not_evidence not_evidence",
                "sse_s3: not_evidence not_evidence not_evidence not_evidence not_evidence",
                "unknown: unknown not_evidence not_evidence unknown not_applicable",
                "none: unknown not_evidence not_evidence unknown not_applicable",
            ]
        );
    }

    #[test]
    fn without_a_condition_every_verdict_is_evidence() {
        for verdict in Verdict::ALL {
            assert_eq!(Condition::evidence(None, *verdict, None).word(), verdict.word());
        }
    }

    #[test]
    fn its_text_is_canonical() {
        let condition = Condition { about: None, fail: list(&[]), pass: list(&[KmsKey, AwsManagedKey]) };
        assert_eq!(condition.to_string(), r#"{"fail":[],"pass":["aws_managed_key","kms_key"]}"#);
        let words: Vec<&str> = Subject::ALL.iter().map(|subject| subject.word()).collect();
        assert!(words.is_sorted(), "the order of the type is the order of the text: {words:?}");
    }
}
