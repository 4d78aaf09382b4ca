//! Error numbers, and the facts of [`FsError`] that they state.

use lockwright_kernel::fs::FsError;
use nix::errno::Errno;

/// What each number says, whichever call it came from. A number that is not here says nothing for certain:
/// [`FsError::Io`]. The first number of each fact is the one that [`errno`] gives back.
const FACTS: &[(Errno, FsError)] = &[
    (Errno::ENOENT, FsError::NotFound),
    (Errno::EEXIST, FsError::AlreadyExists),
    (Errno::ENOTEMPTY, FsError::NotEmpty),
    (Errno::ENOTDIR, FsError::NotADirectory),
    (Errno::EISDIR, FsError::IsADirectory),
    (Errno::ELOOP, FsError::SymbolicLink),
    (Errno::ENXIO, FsError::SpecialFile),
    (Errno::EINVAL, FsError::Unsupported),
    (Errno::ENOSYS, FsError::Unsupported),
    (Errno::EOPNOTSUPP, FsError::Unsupported),
    (Errno::EXDEV, FsError::Unsupported),
    (Errno::EACCES, FsError::PermissionDenied),
    (Errno::EPERM, FsError::PermissionDenied),
    (Errno::EROFS, FsError::ReadOnly),
    (Errno::ENOSPC, FsError::NoSpace),
    (Errno::EDQUOT, FsError::NoSpace),
    (Errno::EFBIG, FsError::NoSpace),
    (Errno::EMFILE, FsError::Exhausted),
    (Errno::ENFILE, FsError::Exhausted),
    (Errno::ENOMEM, FsError::Exhausted),
    (Errno::EMLINK, FsError::Exhausted),
    (Errno::ENAMETOOLONG, FsError::NameTooLong),
    (Errno::EILSEQ, FsError::ForeignName),
    (Errno::EOVERFLOW, FsError::TooLarge),
    (Errno::ESTALE, FsError::Stale),
    (Errno::EIO, FsError::Io),
];

/// The fact that `errno` states.
#[must_use]
pub fn fact(errno: Errno) -> FsError {
    let known = FACTS.iter().find(|(number, _)| *number == errno);
    known.map_or(FsError::Io, |(_, fact)| *fact)
}

/// The number that says `fact`, for callers who speak in numbers; `None` where there is none.
#[must_use]
pub fn errno(fact: FsError) -> Option<Errno> {
    let known = FACTS.iter().find(|(_, known)| *known == fact);
    known.map(|(number, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every fact, so that one without a number is noticed. `match` sees to it that none is left out.
    fn facts() -> Vec<FsError> {
        use FsError as E;
        let all = [
            E::NotFound,
            E::AlreadyExists,
            E::NotEmpty,
            E::NotADirectory,
            E::IsADirectory,
            E::SymbolicLink,
            E::SpecialFile,
            E::IntoItself,
            E::PermissionDenied,
            E::ReadOnly,
            E::NoSpace,
            E::Exhausted,
            E::NameTooLong,
            E::ForeignName,
            E::TooLarge,
            E::Stale,
            E::Unsupported,
            E::Io,
            E::Halted,
        ];
        for (index, fact) in all.iter().enumerate() {
            assert_eq!(*fact as usize, index, "{fact:?} is listed in another place");
        }
        assert_eq!(E::Halted as usize + 1, all.len());
        all.to_vec()
    }

    #[test]
    fn every_fact_survives_the_way_through_its_number() {
        for fact in facts() {
            match (fact, errno(fact)) {
                // `EINVAL` says this of a rename only, and no real file system halts.
                (FsError::IntoItself | FsError::Halted, number) => assert_eq!(number, None),
                (_, Some(number)) => assert_eq!(super::fact(number), fact),
                (_, None) => panic!("{fact:?} has no number"),
            }
        }
    }

    #[test]
    fn each_number_stands_in_the_table_once_and_a_number_of_its_own_comes_back() {
        for (index, (number, fact)) in FACTS.iter().enumerate() {
            let places = FACTS.iter().filter(|(other, _)| other == number).count();
            assert_eq!(places, 1, "{number:?}");
            let only_one = FACTS.iter().filter(|(_, other)| other == fact).count() == 1;
            if only_one {
                assert_eq!(errno(*fact), Some(*number), "entry {index}");
            }
        }
    }

    #[test]
    fn a_number_that_says_nothing_for_certain_is_an_input_output_error() {
        for number in [Errno::EBUSY, Errno::EINTR, Errno::ETIMEDOUT, Errno::UnknownErrno] {
            assert_eq!(fact(number), FsError::Io);
        }
    }
}
