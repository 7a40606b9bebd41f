//! The place of the ledger: its path, its folder, and the file system below.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Environment variable with the folder of state, by the XDG standard.
const STATE_HOME: &str = "XDG_STATE_HOME";
/// The folder and file below the folder of state.
const BELOW: [&str; 2] = ["rcomfy", "ledger.db"];

/// Returns the path of the ledger that every program of this user shares:
/// `$XDG_STATE_HOME/rcomfy/ledger.db`, or else `~/.local/state/rcomfy/ledger.db`, or
/// `~/Library/Application Support/rcomfy/ledger.db` on macOS, or
/// `%LOCALAPPDATA%\rcomfy\ledger.db` on Windows.
///
/// # Errors
///
/// If there is no home folder.
pub fn default_path() -> Result<PathBuf, Error> {
    let state = variable(STATE_HOME).or_else(platform_state).ok_or(Error::NoHome)?;
    Ok(BELOW.iter().fold(state, |path, part| path.join(part)))
}

/// Returns an absolute path of an environment variable. The XDG standard ignores others.
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn platform_state() -> Option<PathBuf> {
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    let home = std::env::home_dir().filter(|home| home.is_absolute())?;
    Some(if cfg!(target_vendor = "apple") {
        home.join("Library").join("Application Support")
    } else {
        home.join(".local").join("state")
    })
}

/// Creates the folder of a ledger, which only its user may enter, and the file in it. Returns the
/// path without links: two names of one file would otherwise have two sets of owners.
pub(crate) fn create(path: &Path) -> Result<PathBuf, Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    create_folder(folder).map_err(|source| file_error(folder, source))?;
    refuse_network(folder)?;
    create_file(path).map_err(|source| file_error(path, source))?;
    // On Windows, SQLite would get the form of a path that it does not know.
    let whole = if cfg!(windows) { std::path::absolute(path) } else { path.canonicalize() };
    let whole = whole.map_err(|source| file_error(path, source))?;
    whole.parent().map_or(Ok(()), refuse_network)?;
    Ok(whole)
}

/// Returns the path beside which the owners of a ledger on PostgreSQL have their files on this
/// machine: below the folder of state, or below the folder of temporary files if that is not on a
/// local disk.
#[cfg(feature = "postgres")]
pub(crate) fn beside(ledger: &str) -> Result<PathBuf, Error> {
    let name = format!("postgres-{}", &crate::canonical::sha256(ledger.as_bytes())[..16]);
    let state = default_path().ok().map(|path| path.with_file_name(&name));
    let state = state.filter(|path| {
        let folder = path.parent().unwrap_or(path);
        create_folder(folder).is_ok() && refuse_network(folder).is_ok()
    });
    let path = state.unwrap_or_else(|| std::env::temp_dir().join(BELOW[0]).join(name));
    let folder = path.parent().unwrap_or(&path);
    create_folder(folder).map_err(|source| file_error(folder, source))?;
    Ok(path)
}

fn refuse_network(folder: &Path) -> Result<(), Error> {
    match network_name(folder).map_err(|source| file_error(folder, source))? {
        Some(name) => Err(Error::NetworkFileSystem { path: folder.to_owned(), name }),
        None => Ok(()),
    }
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}

/// Creates a folder that only its user may enter. One that exists stays as it is.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Creates a file that only its user may read. SQLite gives its other files the same mode.
fn create_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        opened => opened.map(drop),
    }
}

/// Returns the name of the network file system that a folder is on, if it is on one.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn network_name(folder: &Path) -> io::Result<Option<String>> {
    let found = rustix::fs::statfs(folder)?;
    // The type differs by platform, and its upper half is only a sign.
    let magic = (found.f_type as u64 & 0xFFFF_FFFF) as u32;
    Ok(network_of(magic).map(str::to_owned))
}

/// Returns the name of a network file system by its number in `linux/magic.h`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn network_of(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => "SMB",
        0x564C => "NCP",
        0x0102_1997 => "9P",
        0x5346_414F | 0x6B41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x00C3_6400 => "Ceph",
        0x0BD0_0BD0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0161_1970 => "GFS2",
        0x7461_636F => "OCFS2",
        _ => return None,
    })
}

#[cfg(target_vendor = "apple")]
fn network_name(folder: &Path) -> io::Result<Option<String>> {
    /// `MNT_LOCAL` of `sys/mount.h`.
    const LOCAL: u32 = 0x1000;
    let found = rustix::fs::statfs(folder)?;
    Ok((found.f_flags & LOCAL == 0).then(|| "not a local disk".to_owned()))
}

#[cfg(windows)]
fn network_name(folder: &Path) -> io::Result<Option<String>> {
    use std::path::{Component, Prefix};

    let whole = folder.canonicalize()?;
    let is_remote = matches!(
        whole.components().next(),
        Some(Component::Prefix(prefix))
            if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
    );
    Ok(is_remote.then(|| "a network share".to_owned()))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)))]
fn network_name(_folder: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn network_file_systems_are_known_and_local_ones_pass() {
        for (magic, name) in [(0x6969, "NFS"), (0xFE53_4D42, "SMB"), (0x0102_1997, "9P")] {
            assert_eq!(network_of(magic), Some(name));
        }
        // ext4, tmpfs, btrfs, overlayfs, xfs
        for magic in [0xEF53, 0x0102_1994, 0x9123_683E, 0x794C_7630, 0x5846_5342] {
            assert_eq!(network_of(magic), None);
        }
        let folder = tempfile::tempdir().expect("a folder can be made");
        assert_eq!(network_name(folder.path()).expect("it is there"), None);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_user_may_read_a_new_ledger() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("a/rcomfy/ledger.db");
        create(&path).expect("it can be created");
        let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().expect("a folder")), mode(&path)), (0o700, 0o600));
        create(&path).expect("it may exist");
    }
}
