//! A client that costs little, so that the server's work is what is measured: one connection, kept
//! open, one request at a time.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

pub struct Response {
    pub status: u16,
    headers: String,
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every header of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.lines().filter_map(move |line| {
            let (this, value) = line.split_once(':')?;
            this.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A member of the JSON object that is the body.
    pub fn member(&self, name: &str) -> String {
        let object: serde_json::Value = serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} {}", self.status, self.text()));
        object[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name}: {} {}", self.status, self.text()))
            .to_owned()
    }
}

impl Connection {
    pub fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            host: address.to_owned(),
        }
    }

    /// Sends one request and reads its answer. `headers` are whole lines without line breaks.
    pub fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Response {
        self.ask(method, path, headers, body);
        self.read()
    }

    /// Sends one request, whose answer [`Connection::read`] waits for.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[&str], body: &str) {
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if method != "GET" {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub fn read(&mut self) -> Response {
        let mut headers = String::new();
        let (mut length, mut chunked) = (0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if line == "\r\n" || line.is_empty() {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
            headers.push_str(&line);
        }
        assert!(!chunked, "a measured answer has a length");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        let status = headers
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .unwrap_or(0);
        Response {
            status,
            headers,
            body,
        }
    }
}
