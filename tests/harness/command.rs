//! Runs the command line.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

/// The binary under test, with nothing of the developer's environment that could change what it does.
pub fn binary() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_assay"));
    command.env_clear();
    for inherited in ["PATH", "TMPDIR", "RUST_LOG", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(inherited) {
            command.env(inherited, value);
        }
    }
    command.env("NO_COLOR", "1").env("RUST_BACKTRACE", "1");
    command
}

/// A command about to run.
pub struct Command {
    command: std::process::Command,
    input: Vec<u8>,
}

/// What a command said, and its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Command {
    /// A command that knows no server and no database.
    pub fn offline<I, A>(arguments: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        let mut command = binary();
        command.args(arguments.into_iter().map(Into::into));
        Self {
            command,
            input: Vec::new(),
        }
    }

    /// Runs in this folder, so that what is printed names files relative to it.
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.command.current_dir(folder.into());
        self
    }

    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.command.arg(argument.into());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What the command reads from its standard input; without this, nothing.
    pub fn input(mut self, input: &str) -> Self {
        self.input = input.into();
        self
    }

    /// Runs to the end.
    pub fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts it and leaves it running.
    pub fn spawn(mut self) -> RunningCommand {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = self.input;
        // On a thread of its own: a command that writes before it has read everything would block both.
        let writer = std::thread::spawn(move || {
            // A command need not read its input.
            let _ = stdin.write_all(&input);
        });
        RunningCommand { child, writer }
    }
}

/// A command that has not ended yet.
pub struct RunningCommand {
    child: std::process::Child,
    writer: std::thread::JoinHandle<()>,
}

impl RunningCommand {
    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        // One that has ended by itself is as dead.
        let _ = self.child.kill();
    }

    pub fn wait(self) -> Output {
        let output = self.child.wait_with_output().expect("an end");
        self.writer.join().expect("the input was written");
        Output {
            // A signal leaves no code; as a shell would, say so in a number no command uses itself.
            code: output.status.code().unwrap_or(128),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }
}

impl Output {
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.stdout))
    }
}
