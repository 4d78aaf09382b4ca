//! Frames: what is written is cut into pieces, and each is sealed with a checksum over all that was written so far.
//!
//! ```text
//! length of the piece, 4 bytes    its bytes    seal, 16 bytes
//! ```
//!
//! Nothing of a piece is handed on before its seal was compared; so whatever became of a file, nothing is made of
//! damaged bytes. The last piece is empty: a file that is cut off between two pieces is noticed, and so is one that goes
//! on. The seal says that nothing was damaged by accident; it keeps out nobody who means to deceive.

use std::{
    hash::Hasher,
    io::{self, ErrorKind, Read, Write},
};

use siphasher::sip128::{Hasher128, SipHasher13};

/// A piece has so many bytes at most.
const PIECE: usize = 1 << 16;
const SEAL: usize = 16;

/// Why nothing can be read.
#[derive(Debug)]
pub(super) enum Flaw {
    Read(io::Error),
    Damaged,
}

/// Writes bytes and numbers in sealed pieces.
#[derive(Debug)]
pub(super) struct Sealer<W> {
    to: W,
    piece: Vec<u8>,
    seal: u128,
}

impl<W: Write> Sealer<W> {
    /// What comes before the first piece is sealed with it.
    pub(super) fn new(mut to: W, head: &[u8]) -> io::Result<Self> {
        to.write_all(head)?;
        Ok(Self { to, piece: Vec::with_capacity(PIECE), seal: seal(0, head) })
    }

    pub(super) fn bytes(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while bytes.len() > PIECE - self.piece.len() {
            let (now, rest) = bytes.split_at(PIECE - self.piece.len());
            self.piece.extend_from_slice(now);
            self.end_piece()?;
            bytes = rest;
        }
        self.piece.extend_from_slice(bytes);
        Ok(())
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, number: impl TryInto<u64>) -> io::Result<()> {
        let Ok(mut number) = number.try_into() else { return Err(ErrorKind::InvalidInput.into()) };
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                return self.bytes(&[low & 127]);
            }
            self.bytes(&[low | 128])?;
        }
    }

    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.number(text.len())?;
        self.bytes(text.as_bytes())
    }

    /// Ends a piece, so that it can be read without the next.
    pub(super) fn end_piece(&mut self) -> io::Result<()> {
        let length = u32::try_from(self.piece.len()).unwrap_or_else(|_| unreachable!("a piece is small"));
        self.seal = seal(self.seal, &self.piece);
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(&self.piece)?;
        self.to.write_all(&self.seal.to_le_bytes())?;
        self.piece.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            self.end_piece()?;
        }
        self.end_piece()?;
        self.to.flush()
    }
}

/// Reads what a [`Sealer`] wrote.
#[derive(Debug)]
pub(super) struct Unsealer<R> {
    from: R,
    piece: Vec<u8>,
    at: usize,
    seal: u128,
}

impl<R: Read> Unsealer<R> {
    /// `head` was read already.
    pub(super) fn new(from: R, head: &[u8]) -> Self {
        Self { from, piece: Vec::new(), at: 0, seal: seal(0, head) }
    }

    pub(super) fn bytes(&mut self, mut out: &mut [u8]) -> Result<(), Flaw> {
        while !out.is_empty() {
            if self.at == self.piece.len() {
                self.next_piece()?;
                if self.piece.is_empty() {
                    return Err(Flaw::Damaged);
                }
            }
            let now = out.len().min(self.piece.len() - self.at);
            let (filled, rest) = out.split_at_mut(now);
            filled.copy_from_slice(&self.piece[self.at..self.at + now]);
            self.at += now;
            out = rest;
        }
        Ok(())
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, Flaw> {
        let (mut number, mut byte) = (0_u64, [0]);
        for shift in (0..u64::BITS).step_by(7) {
            self.bytes(&mut byte)?;
            number |= u64::from(byte[0] & 127) << shift;
            if byte[0] < 128 {
                return number.try_into().map_err(|_| Flaw::Damaged);
            }
        }
        Err(Flaw::Damaged)
    }

    /// A text of one piece at most.
    pub(super) fn text(&mut self) -> Result<String, Flaw> {
        let length: usize = self.number()?;
        if length > PIECE {
            return Err(Flaw::Damaged);
        }
        let mut text = vec![0; length];
        self.bytes(&mut text)?;
        String::from_utf8(text).map_err(|_| Flaw::Damaged)
    }

    /// Makes sure that everything was read and nothing follows.
    pub(super) fn finish(mut self) -> Result<(), Flaw> {
        if self.at < self.piece.len() {
            return Err(Flaw::Damaged);
        }
        self.next_piece()?;
        let mut more = [0];
        let follows = loop {
            match self.from.read(&mut more) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Flaw::Read(error)),
                Ok(count) => break count > 0,
            }
        };
        if self.piece.is_empty() && !follows { Ok(()) } else { Err(Flaw::Damaged) }
    }

    fn next_piece(&mut self) -> Result<(), Flaw> {
        let (mut length, mut sealed) = ([0; 4], [0; SEAL]);
        self.raw(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| Flaw::Damaged)?;
        if length > PIECE {
            return Err(Flaw::Damaged);
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.resize(length, 0);
        self.raw(&mut piece)?;
        self.raw(&mut sealed)?;
        self.seal = seal(self.seal, &piece);
        (self.piece, self.at) = (piece, 0);
        if self.seal == u128::from_le_bytes(sealed) { Ok(()) } else { Err(Flaw::Damaged) }
    }

    fn raw(&mut self, out: &mut [u8]) -> Result<(), Flaw> {
        self.from.read_exact(out).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Flaw::Damaged,
            _ => Flaw::Read(error),
        })
    }
}

/// The seal of a piece that follows what has the seal `before`.
fn seal(before: u128, piece: &[u8]) -> u128 {
    let mut hasher = SipHasher13::new();
    hasher.write_u128(before);
    hasher.write_usize(piece.len());
    hasher.write(piece);
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &[u8] = b"head\n";

    fn sealed(numbers: &[u64], bytes: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut sealer = Sealer::new(&mut file, HEAD).unwrap();
        for number in numbers {
            sealer.number(*number).unwrap();
        }
        sealer.bytes(bytes).unwrap();
        sealer.finish().unwrap();
        file
    }

    fn unsealed(file: &[u8], numbers: usize, bytes: usize) -> Result<(Vec<u64>, Vec<u8>), Flaw> {
        let mut head = [0; HEAD.len()];
        let (first, rest) = file.split_at_checked(HEAD.len()).ok_or(Flaw::Damaged)?;
        head.copy_from_slice(first);
        let mut input = Unsealer::new(rest, &head);
        let numbers = (0..numbers).map(|_| input.number()).collect::<Result<_, _>>()?;
        let mut out = vec![0; bytes];
        input.bytes(&mut out)?;
        input.finish()?;
        Ok((numbers, out))
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_read_as_it_was_written(
            numbers in proptest::collection::vec(any::<u64>(), 0..50),
            (length, byte) in (0..3 * PIECE, any::<u8>()),
        ) {
            let bytes = vec![byte; length];
            let read = unsealed(&sealed(&numbers, &bytes), numbers.len(), length).unwrap();
            prop_assert_eq!(read, (numbers, bytes));
        }

        #[test]
        fn a_byte_that_is_changed_anywhere_is_noticed(
            at in any::<prop::sample::Index>(), flip in 1..=u8::MAX, length in 0..2 * PIECE,
        ) {
            let mut file = sealed(&[1, 2, 300], &vec![7; length]);
            let at = at.index(file.len());
            file[at] ^= flip;
            prop_assert!(unsealed(&file, 3, length).is_err());
        }

        #[test]
        fn a_file_that_ends_too_early_or_goes_on_is_noticed(end in any::<prop::sample::Index>(), length in 0..2 * PIECE) {
            let mut file = sealed(&[1, 2, 300], &vec![7; length]);
            prop_assert!(unsealed(&file[..end.index(file.len())], 3, length).is_err());
            file.push(0);
            prop_assert!(unsealed(&file, 3, length).is_err());
        }
    }
}
