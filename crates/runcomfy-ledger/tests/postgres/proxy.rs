//! A network between a program and the server, which can be cut.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

pub(crate) struct Proxy {
    pub(crate) port: u16,
    cut: watch::Sender<usize>,
    hung: watch::Sender<bool>,
    hold: Arc<Mutex<Hold>>,
}

#[derive(Default)]
struct Hold {
    /// The answer to the next commit waits for as long.
    next_commit: Option<Duration>,
    until: Option<Instant>,
}

impl Proxy {
    /// Passes bytes on to a port of this machine.
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it has one").port();
        let (cut, end) = watch::channel(0);
        let (hung, is_hung) = watch::channel(false);
        let hold = Arc::<Mutex<Hold>>::default();
        let held = hold.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (held, mut end, mut is_hung) = (held.clone(), end.clone(), is_hung.clone());
                end.mark_unchanged();
                tokio::spawn(async move {
                    flows(&mut is_hung).await;
                    let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    tokio::select! {
                        () = pass(client, server, held, is_hung) => {}
                        _ = end.changed() => {}
                    }
                });
            }
        });
        Self { port, cut, hung, hold }
    }

    /// Ends every connection.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Lets no byte through, until [`Proxy::flow`].
    pub(crate) fn hang(&self) {
        self.hung.send_replace(true);
    }

    /// Lets bytes through again, also those that waited.
    pub(crate) fn flow(&self) {
        self.hung.send_replace(false);
    }

    /// Holds the answer to the next commit back for this time.
    pub(crate) fn hold_next_commit(&self, time: Duration) {
        self.hold.lock().expect("no thread panicked").next_commit = Some(time);
    }
}

/// Waits until bytes are let through.
async fn flows(is_hung: &mut watch::Receiver<bool>) {
    let _ = is_hung.wait_for(|is_hung| !*is_hung).await;
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    hold: Arc<Mutex<Hold>>,
    is_hung: watch::Receiver<bool>,
) {
    let (mut hung_up, mut hung_down) = (is_hung.clone(), is_hung);
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let up = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            if bytes[..count].windows(6).any(|word| word == b"COMMIT") {
                let mut hold = hold.lock().expect("no thread panicked");
                hold.until = hold.next_commit.take().map(|time| Instant::now() + time);
            }
            flows(&mut hung_up).await;
            if to_server.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            let until = hold.lock().expect("no thread panicked").until;
            if let Some(until) = until {
                sleep_until(until).await;
            }
            flows(&mut hung_down).await;
            if to_client.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
