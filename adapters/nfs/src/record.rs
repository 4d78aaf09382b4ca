//! Records on a byte stream, as RFC 5531 section 11 marks them, and the number that begins each message.

use std::io::{self, ErrorKind, Read};

/// The longest record that is read, in bytes. What a server may send as one reply is far shorter.
const BYTES_MAX: usize = 8 << 20;

/// The bytes of a mark: the length of a fragment, and in the highest bit whether it is the last of its record.
const MARK: usize = 4;

const LAST: u32 = 1 << 31;

/// Reads one record and gives it as one fragment, its mark included.
pub(crate) fn read(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut record = vec![0; MARK];
    loop {
        let mut mark = [0; MARK];
        stream.read_exact(&mut mark)?;
        let mark = u32::from_be_bytes(mark);
        let (begin, length) = (record.len(), (mark & !LAST) as usize);
        if begin + length > BYTES_MAX {
            return Err(ErrorKind::InvalidData.into());
        }
        record.resize(begin + length, 0);
        stream.read_exact(&mut record[begin..])?;
        if mark & LAST != 0 {
            break;
        }
    }
    let length = u32::try_from(record.len() - MARK).map_err(|_| ErrorKind::InvalidData)?;
    record[..MARK].copy_from_slice(&(length | LAST).to_be_bytes());
    Ok(record)
}

/// The number of the message in a record, which a reply has from its call; `None` in a record too short for one.
pub(crate) fn xid(record: &[u8]) -> Option<[u8; 4]> {
    record.get(MARK..2 * MARK)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_in_fragments_is_read_as_one() {
        let stream = [0, 0, 0, 2, 7, 8, 0x80, 0, 0, 3, 9, 10, 11, 0xff];
        let record = read(&mut stream.as_slice()).unwrap();
        assert_eq!(record, [0x80, 0, 0, 5, 7, 8, 9, 10, 11]);
        assert_eq!(xid(&record), Some([7, 8, 9, 10]));
        assert_eq!(xid(&record[..7]), None);
    }

    #[test]
    fn a_record_that_ends_early_or_would_never_end_is_refused() {
        for cut in 0..6 {
            let stream = [0x80, 0, 0, 3, 9, 10];
            assert_eq!(read(&mut &stream[..cut]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
        let long = [0xff, 0xff, 0xff, 0xff];
        assert_eq!(read(&mut long.as_slice()).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
