//! Policies as heavy as those of real organizations: five hundred principals in five statements with conditions, as
//! large as S3 takes them, and lists as long under conditions. The tests hold that they are decided, and the bench
//! measures in what time.

/// How the principals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Roles of so many accounts.
    Roles(usize),
    /// Whole accounts, each once.
    Accounts,
}

/// Where the long lists are, in policies that are not about whom their statements name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A hundred roles, each of another account, in `aws:PrincipalArn` of each of five statements for everyone.
    PrincipalArns,
    /// Five hundred accounts, and four Deny statements with exceptions for a hundred roles each.
    Exceptions,
    /// Five services, each for a hundred accounts and their ARNs.
    Sources,
    /// A hundred services for a hundred accounts.
    Services,
    /// Two hundred and fifty identity providers and as many roles, all of one account.
    Providers,
    /// Everyone but a hundred and twenty roles.
    AllBut,
    /// Everyone from five hundred networks, and no one from others.
    Networks,
}

/// All of them.
pub const SHAPES: [Shape; 7] = [
    Shape::PrincipalArns,
    Shape::Exceptions,
    Shape::Sources,
    Shape::Services,
    Shape::Providers,
    Shape::AllBut,
    Shape::Networks,
];

/// A policy of that shape, on everything.
pub fn shaped(shape: Shape) -> String {
    let role = |n: usize| format!("arn:aws:iam::{}:role/r{n}", account(n));
    let hundred = |s: usize| s * 100..s * 100 + 100;
    let everyone = r#""*""#.to_owned();
    let of_aws = |entries: String| format!(r#"{{"AWS":[{entries}]}}"#);
    let by_arn = |operator: &str, roles: String| format!(r#""{operator}":{{"aws:PrincipalArn":[{roles}]}}"#);
    let statements: Vec<String> = match shape {
        Shape::PrincipalArns => (0..5)
            .map(|s| on_all("Allow", &everyone, &by_arn("ArnEquals", quoted(hundred(s), role))))
            .collect(),
        Shape::Exceptions => {
            let allows = (0..5).map(|s| on_all("Allow", &of_aws(quoted(hundred(s), account)), ""));
            let denies =
                (0..4).map(|s| on_all("Deny", &everyone, &by_arn("ArnNotLike", quoted(hundred(s), role))));
            allows.chain(denies).collect()
        }
        Shape::Sources => (0..5)
            .map(|s| {
                let ids = quoted(hundred(s), account);
                let arns = quoted(hundred(s), |n| format!("arn:aws:s{s}:*:{}:*", account(n)));
                let condition = format!(
                    r#""StringEquals":{{"aws:SourceAccount":[{ids}]}},"ArnLike":{{"aws:SourceArn":[{arns}]}}"#
                );
                on_all("Allow", &format!(r#"{{"Service":"s{s}.amazonaws.com"}}"#), &condition)
            })
            .collect(),
        Shape::Services => {
            let services = quoted(0..100, |n| format!("s{n}.amazonaws.com"));
            let ids = format!(r#""StringEquals":{{"aws:SourceAccount":[{}]}}"#, quoted(0..100, account));
            vec![on_all("Allow", &format!(r#"{{"Service":[{services}]}}"#), &ids)]
        }
        Shape::Providers => {
            let id = account(0);
            let providers = quoted(0..250, |n| format!("arn:aws:iam::{id}:saml-provider/p{n}"));
            let roles = quoted(0..250, |n| format!("arn:aws:iam::{id}:role/r{n}"));
            let federated = format!(r#"{{"Federated":[{providers}]}}"#);
            vec![on_all("Allow", &federated, ""), on_all("Allow", &of_aws(roles), "")]
        }
        Shape::AllBut => vec![on_all("Allow", &everyone, &by_arn("ArnNotLike", quoted(0..120, role)))],
        Shape::Networks => {
            let nets = quoted(0..500, |n| format!("198.{}.{}.0/28", 18 + n / 250, n % 250));
            let by = |operator: &str| format!(r#""{operator}":{{"aws:SourceIp":[{nets}]}}"#);
            vec![on_all("Allow", &everyone, &by("IpAddress")), on_all("Deny", &everyone, &by("NotIpAddress"))]
        }
    };
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn on_all(effect: &str, principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"{effect}","Principal":{principal},"Action":["kms:*","s3:*"],"Resource":"*","Condition":{{{condition}}}}}"#
    )
}

fn quoted(which: std::ops::Range<usize>, of: impl Fn(usize) -> String) -> String {
    which.map(|n| format!(r#""{}""#, of(n))).collect::<Vec<_>>().join(",")
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
