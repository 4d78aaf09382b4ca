//! What paths and histories are under one relabelling, kept so that it is worked out once.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Relabelling;
use crate::{history::NodeId, names::PathId};

/// What is known of things under one relabelling. Whoever needs an image works it out and puts it here, and several threads
/// may do so side by side: what an image is depends on nothing that is kept here, so all of them come to the same.
#[derive(Debug)]
pub(super) struct Images {
    pub(super) relabelling: Relabelling,
    paths: Vec<AtomicU32>,
    nodes: Vec<AtomicU32>,
}

/// No path has this number, nor has a history.
const UNKNOWN: u32 = u32::MAX;

impl Images {
    pub(super) fn new(relabelling: Relabelling) -> Self {
        Self { relabelling, paths: Vec::new(), nodes: Vec::new() }
    }

    /// Makes room for the images of so many paths and histories. What there is no room for is worked out again each time.
    pub(super) fn make_room(&mut self, paths: usize, nodes: usize) {
        for (images, count) in [(&mut self.paths, paths), (&mut self.nodes, nodes)] {
            if images.len() < count {
                images.resize_with(count, || AtomicU32::new(UNKNOWN));
            }
        }
    }

    pub(super) fn forget_nodes(&mut self) {
        self.nodes.clear();
    }

    pub(super) fn path<E>(&self, path: PathId, work_out: impl FnOnce() -> Result<PathId, E>) -> Result<PathId, E> {
        let image = known(&self.paths, path.into(), || work_out().map(u32::from))?;
        Ok(PathId::try_from(image).unwrap_or_else(|_| unreachable!("it was made from one")))
    }

    pub(super) fn node<E>(&self, node: NodeId, work_out: impl FnOnce() -> Result<NodeId, E>) -> Result<NodeId, E> {
        known(&self.nodes, node as usize, work_out)
    }
}

fn known<E>(images: &[AtomicU32], at: usize, work_out: impl FnOnce() -> Result<u32, E>) -> Result<u32, E> {
    let place = images.get(at);
    // There is nothing behind the number that would have to be seen with it.
    match place.map(|image| image.load(Ordering::Relaxed)) {
        Some(image) if image != UNKNOWN => Ok(image),
        _ => {
            let image = work_out()?;
            if let Some(place) = place {
                place.store(image, Ordering::Relaxed);
            }
            Ok(image)
        }
    }
}
