//! A relay before a server on the loopback: it notes what is asked, and cuts the answers to some of it.

use std::io::{BufReader, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// No answer on the loopback takes longer.
const BOUND: Duration = Duration::from_secs(60);

/// Where an exchange is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The server never learns of the request.
    Request,
    /// The server does its work, and nothing of its answer comes.
    Answer,
    /// The answer ends within its head.
    Head,
}

/// Which exchanges are cut.
#[derive(Debug, Clone)]
pub struct Cut {
    /// Of requests whose first line has both.
    pub method: &'static str,
    pub part: String,
    pub at: At,
    /// So many of them.
    pub times: usize,
}

/// A running relay. Its threads end with the test's process.
#[derive(Debug)]
pub struct Relay {
    /// Where it listens, as a URL.
    pub endpoint: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Starts it before a server; without cuts it only notes.
    pub fn start(server: &str, cuts: Vec<Cut>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = server.strip_prefix("http://").unwrap().to_owned();
        let (heads, left) = (Arc::default(), Arc::new(Mutex::new(cuts)));
        let noted = Arc::clone(&heads);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(std::result::Result::ok) {
                let (server, noted, left) = (server.clone(), Arc::clone(&noted), Arc::clone(&left));
                // A client that goes away is not the relay's concern.
                std::thread::spawn(move || relay(client, &server, &noted, &left));
            }
        });
        Self { endpoint, heads }
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn relay(
    mut client: TcpStream,
    server: &str,
    noted: &Mutex<Vec<String>>,
    left: &Mutex<Vec<Cut>>,
) -> Result<()> {
    client.set_read_timeout(Some(BOUND))?;
    let mut server = TcpStream::connect(server)?;
    server.set_read_timeout(Some(BOUND))?;
    let (mut asks, mut answers) = (BufReader::new(client.try_clone()?), BufReader::new(server.try_clone()?));
    loop {
        let (head, body) = message(&mut asks)?;
        noted.lock().unwrap().push(head.clone());
        let at = cut(&head, left);
        if at == Some(At::Request) {
            return client.shutdown(Shutdown::Both);
        }
        server.write_all(&[head.as_bytes(), &body].concat())?;
        let (head, body) = message(&mut answers)?;
        match at {
            None => client.write_all(&[head.as_bytes(), &body].concat())?,
            Some(At::Head) => {
                client.write_all(&head.as_bytes()[..head.len() / 2])?;
                return client.shutdown(Shutdown::Both);
            }
            Some(_) => return client.shutdown(Shutdown::Both),
        }
    }
}

/// Where this exchange is cut; one less is left.
fn cut(head: &str, left: &Mutex<Vec<Cut>>) -> Option<At> {
    let line = head.lines().next().unwrap_or_default();
    let mut left = left.lock().unwrap();
    let is_it = |cut: &&mut Cut| cut.times > 0 && line.starts_with(cut.method) && line.contains(&cut.part);
    let cut = left.iter_mut().find(is_it)?;
    cut.times -= 1;
    Some(cut.at)
}

/// A request or an answer: its head, and the body that the head tells the length of.
fn message(reader: &mut impl Read) -> Result<(String, Vec<u8>)> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        reader.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(|_| ErrorKind::InvalidData)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}
