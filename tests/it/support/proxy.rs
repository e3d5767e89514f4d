//! A proxy of the tests' own: it answers CONNECT as told, or ends the tunnel itself with TLS, and
//! remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// No answer on the loopback takes longer.
const BOUND: Duration = Duration::from_secs(60);

/// What the proxy does with CONNECT.
#[derive(Clone)]
pub enum Answer {
    /// This status line.
    Status(&'static str),
    /// The status line and headers for a request's head, of which so many came before.
    By(fn(&str, usize) -> &'static str),
    /// It closes the connection.
    Nothing,
    /// It speaks TLS as the host itself, and answers every request with this body.
    Inspect(Arc<ServerConfig>, &'static str),
}

/// A running proxy. Its thread ends with the test's process.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts it.
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, heads) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, kept) = (answer.clone(), Arc::clone(&kept));
                // A client that goes away is not the proxy's concern.
                std::thread::spawn(move || serve(stream, &answer, &kept));
            }
        });
        Self { address, heads }
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// An authority in PEM, and a server's side of TLS for a name that the authority vouches for.
pub fn authority(name: &str) -> (String, Arc<ServerConfig>) {
    let mut params = rcgen::CertificateParams::new([]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new([name.to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], secret)
        .unwrap();
    (root.pem(), Arc::new(config))
}

fn serve(mut stream: TcpStream, answer: &Answer, heads: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(BOUND))?;
    let head = head_of(&mut BufReader::new(&stream))?;
    let mut heads = heads.lock().unwrap();
    let before = heads.iter().filter(|known| **known == head).count();
    heads.push(head.clone());
    drop(heads);
    match answer {
        Answer::Nothing => Ok(()),
        Answer::By(choose) => {
            let head = choose(&head, before);
            stream.write_all(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n").as_bytes())
        }
        Answer::Status(status) => {
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())
        }
        Answer::Inspect(config, body) => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let connection = ServerConnection::new(Arc::clone(config)).unwrap();
            converse(StreamOwned::new(connection, stream), body)
        }
    }
}

fn converse(mut stream: StreamOwned<ServerConnection, TcpStream>, body: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(&mut stream);
    let head = head_of(&mut reader)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    reader.read_exact(&mut vec![0; length.unwrap_or(0)])?;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes())?;
    stream.flush()
}

fn head_of(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            break;
        }
    }
    Ok(head)
}
