//! The file system that layers make, kept as names and what they stand for; content stays where it is. Each layer is applied as containerd
//! applies it with overlayfs: into a file system of its own, through the links that this layer made, and that one laid over what was there
//! before, so that a name of a lower layer is replaced, never followed. Source: OCI image specification, "Applying changesets"; containerd
//! `pkg/archive` (`applyNaive`, `mkparent`).

use crate::Fault;
use crate::bounds::{Bounds, DEEPEST_PATH, LONGEST_NAME, LONGEST_PATH};
use crate::paths;
use crate::tar::{Entry, Kind, quoted};
use std::collections::{BTreeMap, VecDeque};

pub type Id = u32;

const ROOT: Id = 0;
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What begins so, and is not [`OPAQUE`], is AUFS' own.
const PRIVATE: &[u8] = b".wh..wh.";

const SET_GROUP_ID: u32 = 0o2000;

/// As many as Linux follows is 40; containerd follows some more.
const MOST_LINKS: u32 = 255;

/// Where the content of a file is: which entry of which layer, counted from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Source {
    pub layer: u16,
    pub entry: u32,
}

pub enum Content {
    File(Source),
    Folder(BTreeMap<Box<[u8]>, Name>),
    SymbolicLink(Box<[u8]>),
    CharacterDevice(u32, u32),
    BlockDevice(u32, u32),
    Pipe,
}

/// What several names may stand for.
pub struct Node {
    pub mode: u32,
    pub user: u32,
    pub group: u32,
    pub mtime: u32,
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
    pub content: Content,
}

/// `layer` put it there, or put something below it.
#[derive(Clone, Copy)]
pub struct Name {
    pub node: Id,
    layer: u16,
}

pub struct Tree {
    nodes: Vec<Node>,
    layer: u16,
}

impl Node {
    fn folder() -> Node {
        Node { mode: 0o755, user: 0, group: 0, mtime: 0, attributes: Vec::new(), content: Content::Folder(BTreeMap::new()) }
    }

    /// Only files and folders have attributes of users, and capabilities mean nothing elsewhere.
    fn drop_impossible_attributes(&mut self) {
        if !matches!(self.content, Content::File(_) | Content::Folder(_)) {
            self.attributes.clear();
        }
    }

    pub fn children(&self) -> Option<&BTreeMap<Box<[u8]>, Name>> {
        match &self.content {
            Content::Folder(children) => Some(children),
            _ => None,
        }
    }
}

impl Tree {
    pub fn new() -> Tree {
        Tree { nodes: vec![Node::folder()], layer: 0 }
    }

    pub fn root(&self) -> Id {
        ROOT
    }

    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// From here on entries are this layer's.
    pub fn begin(&mut self, layer: u16) {
        self.layer = layer;
    }

    /// Applies one entry, the layer's `number`th.
    pub fn add(&mut self, entry: Entry, number: u32, bounds: &mut Bounds) -> Result<(), Fault> {
        let path = entry.path.clone();
        self.apply(entry, number, bounds)
            .map_err(|fault| if fault.starts_with('"') { fault } else { format!("{}: {fault}", quoted(&path)) })
    }

    fn apply(&mut self, mut entry: Entry, number: u32, bounds: &mut Bounds) -> Result<(), Fault> {
        bounds.entry(entry.named_bytes())?;
        let path = std::mem::take(&mut entry.path);
        let parts = paths::parts(&path)?;
        let Some((&name, above)) = parts.split_last() else {
            // The root is the container's, as containerd has it.
            return Ok(());
        };
        let folder = self.folder(above, bounds)?;
        if name == OPAQUE {
            self.remove_below(folder);
            return Ok(());
        }
        if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            if name.starts_with(PRIVATE) {
                return Ok(());
            }
            if matches!(hidden, b"" | b"." | b"..") {
                return Err("it removes nothing that could be there".into());
            }
            self.remove_lower(folder, hidden);
            return Ok(());
        }
        self.put(folder, name, entry, number)
    }

    fn put(&mut self, folder: Id, name: &[u8], entry: Entry, number: u32) -> Result<(), Fault> {
        let there = self.child(folder, name);
        if entry.kind == Kind::HardLink {
            self.unlink(folder, name);
            let node = self.target(&entry.link)?;
            // Not capabilities: Linux takes them when a file is given an owner.
            self.describe(node, described(entry, Content::Pipe)?, |attribute| attribute != b"security.capability");
            self.name(folder, name, node);
            return Ok(());
        }
        let content = content(&entry, Source { layer: self.layer, entry: number })?;
        let kind = entry.kind;
        let node = described(entry, content)?;
        match there {
            Some(there) if kind == Kind::Folder && self.node(there.node).children().is_some() => {
                let same_layer = there.layer == self.layer;
                self.describe(there.node, node, |_| same_layer);
                self.name(folder, name, there.node);
            }
            _ => {
                let node = self.make(node);
                self.name(folder, name, node);
            }
        }
        Ok(())
    }

    /// Gives it what the last header of it says, beside those attributes of before that it keeps; its content stays.
    fn describe(&mut self, id: Id, description: Node, keeps: impl Fn(&[u8]) -> bool) {
        let old = std::mem::replace(&mut self.nodes[id as usize], description);
        let new = &mut self.nodes[id as usize];
        new.content = old.content;
        for (name, value) in old.attributes {
            if keeps(&name) && new.attributes.iter().all(|(other, _)| *other != name) {
                new.attributes.push((name, value));
            }
        }
        new.drop_impossible_attributes();
    }

    /// What a hard link stands for: of its own layer first, else of those below, which an overlay would not find, and other unpackers do.
    fn target(&self, link: &[u8]) -> Result<Id, Fault> {
        let parts = paths::parts(link).map_err(|fault| format!("its target {fault}"))?;
        let found = self.find(&parts, Only::ThisLayer).or_else(|| self.find(&parts, Only::Names));
        match found {
            None => Err(format!("it is a hard link to {}, which is not there", quoted(link))),
            Some(node) if self.node(node).children().is_some() => Err(format!("it is a hard link to {}, which is a folder", quoted(link))),
            Some(node) => Ok(node),
        }
    }

    /// The folder that these parts lead to in this layer's file system; what is missing is made, with the owner and mode of what lies below.
    fn folder(&mut self, parts: &[&[u8]], bounds: &mut Bounds) -> Result<Id, Fault> {
        let mut todo: VecDeque<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
        let mut way = vec![(ROOT, 0)];
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            let &(at, length) = way.last().unwrap_or(&(ROOT, 0));
            if part == b".." {
                way.truncate((way.len() - 1).max(1));
                continue;
            }
            let next = match self.child(at, &part) {
                Some(name) if name.layer == self.layer => match &self.node(name.node).content {
                    Content::Folder(_) => name.node,
                    Content::SymbolicLink(target) => {
                        links += 1;
                        if links > MOST_LINKS {
                            return Err(format!("it lies below {}, which leads through more than {MOST_LINKS} links", quoted(&part)));
                        }
                        follow(target, &mut way, &mut todo);
                        continue;
                    }
                    _ => return Err(format!("it lies below {}, which is no folder", quoted(&part))),
                },
                Some(name) if self.node(name.node).children().is_some() => {
                    self.name(at, &part, name.node);
                    name.node
                }
                _ => {
                    bounds.entry(part.len())?;
                    // As Linux makes it.
                    let above = self.node(at);
                    let group = if above.mode & SET_GROUP_ID == 0 { 0 } else { above.group };
                    let made = self.make(Node { group, ..Node::folder() });
                    self.name(at, &part, made);
                    made
                }
            };
            if part.len() > LONGEST_NAME {
                return Err(format!("its links lead through a name of more than {LONGEST_NAME} bytes"));
            }
            way.push((next, length + 1 + part.len()));
            if way.len() > DEEPEST_PATH + 1 || length + 1 + part.len() > LONGEST_PATH {
                return Err(format!("its links lead more than {DEEPEST_PATH} folders or {LONGEST_PATH} bytes deep"));
            }
        }
        Ok(way.last().map_or(ROOT, |&(folder, _)| folder))
    }

    /// What these parts lead to, through links of folders; the last part is not followed.
    fn find(&self, parts: &[&[u8]], only: Only) -> Option<Id> {
        let (last, above) = parts.split_last()?;
        let seen = |at: Id, part: &[u8]| self.child(at, part).filter(|name| only == Only::Names || name.layer == self.layer);
        let mut todo: VecDeque<Vec<u8>> = above.iter().map(|part| part.to_vec()).collect();
        let mut way = vec![(ROOT, 0)];
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            let &(at, _) = way.last()?;
            if part == b".." {
                way.truncate((way.len() - 1).max(1));
                continue;
            }
            let name = seen(at, &part)?;
            match &self.node(name.node).content {
                Content::Folder(_) => way.push((name.node, 0)),
                Content::SymbolicLink(target) if links < MOST_LINKS => {
                    links += 1;
                    follow(target, &mut way, &mut todo);
                }
                _ => return None,
            }
        }
        let &(at, _) = way.last()?;
        seen(at, last).map(|name| name.node)
    }

    fn child(&self, folder: Id, name: &[u8]) -> Option<Name> {
        self.node(folder).children()?.get(name).copied()
    }

    fn make(&mut self, mut node: Node) -> Id {
        node.drop_impossible_attributes();
        self.nodes.push(node);
        (self.nodes.len() - 1) as Id
    }

    fn name(&mut self, folder: Id, name: &[u8], node: Id) {
        let layer = self.layer;
        if let Content::Folder(children) = &mut self.nodes[folder as usize].content {
            children.insert(name.into(), Name { node, layer });
        }
    }

    fn unlink(&mut self, folder: Id, name: &[u8]) {
        if let Content::Folder(children) = &mut self.nodes[folder as usize].content {
            children.remove(name);
        }
    }

    /// Removes what lower layers have there. What this layer put there stays, in whatever order its entries come.
    fn remove_lower(&mut self, folder: Id, name: &[u8]) {
        match self.child(folder, name) {
            Some(there) if there.layer == self.layer => self.remove_below(there.node),
            Some(_) => self.unlink(folder, name),
            None => {}
        }
    }

    /// The same for all that is in a folder; as deep as folders are bounded to be.
    fn remove_below(&mut self, folder: Id) {
        let layer = self.layer;
        let Content::Folder(children) = &mut self.nodes[folder as usize].content else {
            return;
        };
        children.retain(|_, name| name.layer == layer);
        let left: Vec<Id> = children.values().map(|name| name.node).collect();
        for node in left {
            self.remove_below(node);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Only {
    ThisLayer,
    Names,
}

/// The link's parts come first, from where the link is or, if they begin with a slash, from the root.
fn follow(target: &[u8], way: &mut Vec<(Id, usize)>, todo: &mut VecDeque<Vec<u8>>) {
    if target.starts_with(b"/") {
        way.truncate(1);
    }
    for part in target.rsplit(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b".")) {
        todo.push_front(part.to_vec());
    }
}

fn content(entry: &Entry, source: Source) -> Result<Content, Fault> {
    // Of a device number Linux has 12 and 20 bits.
    let device = || match entry.device {
        (major @ 0..0x1000, minor @ 0..0x10_0000) => Ok((major as u32, minor as u32)),
        (major, minor) => Err(format!("its device {major}:{minor} is none that Linux has")),
    };
    Ok(match entry.kind {
        Kind::File => Content::File(source),
        Kind::Folder => Content::Folder(BTreeMap::new()),
        Kind::SymbolicLink if entry.link.is_empty() || entry.link.len() >= LONGEST_PATH || entry.link.contains(&0) => {
            return Err(format!("it is a symbolic link whose target has {} bytes, or a byte 0", entry.link.len()));
        }
        Kind::SymbolicLink => Content::SymbolicLink(entry.link.as_slice().into()),
        Kind::CharacterDevice => device().map(|(major, minor)| Content::CharacterDevice(major, minor))?,
        Kind::BlockDevice => device().map(|(major, minor)| Content::BlockDevice(major, minor))?,
        Kind::Pipe => Content::Pipe,
        Kind::HardLink => return Err("it is a hard link".into()),
    })
}

fn described(entry: Entry, content: Content) -> Result<Node, Fault> {
    let owner = |number: u64, what: &str| {
        u32::try_from(number).ok().filter(|&number| number != u32::MAX).ok_or_else(|| format!("its {what} {number} is more than Linux has"))
    };
    Ok(Node {
        mode: entry.mode,
        user: owner(entry.user, "owner")?,
        group: owner(entry.group, "group")?,
        mtime: time(entry.mtime),
        attributes: entry.attributes,
        content,
    })
}

/// The disk has 32 bits without a sign: 1970 to 2106. What lies before or after what Go counts in nanoseconds becomes 1970, as with
/// containerd; what lies between, 2106.
fn time(seconds: i64) -> u32 {
    const MOST: i64 = i64::MAX / 1_000_000_000;
    if (0..MOST).contains(&seconds) { u32::try_from(seconds).unwrap_or(u32::MAX) } else { 0 }
}
