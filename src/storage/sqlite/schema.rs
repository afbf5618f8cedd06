//! Connections, and the format of the database: who made it, which migrations it has seen.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::integer;
use crate::storage::{Error, Result};

/// Says that a database is ours ("Cart" in ASCII).
const APPLICATION: i64 = 0x4361_7274;

/// What makes a database of format n out of one of format n - 1. Never edited once released.
const MIGRATIONS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// How long a connection waits for another process that writes.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database at `file`, made or brought to our format if need be.
///
/// A database that is not ours, or of a format that only a newer release knows, is refused.
pub(super) fn open(file: &Path, durable: bool) -> Result<Connection> {
    let mut connection = connect(file, durable)?;
    let found = format(&connection)?;
    if found < MIGRATIONS.len() {
        migrate(&mut connection)?;
    }
    Ok(connection)
}

/// One more connection to a database that [`open`] has seen.
///
/// Deleted bytes are overwritten at once (`secure_delete`); checkpoints are ours to ask for, since those that SQLite
/// runs by itself swallow their errors.
pub(super) fn connect(file: &Path, durable: bool) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Without this, statements whose plan might depend on a bound value are compiled again at each use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let synchronous = if durable { "FULL" } else { "OFF" };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2000;"
    ))?;
    Ok(connection)
}

/// The format of the database; 0 if it is new.
pub(super) fn format(connection: &Connection) -> Result<usize> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let empty = || connection.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| row.get(0));
    match number("application_id")? {
        APPLICATION => {}
        0 if empty()? => return Ok(0),
        _ => return Err(Error::Failed("the database was not made by Cartable".into())),
    }
    let found = usize::try_from(number("user_version")?).unwrap_or(usize::MAX);
    let known = MIGRATIONS.len();
    if found > known {
        return Err(Error::Failed(format!(
            "the database has format {found}, this release knows up to {known}: use a newer release"
        )));
    }
    Ok(found)
}

/// Applies what is missing, once even if two processes start together.
fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in &MIGRATIONS[format(&transaction)?..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", integer(MIGRATIONS.len() as u64))?;
    Ok(transaction.commit()?)
}
