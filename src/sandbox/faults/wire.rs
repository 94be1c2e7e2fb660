//! Connections that can be broken on purpose: reset before a byte of the answer, or ended in the middle of it. Owns the
//! listener and its streams; must not know why or when one breaks.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections can be broken.
pub(in crate::sandbox) struct Wires(pub TcpListener);

/// One connection.
pub(in crate::sandbox) struct Wire {
    stream: TcpStream,
    line: Line,
}

/// A handle on a connection, for whoever answers its requests. Requests on one connection come one after the other, so
/// what is set before an answer is handed over is about that answer.
#[derive(Clone, Default)]
pub(in crate::sandbox) struct Line(Arc<Mutex<Fate>>);

/// What becomes of the bytes that are written next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Whole,
    /// None goes out; the connection is reset.
    Reset,
    /// The head goes out, and so many bytes behind it.
    Cut(u64),
    /// So many bytes go out before the end.
    Left(u64),
}

impl Line {
    /// Resets the connection instead of sending the next answer.
    pub fn reset(&self) {
        self.set(Fate::Reset);
    }

    /// Ends the connection after so many bytes of the next answer's body.
    pub fn cut_after(&self, bytes: u64) {
        self.set(Fate::Cut(bytes));
    }

    fn fate(&self) -> Fate {
        *self.0.lock().expect(LOCK)
    }

    fn set(&self, fate: Fate) {
        *self.0.lock().expect(LOCK) = fate;
    }
}

const LOCK: &str = "nothing panics while it holds the fate";

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without it small answers may wait for the other side's delayed acknowledgement. A failure costs only time.
        let _ = stream.set_nodelay(true);
        (Wire { stream, line: Line::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Wires>> for Line {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = match self.line.fate() {
            Fate::Whole => return Pin::new(&mut self.stream).poll_write(cx, buf),
            Fate::Reset => {
                // What makes closing the socket send a reset. Without it the other side sees an orderly end, which is no
                // answer either.
                let _ = self.stream.set_zero_linger();
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            Fate::Cut(room) => match buf.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => end as u64 + 4 + room,
                // The HTTP library writes a head in one go; should it not, everything is taken for body.
                None => room,
            },
            Fate::Left(left) => left,
        };
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let most = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let written = Pin::new(&mut self.stream).poll_write(cx, &buf[..most]);
        if let Poll::Ready(Ok(count)) = written {
            self.line.set(Fate::Left(left - count as u64));
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.line.fate() == Fate::Whole {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.line.fate() == Fate::Reset {
            // An orderly end must not come before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
