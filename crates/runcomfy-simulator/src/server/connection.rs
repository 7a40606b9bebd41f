//! The connections: counted, and each with a handle by which a reply can break it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::app::Connections;

/// How long to wait when the system has no more connections to give.
const NO_MORE: Duration = Duration::from_millis(100);

/// What is to become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Course {
    Lasting,
    /// Not a byte more is read or written, and it is closed (FIN).
    Closing,
    /// Not a byte more is read or written, and it is reset (RST).
    Resetting,
    /// It becomes `Resetting` with the next byte that arrives.
    Stale,
}

impl Course {
    fn from_number(number: u8) -> Self {
        let all = [Self::Closing, Self::Resetting, Self::Stale];
        all.into_iter().find(|course| *course as u8 == number).unwrap_or(Self::Lasting)
    }
}

/// A handle to one connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<AtomicU8>);

impl Connection {
    /// Resets the connection before anything more is written.
    pub(crate) fn reset(&self) {
        self.set(Course::Resetting);
    }

    /// Closes the connection before anything more is written.
    pub(crate) fn close(&self) {
        self.set(Course::Closing);
    }

    /// Resets the connection when the next request arrives on it.
    pub(crate) fn go_stale(&self) {
        self.set(Course::Stale);
    }

    fn set(&self, course: Course) {
        self.0.store(course as u8, Ordering::SeqCst);
    }

    fn course(&self) -> Course {
        Course::from_number(self.0.load(Ordering::SeqCst))
    }

    /// An error where nothing more is to be read or written. The server gives a connection up at
    /// the first such error.
    fn check(&self) -> io::Result<()> {
        match self.course() {
            Course::Lasting | Course::Stale => Ok(()),
            Course::Closing | Course::Resetting => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

/// Accepts connections.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) connections: Arc<Connections>,
}

impl Listener for Door {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    return (Socket::new(stream, self.connections.clone()), address);
                }
                // Either this connection is gone again or there are too many: both pass.
                Err(_) => tokio::time::sleep(NO_MORE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Door>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().connection.clone()
    }
}

/// One accepted connection.
pub(crate) struct Socket {
    stream: TcpStream,
    connection: Connection,
    connections: Arc<Connections>,
}

impl Socket {
    fn new(stream: TcpStream, connections: Arc<Connections>) -> Self {
        // A connection that cannot have this is slower, and that is all.
        let _ = stream.set_nodelay(true);
        connections.count_opened();
        let connection = Connection(Arc::new(AtomicU8::new(Course::Lasting as u8)));
        Self { stream, connection, connections }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.connections.count_closed();
        if self.connection.course() == Course::Resetting {
            // With no time to linger, closing sends RST. Where the system refuses, it sends FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.connection.check()?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && self.connection.course() == Course::Stale {
            self.connection.reset();
            return Poll::Ready(self.connection.check());
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.connection.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
