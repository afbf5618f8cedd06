//! The mark of a running server in its data folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::create_folder;
use crate::storage::Result;

/// The file that is locked.
const LOCK: &str = "lock";

/// Held by the server for as long as it runs, and by commands that must be alone with the data: restoring and
/// repairing. Other commands work beside the server. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, in a folder that is made if it is not there; `None` if someone else holds it.
    pub fn take(folder: &Path) -> Result<Option<Self>> {
        create_folder(folder)?;
        let file = File::options().create(true).append(true).open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}
