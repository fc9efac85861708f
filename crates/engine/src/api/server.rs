//! Accepting connections, and knowing whether any is open: the engine may end only when none is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream, unix};

use super::router::router;
use super::stream::OldClientStream;
use crate::Engine;
use crate::activity::{Activity, Guard};

/// Serves connections until the future is dropped. An open connection counts as activity, a hijacked one until it closes.
pub async fn serve(engine: Engine, listener: UnixListener, activity: Activity) {
    let listener = CountingListener { listener, activity };
    // axum's own loop retries what can be retried and never returns an error.
    let _ = axum::serve(listener, router(engine)).await;
}

struct CountingListener {
    listener: UnixListener,
    activity: Activity,
}

impl Listener for CountingListener {
    type Io = OldClientStream<CountedStream>;
    type Addr = unix::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, unix::SocketAddr) {
        // The trait's own implementation waits out temporary errors such as too many open files.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (OldClientStream::new(CountedStream { stream, _guard: self.activity.enter() }), address)
    }

    fn local_addr(&self) -> io::Result<unix::SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that counts as activity while it is open.
pub struct CountedStream {
    stream: UnixStream,
    _guard: Guard,
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
