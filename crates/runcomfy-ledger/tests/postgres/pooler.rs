//! A pooler between a program and the server, which gives a connection a session for one transaction
//! only: as PgBouncer does in transaction mode.

use std::collections::VecDeque;
use std::io::Result;
use std::sync::{Arc, Mutex};

use runcomfy_ledger::Error;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::place::{Place, connect, server};

/// The session that a connection gets among those that nobody uses.
#[derive(Debug, Clone, Copy)]
enum Next {
    Newest,
    Oldest,
}

/// Sessions that nobody uses right now. There are as many as connections.
type Idle = Arc<Mutex<VecDeque<TcpStream>>>;

/// Starts a pooler in front of a port of this machine. Returns its own port.
async fn start(to: u16, next: Next) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it has one").port();
    tokio::spawn(async move {
        let idle = Idle::default();
        while let Ok((client, _)) = listener.accept().await {
            let idle = idle.clone();
            tokio::spawn(async move { serve(client, to, next, &idle).await });
        }
    });
    port
}

/// Passes on the beginning of a connection, which opens a session, and then each transaction by some
/// session.
async fn serve(mut client: TcpStream, to: u16, next: Next, idle: &Idle) -> Result<()> {
    let mut session = TcpStream::connect(("127.0.0.1", to)).await?;
    let length = client.read_u32().await?;
    session.write_u32(length).await?;
    session.write_all(&bytes(&mut client, length).await?).await?;
    loop {
        let message = read(&mut session).await?;
        client.write_all(&message).await?;
        match (message[0], message.get(8)) {
            (b'Z', _) => break,
            // It asks for the password, or for more of it.
            (b'R', Some(10 | 11)) => session.write_all(&read(&mut client).await?).await?,
            _ => {}
        }
    }
    put(idle, session);
    loop {
        let mut message = read(&mut client).await?;
        let mut session = take(idle, next);
        // Until the transaction has ended.
        while message[0] != b'X' {
            session.write_all(&message).await?;
            if matches!(message[0], b'Q' | b'S') && is_idle(&mut session, &mut client).await? {
                break;
            }
            message = read(&mut client).await?;
        }
        put(idle, session);
    }
}

/// Passes on the answer. Returns `true` if no transaction goes on.
async fn is_idle(session: &mut TcpStream, client: &mut TcpStream) -> Result<bool> {
    loop {
        let message = read(session).await?;
        client.write_all(&message).await?;
        if message[0] == b'Z' {
            return Ok(message[5] == b'I');
        }
    }
}

/// Reads a message with its kind and its length.
async fn read(from: &mut TcpStream) -> Result<Vec<u8>> {
    let (kind, length) = (from.read_u8().await?, from.read_u32().await?);
    let mut message = vec![kind];
    message.extend(length.to_be_bytes());
    message.extend(bytes(from, length).await?);
    Ok(message)
}

/// Reads a message of this length, which counts itself.
async fn bytes(from: &mut TcpStream, length: u32) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize - 4];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn put(idle: &Idle, session: TcpStream) {
    idle.lock().expect("no thread panicked").push_back(session);
}

fn take(idle: &Idle, next: Next) -> TcpStream {
    let mut idle = idle.lock().expect("no thread panicked");
    let taken = match next {
        Next::Newest => idle.pop_back(),
        Next::Oldest => idle.pop_front(),
    };
    taken.expect("there is one for each connection")
}

#[tokio::test]
async fn a_pooler_that_shares_its_sessions_is_refused() {
    let options: PgConnectOptions = server().parse().expect("it is an address");
    let place = Place::new("".as_ref());
    for next in [Next::Newest, Next::Oldest] {
        let address = place.through(start(options.get_port(), next).await);
        let error = connect(&address).await.expect_err("its locks would not hold");
        assert!(matches!(error, Error::Unsuitable { .. }), "{next:?}: {error:?}");
        assert!(error.to_string().contains("session mode"), "{next:?}: {error}");
    }
    place.open().await.expect("without the pooler, it can be used");
}
