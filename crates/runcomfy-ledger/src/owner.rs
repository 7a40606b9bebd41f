//! Who sends a job: one run of one step, in a process that can be seen to be alive.
//!
//! Each open ledger that sends has a file in a folder beside the database, and holds an advisory
//! lock on it for as long as it lives. The system releases the lock when the process ends, however
//! it ends. So a lock that another process can get belongs to nobody, and no clock and no lease
//! are involved: a process that is stopped for an hour keeps its jobs.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use runcomfy::RequestId;
use tokio::sync::Notify;

use crate::place::create_folder;

/// Name of the file whose lock one process at a time holds, to change the folder.
const GUARD: &str = "guard";
/// Size of an owner's file. It is written when the owner appears, so an outcome can be put into
/// it even when the disk is full.
const BYTES: usize = 64 * 1024;

/// The owners of one ledger.
#[derive(Debug)]
pub(crate) struct Owners {
    folder: PathBuf,
    own: OnceLock<Arc<Owner>>,
}

/// This open ledger as an owner.
#[derive(Debug)]
pub(crate) struct Owner {
    id: String,
    path: PathBuf,
    /// Locked as long as this lives. Holds request ids that could not be written to the database.
    file: Mutex<OwnerFile>,
    next: AtomicU64,
    runs: Mutex<HashSet<u64>>,
    ended: Notify,
}

#[derive(Debug)]
struct OwnerFile {
    file: File,
    written: u64,
}

/// The fate of an owner, as far as this machine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It may still send the job.
    Alive,
    /// It ended on this machine.
    Ended,
    /// It has no file on this machine.
    Elsewhere,
}

/// One run of one step that sends a job. Dropping it says that nobody sends the job any more.
#[derive(Debug)]
pub(crate) struct Run {
    owner: Arc<Owner>,
    number: u64,
}

impl Owners {
    /// Creates the folder of a ledger's owners.
    pub(crate) fn new(ledger: &Path) -> io::Result<Self> {
        let mut folder = ledger.as_os_str().to_owned();
        folder.push("-owners");
        let folder = PathBuf::from(folder);
        create_folder(&folder)?;
        Ok(Self { folder, own: OnceLock::new() })
    }

    /// Returns the path of the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for the lock on the folder. It is held until the file is dropped.
    pub(crate) fn guard(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file =
            options.create(true).truncate(false).write(true).open(self.folder.join(GUARD))?;
        file.lock()?;
        Ok(file)
    }

    /// Begins a run. The first one makes this ledger an owner.
    pub(crate) fn begin(&self) -> io::Result<Run> {
        let owner = match self.own.get() {
            Some(owner) => owner.clone(),
            None => {
                let guard = self.guard()?;
                // Of two that come here at once, the second finds the first's.
                let owner = match self.own.get() {
                    Some(owner) => owner.clone(),
                    None => {
                        let owner = Arc::new(Owner::new(&self.folder)?);
                        self.own.get_or_init(|| owner).clone()
                    }
                };
                drop(guard);
                owner
            }
        };
        let number = owner.next.fetch_add(1, Ordering::Relaxed);
        locked(&owner.runs).insert(number);
        Ok(Run { owner, number })
    }

    /// Returns whether somebody may still send a job for this run.
    pub(crate) fn life(&self, run: &str) -> io::Result<Life> {
        let (owner, number) = split(run);
        let is_alive = if let Some(own) = self.own.get().filter(|own| own.id == owner) {
            number.is_some_and(|number| locked(&own.runs).contains(&number))
        } else if let Some(file) = self.open(owner)? {
            is_locked(&file)?
        } else {
            return Ok(Life::Elsewhere);
        };
        Ok(if is_alive { Life::Alive } else { Life::Ended })
    }

    /// Returns the request id that a run could not write to the database.
    pub(crate) fn unwritten(&self, run: &str) -> io::Result<Option<RequestId>> {
        let (owner, number) = split(run);
        let mut text = String::new();
        if let Some(own) = self.own.get().filter(|own| own.id == owner) {
            // On Windows, only the file that has the lock can be read.
            let file = &mut locked(&own.file).file;
            file.seek(SeekFrom::Start(0))?;
            file.take(BYTES as u64).read_to_string(&mut text)?;
        } else if let Some(file) = self.open(owner)? {
            file.take(BYTES as u64).read_to_string(&mut text)?;
        }
        let found = text.lines().filter_map(|line| line.trim().split_once(' ')).find_map(
            |(written, id)| (written.parse().ok() == number).then(|| id.parse().ok()).flatten(),
        );
        Ok(found)
    }

    /// Removes the files of owners that are gone. The caller holds the guard, and has settled
    /// every job that they were sending.
    pub(crate) fn remove(&self, gone: &[PathBuf]) {
        for path in gone {
            if let Err(error) = fs::remove_file(path) {
                tracing::debug!(%error, path = %path.display(), "not removed");
            }
        }
    }

    /// Returns the files of owners that are gone. The caller holds the guard.
    pub(crate) fn gone(&self) -> io::Result<Vec<PathBuf>> {
        let mut gone = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let is_owner = path.file_name().is_some_and(|name| name != GUARD);
            if is_owner && !is_locked(&File::open(&path)?)? {
                gone.push(path);
            }
        }
        Ok(gone)
    }

    /// Waits until no run of this ledger is left.
    pub(crate) async fn ended(&self) {
        let Some(own) = self.own.get() else { return };
        loop {
            let ended = own.ended.notified();
            if locked(&own.runs).is_empty() {
                return;
            }
            ended.await;
        }
    }

    fn open(&self, owner: &str) -> io::Result<Option<File>> {
        // The name comes from the database.
        if owner.is_empty() || !owner.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        match File::open(self.folder.join(owner)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Owner {
    /// Creates an owner's file and locks it. The caller holds the guard.
    fn new(folder: &Path) -> io::Result<Self> {
        let id = format!("{:032x}", fastrand::u128(..));
        let path = folder.join(&id);
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        file.lock()?;
        file.write_all(&[b'\n'; BYTES])?;
        file.sync_all()?;
        let file = Mutex::new(OwnerFile { file, written: 0 });
        let (next, runs, ended) = (AtomicU64::new(1), Mutex::default(), Notify::new());
        Ok(Self { id, path, file, next, runs, ended })
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        // What is written there is read by the next ledger that opens.
        if file.written == 0 {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Run {
    /// Returns the name, for the column `owner`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.owner.id, self.number)
    }

    /// Returns the id of its owner.
    #[cfg(feature = "postgres")]
    pub(crate) fn owner(&self) -> &str {
        &self.owner.id
    }

    /// Writes down a request id that the database did not take.
    pub(crate) fn write(&self, id: &RequestId) -> io::Result<()> {
        let mut file = locked(&self.owner.file);
        let line = format!("{} {id}\n", self.number);
        let start = file.written;
        file.file.seek(SeekFrom::Start(start))?;
        file.file.write_all(line.as_bytes())?;
        file.file.sync_data()?;
        file.written += line.len() as u64;
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        locked(&self.owner.runs).remove(&self.number);
        self.owner.ended.notify_waiters();
    }
}

/// Returns this process and its machine, for people.
pub(crate) fn process() -> String {
    let process = format!("process {}", std::process::id());
    match host() {
        Some(host) => format!("{process} on {host}"),
        None => process,
    }
}

#[cfg(unix)]
fn host() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// Splits the name of a run into its owner and its number.
pub(crate) fn split(run: &str) -> (&str, Option<u64>) {
    let (owner, number) = run.split_once('.').unwrap_or((run, ""));
    (owner, number.parse().ok())
}

/// Returns `true` if another open file has the lock. Probes do not disturb each other, because
/// their locks are shared.
fn is_locked(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Locks a mutex. Its value is whole even if a thread panicked while it held the lock.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_alive_until_it_ends() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let ledger = folder.path().join("ledger.db");
        let (one, two) = (Owners::new(&ledger), Owners::new(&ledger));
        let (one, two) = (one.expect("it can"), two.expect("it can"));
        let run = one.begin().expect("it begins");
        let other = one.begin().expect("it begins");
        let (name, ended) = (run.name(), other.name());
        drop(other);
        // Its own ledger knows its runs, another only that the process is there.
        for (owners, run, life) in
            [(&one, &name, Life::Alive), (&one, &ended, Life::Ended), (&two, &name, Life::Alive)]
        {
            assert_eq!(owners.life(run).expect("it can be read"), life, "{run}");
        }
        assert!(two.gone().expect("it can be read").is_empty());
        for stranger in ["", "x", "../guard.1", "00ff.1"] {
            assert_eq!(two.life(stranger).expect("it can be read"), Life::Elsewhere, "{stranger}");
        }
        drop(one);
        let life = two.life(&name).expect("it can be read");
        assert_eq!(life, Life::Alive, "a run goes on without its ledger");
        drop(run);
        assert_ne!(two.life(&name).expect("it can be read"), Life::Alive);
    }

    #[test]
    fn an_id_that_the_database_did_not_take_is_found() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let ledger = folder.path().join("ledger.db");
        let owners = Owners::new(&ledger).expect("it can");
        let runs: Vec<Run> = (0..3).map(|_| owners.begin().expect("it begins")).collect();
        let names: Vec<String> = runs.iter().map(Run::name).collect();
        runs[1].write(&"r-1".parse().expect("an id")).expect("it can be written");
        runs[2].write(&"r-2".parse().expect("an id")).expect("it can be written");
        let own = owners.unwritten(&names[1]).expect("it can be read");
        assert_eq!(own.map(String::from), Some("r-1".to_owned()));
        drop((runs, owners));
        let later = Owners::new(&ledger).expect("it can");
        let found = names.iter().map(|name| later.unwritten(name).expect("it can be read"));
        let found: Vec<_> = found.map(|id| id.map(String::from)).collect();
        assert_eq!(found, [None, Some("r-1".to_owned()), Some("r-2".to_owned())]);
        assert_eq!(later.gone().expect("it can be read").len(), 1);
    }
}
