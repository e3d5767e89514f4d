//! Where a question remembers which files it has hashed: a folder of the user's own, outside every lake.

use std::ffi::OsString;
use std::path::PathBuf;

/// `$XDG_CACHE_HOME/atrest`, or the platform's own place for caches; none where the environment names none.
pub fn folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the shell is where the environment is read")]
    of(|name| std::env::var_os(name))
}

/// The XDG Base Directory Specification has a relative path ignored.
fn of(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let platform = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    let caches = path("XDG_CACHE_HOME").or_else(|| path("HOME").map(|home| home.join(platform)));
    caches.map(|caches| caches.join("atrest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_the_users() {
        let given = |named: &'static [(&str, &str)]| {
            of(move |name| named.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        assert_eq!(given(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]), Some("/c/atrest".into()));
        for home in [&[("HOME", "/h")][..], &[("XDG_CACHE_HOME", "c"), ("HOME", "/h")]] {
            let folder = given(home).unwrap();
            assert!(folder.starts_with("/h") && folder.ends_with("atrest"), "{folder:?}");
        }
        assert_eq!(given(&[]), None);
        assert_eq!(given(&[("HOME", "")]), None);
    }
}
