//! What does not belong in a lock's directory is not followed, not waited for, and not read without bound.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{fs, os::unix::ffi::OsStrExt, os::unix::fs::symlink, path::Path as StdPath};

use lockwright_kernel::fs::{
    Fs, FsError,
    call::{Answer, Call, Value},
};
use lockwright_posix::fs::{PosixFs, READ_BYTES_MAX};
use nix::{sys::stat::Mode, unistd::mkfifo};
use tempfile::TempDir;

/// A directory with something outside that links in it point to.
struct Scene {
    dir: TempDir,
    fs: PosixFs,
}

/// The names under which a scene has links: to a directory outside, one inside, a file outside, and nothing.
const LINKS: [&str; 4] = ["to-outside", "to-inside", "to-file", "to-nothing"];

impl Scene {
    fn new(stepwise: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["outside", "root", "root/inside"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        fs::write(dir.path().join("outside/victim"), b"precious").unwrap();
        fs::write(dir.path().join("root/inside/victim"), b"precious").unwrap();
        let root = dir.path().join("root");
        symlink("../outside", root.join(LINKS[0])).unwrap();
        symlink("inside", root.join(LINKS[1])).unwrap();
        symlink("../outside/victim", root.join(LINKS[2])).unwrap();
        symlink("nowhere", root.join(LINKS[3])).unwrap();
        fs::create_dir(root.join("empty")).unwrap();
        fs::write(root.join("plain"), b"").unwrap();
        let fs = PosixFs::open(&root).unwrap();
        let fs = if stepwise { fs.stepwise() } else { fs };
        Self { dir, fs }
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("root")
    }

    fn untouched(&self) {
        for file in ["outside/victim", "root/inside/victim"] {
            assert_eq!(fs::read(self.dir.path().join(file)).unwrap(), b"precious");
        }
        assert_eq!(names(&self.dir.path().join("outside")), ["victim"]);
        assert_eq!(names(&self.root().join("inside")), ["victim"]);
        for link in LINKS {
            assert!(self.root().join(link).is_symlink(), "{link}");
        }
    }
}

fn names(dir: &StdPath) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn calls(path: &str) -> Vec<Call> {
    let at = || path.parse().unwrap();
    let [empty, plain] = ["empty", "plain"].map(|name| move || name.parse().unwrap());
    vec![
        Call::CreateDir(at()),
        Call::CreateFile(at(), b"new".into()),
        Call::RemoveFile(at()),
        Call::RemoveDir(at()),
        Call::Rename(at(), empty()),
        Call::Rename(empty(), at()),
        Call::Rename(plain(), at()),
        Call::List(at()),
        Call::Read(at()),
        Call::Touch(at()),
        Call::Modified(at()),
        Call::Exists(at()),
        Call::EnsureDir(at()),
    ]
}

#[test]
fn a_link_on_the_way_is_refused_by_every_call() {
    for stepwise in [false, true] {
        let scene = Scene::new(stepwise);
        for link in LINKS {
            for call in calls(&format!("{link}/victim")).into_iter().chain(calls(&format!("{link}/new"))) {
                assert_eq!(call.on(&scene.fs), Err(FsError::SymbolicLink), "{call}, stepwise {stepwise}");
            }
        }
        scene.untouched();
    }
}

#[test]
fn a_link_at_the_end_is_taken_for_itself() {
    use FsError as E;
    for (stepwise, link) in [false, true].into_iter().flat_map(|way| LINKS.map(|link| (way, link))) {
        let scene = Scene::new(stepwise);
        let answer = |call: Call| -> Answer { call.on(&scene.fs) };
        let at = || link.parse().unwrap();
        assert_eq!(answer(Call::CreateDir(at())), Err(E::AlreadyExists));
        assert_eq!(answer(Call::CreateFile(at(), b"new".into())), Err(E::AlreadyExists));
        assert_eq!(answer(Call::EnsureDir(at())), Ok(Value::Done), "something stands there");
        assert_eq!(answer(Call::RemoveDir(at())), Err(E::NotADirectory));
        assert_eq!(answer(Call::Rename("empty".parse().unwrap(), at())), Err(E::NotADirectory));
        assert_eq!(answer(Call::List(at())), Err(E::SymbolicLink));
        assert_eq!(answer(Call::Read(at())), Err(E::SymbolicLink));
        assert_eq!(answer(Call::Exists(at())), Ok(Value::Truth(true)));
        assert_eq!(answer(Call::Touch(at())), Ok(Value::Done), "the link's own stamp");
        scene.untouched();
        let target = fs::read_link(scene.root().join(link)).unwrap();
        assert_eq!(answer(Call::Rename(at(), "moved".parse().unwrap())), Ok(Value::Done));
        assert_eq!(fs::read_link(scene.root().join("moved")).unwrap(), target);
        assert_eq!(answer(Call::RemoveFile("moved".parse().unwrap())), Ok(Value::Done));
        assert!(!scene.root().join("moved").is_symlink());
        assert_eq!(fs::read(scene.dir.path().join("outside/victim")).unwrap(), b"precious");
    }
}

#[test]
fn touching_a_link_leaves_its_target_alone() {
    let scene = Scene::new(false);
    let victim = scene.dir.path().join("outside/victim");
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
    fs::File::options().write(true).open(&victim).unwrap().set_modified(long_ago).unwrap();
    scene.fs.touch(&"to-file".parse().unwrap()).unwrap();
    assert_eq!(fs::metadata(&victim).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let scene = Scene::new(false);
    mkfifo(&scene.root().join("pipe"), Mode::S_IRWXU).unwrap();
    assert_eq!(scene.fs.read(&"pipe".parse().unwrap()), Err(FsError::SpecialFile));
    assert_eq!(scene.fs.list(&"pipe".parse().unwrap()), Err(FsError::NotADirectory));
}

#[test]
fn a_file_is_read_up_to_the_bound_and_not_beyond() {
    let scene = Scene::new(false);
    let largest = usize::try_from(READ_BYTES_MAX).unwrap();
    fs::write(scene.root().join("plain"), vec![7; largest]).unwrap();
    assert_eq!(scene.fs.read(&"plain".parse().unwrap()).unwrap().len(), largest);
    fs::write(scene.root().join("plain"), vec![7; largest + 1]).unwrap();
    assert_eq!(scene.fs.read(&"plain".parse().unwrap()), Err(FsError::TooLarge));
}

#[test]
fn a_listing_that_would_leave_an_entry_out_is_refused() {
    let scene = Scene::new(false);
    let foreign = std::ffi::OsStr::from_bytes(b"\xff");
    fs::write(scene.root().join("empty").join(foreign), b"").unwrap();
    assert_eq!(scene.fs.list(&"empty".parse().unwrap()), Err(FsError::ForeignName));
}

#[test]
fn what_is_made_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new(false);
    scene.fs.create_dir(&"dir".parse().unwrap()).unwrap();
    scene.fs.create_file(&"file".parse().unwrap(), b"x").unwrap();
    let mode = |name| fs::metadata(scene.root().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("dir"), mode("file")), (0o700, 0o600));
}

#[test]
fn the_handle_keeps_its_directory_when_the_path_comes_to_mean_another() {
    let scene = Scene::new(false);
    fs::rename(scene.root(), scene.dir.path().join("elsewhere")).unwrap();
    symlink("outside", scene.root()).unwrap();
    scene.fs.create_dir(&"mine".parse().unwrap()).unwrap();
    assert!(scene.dir.path().join("elsewhere/mine").is_dir());
    assert_eq!(names(&scene.dir.path().join("outside")), ["victim"]);
}
