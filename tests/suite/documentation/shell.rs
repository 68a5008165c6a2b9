//! A folder as a reader would have it, a server in it, and a shell to type into.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::page::repository;
use crate::harness::{binary, free_port};

/// How long a debug build on a busy machine may take to listen.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A folder with `config-examples/` and an empty `idp/`, `assay` on the path, and no secret.
pub struct Shell {
    folder: TempDir,
    pub environment: Vec<(String, String)>,
    server: Option<Child>,
}

/// What a command said on both streams, and its exit code.
pub struct Said {
    pub command: String,
    pub text: String,
    pub code: i32,
}

impl Shell {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("assay-docs-")
            .tempdir()
            .unwrap();
        for made in ["bin", "idp", ".shell"] {
            std::fs::create_dir(folder.path().join(made)).unwrap();
        }
        std::os::unix::fs::symlink(binary().get_program(), folder.path().join("bin/assay"))
            .unwrap();
        copy(
            &repository().join("config-examples"),
            &folder.path().join("config-examples"),
        );
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}/bin:{path}", folder.path().display());
        let home = folder.path().display().to_string();
        Self {
            folder,
            environment: vec![("PATH".to_owned(), path), ("HOME".to_owned(), home)],
            server: None,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Sets every variable from which the manifests in `text` take a secret.
    pub fn set_secrets_of(&mut self, text: &str) {
        for name in variables(text) {
            self.set(&name, &format!("only-for-the-documentation-{name}"));
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Starts `assay serve` in the folder and gives its address once it answers.
    pub fn serve(&mut self, arguments: &[&str]) -> String {
        let address = format!("127.0.0.1:{}", free_port());
        let log = std::fs::File::create(self.path(".shell/server")).unwrap();
        let mut command = binary();
        command
            .args(["serve", "--listen", &address])
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .envs(self.environment.iter().cloned());
        self.server = Some(command.spawn().unwrap());
        let deadline = Instant::now() + START_LIMIT;
        while std::net::TcpStream::connect(&address).is_err() {
            let log = std::fs::read_to_string(self.path(".shell/server")).unwrap();
            assert!(Instant::now() < deadline, "no server on {address}:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        format!("http://{address}")
    }

    /// Types these into one shell. Each sees the exit code of the one before as `$?`.
    pub fn run(&self, commands: &[String]) -> Vec<Said> {
        let mut script = String::from("code=0\n");
        for (index, command) in commands.iter().enumerate() {
            let said = format!("\"$HOME/.shell/{index}\"");
            let _ = writeln!(
                script,
                "(exit $code)\n{{ {command}\n}} >{said} 2>&1\ncode=$?\necho $code >{said}.code"
            );
        }
        let status = self.bash(&["-s"], &script);
        assert!(status.code == 0, "the shell: {}", status.text);
        let read = |name: String| std::fs::read_to_string(self.path(&name)).unwrap();
        commands
            .iter()
            .enumerate()
            .map(|(index, command)| Said {
                command: command.clone(),
                text: read(format!(".shell/{index}")),
                code: read(format!(".shell/{index}.code")).trim().parse().unwrap(),
            })
            .collect()
    }

    /// Runs a script as CI systems do: it ends at the first command that fails.
    pub fn script(&self, text: &str) -> Said {
        self.bash(&["-e"], text)
    }

    fn bash(&self, arguments: &[&str], text: &str) -> Said {
        let mut bash = std::process::Command::new("bash")
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        bash.stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = bash.wait_with_output().unwrap();
        let mut said = String::from_utf8(output.stdout).unwrap();
        said.push_str(&String::from_utf8(output.stderr).unwrap());
        Said {
            command: text.to_owned(),
            text: said,
            code: output.status.code().unwrap_or(128),
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            // One that has ended by itself is as dead.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// The variables that `fromEnv` and `${...}` name in `text`.
pub fn variables(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for opening in ["fromEnv: ", "${"] {
        for (at, _) in text.match_indices(opening) {
            let rest = &text[at + opening.len()..];
            let end = rest
                .find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')
                .unwrap_or(rest.len());
            if end > 0 {
                names.push(rest[..end].to_owned());
            }
        }
    }
    names
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_name() == "node_modules" {
        } else if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
