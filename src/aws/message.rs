//! AWS's message as it may be kept and shown: one line of at most 1 KiB, with nothing in it that a
//! terminal obeys and no secret.
//!
//! AWS repeats in a message what it was sent. `SignatureDoesNotMatch` gives the canonical request with
//! the session token, `IncompleteSignature` the Authorization header, a proxy's error its own URL.
//! What looks like a secret is removed, and a few words too many are removed with it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::printable::printable;

/// The longest message that is kept, in bytes.
pub const LONGEST: usize = 1_024;
/// What is looked at of a longer one: a message may shrink where secrets are removed from it.
const LOOKED_AT: usize = 8 * 1_024;
/// What stands in a secret's place.
pub(super) const REMOVED: &str = "[removed]";
/// Characters without width, which would part a secret.
const UNSEEN: [char; 6] = ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];
/// What stands at the end of a message that was cut.
const CUT: &str = "…";

/// The message without secrets, printable, in one line and bounded; none where nothing is left.
pub fn kept(message: &str) -> Option<String> {
    let head = head(message);
    let text = without_secrets(&visible(head)).into_owned();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = bounded(&printable(&line), head.len() < message.len());
    (!line.is_empty()).then_some(line)
}

/// The text without the characters that have no width.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    match text.contains(UNSEEN) {
        true => Cow::Owned(text.replace(UNSEEN, "")),
        false => Cow::Borrowed(text),
    }
}

/// The beginning that is looked at. It ends with a whole word: of half a secret nothing could be told.
fn head(message: &str) -> &str {
    if message.len() <= LOOKED_AT {
        return message;
    }
    let head = &message[..message.floor_char_boundary(LOOKED_AT)];
    match head.rsplit_once(char::is_whitespace) {
        Some((whole, _)) => whole,
        None => head.trim_end_matches(|it: char| it.is_alphanumeric() || "+/=_-".contains(it)),
    }
}

fn bounded(line: &str, is_cut: bool) -> String {
    if line.len() <= LONGEST && !is_cut {
        return line.to_owned();
    }
    if line.len() + CUT.len() <= LONGEST {
        return format!("{line}{CUT}");
    }
    let end = line.floor_char_boundary(LONGEST - CUT.len());
    format!("{}{CUT}", &line[..end])
}

/// What a secret's name is followed by: `=`, `:`, in JSON (in a text of JSON, too) or percent-encoded, and perhaps a
/// quote.
const SEPARATOR: &str = r#"\\*["']?\s*(?:=|:|%3[DdAa])\s*\\*["']?"#;

/// Headers whose value is a secret to the end of its line or quotation: it may have blanks.
static HEADERS: LazyLock<Regex> = LazyLock::new(|| {
    let names = "(?:proxy-)?authorization|cookie|set-cookie";
    regex(&format!(r#"(?i)\b({names})({SEPARATOR})[^\r\n"']+"#))
});

/// STS repeats an external id that it does not take: `Value 'X' at 'externalId' failed to satisfy constraint`.
static REPEATED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?is)\bvalue '[^']*' at '(external_?id|token_?code)'"));

/// Names whose value is a secret, to the next blank, quotation mark or separator of a list or a query.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    // What stands before a name does not matter: `oauth_refresh_token`, `MY_SECRET`.
    let names = "secret[-_ ]?access[-_ ]?key|access[-_ ]?key[-_ ]?id|secret[-_ ]?key|private[-_ ]?key|api[-_ ]?key|\
                 client[-_ ]?secret|saml[-_ ]?(?:assertion|response)|signature|credential|password|passwd|passphrase|\
                 pwd|secret|token";
    regex(&format!(r#"(?i)({names})({SEPARATOR})(?:\\/|[^\s"'&,;<>\\])+"#))
});

/// A scheme of the Authorization header with its credentials, wherever it stands.
static SCHEMES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(basic|bearer|negotiate|ntlm)\s+([A-Za-z0-9+/=._~-]{8,})"));

/// Elements of AWS's XML answers that hold credentials, or what was signed.
static ELEMENTS: LazyLock<Regex> = LazyLock::new(|| {
    let names = "AWSAccessKeyId|AccessKeyId|SecretAccessKey|SessionToken|Token-0|SignatureProvided|StringToSign|\
                 StringToSignBytes|CanonicalRequest|CanonicalRequestBytes";
    regex(&format!(r"(?s)<({names})>[^<]*"))
});

/// `user:password@` of a URL, or of a proxy that is written without a scheme.
static USERINFO: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(://)(?:[^\s/@"'<>]+|[^\s/@"'<>]*:[^\s"'<>]*)@|((?:^|[\s"'`(=]))[^\s:/@"'`(=]+:[^\s/@"'`]+@"#)
});

/// Secrets that are recognized by their form: key ids, signatures, tokens.
static WORDS: LazyLock<Regex> = LazyLock::new(|| regex(r#"[^\s"'`<>(),;]+"#));
static KEY_IDS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8,}(?:/\d{8}/[a-z0-9-]+/[a-z0-9-]+/aws4_request)?")
});
/// The same within a longer word, of which nothing else was removed.
static INNER_KEY_IDS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:AKIA|ASIA)[A-Z0-9]{12,}"));
static SCOPES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b\d{8}/[a-z0-9-]+/[a-z0-9-]+/aws4_request(?:\s+[0-9a-fA-F]{64})?"));
static HASHES: LazyLock<Regex> = LazyLock::new(|| regex(r"\b[0-9a-fA-F]{64,}\b"));
static JWTS: LazyLock<Regex> = LazyLock::new(|| regex(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*"));
static RUNS: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9+/=_-]{40,}"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file, which its tests compile")
}

/// The text without what is, or looks like, a secret.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let after_name = |found: &Captures<'_>| format!("{}{}{REMOVED}", &found[1], &found[2]);
    let text = without_printed(text);
    let text = ELEMENTS.replace_all(&text, |found: &Captures<'_>| format!("<{}>{REMOVED}", &found[1]));
    let text =
        REPEATED.replace_all(&text, |found: &Captures<'_>| format!("Value '{REMOVED}' at '{}'", &found[1]));
    let text = HEADERS.replace_all(&text, after_name).into_owned();
    let text = NAMED.replace_all(&text, after_name).into_owned();
    let text = SCHEMES.replace_all(&text, |found: &Captures<'_>| match is_plain_word(&found[2]) {
        true => found[0].to_owned(),
        false => format!("{} {REMOVED}", &found[1]),
    });
    let text = USERINFO.replace_all(&text, |found: &Captures<'_>| {
        let before = found.get(1).or_else(|| found.get(2)).map_or("", |before| before.as_str());
        format!("{before}{REMOVED}@")
    });
    let text = SCOPES.replace_all(&text, REMOVED).into_owned();
    let text = KEY_IDS.replace_all(&text, REMOVED).into_owned();
    let text = WORDS.replace_all(&text, |found: &Captures<'_>| without_tokens(&found[0]));
    let text = INNER_KEY_IDS.replace_all(&text, REMOVED);
    Cow::Owned(text.replace("[removed][removed]", REMOVED))
}

/// What a `credential_process` prints for a person may be its secret, and looks like anything. The SDK repeats it, once
/// as it is and once escaped, so that nothing behind it can be told from it.
fn without_printed(text: &str) -> Cow<'_, str> {
    match text.split_once("Stderr:") {
        Some((before, printed)) => {
            let end = if printed.ends_with('\n') { "\n" } else { "" };
            Cow::Owned(format!("{before}Stderr: {REMOVED}{end}"))
        }
        None => Cow::Borrowed(text),
    }
}

/// `Basic authentication.` is prose.
fn is_plain_word(word: &str) -> bool {
    word.trim_end_matches('.').bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
}

/// A word without what only a key or a token looks like. ARNs have long names of their own, and no secret.
fn without_tokens(word: &str) -> String {
    if let Some(at) = word.find("arn:aws") {
        let (before, arn) = word.split_at(at);
        return format!("{}{arn}", if before.is_empty() { String::new() } else { without_tokens(before) });
    }
    let word = HASHES.replace_all(word, REMOVED).into_owned();
    let word = JWTS.replace_all(&word, REMOVED).into_owned();
    let replaced = RUNS.replace_all(&word, |found: &Captures<'_>| match looks_random(&found[0]) {
        true => REMOVED.to_owned(),
        false => found[0].to_owned(),
    });
    replaced.into_owned()
}

/// A secret access key has 40 letters of base64, a session token hundreds: capitals, small letters and
/// others together, which names of 40 letters seldom have.
fn looks_random(run: &str) -> bool {
    let has = |class: fn(&u8) -> bool| run.bytes().any(|byte| class(&byte));
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(|byte| !byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const TOKEN: &str = "IQoJb3JpZ2luX2VjEMv//////////wEaCXVzLWVhc3QtMSJIMEYCIQDBxGExample0Token==";

    fn line(message: &str) -> String {
        kept(message).unwrap_or_default()
    }

    #[test]
    fn what_explains_a_refusal_stays_as_it_is() {
        for message in [
            "User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/me@example.com is not authorized to perform: sts:TagSession on resource: arn:aws:iam::222233334444:role/atrest-audit",
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555 because no identity-based policy allows the kms:GenerateDataKey action",
            "User: arn:aws:sts::1:assumed-role/CompanyWideSecurityAndEncryptionAuditRole2026/s is not authorized to perform: s3:GetBucketPolicy on resource: \"arn:aws:s3:::logs\" with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-abcdefghij/service_control_policy/p-12345678",
            "Signature expired: 20261127T200000Z is now earlier than 20261127T210000Z (20261127T211500Z - 15 min.)",
            "The security token included in the request is expired",
            "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
            "Packed size of session tags consumes 112% of allotted space.",
            "407 Proxy Authentication Required: Basic authentication. Try again",
            "Credential should be scoped to a valid region: us-east-1",
        ] {
            assert_eq!(line(message), message);
        }
        assert_eq!(kept(" \n\t "), None);
    }

    /// Each of them has a secret, and what is left of it says what happened.
    #[test]
    fn no_secret_is_kept() {
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let scope = "20261127/eu-west-1/sts/aws4_request";
        let header = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        let url = format!(
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20261127%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEMv&X-Amz-Signature={signature}&x=kept"
        );
        for (message, left) in [
            (
                "The AWS Access Key Id AKIAIOSFODNN7EXAMPLE does not exist".to_owned(),
                "The AWS Access Key Id [removed] does not exist",
            ),
            (
                format!("the secret {SECRET} and the token {TOKEN} end"),
                "the secret [removed] and the token [removed] end",
            ),
            (
                format!("no '=' in {{\"SecretAccessKey\": \"{SECRET}\", \"SessionToken\":\"{TOKEN}\"}} end"),
                "no '=' in {\"SecretAccessKey\": \"[removed]\", \"SessionToken\":\"[removed]\"} end",
            ),
            (
                format!("requires 'Signature'. Authorization={header}"),
                "requires 'Signature'. Authorization=[removed]",
            ),
            (format!("sent 'Authorization: {header}' end"), "sent 'Authorization: [removed]' end"),
            (format!("{scope} and {signature} do not match"), "[removed] and [removed] do not match"),
            (
                format!("see {url} end"),
                "see https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=[removed]&X-Amz-Security-Token=[removed]&X-Amz-Signature=[removed]&x=kept end",
            ),
            (
                "proxy http://me:p4ss@proxy.corp:3128 refused".to_owned(),
                "proxy http://[removed]@proxy.corp:3128 refused",
            ),
            (
                "proxy http://me:p/a@ss@proxy.corp:3128 refused".to_owned(),
                "proxy http://[removed]@proxy.corp:3128 refused",
            ),
            ("proxy me:p4ss@proxy.corp:3128 refused".to_owned(), "proxy [removed]@proxy.corp:3128 refused"),
            ("Proxy-Authorization: Basic bWU6cDRzcw== refused".to_owned(), "Proxy-Authorization: [removed]"),
            ("got Bearer abcdefgh.ijkl here".to_owned(), "got Bearer [removed] here"),
            (
                "the token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln is bad".to_owned(),
                "the token [removed] is bad",
            ),
            (
                format!(
                    "<Error><AWSAccessKeyId>AKIAX</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256\n{scope}</StringToSign></Error>"
                ),
                "<Error><AWSAccessKeyId>[removed]</AWSAccessKeyId><StringToSign>[removed]</StringToSign></Error>",
            ),
            (format!("password={SECRET}"), "password=[removed]"),
            (
                "1 validation error detected: Value 'hunter2' at 'externalId' failed to satisfy constraint"
                    .to_owned(),
                "1 validation error detected: Value '[removed]' at 'externalId' failed to satisfy constraint",
            ),
            (
                "external process exited with code exit status: 3. Stderr: hunter2\nhunter3 \"hunter4\""
                    .to_owned(),
                "external process exited with code exit status: 3. Stderr: [removed]",
            ),
            (
                "refresh_token=abc client_secret=hunter2 x-api-key: k1 Secret Access Key: k2 end".to_owned(),
                "refresh_token=[removed] client_secret=[removed] x-api-key: [removed] Secret Access Key: [removed] end",
            ),
            (
                r#"{\"SessionToken\":\"a\/b\",\"x\":1}"#.to_owned(),
                r#"{\"SessionToken\":\"[removed]\",\"x\":1}"#,
            ),
            ("key AKIA\u{200b}IOSFODNN7EXAMPLE end".to_owned(), "key [removed] end"),
            ("key xAKIAIOSFODNN7EXAMPLE end".to_owned(), "key x[removed] end"),
            (
                format!("{SECRET}arn:aws:iam::1:role/CompanyWideSecurityAndEncryptionAuditRole2026"),
                "[removed]arn:aws:iam::1:role/CompanyWideSecurityAndEncryptionAuditRole2026",
            ),
        ] {
            assert_eq!(line(&message), left);
        }
    }

    /// STS and KMS repeat the whole canonical request, with the session's token.
    #[test]
    fn a_canonical_request_is_kept_without_its_token_and_scope() {
        let message = format!(
            "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nhost:kms.eu-west-1.amazonaws.com\nx-amz-security-token:{TOKEN}\n\nhost;x-amz-date;x-amz-security-token\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20261127T210000Z\n20261127/eu-west-1/kms/aws4_request\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n"
        );
        let left = line(&message);
        assert!(left.starts_with("The request signature we calculated does not match"), "{left}");
        for secret in [TOKEN, "e3b0c442", "aws4_request", "IQoJ"] {
            assert!(!left.contains(secret), "{secret} in {left}");
        }
    }

    #[test]
    fn a_message_is_one_printable_line_of_a_kilobyte() {
        assert_eq!(line("a\r\n\tb\u{1b}[2J\u{202e}c"), "a b\\u{1b}[2J\\u{202e}c");
        for long in ["word ".repeat(10_000), "é".repeat(3_000), "x".repeat(10_000), "\u{1b}".repeat(700)] {
            let kept = line(&long);
            assert!(kept.len() <= LONGEST, "{}", kept.len());
            assert!(kept.is_empty() || kept.ends_with(CUT), "{kept}");
        }
        // A secret that the cut would halve is not kept by half.
        for at in 0..80 {
            let message = format!("{} {SECRET}", "w ".repeat(LOOKED_AT / 2 - at));
            assert!(!line(&message).contains("wJalr"));
            let message = format!("{} {SECRET}", "w ".repeat(LONGEST / 2 - at));
            assert!(!line(&message).contains("wJalr"));
        }
    }

    proptest::proptest! {
        /// Whatever stands around it, and however often: nothing of a secret gets through.
        #[test]
        fn a_secret_is_removed_whatever_stands_around_it(
            before in "[ -~\u{e9}\n]{0,60}[ \n\"'(]",
            after in "[ \n\"')][ -~\n]{0,60}",
        ) {
            for secret in [SECRET, TOKEN, "AKIAIOSFODNN7EXAMPLE"] {
                let kept = line(&format!("{before}{secret}{after}"));
                proptest::prop_assert!(!kept.contains(&secret[..12]), "{}", kept);
            }
        }
    }
}
