//! Backups: a tar of the database as it is at one instant, and of the blobs that it refers to.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::lock::Lock;
use super::{BLOBS, DATABASE, HOUSE, Sqlite, blobs, create_folder, schema, unblock};
use crate::storage::{BlobId, Error, Result};

/// How long deleted blobs stay for a backup that no longer says that it is at work.
const HOLD: Duration = Duration::from_hours(1);

impl Sqlite {
    /// Writes a backup into the file `to`, while the server goes on.
    ///
    /// Blobs that are deleted meanwhile stay until it is done. The file holds everything that the data folder holds,
    /// personal data included. It takes its name, and the place of an older one, once it is complete.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let until = self.clock.now().plus(HOLD);
        let hold = self.writer.write(HOUSE, move |connection| blobs::hold(connection, until)).await?;
        let part = beside(to, "part");
        let written = self.write_backup(&part, &beside(to, "database"), hold).await;
        self.writer.write(HOUSE, move |connection| blobs::release(connection, hold)).await?;
        let finished = written.and_then(|()| publish(&part, to));
        if finished.is_err() {
            // What was begun is of no use; that it stays is worth no second error.
            let _ = fs::remove_file(&part);
        }
        finished
    }

    async fn write_backup(&self, to: &Path, snapshot: &Path, hold: i64) -> Result<()> {
        let (database, file, copy) = (self.folder.join(DATABASE), create_private(to)?, snapshot.to_owned());
        let (mut tar, blobs) = unblock(move || begin(file, &database, &copy)).await?;
        let mut renewed = self.clock.now();
        for blob in blobs {
            let name = format!("{BLOBS}/{}", blobs::key(&blob));
            let file = self.folder.join(&name);
            tar = unblock(move || append(tar, &name, &file)).await?;
            let now = self.clock.now();
            if now > renewed.plus(HOLD / 4) {
                renewed = now;
                self.writer.write(HOUSE, move |connection| blobs::renew(connection, hold, now.plus(HOLD))).await?;
            }
        }
        unblock(move || Ok(tar.into_inner()?.sync_all()?)).await
    }
}

/// Makes a data folder out of a backup. `folder` must hold no data yet.
pub fn restore(from: &Path, folder: &Path) -> Result<()> {
    create_folder(folder)?;
    let lock = Lock::take(folder)?.ok_or_else(|| Error::Failed("a server is using the data folder".into()))?;
    let database = folder.join(DATABASE);
    if database.exists() {
        return Err(Error::Failed("the data folder is not empty".into()));
    }
    let part = beside(&database, "part");
    let mut archive = tar::Archive::new(File::open(from)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let to = place(&entry.path()?, folder, &part)?;
        if let Some(above) = to.parent() {
            create_folder(above)?;
        }
        let mut file = create_private(&to)?;
        io::copy(&mut entry, &mut file)?;
        file.sync_all()?;
    }
    complete(&part, folder)?;
    publish(&part, &database)?;
    drop(lock);
    Ok(())
}

/// Begins the tar with the database as it is now, and says which blobs belong to it.
fn begin(file: File, database: &Path, copy: &Path) -> Result<(tar::Builder<File>, Vec<BlobId>)> {
    create_private(copy)?;
    let begun =
        snapshot(database, copy).and_then(|blobs| Ok((append(tar::Builder::new(file), DATABASE, copy)?, blobs)));
    fs::remove_file(copy)?;
    begun
}

fn snapshot(database: &Path, copy: &Path) -> Result<Vec<BlobId>> {
    let source = schema::connect(database, false)?;
    let mut target = Connection::open(copy)?;
    match Backup::new(&source, &mut target)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(Error::Failed("the database is busy".into())),
    }
    // One file, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    blobs::live(&target)
}

fn append(mut tar: tar::Builder<File>, name: &str, path: &Path) -> Result<tar::Builder<File>> {
    let file = File::open(path)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(file.metadata()?.len());
    header.set_mode(0o600);
    tar.append_data(&mut header, name, file)?;
    Ok(tar)
}

/// Where a file of the archive goes. Nothing but what a backup holds is taken from it.
fn place(name: &Path, folder: &Path, database: &Path) -> Result<PathBuf> {
    if name == Path::new(DATABASE) {
        return Ok(database.to_owned());
    }
    let blob = name.file_name().and_then(|name| name.to_str()).and_then(blobs::parse);
    let own = blob.map(|blob| Path::new(BLOBS).join(blobs::key(&blob).as_ref()));
    match own {
        Some(own) if own == name => Ok(folder.join(own)),
        _ => Err(Error::Failed("the file is no backup of Cartable".into())),
    }
}

/// Whether the restored database is of a format that we know, and none of its blobs is missing.
fn complete(database: &Path, folder: &Path) -> Result<()> {
    if !database.exists() {
        return Err(Error::Failed("the file is no backup of Cartable".into()));
    }
    let connection = Connection::open(database)?;
    schema::format(&connection)?;
    for blob in blobs::live(&connection)? {
        if !folder.join(BLOBS).join(blobs::key(&blob).as_ref()).exists() {
            return Err(Error::Failed("the backup is incomplete: a file is missing".into()));
        }
    }
    Ok(())
}

/// Gives a finished file its name, durably.
fn publish(part: &Path, to: &Path) -> Result<()> {
    fs::rename(part, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

/// A new file that only its owner can read, instead of what an attempt that was cut short has left.
fn create_private(path: &Path) -> Result<File> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(path)?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
