//! An HTTP/1.1 server on a raw socket that does with each request what a script says: answers, drips, lies, falls
//! silent or hangs up. Records what it was asked.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// What happens to one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The connection is reset before the request is read.
    ResetUnread,
    /// The request is read and, as far as anybody knows, acted upon; then the connection is reset.
    ResetAfterActing,
    /// These bytes; the connection stays open.
    Bytes(Vec<u8>),
    /// These bytes; then the connection is closed.
    BytesThenClose(Vec<u8>),
    /// The first bytes at once, the others one by one with this pause before each.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// The request is read and never answered.
    Silence,
    /// These bytes as soon as the test says so with [`FaultServer::go_on`]; empty for hanging up.
    Held(Vec<u8>),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of the header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

struct Shared {
    script: Mutex<VecDeque<Fault>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicU32,
    arrived: Notify,
    go_on: Notify,
}

/// The server; it ends with the test's runtime.
pub struct FaultServer {
    address: String,
    shared: Arc<Shared>,
}

/// An answer with JSON.
pub fn json(status: u16, body: &str) -> Fault {
    with(status, &[("content-type", "application/json")], body.as_bytes())
}

/// An answer with these headers besides its length.
pub fn with(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Fault {
    Fault::Bytes(raw(status, headers, body, body.len()))
}

/// An answer that promises `length` bytes, which may be another number than it has.
pub fn raw(status: u16, headers: &[(&str, &str)], body: &[u8], length: usize) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    [out.as_bytes(), body].concat()
}

impl FaultServer {
    /// Each request gets the next fault of the script; the last one stays for all further requests.
    pub async fn start(script: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
            connections: AtomicU32::new(0),
            arrived: Notify::new(),
            go_on: Notify::new(),
        });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::SeqCst);
                let shared = serving.clone();
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        FaultServer { address, shared }
    }

    pub fn base(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> u32 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Resolves when a request has been read.
    pub async fn arrival(&self) {
        self.shared.arrived.notified().await;
    }

    /// Lets a held answer go.
    pub fn go_on(&self) {
        self.shared.go_on.notify_one();
    }
}

impl Shared {
    fn next(&self) -> Fault {
        let mut script = self.script.lock().unwrap();
        if script.len() > 1 { script.pop_front() } else { script.front().cloned() }.expect("a script has a step")
    }

    async fn serve(&self, mut stream: TcpStream) {
        // A step is taken when a request begins to arrive, so that an idle connection takes none.
        while matches!(stream.peek(&mut [0]).await, Ok(1)) {
            let fault = self.next();
            if matches!(fault, Fault::ResetUnread) {
                return reset(&stream);
            }
            let Some(asked) = read(&mut stream).await else { return };
            self.asked.lock().unwrap().push(asked);
            self.arrived.notify_one();
            let written = match fault {
                Fault::ResetUnread | Fault::ResetAfterActing => return reset(&stream),
                Fault::Silence => return std::future::pending().await,
                Fault::Bytes(bytes) => stream.write_all(&bytes).await,
                Fault::BytesThenClose(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    return;
                }
                Fault::Drip(first, others, pause) => drip(&mut stream, &first, &others, pause).await,
                Fault::Held(bytes) => {
                    self.go_on.notified().await;
                    if bytes.is_empty() {
                        return reset(&stream);
                    }
                    stream.write_all(&bytes).await
                }
            };
            if written.is_err() {
                return;
            }
        }
    }
}

async fn drip(stream: &mut TcpStream, first: &[u8], others: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(first).await?;
    for byte in others {
        tokio::time::sleep(pause).await;
        stream.write_all(&[*byte]).await?;
    }
    Ok(())
}

/// Makes dropping the stream send a reset instead of an orderly end.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut data = Vec::new();
    let head = loop {
        if let Some(end) = data.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut data).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(data[..head].to_vec()).ok()?;
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ').map(str::to_string);
    let (method, target) = (words.next()?, words.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_string()))
        .collect();
    let mut asked = Asked { method, target, headers, body: data[head + 4..].to_vec() };
    let length: usize = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while asked.body.len() < length {
        if stream.read_buf(&mut asked.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(asked)
}
