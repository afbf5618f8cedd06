//! A pod without HTTP, RDF, versions or storage: a map from paths to values and rules.

use std::collections::{BTreeMap, BTreeSet};

pub const READ: u8 = 1;
pub const WRITE: u8 = 2;
pub const APPEND: u8 = 4;
pub const CONTROL: u8 = 8;
/// All modes.
pub const MODES: u8 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Owner,
    Friend,
    /// In a grant: everybody.
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub to: Who,
    pub modes: u8,
    /// On the resource itself.
    pub itself: bool,
    /// On all that inherits from it.
    pub members: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    None,
    IfMatchAny,
    IfNoneMatchAny,
    /// With the tag that the target has.
    IfMatchNow,
    /// With a tag that it had.
    IfMatchOld,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Copy,
    Move,
}

/// A document says which values it has; a container holds none.
pub type Values = BTreeSet<u8>;

#[derive(Debug, Clone)]
pub enum Request {
    Get { at: &'static str },
    Put { at: &'static str, values: Values, condition: Condition },
    Post { at: &'static str, slug: Option<&'static str>, container: bool },
    Patch { at: &'static str, insert: Option<u8>, delete: Option<u8> },
    Delete { at: &'static str, condition: Condition },
    GetAcl { at: &'static str },
    PutAcl { at: &'static str, grants: Vec<Grant> },
    DeleteAcl { at: &'static str },
    Transfer { verb: Verb, from: &'static str, to: &'static str, overwrite: bool },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub values: Values,
    pub acl: Option<Vec<Grant>>,
}

/// The statuses of refusals; what may be done is the `Ok` of a check.
type Checked = Result<(), u16>;

#[derive(Debug, Clone)]
pub struct Model(pub BTreeMap<String, Node>);

/// The container that holds a place.
fn above(at: &str) -> Option<&str> {
    let name = at.trim_end_matches('/');
    (!name.is_empty()).then(|| &at[..=name.rfind('/').unwrap()])
}

fn twin(at: &str) -> String {
    at.strip_suffix('/').map_or_else(|| format!("{at}/"), str::to_owned)
}

fn is_container(at: &str) -> bool {
    at.ends_with('/')
}

impl Model {
    /// A pod of which only the root is known, which its owner rules.
    pub fn new() -> Self {
        let all = Grant { to: Who::Owner, modes: READ | WRITE | CONTROL, itself: true, members: true };
        Self(BTreeMap::from([("/".to_owned(), Node { values: Values::new(), acl: Some(vec![all]) })]))
    }

    fn has(&self, at: &str) -> bool {
        self.0.contains_key(at)
    }

    /// The nearest ACL decides alone; owners keep Control.
    fn modes(&self, who: Who, at: &str) -> u8 {
        let mut place = at;
        let grants = loop {
            match self.0.get(place).and_then(|node| node.acl.as_ref()) {
                Some(grants) => break grants,
                None => place = above(place).unwrap(),
            }
        };
        let matching = grants.iter().filter(|grant| grant.to == who || grant.to == Who::Nobody);
        let here = matching.filter(|grant| if place == at { grant.itself } else { grant.members });
        let granted = here.fold(0, |all, grant| all | grant.modes);
        if who == Who::Owner { granted | CONTROL } else { granted }
    }

    /// Refuses whoever lacks one of the modes. Write lets append.
    fn need(&self, who: Who, at: &str, mode: u8) -> Checked {
        let modes = self.modes(who, at);
        let enough = if mode == APPEND { APPEND | WRITE } else { mode };
        if modes & enough != 0 { Ok(()) } else { Err(if who == Who::Nobody { 401 } else { 403 }) }
    }

    /// What is made needs Append, and so does each container that is made for it, and the one it is made in.
    fn need_creation(&self, who: Who, at: &str) -> Checked {
        let mut place = at;
        self.need(who, place, APPEND)?;
        while let Some(container) = above(place) {
            self.need(who, container, APPEND)?;
            if self.has(container) {
                break;
            }
            place = container;
        }
        Ok(())
    }

    fn need_deletion(&self, who: Who, at: &str) -> Checked {
        self.need(who, at, WRITE)?;
        if is_container(at) || !self.has(at) {
            self.need(who, at, READ)?;
        }
        self.need(who, above(at).unwrap(), WRITE)
    }

    fn need_put(&self, who: Who, at: &str) -> Checked {
        if self.has(at) { self.need(who, at, WRITE) } else { self.need_creation(who, at) }
    }

    /// No name stands in both slash forms, nor a document where a container is needed.
    fn check_place(&self, at: &str) -> Checked {
        let mut place = Some(at);
        while let Some(this) = place.filter(|place| *place != "/") {
            if self.has(&twin(this)) {
                return Err(409);
            }
            place = above(this);
        }
        Ok(())
    }

    fn check_condition(&self, at: &str, condition: Condition) -> Checked {
        let holds = match condition {
            Condition::None => true,
            Condition::IfNoneMatchAny => !self.has(at),
            Condition::IfMatchAny | Condition::IfMatchNow => self.has(at),
            Condition::IfMatchOld => false,
        };
        if holds { Ok(()) } else { Err(412) }
    }

    /// Puts a node, with the containers that it needs. 201 if it is new.
    fn put(&mut self, at: &str, values: Values) -> u16 {
        let mut place = at;
        while let Some(container) = above(place) {
            self.0.entry(container.to_owned()).or_default();
            place = container;
        }
        let new = !self.has(at);
        self.0.entry(at.to_owned()).or_default().values = values;
        if new { 201 } else { 204 }
    }

    /// All at and below a place, top down.
    fn tree(&self, at: &str) -> Vec<String> {
        self.0.keys().filter(|path| *path == at || is_container(at) && path.starts_with(at)).cloned().collect()
    }

    /// Does what is asked. `made`: where the server says that it put what was posted.
    pub fn answer(&mut self, who: Who, request: &Request, made: &str) -> u16 {
        self.attempt(who, request, made).unwrap_or_else(|refused| refused)
    }

    fn attempt(&mut self, who: Who, request: &Request, made: &str) -> Result<u16, u16> {
        match request {
            Request::Get { at } => {
                self.need(who, at, READ)?;
                let twin = twin(at);
                let elsewhere = self.has(&twin) && self.need(who, &twin, READ).is_ok();
                Ok(if self.has(at) {
                    200
                } else if elsewhere {
                    301
                } else {
                    404
                })
            }
            Request::Put { at, values, condition } => {
                self.need_put(who, at)?;
                if !self.has(at) {
                    self.check_place(at)?;
                }
                self.check_condition(at, *condition)?;
                Ok(self.put(at, if is_container(at) { Values::new() } else { values.clone() }))
            }
            Request::Post { at, slug, container } => self.post(who, at, *slug, *container, made),
            Request::Patch { at, insert, delete } => self.patch(who, at, *insert, *delete),
            Request::Delete { at, condition } => {
                self.need_deletion(who, at)?;
                if !self.has(at) {
                    return Err(404);
                }
                if self.tree(at).len() > 1 {
                    return Err(409);
                }
                self.check_condition(at, *condition)?;
                self.0.remove(*at);
                Ok(204)
            }
            Request::GetAcl { at } => {
                self.need(who, at, CONTROL)?;
                Ok(if self.0.get(*at).is_some_and(|node| node.acl.is_some()) { 200 } else { 404 })
            }
            Request::PutAcl { at, grants } => {
                self.need(who, at, CONTROL)?;
                let node = self.0.get_mut(*at).ok_or(409_u16)?;
                Ok(if node.acl.replace(grants.clone()).is_some() { 204 } else { 201 })
            }
            Request::DeleteAcl { at } => {
                self.need(who, at, CONTROL)?;
                let acl = self.0.get_mut(*at).and_then(|node| node.acl.take());
                if acl.is_some() { Ok(204) } else { Err(404) }
            }
            Request::Transfer { verb, from, to, overwrite } => self.transfer(who, *verb, from, to, *overwrite),
        }
    }

    fn post(&mut self, who: Who, at: &str, slug: Option<&str>, container: bool, made: &str) -> Result<u16, u16> {
        self.need(who, at, APPEND)?;
        match (self.has(at), is_container(at)) {
            (false, _) => return Err(404),
            (true, false) => return Err(405),
            (true, true) => {}
        }
        let slash = if container { "/" } else { "" };
        let wanted = slug.map(|slug| format!("{at}{slug}{slash}"));
        let free = |path: &String| !self.has(path) && !self.has(&twin(path));
        match wanted.filter(free) {
            Some(wanted) => assert_eq!(made, wanted),
            None => assert!(above(made) == Some(at) && is_container(made) == container && free(&made.to_owned())),
        }
        Ok(self.put(made, Values::new()))
    }

    fn patch(&mut self, who: Who, at: &str, insert: Option<u8>, delete: Option<u8>) -> Result<u16, u16> {
        if delete.is_some() {
            self.need(who, at, READ)?;
            self.need(who, at, WRITE)?;
        }
        if insert.is_some() {
            self.need(who, at, APPEND)?;
        }
        if !self.has(at) {
            self.need_creation(who, at)?;
            self.check_place(at)?;
        }
        let mut values = self.0.get(at).map(|node| node.values.clone()).unwrap_or_default();
        if delete.is_some_and(|value| !values.remove(&value)) {
            return Err(409);
        }
        values.extend(insert);
        Ok(self.put(at, values))
    }

    fn transfer(&mut self, who: Who, verb: Verb, from: &str, to: &str, overwrite: bool) -> Result<u16, u16> {
        self.need(who, from, READ)?;
        if !self.has(from) {
            return Err(404);
        }
        let source = self.tree(from);
        for path in &source {
            self.need(who, path, READ)?;
            if verb == Verb::Move {
                self.need_deletion(who, path)?;
            }
        }
        if is_container(from) != is_container(to) {
            return Err(409);
        }
        let within = |inner: &str, outer: &str| is_container(outer) && inner.starts_with(outer);
        if from == to || within(from, to) || within(to, from) {
            return Err(403);
        }
        self.need_put(who, to)?;
        if self.has(&twin(to)) || !self.has(above(to).unwrap()) {
            return Err(409);
        }
        let replaced = if self.has(to) { self.tree(to) } else { Vec::new() };
        if !replaced.is_empty() && !overwrite {
            return Err(412);
        }
        for path in &replaced {
            self.need_deletion(who, path)?;
        }
        self.carry(who, verb, &source, &replaced, (from, to))
    }

    /// ACLs go along only with Control on both sides; a move does not leave them behind.
    fn carry(
        &mut self,
        who: Who,
        verb: Verb,
        source: &[String],
        replaced: &[String],
        (from, to): (&str, &str),
    ) -> Result<u16, u16> {
        let controls = |path: &str| self.modes(who, path) & CONTROL != 0;
        let mut carried = Vec::new();
        for path in source {
            let mut node = self.0[path].clone();
            if node.acl.is_some() && !(controls(to) && controls(path)) {
                if verb == Verb::Move {
                    return Err(403);
                }
                node.acl = None;
            }
            carried.push((path.replacen(from, to, 1), node));
        }
        let gone: &[String] = if verb == Verb::Move { source } else { &[] };
        self.0.retain(|path, _| !replaced.contains(path) && !gone.contains(path));
        self.0.extend(carried);
        Ok(if replaced.is_empty() { 201 } else { 204 })
    }
}
