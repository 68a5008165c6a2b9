//! Which commit manifests come from. Everything here may be missing: git, a repository, a remote.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use url::Url;

use crate::generation::Source;

/// The commit that is checked out where the first of `paths` lies, whether any of them differs from
/// it, and where the repository comes from.
pub(super) fn source(paths: &[&Path]) -> Source {
    let Some(folder) = paths.first().and_then(|path| folder_of(path)) else {
        return Source::default();
    };
    let Some(commit) = git(&folder, &["rev-parse", "--verify", "HEAD"], &[]) else {
        return Source::default();
    };
    // One path outside of the repository and nobody can say.
    let absolute: Option<Vec<PathBuf>> =
        paths.iter().map(|path| path.canonicalize().ok()).collect();
    let changes = absolute.and_then(|absolute| {
        let arguments = ["status", "--porcelain", "--untracked-files=normal", "--"];
        git(&folder, &arguments, &absolute)
    });
    Source {
        commit: Some(commit),
        dirty: changes.map(|changes| !changes.is_empty()),
        url: git(&folder, &["config", "--get", "remote.origin.url"], &[])
            .filter(|url| !url.is_empty())
            .and_then(|url| without_credentials(&url)),
    }
}

fn folder_of(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    if path.is_dir() {
        Some(path)
    } else {
        path.parent().map(Path::to_owned)
    }
}

/// What git says; `None` if it is not there or has nothing to say.
fn git(folder: &Path, arguments: &[&str], paths: &[PathBuf]) -> Option<String> {
    let output = Command::new("git")
        // A repository can name programs that `status` would run.
        .args(["-c", "core.fsmonitor=false", "-C"])
        .arg(folder)
        .args(arguments)
        .args(paths)
        // Reading must not write the index, nor ask anybody anything.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The address without user, password, query and fragment, any of which may be a token. `None` where
/// it cannot be told what is one.
fn without_credentials(remote: &str) -> Option<String> {
    if remote.contains("://") {
        let mut url = Url::parse(remote).ok()?;
        // `git@` names nobody, but a token may stand in its place.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        return Some(url.to_string());
    }
    // `git@github.com:acme/idp.git`, or a path.
    match remote.split_once(':') {
        Some((host, path)) if !host.contains('/') => {
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            Some(format!("{host}:{path}"))
        }
        _ => Some(remote.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn no_password_or_token_is_kept() {
        for (remote, kept) in [
            (
                "https://ada:ghp_secret@github.com/acme/idp.git",
                "https://github.com/acme/idp.git",
            ),
            (
                "https://ghp_secret@github.com/acme/idp?token=x#y",
                "https://github.com/acme/idp",
            ),
            ("ssh://git@example.com:22/idp", "ssh://example.com:22/idp"),
            ("git@github.com:acme/idp.git", "github.com:acme/idp.git"),
            ("/srv/git/idp.git", "/srv/git/idp.git"),
        ] {
            assert_eq!(
                without_credentials(remote).as_deref(),
                Some(kept),
                "{remote}"
            );
        }
    }
}
