//! Options of the sockets that reach the API, read back from the system.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use runcomfy::client::Preflight;
use runcomfy::reqwest;
use rustix::net::sockopt;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use tokio::net::TcpListener;

use crate::scripted::{builder, hasty, input};

/// Returns this process's socket that is connected from this port.
fn socket_from(port: u16) -> Option<OwnedFd> {
    let process = pidfd_open(getpid(), PidfdFlags::empty()).expect("Linux has pidfds");
    std::fs::read_dir("/proc/self/fd").expect("there is a /proc").find_map(|entry| {
        let name = entry.ok()?.file_name();
        let descriptor = name.to_str()?.parse().ok()?;
        let socket = pidfd_getfd(&process, descriptor, PidfdGetfdFlags::empty()).ok()?;
        let address = rustix::net::getsockname(&socket).ok()?;
        let address = std::net::SocketAddr::try_from(address).ok()?;
        (address.port() == port && sockopt::socket_keepalive(&socket).ok()?).then_some(socket)
    })
}

/// Field case H2.
#[tokio::test]
async fn no_socket_option_ends_a_submit_before_120_s() {
    let second = Duration::from_secs(1);
    let impatient = reqwest::Client::builder()
        .tcp_user_timeout(second)
        .tcp_keepalive(second)
        .tcp_keepalive_interval(second)
        .tcp_keepalive_retries(1);
    for handed_in in [None, Some(impatient)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let base = format!("http://{}/v1", listener.local_addr().expect("it has one"));
        let mut settings = builder(&base).preflight(Preflight::Off).polling(hasty());
        if let Some(handed_in) = handed_in {
            settings = settings.http_client_builder(handed_in);
        }
        let client = settings.build().expect("the settings are valid");
        let submitting = tokio::spawn(async move { client.submit(&input()).await.map(drop) });
        let (_stream, peer) = listener.accept().await.expect("it connects");
        let socket = socket_from(peer.port()).expect("the system lets a process see its sockets");
        let socket = socket.as_fd();
        assert_eq!(sockopt::tcp_user_timeout(socket), Ok(0));
        let idle = sockopt::tcp_keepidle(socket).expect("it is TCP");
        let interval = sockopt::tcp_keepintvl(socket).expect("it is TCP");
        let probes = sockopt::tcp_keepcnt(socket).expect("it is TCP");
        assert!(idle <= Duration::from_secs(60), "a middlebox may forget the connection");
        // The largest request takes 64 MiB / 16 KiB/s, and 120 s after that.
        assert!(idle + interval * probes > Duration::from_secs(4096 + 120), "{idle:?} {probes}");
        submitting.abort();
    }
}
