//! Ctrl-C and the signal to end.

use crate::failure::{Failure, Result};

/// A wish of the person or the system to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// The first Ctrl-C: cancel the job.
    Cancel,
    /// The second Ctrl-C, or a signal to end: leave the job as it is.
    Detach,
}

/// The interrupts of this process.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
    /// The interrupt that the next Ctrl-C is.
    press: Interrupt,
}

impl Interrupts {
    /// Starts to listen. Ctrl-C no longer ends the process by itself.
    pub(crate) fn new() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};

            let failed = |error| Failure::io("listen for signals", error);
            let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
            let terminate = signal(SignalKind::terminate()).map_err(failed)?;
            let hangup = signal(SignalKind::hangup()).map_err(failed)?;
            Ok(Self { interrupt, terminate, hangup, press: Interrupt::Cancel })
        }
        #[cfg(not(unix))]
        Ok(Self { press: Interrupt::Cancel })
    }

    /// Waits for the next interrupt. One that came since the last wait is not lost.
    pub(crate) async fn next(&mut self) -> Interrupt {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => return Interrupt::Detach,
            _ = self.hangup.recv() => return Interrupt::Detach,
        }
        // A failure to listen must not look like a press.
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
        std::mem::replace(&mut self.press, Interrupt::Detach)
    }
}
