//! A process of assay, and what the kernel says it used.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStderr, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{database::Installation, http::Connection};

/// `assay`, built in the bench profile.
pub fn assay() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .env_remove("ASSAY_SERVER")
        .env("ASSAY_LOG", "info")
        .stdin(Stdio::null());
    command
}

/// A server that is listening. Killed when dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// From starting the process to its listening.
    pub started_in: Duration,
    threads: Threads,
    _stderr: BufReader<ChildStderr>,
}

impl Server {
    pub fn start(installation: &Installation) -> Self {
        let began = Instant::now();
        let mut child = installation
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        let address = loop {
            let mut line = String::new();
            if stderr.read_line(&mut line).unwrap() == 0 {
                panic!("the server ended before it listened:\n{log}");
            }
            if let Some((_, rest)) = line.split_once("listening on http://") {
                let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
                break rest[..end.unwrap_or(rest.len())].to_owned();
            }
            log.push_str(&line);
        };
        Self {
            child,
            address,
            started_in: began.elapsed(),
            threads: Threads::default(),
            _stderr: stderr,
        }
    }

    /// CPU time used so far by all threads, to the nanosecond.
    pub fn cpu(&self) -> Duration {
        self.threads.cpu_of(self.child.id())
    }

    /// CPU microseconds of the server for each of `times` operations; the median of five rounds, because
    /// what else runs on the machine empties its caches.
    pub fn per_operation(&self, times: u32, mut operation: impl FnMut()) -> f64 {
        (0..times.div_ceil(10)).for_each(|_| operation());
        let round = times.div_ceil(5);
        let mut rounds: Vec<f64> = (0..5)
            .map(|_| {
                let before = self.cpu();
                (0..round).for_each(|_| operation());
                (self.cpu() - before).as_secs_f64() * 1e6 / f64::from(round)
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        rounds[2]
    }

    /// The same for one request sent again and again on one connection.
    pub fn per_request(
        &self,
        times: u32,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> f64 {
        let mut connection = Connection::open(&self.address);
        self.per_operation(times, || {
            let answer = connection.send(method, path, headers, body);
            assert_eq!(answer.status, 200, "{}", answer.text());
        })
    }

    /// Resident memory now and at its peak, in MB.
    pub fn memory(&self) -> (f64, f64) {
        memory_of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What each thread of a process has used when it was last looked at. Those that have ended since still
/// count.
#[derive(Default)]
pub struct Threads(Mutex<HashMap<String, u64>>);

impl Threads {
    fn cpu_of(&self, pid: u32) -> Duration {
        let mut seen = self.0.lock().unwrap();
        let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("Linux");
        seen.extend(threads.filter_map(|thread| {
            let thread = thread.ok()?;
            let stat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let nanoseconds = stat.split(' ').next()?.parse().ok()?;
            Some((thread.file_name().into_string().ok()?, nanoseconds))
        }));
        Duration::from_nanos(seen.values().sum())
    }

    /// CPU time of this process so far, with the threads that libraries started in it.
    pub fn own_process(&self) -> Duration {
        self.cpu_of(std::process::id())
    }
}

/// CPU time of this thread so far.
pub fn own_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn memory_of(pid: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let megabytes = |field: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
            .map_or(0.0, |kib| kib / 1024.0)
    };
    (megabytes("VmRSS:"), megabytes("VmHWM:"))
}

/// What one run of a command cost.
pub struct Cost {
    pub wall: Duration,
    pub peak_mb: f64,
    pub exit: i32,
    pub output: String,
}

/// Runs `command` to its end and watches its memory.
pub fn run(mut command: Command) -> Cost {
    let began = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("assay starts");
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let drain = |mut pipe: Box<dyn std::io::Read + Send>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let (stdout, stderr) = (drain(Box::new(stdout)), drain(Box::new(stderr)));
    let mut peak_mb: f64 = 0.0;
    let status = loop {
        peak_mb = peak_mb.max(memory_of(child.id()).1);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let wall = began.elapsed();
    let output = stdout.join().unwrap() + &stderr.join().unwrap();
    Cost {
        wall,
        peak_mb,
        exit: status.code().unwrap_or(-1),
        output,
    }
}
