//! Writes in the tree of one pod, and what must hold of the tree whenever a change is done.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::place;
use super::{blobs, integer, rows};
use crate::clock::Timestamp;
use crate::path::{ContainerPath, ResourcePath, Role};
use crate::storage::{BlobId, Content, Error, NewBody, Pod, Result, Uid, Version, Write};

pub(super) struct Tree<'a> {
    connection: &'a Connection,
    pod: &'a Pod,
    version: Version,
    at: Timestamp,
    used: u64,
    /// Records whose body moves, by local path; taken out when they arrive.
    moving: HashMap<&'a str, Option<Kept>>,
    came: Vec<&'a ResourcePath>,
    went: Vec<&'a ResourcePath>,
    /// Containers whose listing moves, and whether a member came or went.
    touched: BTreeMap<ContainerPath, bool>,
    dead: Vec<BlobId>,
}

/// What outlives a write of a record: who it is, and its body while that is not replaced.
#[derive(Clone)]
struct Kept {
    uid: Uid,
    size: u64,
    created: Timestamp,
    created_by: Option<Arc<str>>,
    listing: Version,
    blob: Option<BlobId>,
}

impl<'a> Tree<'a> {
    pub fn new(connection: &'a Connection, pod: &'a Pod, version: Version, at: Timestamp) -> Self {
        Self {
            connection,
            pod,
            version,
            at,
            used: pod.used,
            moving: HashMap::new(),
            came: Vec::new(),
            went: Vec::new(),
            touched: BTreeMap::new(),
            dead: Vec::new(),
        }
    }

    /// Applies the writes in their order. Gives the bytes that the pod then uses, and the blobs it lost.
    pub fn write(mut self, writes: &'a [Write]) -> Result<(u64, Vec<BlobId>)> {
        self.lift(writes)?;
        for write in writes {
            let (Write::Put { path, .. } | Write::Delete { path }) = write;
            if path.pod() != &self.pod.name {
                return Err(Error::Failed("a change spans two pods".into()));
            }
            match write {
                Write::Put { path, content } => self.put(path, content)?,
                Write::Delete { path } => self.delete(path)?,
            }
        }
        self.settle()?;
        Ok((self.used, self.dead))
    }

    /// Remembers the records whose body moves, before anything is written over them.
    fn lift(&mut self, writes: &'a [Write]) -> Result<()> {
        for write in writes {
            let Write::Put { content: Content { body: NewBody::From(source), .. }, .. } = write else { continue };
            let kept = self.look(source)?.ok_or(Error::Moved)?;
            if self.moving.insert(source.local(), Some(kept)).is_some() {
                return Err(Error::Failed("a body moves to two places".into()));
            }
        }
        let leaves = |write: &'a Write| match write {
            Write::Delete { path } => Some(path.local()),
            Write::Put { .. } => None,
        };
        let leaving: HashSet<&str> = writes.iter().filter_map(leaves).collect();
        if self.moving.keys().any(|source| !leaving.contains(source)) {
            return Err(Error::Failed("a body moves away from a resource that stays".into()));
        }
        Ok(())
    }

    /// A resource that exists stays who it is; so does one that moves here.
    fn put(&mut self, path: &'a ResourcePath, content: &'a Content) -> Result<()> {
        let old = self.look(path)?;
        let moved = match &content.body {
            NewBody::From(source) => self.moving.get_mut(source.local()).and_then(Option::take),
            _ => None,
        };
        match &old {
            // Written over in place, below.
            Some(old) if matches!(content.body, NewBody::Inline(_)) && old.blob.is_none() => self.free(old),
            Some(old) => self.erase(old)?,
            None => self.came.push(path),
        }
        self.touch(path, old.is_none());
        let kept = match moved.or(old) {
            Some(kept) => kept,
            None => self.newcomer(content)?,
        };
        let kept = self.keep_body(path, content, kept)?;
        self.used += kept.size;
        self.write_record(path, content, &kept)
    }

    fn newcomer(&self, content: &Content) -> Result<Kept> {
        let mut next = self
            .connection
            .prepare_cached("UPDATE counters SET value = value + 1 WHERE name = 'uid' RETURNING value")?;
        let uid = Uid(next.query_row([], |row| row.get(0))?);
        let (created, created_by, listing) = (self.at, content.by.clone(), self.version);
        Ok(Kept { uid, size: 0, created, created_by, listing, blob: None })
    }

    fn keep_body(&self, path: &ResourcePath, content: &Content, kept: Kept) -> Result<Kept> {
        let empty = Kept { size: 0, blob: None, ..kept.clone() };
        match &content.body {
            NewBody::Absent if path.is_container() => Ok(empty),
            NewBody::Inline(bytes) if !path.is_container() => {
                self.connection
                    .prepare_cached("INSERT OR REPLACE INTO bodies (uid, bytes) VALUES (?1, ?2)")?
                    .execute(params![kept.uid.0, &bytes[..]])?;
                Ok(Kept { size: bytes.len() as u64, ..empty })
            }
            NewBody::Staged(blob, size) if !path.is_container() => {
                blobs::claim(self.connection, self.pod.id, blob, *size, self.at)?;
                Ok(Kept { size: *size, blob: Some(blob.clone()), ..kept })
            }
            NewBody::From(source) if source.is_container() == path.is_container() => Ok(kept),
            _ => Err(Error::Failed("a container has no body, everything else has one".into())),
        }
    }

    fn write_record(&self, path: &ResourcePath, content: &Content, kept: &Kept) -> Result<()> {
        let (container, name) = place(path);
        let auxiliary = matches!(path.role(), Role::Acl | Role::Description);
        let version = integer(self.version.0);
        let listing = if path.is_container() { integer(kept.listing.0) } else { version };
        let mut write = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO records (pod, container, name, auxiliary, uid, media_type, size, created, modified,
               created_by, version, listing, inbox, blob)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?;
        write.execute(params![
            self.pod.id.0,
            container,
            name,
            auxiliary,
            kept.uid.0,
            content.media_type,
            integer(kept.size),
            kept.created.millis(),
            self.at.millis(),
            kept.created_by,
            version,
            listing,
            content.inbox,
            kept.blob.as_ref().map(|blob| blob.0.into_bytes()),
        ])?;
        Ok(())
    }

    fn delete(&mut self, path: &'a ResourcePath) -> Result<()> {
        let old = self.look(path)?.ok_or(Error::Moved)?;
        if self.moving.contains_key(path.local()) {
            self.free(&old);
        } else {
            self.erase(&old)?;
        }
        let (container, name) = place(path);
        self.connection
            .prepare_cached("DELETE FROM records WHERE pod = ?1 AND container = ?2 AND name = ?3")?
            .execute(params![self.pod.id.0, container, name])?;
        self.touch(path, true);
        if let Some(container) = path.as_container() {
            self.touched.entry(container).or_default();
        }
        self.went.push(path);
        Ok(())
    }

    /// Erases the body of a record.
    fn erase(&mut self, old: &Kept) -> Result<()> {
        self.free(old);
        match &old.blob {
            Some(blob) => {
                blobs::bury(self.connection, blob, self.at)?;
                self.dead.push(blob.clone());
            }
            None => {
                self.connection.prepare_cached("DELETE FROM bodies WHERE uid = ?1")?.execute([old.uid.0])?;
            }
        }
        Ok(())
    }

    fn free(&mut self, old: &Kept) {
        self.used = self.used.saturating_sub(old.size);
    }

    fn look(&self, path: &ResourcePath) -> Result<Option<Kept>> {
        let (container, name) = place(path);
        let mut look = self.connection.prepare_cached(concat!(
            "SELECT ",
            rows::columns!(),
            " FROM records r WHERE pod = ?1 AND container = ?2 AND name = ?3"
        ))?;
        Ok(look.query_row(params![self.pod.id.0, container, name], kept).optional()?)
    }

    fn is_there(&self, path: &ResourcePath) -> Result<bool> {
        let (container, name) = place(path);
        let mut look =
            self.connection.prepare_cached("SELECT 1 FROM records WHERE pod = ?1 AND container = ?2 AND name = ?3")?;
        Ok(look.exists(params![self.pod.id.0, container, name])?)
    }

    /// Auxiliary resources are no members: they leave the listing alone.
    fn touch(&mut self, path: &ResourcePath, came_or_went: bool) {
        let member = matches!(path.role(), Role::Container | Role::Document);
        if let Some(container) = path.container().filter(|_| member) {
            *self.touched.entry(container).or_default() |= came_or_went;
        }
    }

    /// Brings the containers in step, and checks what must hold of a tree: every record lies in a container, no name
    /// stands in both slash forms, an auxiliary resource has its subject. Changes are decided on a tree where that
    /// holds, so a breach means that someone else wrote in between.
    ///
    /// Spec: P-19, P-71, P-72, W-12
    fn settle(&self) -> Result<()> {
        // The date of a container moves with its membership, and shows in the listing above it.
        let dated = self.touched.iter().filter(|(_, came_or_went)| **came_or_went);
        let mut touched: BTreeMap<_, _> = dated.filter_map(|(dated, _)| Some((dated.container()?, false))).collect();
        touched.extend(self.touched.iter().map(|(container, came_or_went)| (container.clone(), *came_or_went)));
        for (container, came_or_went) in &touched {
            if !self.move_listing(container, *came_or_went)? && self.holds_records(container)? {
                return Err(Error::Moved);
            }
        }
        for path in &self.came {
            let subject = path.subject();
            let astray = subject != **path && !self.is_there(&subject)?;
            let doubled = path.twin().map(|twin| self.is_there(&twin)).transpose()?.unwrap_or(false);
            if astray || doubled {
                return Err(Error::Moved);
            }
        }
        for path in self.went.iter().filter(|path| path.role() == Role::Document) {
            if !self.is_there(path)? && (self.is_there(&path.acl())? || self.is_there(&path.description())?) {
                return Err(Error::Moved);
            }
        }
        Ok(())
    }

    /// Whether the container is there to be moved.
    fn move_listing(&self, container: &ContainerPath, came_or_went: bool) -> Result<bool> {
        let (above, name) = place(container);
        let mut update = self.connection.prepare_cached(
            "UPDATE records SET listing = ?4, modified = iif(?5, ?6, modified)
             WHERE pod = ?1 AND container = ?2 AND name = ?3",
        )?;
        let version = integer(self.version.0);
        Ok(update.execute(params![self.pod.id.0, above, name, version, came_or_went, self.at.millis()])? > 0)
    }

    fn holds_records(&self, container: &ContainerPath) -> Result<bool> {
        let mut any =
            self.connection.prepare_cached("SELECT 1 FROM records WHERE pod = ?1 AND container = ?2 LIMIT 1")?;
        Ok(any.exists(params![self.pod.id.0, container.local()])?)
    }
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let record = rows::record(row, &mut rows::Texts::default())?;
    Ok(Kept {
        uid: record.uid,
        size: record.size,
        created: record.created,
        created_by: record.created_by,
        listing: record.listing,
        blob: rows::blob(row)?,
    })
}
