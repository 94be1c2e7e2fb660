//! A small HTTP server on loopback that answers as a test says.

use super::{Onramp, PATIENCE};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// A key that no service knows.
pub const KEY: &str = "pivotal_K8s9zXw7VuTq5RsPo3Nm1LkJ";

/// A running server. It lives as long as the test process.
pub struct Server {
    base_url: String,
    requests: Receiver<String>,
}

impl Server {
    /// Answers each request, head and body as one text, with the bytes that `answer` gives; with none at all it keeps
    /// silent.
    pub fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let (send, requests) = mpsc::channel();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (send, answer) = (send.clone(), answer.clone());
                thread::spawn(move || serve(stream, &send, &*answer));
            }
        });
        Server { base_url, requests }
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Points `onramp` at it, with [`KEY`].
    pub fn used_by(&self, onramp: Onramp) -> Onramp {
        onramp.env("PIVOTAL_BASE_URL", &self.base_url).env("PIVOTAL_API_KEY", KEY)
    }

    /// Waits for a request.
    pub fn asked(&self) -> String {
        self.requests.recv_timeout(PATIENCE).expect("a request comes")
    }

    /// How many requests came that nobody waited for.
    pub fn unheard(&self) -> usize {
        self.requests.try_iter().count()
    }
}

fn serve(mut stream: TcpStream, requests: &Sender<String>, answer: &(impl Fn(&str) -> Vec<u8> + ?Sized)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
    }
    let lower = request.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    request.push_str(&String::from_utf8_lossy(&body));
    let bytes = answer(&request);
    // The test may have seen enough.
    let _ = requests.send(request);
    if bytes.is_empty() {
        let _ = reader.read(&mut [0]);
    } else {
        let _ = stream.write_all(&bytes);
    }
}

/// An answer that ends its connection. Errors are tried again at once.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\nretry-after: 0\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{text}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
