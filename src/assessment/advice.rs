//! What to do about a refusal, from what AWS said: a pure function over the operation, the code and
//! the message.
//!
//! AWS has few codes and many causes: `AccessDenied` is a missing action, another one's Deny or tags
//! on the caller's own session, `SignatureDoesNotMatch` a wrong key or a wrong clock. Only the message
//! tells them apart. A cause changes the message for a person, and never a reading or a verdict.
//!
//! To add a cause: a variant, its line in [`cause`], its sentence in [`Cause::advice`].

use crate::model::{DeniedBy, DenyType, Fault};
use crate::operation::{ASSUME_ROLE, Grant, OPERATIONS};

/// What AWS said, and this host's clock when it said so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said<'a> {
    /// `service:Operation`.
    pub operation: &'a str,
    /// AWS's code.
    pub code: Option<&'a str>,
    /// AWS's message.
    pub message: Option<&'a str>,
    /// Seconds that this host's clock is ahead of the answer's date, where that is known.
    pub clock_ahead: Option<i64>,
}

impl<'a> Said<'a> {
    /// What a fault of this operation has of it.
    pub fn of(operation: &'a str, fault: &'a Fault) -> Self {
        let (code, message) = (fault.code.as_deref(), fault.message.as_deref());
        Self { operation, code, message, clock_ahead: fault.clock_ahead_seconds }
    }
}

/// Why AWS refused, where its answer tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// This host's clock is wrong; by so many seconds ahead of AWS's (negative: behind), if AWS's answer says so.
    Clock(Option<i64>),
    /// The caller's session tags and the session policy are together too large.
    PackedPolicy,
    /// A policy refused an action.
    Denied {
        /// The action, where it is not the operation's own.
        action: Option<String>,
        /// Whose policy.
        by: DeniedBy,
        /// How.
        how: Option<DenyType>,
    },
}

/// Codes that say nothing but a wrong clock.
const CLOCK: &[&str] = &["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"];
/// Codes that say it in their message, or beside a date that is far from this host's.
const SIGNATURE: &[&str] =
    &["AuthFailure", "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"];

/// Why AWS refused; none where its answer does not tell more than its code.
pub fn cause(said: Said<'_>) -> Option<Cause> {
    let (code, message) = (said.code.unwrap_or_default(), said.message.unwrap_or_default());
    if let Some(clock) = clock(code, message, said.clock_ahead) {
        return Some(clock);
    }
    if code == "PackedPolicyTooLarge" || code == "PackedPolicyTooLargeException" {
        return Some(Cause::PackedPolicy);
    }
    let own = own_action(said.operation);
    let action =
        refused_action(message).filter(|action| !action.eq_ignore_ascii_case(own)).map(str::to_owned);
    let (by, how) = who_denied(message);
    let by = by.unwrap_or(DeniedBy::Unstated);
    (action.is_some() || by != DeniedBy::Unstated).then_some(Cause::Denied { action, by, how })
}

fn clock(code: &str, message: &str, ahead: Option<i64>) -> Option<Cause> {
    let told = ["Signature expired", "Signature not yet current"].iter().any(|words| message.contains(words));
    let is_far = ahead.is_some_and(|seconds| seconds.unsigned_abs() >= CLOCK_DIFFERS);
    let is_clock = CLOCK.contains(&code) || (SIGNATURE.contains(&code) && (told || is_far));
    is_clock.then(|| Cause::Clock(ahead_of(message).or(ahead.filter(|_| is_far))))
}

/// By how much this host's clock is ahead, from `Signature expired: 20261127T200000Z is now earlier than
/// 20261127T210000Z (20261127T211500Z - 15 min.)`: first the request's time, in brackets AWS's.
fn ahead_of(message: &str) -> Option<i64> {
    let (_, rest) = message.split_once("Signature ")?;
    let request = rest.split_whitespace().find_map(instant)?;
    let aws = rest.split_once('(')?.1.split_whitespace().find_map(instant)?;
    Some(request - aws)
}

/// Seconds since the epoch of `20261127T200000Z`.
fn instant(word: &str) -> Option<i64> {
    crate::clock::Timestamp::parse_compact(word).map(|at| at.millis() / 1_000)
}

/// `kms:Decrypt` of `… is not authorized to perform: kms:Decrypt on resource: …`.
fn refused_action(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let action = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    action.contains(':').then_some(action)
}

fn own_action(operation: &str) -> &str {
    let known = OPERATIONS.iter().find(|known| known.id == operation);
    known.map_or(operation, |known| known.iam_action)
}

/// Whose permission an operation needs, as a sentence names it.
fn who(operation: &str) -> &'static str {
    if is_of(operation, Grant::Audit) { "the audit role" } else { "the role that runs atrest" }
}

impl Cause {
    /// What to do about it.
    pub fn advice(&self, operation: &str) -> String {
        match self {
            Self::Clock(ahead) => clock_advice(*ahead),
            Self::PackedPolicy => PACKED.to_owned(),
            Self::Denied { action: Some(action), .. }
                if ["sts:TagSession", "sts:SetSourceIdentity"].contains(&action.as_str()) =>
            {
                tagged(action)
            }
            Self::Denied { action, by, how } => denied(operation, action.as_deref(), *by, *how),
        }
    }
}

/// EKS sets six session tags, and can be told not to (EKS User Guide, "Understand how EKS Pod Identity works").
const PACKED: &str = "the tags of the caller's session and the session policy of atrest are together larger than STS \
                      allows: give the session fewer or shorter tags (EKS Pod Identity: disable the session tags of \
                      the association), or leave the session policy out with --no-session-policy";

fn clock_advice(ahead: Option<i64>) -> String {
    let by = match ahead {
        Some(seconds) => {
            let side = if seconds < 0 { "behind" } else { "ahead of" };
            format!("this host's clock is {} seconds {side} AWS's", seconds.unsigned_abs())
        }
        None => "this host's clock differs from AWS's by more than AWS allows".to_owned(),
    };
    format!(
        "{by}: set it by NTP (in WSL2 or a virtual machine, after the host slept, too) and run again; the credentials are not the cause"
    )
}

/// A session with transitive tags or a source identity passes them on, and that is an action of its own
/// (IAM User Guide, "Pass session tags in AWS STS").
fn tagged(action: &str) -> String {
    let what = if action == "sts:TagSession" { "transitive session tags" } else { "a source identity" };
    format!(
        "the caller's session has {what}, which AssumeRole passes on: allow {action} beside sts:AssumeRole in the audit \
         role's trust policy (deploy/audit-role.yaml: TaggedSessions=true) and in the caller's own policy, or run atrest \
         in a session without them"
    )
}

fn denied(operation: &str, action: Option<&str>, by: DeniedBy, how: Option<DenyType>) -> String {
    let (who, explicit) = (who(operation), how == Some(DenyType::Explicit));
    let what = action.unwrap_or_else(|| own_action(operation));
    let exempt = |whose: &str| {
        format!(
            "{whose} denies {what}: exempt {who} from its Deny statement by a condition on aws:PrincipalArn"
        )
    };
    match by {
        DeniedBy::Scp if explicit => exempt("a service control policy") + ACCEPT,
        DeniedBy::Rcp if explicit => exempt("a resource control policy") + ACCEPT,
        DeniedBy::Scp => format!("no service control policy allows {what}: add it there{ACCEPT}"),
        DeniedBy::Rcp => format!("no resource control policy allows {what}: add it there{ACCEPT}"),
        DeniedBy::Boundary if explicit => exempt("a permissions boundary"),
        DeniedBy::Boundary => format!("add {what} to the permissions boundary of {who}"),
        DeniedBy::VpcEndpoint if explicit => exempt("the VPC endpoint's policy"),
        DeniedBy::VpcEndpoint => format!("add {what} for {who} to the VPC endpoint's policy"),
        DeniedBy::Session => format!(
            "the session policy does not allow {what}: check which policy limits the caller's session; the one that \
             atrest sets allows only the audit actions"
        ),
        DeniedBy::ResourcePolicy if explicit => exempt("the resource's own policy"),
        DeniedBy::ResourcePolicy if operation == ASSUME_ROLE.id => {
            format!("allow {what} to {who} in the trust policy of the audit role")
        }
        DeniedBy::ResourcePolicy if what.starts_with("kms:") => {
            format!(
                "allow {what} to {who} in the key's policy, or let the account's IAM decide: allow its root there"
            )
        }
        DeniedBy::ResourcePolicy if is_of(operation, Grant::Lake) => format!(
            "allow {what} to {who} in the bucket's policy, or choose a bucket of your own; {LAKE_PERMISSIONS}"
        ),
        DeniedBy::ResourcePolicy => format!("allow {what} to {who} in the resource's own policy"),
        DeniedBy::Identity if explicit => exempt("an identity-based policy"),
        DeniedBy::Identity | DeniedBy::Unstated => missing(operation, what, who),
    }
}

const LAKE_PERMISSIONS: &str = "`atrest iam --role lake` prints the permissions that a lake needs";

fn is_of(operation: &str, grant: Grant) -> bool {
    OPERATIONS.iter().any(|known| known.id == operation && known.grant == grant)
}

const ACCEPT: &str = ", or accept the gap in the standard";

fn missing(operation: &str, what: &str, who: &str) -> String {
    if what.starts_with("kms:") && is_of(operation, Grant::Lake) {
        return format!(
            "the lake's bucket is encrypted by a KMS key: allow {who} kms:GenerateDataKey and kms:Decrypt on that key; \
             {LAKE_PERMISSIONS}"
        );
    }
    let policies = [(Grant::Audit, "audit"), (Grant::Lake, "lake"), (Grant::Scan, "scan")];
    let policy = policies.iter().find(|(grant, _)| is_of(operation, *grant)).map_or("scan", |(_, name)| name);
    format!("give {who} the policy of `atrest iam --role {policy}`; it lacks {what}")
}

/// What to do about credentials that AWS does not take.
///
/// How to renew them depends on where they come from: the shell knows, and says it in the place of this.
pub const RENEW: &str = "renew the credentials, or choose others with AWS_PROFILE";

/// A clock that differs by fewer seconds is no reason to refuse a signature: AWS allows 5 minutes
/// (IAM User Guide, "Elements of an AWS API request signature").
pub const CLOCK_DIFFERS: u64 = 300;

/// Reads who denied from AWS's message: "… with an explicit deny in a service control policy", or
/// "… because no identity-based policy allows the … action" (IAM User Guide, "Troubleshoot access
/// denied error messages").
pub fn who_denied(message: &str) -> (Option<DeniedBy>, Option<DenyType>) {
    const KINDS: [(&str, DeniedBy); 7] = [
        ("service control policy", DeniedBy::Scp),
        ("resource control policy", DeniedBy::Rcp),
        ("identity-based policy", DeniedBy::Identity),
        ("resource-based policy", DeniedBy::ResourcePolicy),
        ("permissions boundary", DeniedBy::Boundary),
        ("session policy", DeniedBy::Session),
        ("VPC endpoint policy", DeniedBy::VpcEndpoint),
    ];
    let (clause, deny_type) = if let Some((_, clause)) = message.rsplit_once("with an explicit deny in") {
        (clause, DenyType::Explicit)
    } else if let Some((_, clause)) = message.rsplit_once("because no ") {
        (clause, DenyType::Implicit)
    } else {
        return (Some(DeniedBy::Unstated), None);
    };
    let kind = KINDS.iter().find(|(words, _)| clause.contains(words)).map(|(_, kind)| *kind);
    (Some(kind.unwrap_or(DeniedBy::Unstated)), Some(deny_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(operation: &'a str, code: &'a str, message: &'a str) -> Said<'a> {
        Said { operation, code: Some(code), message: Some(message), clock_ahead: None }
    }

    fn advice(operation: &str, code: &str, message: &str) -> String {
        cause(said(operation, code, message)).map(|cause| cause.advice(operation)).unwrap_or_default()
    }

    fn refused(action: &str, clause: &str) -> String {
        format!(
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: {action} on resource: x {clause}"
        )
    }

    #[test]
    fn the_clock_is_told_with_the_seconds() {
        let expired = "Signature expired: 20261127T200000Z is now earlier than 20261127T210000Z (20261127T211500Z - 15 min.)";
        let early = "Signature not yet current: 20261127T220000Z is still later than 20261127T211500Z (20261127T210000Z + 15 min.)";
        for (code, message, ahead) in [
            ("SignatureDoesNotMatch", expired, Some(-4_500)),
            ("InvalidSignatureException", expired, Some(-4_500)),
            ("InvalidSignatureException", early, Some(3_600)),
            (
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                None,
            ),
            ("RequestExpired", "Request has expired.", None),
        ] {
            assert_eq!(cause(said("sts:AssumeRole", code, message)), Some(Cause::Clock(ahead)), "{code}");
        }
        // The date of the answer tells where the message does not, and only where it is far off.
        let skewed = said("s3:PutObject", "RequestTimeTooSkewed", "");
        assert_eq!(cause(Said { clock_ahead: Some(-1_000), ..skewed }), Some(Cause::Clock(Some(-1_000))));
        let signature =
            said("s3:PutObject", "SignatureDoesNotMatch", "The request signature we calculated …");
        assert_eq!(cause(Said { clock_ahead: Some(1_000), ..signature }), Some(Cause::Clock(Some(1_000))));
        for near in [None, Some(0), Some(-299), Some(299)] {
            assert_eq!(
                cause(Said { clock_ahead: near, ..signature }),
                None,
                "a wrong key is not a wrong clock"
            );
        }
        assert!(
            advice("sts:AssumeRole", "SignatureDoesNotMatch", expired)
                .starts_with("this host's clock is 4500 seconds behind AWS's")
        );
        for damaged in
            ["Signature expired: ", "Signature expired: 2026 (", "Signature expired: 20269999T999999Z (é"]
        {
            assert_eq!(
                cause(said("x", "SignatureDoesNotMatch", damaged)),
                Some(Cause::Clock(None)),
                "{damaged}"
            );
        }
    }

    /// One code, and by its message: another action, another policy, another remedy.
    #[test]
    fn the_advice_is_of_the_action_and_the_policy_that_the_message_names() {
        let implicit = |kind: &str| format!("because no {kind} allows the x action");
        let explicit = |kind: &str| format!("with an explicit deny in a {kind}");
        for (operation, action, clause, words) in [
            ("sts:AssumeRole", "sts:TagSession", String::new(), "allow sts:TagSession beside sts:AssumeRole"),
            ("sts:AssumeRole", "sts:SetSourceIdentity", String::new(), "allow sts:SetSourceIdentity beside"),
            (
                "s3:PutObject",
                "kms:GenerateDataKey",
                implicit("identity-based policy"),
                "kms:GenerateDataKey and kms:Decrypt on that key",
            ),
            (
                "s3:GetObject",
                "kms:Decrypt",
                implicit("resource-based policy"),
                "allow kms:Decrypt to the role that runs atrest in the key's policy",
            ),
            (
                "s3:GetBucketPolicy",
                "s3:GetBucketPolicy",
                explicit("service control policy"),
                "a service control policy denies s3:GetBucketPolicy: exempt the audit role from its Deny",
            ),
            (
                "kms:ListKeys",
                "kms:ListKeys",
                implicit("service control policy"),
                "no service control policy allows kms:ListKeys",
            ),
            (
                "s3:GetBucketPolicy",
                "s3:GetBucketPolicy",
                explicit("resource control policy"),
                "a resource control policy denies",
            ),
            (
                "kms:ListKeys",
                "kms:ListKeys",
                explicit("permissions boundary"),
                "a permissions boundary denies kms:ListKeys",
            ),
            (
                "kms:ListKeys",
                "kms:ListKeys",
                implicit("permissions boundary"),
                "add kms:ListKeys to the permissions boundary of the audit role",
            ),
            (
                "kms:ListKeys",
                "kms:ListKeys",
                explicit("VPC endpoint policy"),
                "the VPC endpoint's policy denies",
            ),
            (
                "s3:PutObject",
                "s3:PutObject",
                implicit("VPC endpoint policy"),
                "add s3:PutObject for the role that runs atrest to the VPC endpoint's policy",
            ),
            (
                "kms:ListKeys",
                "kms:ListKeys",
                implicit("session policy"),
                "the session policy does not allow kms:ListKeys",
            ),
            (
                "s3:GetBucketEncryption",
                "s3:GetEncryptionConfiguration",
                implicit("identity-based policy"),
                "`atrest iam --role audit`; it lacks s3:GetEncryptionConfiguration",
            ),
            (
                "organizations:ListAccounts",
                "organizations:ListAccounts",
                implicit("identity-based policy"),
                "`atrest iam --role scan`",
            ),
        ] {
            let advice = advice(operation, "AccessDenied", &refused(action, &clause));
            assert!(advice.contains(words), "{operation} {action} {clause}: {advice}");
        }
        let packed = advice(
            "sts:AssumeRole",
            "PackedPolicyTooLarge",
            "Packed size of session tags consumes 112% of allotted space.",
        );
        assert!(packed.contains("--no-session-policy"), "{packed}");
    }

    #[test]
    fn where_the_message_says_no_more_than_the_code_there_is_no_cause() {
        for message in
            ["", "Access Denied", "User: x is not authorized to perform: sts:AssumeRole on resource: y"]
        {
            assert_eq!(cause(said("sts:AssumeRole", "AccessDenied", message)), None, "{message}");
        }
        assert_eq!(
            cause(said(
                "sts:AssumeRole",
                "ExpiredToken",
                "The security token included in the request is expired"
            )),
            None
        );
    }

    #[test]
    fn the_message_names_who_denied() {
        use DeniedBy::*;
        use DenyType::*;
        let user = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:X on resource: y ";
        for (clause, by, how) in [
            ("with an explicit deny in a service control policy", Scp, Some(Explicit)),
            ("because no service control policy allows the s3:X action", Scp, Some(Implicit)),
            ("with an explicit deny in a resource control policy", Rcp, Some(Explicit)),
            ("with an explicit deny in a resource-based policy", ResourcePolicy, Some(Explicit)),
            ("because no resource-based policy allows the s3:X action", ResourcePolicy, Some(Implicit)),
            ("because no identity-based policy allows the s3:X action", Identity, Some(Implicit)),
            ("because no permissions boundary allows the s3:X action", Boundary, Some(Implicit)),
            ("because no session policy allows the s3:X action", Session, Some(Implicit)),
            ("because no VPC endpoint policy allows the s3:X action", VpcEndpoint, Some(Implicit)),
            ("", Unstated, None),
        ] {
            assert_eq!(who_denied(&format!("{user}{clause}")), (Some(by), how), "{clause}");
        }
    }
}
