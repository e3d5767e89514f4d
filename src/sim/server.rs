//! The simulator behind a socket, for every client that is not this program: boto3, the AWS CLI.
//!
//! A reset and a silence both end as a closed connection here: hyper gives no way to send a reset.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::access::{CALLER_ACCESS_KEY_ID, CALLER_SECRET_ACCESS_KEY};
use super::connector::CutBody;
use super::message::{Reply, Request};
use super::simulator::{Ending, Simulator};

type Sent = Either<Full<Bytes>, CutBody>;

/// Serves until `stop` is done; connections that are open then are dropped.
///
/// # Errors
/// Where the listener cannot accept any more.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<Simulator>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => {
                connections.spawn(converse(accepted?.0, Arc::clone(&simulator)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What a client's environment needs to find the simulator at that address.
pub fn environment(address: SocketAddr, simulator: &Simulator) -> Vec<(String, String)> {
    let region = simulator.look(|world| {
        let own = world.accounts.get(&world.caller.account)?;
        let mut usable = own.regions.iter().filter(|(_, state)| state.opt_status.usable());
        let preferred = usable.clone().find(|(name, _)| name.as_str() == "eu-west-1");
        preferred.or_else(|| usable.next()).map(|(name, _)| name.to_string())
    });
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    [
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_ACCESS_KEY_ID", CALLER_ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", CALLER_SECRET_ACCESS_KEY.to_owned()),
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

async fn converse(stream: TcpStream, simulator: Arc<Simulator>) {
    let answer = service_fn(|request| answer(Arc::clone(&simulator), request));
    // A connection that breaks, of itself or by a fault, is the client's to notice.
    let _ = http1::Builder::new()
        // The date would come from the system's clock.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer(
    simulator: Arc<Simulator>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Sent>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), std::str::from_utf8(value.as_bytes()).unwrap_or_default()));
    let request = Request::new(parts.method.as_str(), &parts.uri.to_string(), headers, body.to_vec());
    let answer = simulator.handle(&request);
    let wait = answer.latency + answer.delay;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match answer.ending {
        Ending::Reply(reply) => {
            let body = Either::Left(Full::from(reply.body.clone()));
            respond(&reply, body)
        }
        Ending::Cut(reply, kept) => {
            let body = Either::Right(CutBody::of(&reply.body, kept));
            respond(&reply, body)
        }
        Ending::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        Ending::Silence => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn respond(reply: &Reply, body: Sent) -> Result<hyper::Response<Sent>, io::Error> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::{config, faulty, now, s3, said, simulator};
    use crate::{Effect, Rule, Schedule, Shape, generate};

    /// A client of the real HTTP stack, led to the socket.
    fn over(address: SocketAddr, simulator: &Arc<Simulator>) -> aws_types::SdkConfig {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let settings = config(simulator, "eu-west-1", simulator.credentials());
        settings.to_builder().http_client(http).endpoint_url(format!("http://{address}")).build()
    }

    #[tokio::test]
    async fn the_socket_answers_as_the_connector_does() {
        let simulator = simulator(generate::world(&Shape::default(), now()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, Arc::clone(&simulator), async {
            let _ = stopped.await;
        }));
        let outside = s3(&over(address, &simulator));
        let inside = s3(&config(&simulator, "eu-west-1", simulator.credentials()));
        let names = async |client: &aws_sdk_s3::Client| {
            let page = client.list_buckets().max_buckets(10_000).send().await.unwrap();
            page.buckets().iter().map(|bucket| bucket.name().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&outside).await, names(&inside).await);
        assert!(!names(&outside).await.is_empty());
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn broken_answers_break_on_the_socket_too() {
        let rules = [
            Rule::always(Effect::CutBody).calls(1, 1),
            Rule::always(Effect::ConnectionReset).calls(2, 2),
            Rule::always(Effect::Timeout(std::time::Duration::from_millis(10))).calls(3, 3),
        ];
        let mut world = crate::support::world();
        let management = world.organization.management_account;
        world.add_bucket(management, "eu-west-1", "b");
        let simulator = faulty(world, Schedule::of(rules));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(listener, Arc::clone(&simulator), std::future::pending()));
        let client = s3(&over(address, &simulator));
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(said(client.get_bucket_encryption().bucket("b").send().await));
        }
        assert_eq!(seen[1..], ["closed", "closed", "ok"]);
        assert_ne!(seen[0], "ok");
        server.abort();
    }

    #[test]
    fn the_environment_leads_to_the_socket() {
        let simulator = simulator(crate::support::world());
        let all = environment("127.0.0.1:4000".parse().unwrap(), &simulator);
        let value = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        assert_eq!(value("AWS_ENDPOINT_URL"), Some("http://127.0.0.1:4000"));
        assert_eq!(value("AWS_REGION"), Some("eu-west-1"));
    }
}
