//! A call as it passes: which procedure it is, and the little that is changed of it on its way to the server.

use std::io::Cursor;

use nfs3_client::nfs3_types::{
    mount,
    nfs3::{self, RMDIR3args, filename3},
    rpc::{msg_body, rpc_msg},
    xdr_codec::{Opaque, Pack, Unpack},
};

use super::tree::RMDIR_MARK;

/// The procedures that change something, each of which RFC 1813 knows by this name, and all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the procedure of that name")]
pub enum Procedure {
    Setattr,
    Write,
    Create,
    Mkdir,
    Symlink,
    Mknod,
    Remove,
    Rmdir,
    Rename,
    Link,
    /// A procedure that changes nothing.
    Look,
    /// A call of another program: MOUNT.
    Other,
}

impl Procedure {
    /// Whether it changes something.
    pub(super) const fn changes(self) -> bool {
        !matches!(self, Self::Look | Self::Other)
    }
}

/// A record that holds a call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) record: Vec<u8>,
    pub(super) procedure: Procedure,
}

/// Bytes before the first field of a message: the mark of its record.
const MARK: usize = 4;

impl Call {
    /// `None` when the record holds no call.
    pub(super) fn parse(record: Vec<u8>) -> Option<Self> {
        let (message, _) = rpc_msg::unpack(&mut Cursor::new(record.get(MARK..)?)).ok()?;
        let msg_body::CALL(body) = message.body else { return None };
        let procedure = match (body.prog, body.proc) {
            (nfs3::PROGRAM, 2) => Procedure::Setattr,
            (nfs3::PROGRAM, 7) => Procedure::Write,
            (nfs3::PROGRAM, 8) => Procedure::Create,
            (nfs3::PROGRAM, 9) => Procedure::Mkdir,
            (nfs3::PROGRAM, 10) => Procedure::Symlink,
            (nfs3::PROGRAM, 11) => Procedure::Mknod,
            (nfs3::PROGRAM, 12) => Procedure::Remove,
            (nfs3::PROGRAM, 13) => Procedure::Rmdir,
            (nfs3::PROGRAM, 14) => Procedure::Rename,
            (nfs3::PROGRAM, 15) => Procedure::Link,
            (nfs3::PROGRAM, _) => Procedure::Look,
            _ => Procedure::Other,
        };
        Some(Self { record, procedure })
    }

    /// Whether it is for the program MOUNT.
    pub(super) fn is_mount(&self) -> bool {
        const PROGRAM: usize = MARK + 12;
        self.record.get(PROGRAM..PROGRAM + 4) == Some(&mount::PROGRAM.to_be_bytes())
    }

    /// The same call under another number. Where the server `is_ours`, an RMDIR is marked by its name.
    pub(super) fn numbered(&self, xid: u32, is_ours: bool) -> Option<Vec<u8>> {
        let mut record = self.record.clone();
        if is_ours && self.procedure == Procedure::Rmdir {
            record = marked(&record)?;
        }
        record.get_mut(MARK..2 * MARK)?.copy_from_slice(&xid.to_be_bytes());
        Some(record)
    }
}

/// The crate's server hands on RMDIR as REMOVE. A slash, which no name can hold, tells its tree that it was one.
fn marked(record: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(record.get(MARK..)?);
    let (message, _) = rpc_msg::unpack(&mut cursor).ok()?;
    let (mut arguments, _) = RMDIR3args::unpack(&mut cursor).ok()?;
    let name = [&[RMDIR_MARK], arguments.object.name.as_ref()].concat();
    arguments.object.name = filename3(Opaque::owned(name));
    let mut marked = vec![0; MARK];
    message.pack(&mut marked).ok()?;
    arguments.pack(&mut marked).ok()?;
    let length = u32::try_from(marked.len() - MARK).ok()?;
    marked[..MARK].copy_from_slice(&(length | 1 << 31).to_be_bytes());
    Some(marked)
}
