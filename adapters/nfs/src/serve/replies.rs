//! The replies that a server keeps, so that a call that is sent again is not executed again.
//!
//! A call is known again by all of its bytes, its number and its caller included, from wherever it comes.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

/// How many are kept; then the oldest are forgotten.
const REPLIES_MAX: usize = 4096;

/// The reply to one call, once there is one. Whoever executes the call has it locked.
type Slot = Arc<Mutex<Option<Vec<u8>>>>;

#[derive(Debug, Default)]
pub(super) struct Replies {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_call: HashMap<Vec<u8>, Slot>,
    order: VecDeque<Vec<u8>>,
}

/// The reply to a call, and whether it is an old one.
pub(super) struct Reply {
    pub(super) record: Vec<u8>,
    pub(super) is_old: bool,
}

impl Replies {
    /// The reply that is kept, or the one of `execute`, which is kept then. A call that is being executed is waited for.
    pub(super) fn get(&self, call: &[u8], execute: impl FnOnce() -> Option<Vec<u8>>) -> Option<Reply> {
        let slot = self.slot(call);
        let mut reply = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = reply.clone() {
            return Some(Reply { record, is_old: true });
        }
        let record = execute()?;
        *reply = Some(record.clone());
        Some(Reply { record, is_old: false })
    }

    pub(super) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }

    fn slot(&self, call: &[u8]) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = kept.by_call.get(call) {
            return slot.clone();
        }
        if kept.order.len() >= REPLIES_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_call.remove(&oldest);
        }
        let slot = Slot::default();
        kept.order.push_back(call.to_vec());
        kept.by_call.insert(call.to_vec(), slot.clone());
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_sent_again_gets_the_reply_that_is_kept() {
        let replies = Replies::default();
        let get = |call: &[u8], reply: &[u8]| {
            let reply = replies.get(call, || Some(reply.to_vec())).unwrap();
            (reply.record, reply.is_old)
        };
        assert_eq!(get(b"a", b"1"), (b"1".to_vec(), false));
        assert_eq!(get(b"b", b"2"), (b"2".to_vec(), false));
        assert_eq!(get(b"a", b"3"), (b"1".to_vec(), true));
        replies.forget();
        assert_eq!(get(b"a", b"4"), (b"4".to_vec(), false));
        for number in 0..REPLIES_MAX {
            get(&number.to_be_bytes(), b"");
        }
        assert_eq!(get(b"a", b"5"), (b"5".to_vec(), false), "the oldest is forgotten");
    }
}
