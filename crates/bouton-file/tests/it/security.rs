//! A model file reaches its own folder, and nothing else.

use std::fs;
use std::path::PathBuf;

use bouton_file::{LoadOptions, load};

/// A folder of one test with `model/` and `secret.csv` beside it, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let root = std::env::temp_dir().join(format!("bouton-file-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("model/data")).unwrap();
        fs::write(root.join("secret.csv"), "1\n2\n").unwrap();
        fs::write(root.join("model/data/own.csv"), "1\n2\n").unwrap();
        Place(root)
    }
    fn load(&self, file: &str, allow_outside: bool) -> Result<(), String> {
        let path = self.0.join("model/m.toml");
        let table = format!("format = 1\n[nodes.n.table]\nrate = 1\nfile = '{file}'\n");
        fs::write(&path, table).unwrap();
        let options = LoadOptions { allow_outside, ..LoadOptions::default() };
        load(&path, &options)
            .map(|_| ())
            .map_err(|e| e.to_string().replace(&self.0.display().to_string(), "ROOT"))
    }
    #[track_caller]
    fn outside(&self, file: &str, why: &str) {
        let expected = format!(
            "ROOT/model/m.toml: line 2: nodes.n.table: `{}`: {why}; a model reads files of its own folder only. To allow \
             it for models that you trust, give --allow-outside",
            file.replace(&self.0.display().to_string(), "ROOT").escape_debug()
        );
        assert_eq!(self.load(file, false), Err(expected));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_of_the_own_folder_are_read() {
    let p = Place::new("own");
    assert_eq!(p.load("data/own.csv", false), Ok(()));
    assert_eq!(p.load("./data/own.csv", false), Ok(()));
}

#[test]
fn absolute_paths_are_refused() {
    let p = Place::new("absolute");
    let secret = p.0.join("secret.csv").display().to_string();
    p.outside(&secret, "the path is absolute");
    p.outside("/dev/zero.csv", "the path is absolute");
    p.outside("C:\\secret.csv", "the path is absolute");
    p.outside("\\\\server\\secret.csv", "the path is absolute");
    assert_eq!(p.load(&secret, true), Ok(()));
}

#[test]
fn paths_upwards_are_refused() {
    let p = Place::new("up");
    for path in ["../secret.csv", "data/../../secret.csv", "..\\secret.csv", "data/../data/own.csv"] {
        p.outside(path, "the path goes upwards by `..`");
    }
    assert_eq!(p.load("../secret.csv", true), Ok(()));
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_are_refused() {
    let p = Place::new("link");
    std::os::unix::fs::symlink(p.0.join("secret.csv"), p.0.join("model/link.csv")).unwrap();
    std::os::unix::fs::symlink(&p.0, p.0.join("model/up")).unwrap();
    std::os::unix::fs::symlink("data/own.csv", p.0.join("model/inner.csv")).unwrap();
    p.outside("link.csv", "a link leads out of the folder");
    p.outside("up/secret.csv", "a link leads out of the folder");
    assert_eq!(p.load("inner.csv", false), Ok(()));
    assert_eq!(p.load("link.csv", true), Ok(()));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_does_not_say_what_is_there() {
    use std::os::unix::fs::symlink;
    let p = Place::new("probe");
    let model = p.0.join("model");
    symlink(&p.0, model.join("absolute")).unwrap();
    symlink("..", model.join("relative")).unwrap();
    symlink("relative/../secret.csv", model.join("there.csv")).unwrap();
    symlink("relative/none.csv", model.join("gone.csv")).unwrap();
    symlink("../model/../model/data/own.csv", model.join("around.csv")).unwrap();
    let why = "a link leads out of the folder";
    for link in ["absolute", "relative"] {
        for file in ["secret.csv", "none.csv", "none/none.csv", "model/data/own.csv"] {
            p.outside(&format!("{link}/{file}"), why);
        }
    }
    for file in ["there.csv", "gone.csv", "around.csv"] {
        p.outside(file, why);
    }
    // Links within the folder are followed, also through `..` and a path from the root.
    symlink("data", model.join("near")).unwrap();
    symlink("../data/own.csv", model.join("data/again.csv")).unwrap();
    symlink(model.join("data"), model.join("far")).unwrap();
    symlink("circle.csv", model.join("circle.csv")).unwrap();
    symlink("none.csv", model.join("dangling.csv")).unwrap();
    for file in ["near/own.csv", "near/again.csv", "far/own.csv"] {
        assert_eq!(p.load(file, false), Ok(()), "{file}");
    }
    for file in ["circle.csv", "dangling.csv", "near/none.csv"] {
        let e = p.load(file, false).unwrap_err();
        assert!(e.contains(&format!("`{file}`: cannot read the file: ")), "{e}");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let p = Place::new("kind");
    fs::create_dir_all(p.0.join("model/folder.csv")).unwrap();
    let e = p.load("folder.csv", false).unwrap_err();
    assert_eq!(e, "ROOT/model/m.toml: line 2: nodes.n.table: `folder.csv`: this is not a file");
    let e = p.load("none.csv", false).unwrap_err();
    assert!(
        e.starts_with("ROOT/model/m.toml: line 2: nodes.n.table: `none.csv`: cannot read the file: "),
        "{e}"
    );
}

#[test]
fn files_that_can_not_be_read_are_errors_of_that_kind() {
    let text = "format = 1\n[nodes.n.table]\nrate = 1\nfile = 'a.csv'\n";
    let e = bouton_file::parse(text, &bouton_file::NoFiles, &LoadOptions::default()).unwrap_err();
    assert_eq!(e.kind(), bouton_model::ErrorKind::File);
    assert_eq!(e.to_string(), "line 2: nodes.n.table: `a.csv`: no files can be read here");
}

#[test]
fn a_model_file_that_is_not_there_is_named() {
    let e = load(std::path::Path::new("no/such.toml"), &LoadOptions::default()).unwrap_err();
    assert_eq!(e.kind(), bouton_model::ErrorKind::File);
    assert!(e.to_string().starts_with("no/such.toml: cannot read the model file: "), "{e}");
}
