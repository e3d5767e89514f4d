//! The five services: their protocols, and the words in which each says the same trouble.
//!
//! Codes and statuses are from the services' API references ("Common errors") and from botocore's
//! service models; where those differ from one service to the next, so do the answers here.

use serde_json::json;

use super::xml::Xml;
use crate::message::Reply;

/// A simulated service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// REST with XML.
    S3,
    /// JSON 1.1.
    Kms,
    /// Query with XML.
    Sts,
    /// JSON 1.1.
    Organizations,
    /// REST with JSON.
    Account,
}

/// A request that was refused: a service's error before it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// Elements that S3 adds to an error's body.
    pub details: Vec<(&'static str, String)>,
    /// Headers that come with it.
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { status, code, message, details: Vec::new(), headers: Vec::new() }
    }

    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

const TOKEN_INVALID: &str = "The security token included in the request is invalid.";
const TOKEN_EXPIRED: &str = "The security token included in the request is expired";
const NO_TOKEN: &str = "Missing Authentication Token";

impl Service {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::S3, Self::Kms, Self::Sts, Self::Organizations, Self::Account];

    /// The name in the SigV4 scope and in IAM actions.
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::Account => "account",
        }
    }

    /// The service of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// Whether one Region's endpoint serves the whole partition.
    pub fn is_global(self) -> bool {
        matches!(self, Self::Organizations | Self::Account)
    }

    /// What the service says above its rate.
    pub(crate) fn throttle(self) -> Refusal {
        match self {
            Self::S3 => Refusal::new(503, "SlowDown", "Please reduce your request rate."),
            Self::Kms => Refusal::new(
                400,
                "ThrottlingException",
                "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
            ),
            Self::Sts => Refusal::new(400, "Throttling", "Rate exceeded"),
            Self::Organizations => Refusal::new(
                400,
                "TooManyRequestsException",
                "AWS Organizations can't complete your request because another request is in progress or the rate was exceeded. Try again later.",
            ),
            Self::Account => Refusal::new(429, "TooManyRequestsException", "Rate exceeded"),
        }
    }

    /// What the service says when it fails.
    pub(crate) fn internal_error(self) -> Refusal {
        match self {
            Self::S3 => {
                Refusal::new(500, "InternalError", "We encountered an internal error. Please try again.")
            }
            Self::Kms => Refusal::new(500, "KMSInternalException", "An internal error occurred."),
            Self::Sts => Refusal::new(500, "InternalFailure", "An internal error occurred."),
            Self::Organizations => Refusal::new(500, "ServiceException", "An internal error occurred."),
            Self::Account => Refusal::new(500, "InternalServerException", "An internal error occurred."),
        }
    }

    /// What the service, or what stands before it, says when it is down.
    pub(crate) fn unavailable(self) -> Refusal {
        let code = match self {
            Self::S3 | Self::Sts => "ServiceUnavailable",
            Self::Kms | Self::Organizations | Self::Account => "ServiceUnavailableException",
        };
        Refusal::new(503, code, "Service is unable to handle request.")
    }

    /// A session that is over.
    pub(crate) fn expired_token(self) -> Refusal {
        match self {
            Self::S3 => Refusal::new(400, "ExpiredToken", "The provided token has expired."),
            Self::Sts => Refusal::new(403, "ExpiredToken", TOKEN_EXPIRED),
            Self::Kms | Self::Organizations => Refusal::new(400, "ExpiredTokenException", TOKEN_EXPIRED),
            Self::Account => Refusal::new(403, "ExpiredTokenException", TOKEN_EXPIRED),
        }
    }

    /// An access key id that does not exist.
    pub(crate) fn unknown_access_key(self) -> Refusal {
        match self {
            Self::S3 => Refusal::new(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            other => other.bad_token(),
        }
    }

    /// A session token that does not belong to the key, or that the Region does not know.
    pub(crate) fn bad_token(self) -> Refusal {
        match self {
            Self::S3 => {
                Refusal::new(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
            }
            Self::Sts => Refusal::new(403, "InvalidClientTokenId", TOKEN_INVALID),
            Self::Kms | Self::Organizations => {
                Refusal::new(400, "UnrecognizedClientException", TOKEN_INVALID)
            }
            Self::Account => Refusal::new(403, "UnrecognizedClientException", TOKEN_INVALID),
        }
    }

    /// A request without a signature.
    pub(crate) fn unsigned(self) -> Refusal {
        match self {
            Self::S3 => Refusal::new(403, "AccessDenied", "Access Denied"),
            Self::Sts => Refusal::new(403, "MissingAuthenticationToken", NO_TOKEN),
            Self::Kms | Self::Organizations => {
                Refusal::new(400, "MissingAuthenticationTokenException", NO_TOKEN)
            }
            Self::Account => Refusal::new(403, "MissingAuthenticationTokenException", NO_TOKEN),
        }
    }

    /// A refusal by policy.
    pub(crate) fn access_denied(self, message: impl Into<String>) -> Refusal {
        match self {
            Self::S3 | Self::Sts => Refusal::new(403, "AccessDenied", message),
            Self::Kms | Self::Organizations => Refusal::new(400, "AccessDeniedException", message),
            Self::Account => Refusal::new(403, "AccessDeniedException", message),
        }
    }

    /// An input that the service's model does not admit.
    pub(crate) fn invalid_input(self, message: impl Into<String>) -> Refusal {
        let code = match self {
            Self::S3 => "InvalidArgument",
            Self::Sts => "ValidationError",
            Self::Organizations => "InvalidInputException",
            Self::Kms | Self::Account => "ValidationException",
        };
        Refusal::new(400, code, message)
    }

    /// A page token that the service did not give.
    pub(crate) fn bad_page_token(self) -> Refusal {
        match self {
            Self::S3 => self.invalid_input("The continuation token provided is incorrect"),
            Self::Kms => Refusal::new(400, "InvalidMarkerException", "Could not deserialize marker"),
            _ => self.invalid_input("You provided an invalid next token."),
        }
    }

    /// An operation that is not simulated, or that does not exist.
    pub(crate) fn unknown_operation(self, name: &str) -> Refusal {
        match self {
            Self::S3 => Refusal::new(
                501,
                "NotImplemented",
                "A header or query you provided implies functionality that is not implemented.",
            ),
            Self::Sts => Refusal::new(
                400,
                "InvalidAction",
                format!("Could not find operation {name} for version 2011-06-15"),
            ),
            Self::Kms | Self::Organizations => Refusal::new(400, "UnknownOperationException", ""),
            Self::Account => Refusal::new(404, "UnknownOperationException", ""),
        }
    }

    /// Renders a refusal in the service's protocol.
    pub(crate) fn render(self, refusal: &Refusal, request_id: &str) -> Reply {
        let reply = match self {
            Self::S3 => render_s3(refusal, request_id),
            Self::Sts => render_query(refusal, request_id),
            Self::Kms | Self::Organizations => {
                let body = json!({ "__type": refusal.code, "message": refusal.message });
                Reply::new(refusal.status, "application/x-amz-json-1.1", body.to_string())
            }
            Self::Account => {
                let body = json!({ "message": refusal.message });
                Reply::new(refusal.status, "application/json", body.to_string())
                    .with("x-amzn-errortype", &refusal.code)
            }
        };
        refusal.headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value))
    }

    /// Adds the headers that carry the request's id.
    pub(crate) fn identify(self, reply: Reply, request_id: &str) -> Reply {
        match self {
            Self::S3 => reply.with("x-amz-request-id", request_id).with("x-amz-id-2", host_id(request_id)),
            _ => reply.with("x-amzn-requestid", request_id),
        }
    }
}

/// S3's second id, which is as long as it is meaningless.
fn host_id(request_id: &str) -> String {
    format!("simulated/{request_id}")
}

fn render_s3(refusal: &Refusal, request_id: &str) -> Reply {
    let mut xml = Xml::document();
    xml.open("Error").text("Code", &refusal.code).text("Message", &refusal.message);
    for (name, value) in &refusal.details {
        xml.text(name, value);
    }
    xml.text("RequestId", request_id).text("HostId", &host_id(request_id)).close("Error");
    Reply::new(refusal.status, "application/xml", xml.finish())
}

fn render_query(refusal: &Refusal, request_id: &str) -> Reply {
    let mut xml = Xml::bare();
    xml.open_in("ErrorResponse", "https://sts.amazonaws.com/doc/2011-06-15/").open("Error");
    xml.text("Type", if refusal.status < 500 { "Sender" } else { "Receiver" });
    xml.text("Code", &refusal.code).text("Message", &refusal.message).close("Error");
    xml.text("RequestId", request_id).close("ErrorResponse");
    Reply::new(refusal.status, "text/xml", xml.finish())
}
