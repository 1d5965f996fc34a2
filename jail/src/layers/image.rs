//! Layers (bottom first) as one tar without whiteouts. They are gone through twice: for what there is, then for the content of what is left.

use crate::Fault;
use crate::ahead::{self, Kept};
use crate::bounds::{Bounds, LONGEST_PATH};
use crate::open::open;
use crate::put::Writer;
use crate::tar::{Entry, Reader, quoted, unreadable};
use crate::tree::{Content, Id, Source, Tree};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// What is said when the reader of the tar has gone.
pub const READS_NO_MORE: &str = "the tar of the merged layers is read no more";

const CHUNK: usize = 1 << 17;

pub struct Layer {
    pub file: PathBuf,
    /// `sha256:…` of the layer without its compression.
    pub diff_id: String,
}

pub fn write(layers: &[Layer], mut bounds: Bounds, out: impl Write) -> Result<(), Fault> {
    if layers.len() > usize::from(u16::MAX) {
        return Err("it has too many layers".into());
    }
    let mut tree = Tree::new();
    let mut contents = Vec::new();
    ahead::each(layers, &bounds.clone(), |number, unpacked| {
        take_in(number as u16, unpacked.entries, &mut tree, &mut bounds).and(unpacked.end).map_err(|fault| told(number as u16, &fault))?;
        contents.push(unpacked.kept);
        Ok(())
    })?;
    let names = Names::of(&tree)?;
    let mut writer = Writer::new(out);
    let wanted = names.put_all_but_files(&mut writer)?;
    for (number, (layer, kept)) in layers.iter().zip(contents).enumerate() {
        let number = number as u16;
        copy(number, layer, kept, &names, &wanted, &mut writer).map_err(|fault| told(number, &fault))?;
    }
    writer.finish().map_err(gone)
}

fn told(layer: u16, fault: &str) -> Fault {
    if fault == READS_NO_MORE { fault.into() } else { format!("layer {layer}: {fault}") }
}

fn gone(_: io::Error) -> Fault {
    READS_NO_MORE.into()
}

fn take_in(layer: u16, entries: Vec<Entry>, tree: &mut Tree, bounds: &mut Bounds) -> Result<(), Fault> {
    tree.begin(layer);
    for (number, entry) in (0..).zip(entries) {
        tree.add(entry, number, bounds)?;
    }
    Ok(())
}

/// Every name of the tree, folders before what is in them, each with the folder that it is in. Paths are made when they are needed: all
/// together they may be far longer than what the layers say, since links lead to deep folders.
struct Names<'t> {
    tree: &'t Tree,
    all: Vec<(usize, &'t [u8], Id)>,
}

const IN_ROOT: usize = usize::MAX;

impl<'t> Names<'t> {
    fn of(tree: &'t Tree) -> Result<Names<'t>, Fault> {
        let mut names = Names { tree, all: Vec::new() };
        names.collect(tree.root(), IN_ROOT, 0)?;
        Ok(names)
    }

    /// As deep as the tree lets folders be.
    fn collect(&mut self, folder: Id, place: usize, length: usize) -> Result<(), Fault> {
        for (name, child) in self.tree.node(folder).children().into_iter().flatten() {
            let length = length + 1 + name.len();
            self.all.push((place, name, child.node));
            let own = self.all.len() - 1;
            if length > LONGEST_PATH {
                return Err(format!("{}: its path has more than {LONGEST_PATH} bytes", quoted(&self.path(own))));
            }
            self.collect(child.node, own, length)?;
        }
        Ok(())
    }

    fn path(&self, name: usize) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut at = name;
        while at != IN_ROOT {
            let (above, part, _) = self.all[at];
            parts.push(part);
            at = above;
        }
        parts.reverse();
        parts.join(&b'/')
    }

    /// Returns which names want the content of which entry.
    fn put_all_but_files(&self, writer: &mut Writer<impl Write>) -> Result<HashMap<Source, Vec<usize>>, Fault> {
        let mut wanted: HashMap<Source, Vec<usize>> = HashMap::new();
        let mut first: HashMap<Id, usize> = HashMap::new();
        for (number, &(_, _, id)) in self.all.iter().enumerate() {
            let node = self.tree.node(id);
            match &node.content {
                Content::File(source) => wanted.entry(*source).or_default().push(number),
                _ => match first.get(&id) {
                    Some(&first) => writer.hard_link(&self.path(number), &self.path(first), node).map_err(gone)?,
                    None => {
                        writer.plain(&self.path(number), node).map_err(gone)?;
                        first.insert(id, number);
                    }
                },
            }
        }
        Ok(wanted)
    }
}

/// Writes the files whose content this layer has. The layer is read no further than to the last of them.
fn copy(
    number: u16,
    layer: &Layer,
    kept: Option<Kept>,
    names: &Names,
    wanted: &HashMap<Source, Vec<usize>>,
    writer: &mut Writer<impl Write>,
) -> Result<(), Fault> {
    let mut left = wanted.keys().filter(|source| source.layer == number).count();
    if left == 0 {
        return Ok(());
    }
    let mut tar = Reader::new(match kept {
        Some(kept) => Box::new(kept) as Box<dyn Read>,
        None => open(&layer.file).map_err(|error| unreadable(&error))?,
    });
    let mut source = Source { layer: number, entry: 0 };
    let mut chunk = vec![0; CHUNK];
    while left > 0 {
        let entry = tar.next()?.ok_or("it has changed meanwhile")?;
        if let Some(files) = wanted.get(&source) {
            left -= 1;
            let (_, _, id) = names.all[files[0]];
            let first = names.path(files[0]);
            writer.file_header(&first, names.tree.node(id), entry.size).map_err(gone)?;
            loop {
                match tar.read(&mut chunk).map_err(|error| format!("{}: {}", quoted(&entry.path), unreadable(&error)))? {
                    0 => break,
                    count => writer.bytes(&chunk[..count]).map_err(gone)?,
                }
            }
            writer.end_file(entry.size).map_err(gone)?;
            for &other in &files[1..] {
                writer.hard_link(&names.path(other), &first, names.tree.node(id)).map_err(gone)?;
            }
        }
        source.entry += 1;
    }
    Ok(())
}
