//! Policies as heavy as those of real organizations: five hundred principals in five statements with conditions, as
//! large as S3 takes them. The tests hold that they are decided, and the bench measures in what time.

/// How the principals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Roles of so many accounts.
    Roles(usize),
    /// Whole accounts, each once.
    Accounts,
}

/// One of the accounts.
pub fn account(n: usize) -> String {
    format!("{}", 200_000_000_000 + n)
}

/// A key policy.
pub fn of_key(spread: Spread) -> String {
    heavy(spread, [r#"["kms:Decrypt","kms:GenerateDataKey*"]"#, r#""kms:*""#], r#""*""#)
}

/// A bucket policy, of the bucket `b`.
pub fn of_bucket(spread: Spread) -> String {
    let both = r#"["arn:aws:s3:::b","arn:aws:s3:::b/*"]"#;
    heavy(spread, [r#"["s3:GetObject","s3:PutObject"]"#, r#""s3:*""#], both)
}

fn heavy(spread: Spread, actions: [&str; 2], resource: &str) -> String {
    let organization = r#""StringEquals":{"aws:PrincipalOrgID":"o-own1234567"}"#;
    let network = r#""IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]},"StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}"#;
    let transport = r#""Bool":{"aws:SecureTransport":"true"},"StringLike":{"aws:userid":"AROA*"}"#;
    let mfa = r#""BoolIfExists":{"aws:MultiFactorAuthPresent":"false"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/service-role/*"}"#;
    let tag = r#""StringEquals":{"aws:PrincipalTag/team":["a","b"],"aws:PrincipalOrgID":"o-own1234567"}"#;
    let conditions =
        [("Allow", organization), ("Allow", network), ("Allow", transport), ("Deny", mfa), ("Allow", tag)];
    let statement = |(n, (effect, condition)): (usize, (&str, &str))| {
        let (principals, action) = (principals(spread, n * 100), actions[n % 2]);
        format!(
            r#"{{"Effect":"{effect}","Principal":{{"AWS":[{principals}]}},"Action":{action},"Resource":{resource},"Condition":{{{condition}}}}}"#
        )
    };
    let statements: Vec<String> = conditions.into_iter().enumerate().map(statement).collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn principals(spread: Spread, first: usize) -> String {
    let principal = |n: usize| match spread {
        Spread::Roles(accounts) => format!(r#""arn:aws:iam::{}:role/r{n}""#, account(n % accounts)),
        Spread::Accounts => format!(r#""{}""#, account(n)),
    };
    (first..first + 100).map(principal).collect::<Vec<_>>().join(",")
}
