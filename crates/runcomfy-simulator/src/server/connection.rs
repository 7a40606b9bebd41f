//! Connections: counted, each with a handle that can break it.

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

use crate::app::ConnectionCounters;

/// Pause when the system has no more connections to give.
const NO_MORE: Duration = Duration::from_millis(100);

/// State of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum ConnectionState {
    Lasting,
    /// No more bytes are read or written, and it is closed (FIN).
    Closing,
    /// No more bytes are read or written, and it is reset (RST).
    Resetting,
    /// Becomes `Resetting` with the next byte that arrives.
    Stale,
}

impl ConnectionState {
    fn from_number(number: u8) -> Self {
        let all = [Self::Closing, Self::Resetting, Self::Stale];
        all.into_iter().find(|state| *state as u8 == number).unwrap_or(Self::Lasting)
    }
}

/// Handle to one connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<AtomicU8>);

impl Connection {
    /// Resets the connection before anything else is written.
    pub(crate) fn reset(&self) {
        self.set(ConnectionState::Resetting);
    }

    /// Closes the connection before anything else is written.
    pub(crate) fn close(&self) {
        self.set(ConnectionState::Closing);
    }

    /// Resets the connection when the next request arrives on it.
    pub(crate) fn go_stale(&self) {
        self.set(ConnectionState::Stale);
    }

    fn set(&self, state: ConnectionState) {
        self.0.store(state as u8, Ordering::SeqCst);
    }

    fn state(&self) -> ConnectionState {
        ConnectionState::from_number(self.0.load(Ordering::SeqCst))
    }

    /// Returns an error if nothing more may be read or written. The server gives up a connection at
    /// the first such error.
    fn check(&self) -> io::Result<()> {
        match self.state() {
            ConnectionState::Lasting | ConnectionState::Stale => Ok(()),
            ConnectionState::Closing | ConnectionState::Resetting => {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }
}

/// Listener whose connections can be broken.
pub(crate) struct FaultListener {
    pub(crate) listener: TcpListener,
    pub(crate) connections: Arc<ConnectionCounters>,
}

impl Listener for FaultListener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    return (Socket::new(stream, self.connections.clone()), address);
                }
                // This connection is already gone, or there are too many. Both pass.
                Err(_) => tokio::time::sleep(NO_MORE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, FaultListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, FaultListener>) -> Self {
        stream.io().connection.clone()
    }
}

/// One accepted connection.
pub(crate) struct Socket {
    stream: TcpStream,
    connection: Connection,
    connections: Arc<ConnectionCounters>,
}

impl Socket {
    fn new(stream: TcpStream, connections: Arc<ConnectionCounters>) -> Self {
        // Without `TCP_NODELAY`, a connection is only slower.
        let _ = stream.set_nodelay(true);
        connections.count_opened();
        let connection = Connection(Arc::new(AtomicU8::new(ConnectionState::Lasting as u8)));
        Self { stream, connection, connections }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.connections.count_closed();
        if self.connection.state() == ConnectionState::Resetting {
            // With no time to linger, closing sends RST. If the system refuses that, it sends FIN.
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
        if buffer.filled().len() > before && self.connection.state() == ConnectionState::Stale {
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
