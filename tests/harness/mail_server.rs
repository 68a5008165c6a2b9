//! A mail server (RFC 5321) at which letters arrive, and which does as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::mailbox::{Mail, wait};
use super::tls_front::localhost_certificate;

/// The name and the password that it wants, if it wants any.
pub const CREDENTIALS: (&str, &str) = ("assay", "mail-secret");

/// How its connections are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    None,
    /// From the first byte.
    Tls,
    /// After `STARTTLS`; before it, nothing is taken.
    Starttls,
}

/// What it does with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    Takes,
    /// Says that it cannot now.
    Defers,
    /// Says that it never will.
    Refuses,
}

pub struct MailServer {
    address: SocketAddr,
    authority: String,
    state: Arc<State>,
}

struct State {
    security: Security,
    acceptor: TlsAcceptor,
    wants_credentials: bool,
    inside: Mutex<Inside>,
}

struct Inside {
    mood: Mood,
    mails: Vec<Mail>,
    sessions: usize,
    /// What was said before TLS.
    in_the_clear: String,
}

impl MailServer {
    pub async fn start(security: Security, wants_credentials: bool) -> Self {
        let (config, authority) = localhost_certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            security,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            wants_credentials,
            inside: Mutex::new(Inside {
                mood: Mood::Takes,
                mails: Vec::new(),
                sessions: 0,
                in_the_clear: String::new(),
            }),
        });
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            authority,
            state,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate of the authority that its own is from, in PEM form.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn is(&self, mood: Mood) {
        self.state.inside.lock().unwrap().mood = mood;
    }

    /// What has arrived.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.inside.lock().unwrap().mails.clone()
    }

    /// How often somebody came.
    pub fn sessions(&self) -> usize {
        self.state.inside.lock().unwrap().sessions
    }

    /// What was said before TLS.
    pub fn in_the_clear(&self) -> String {
        self.state.inside.lock().unwrap().in_the_clear.clone()
    }

    /// Waits until somebody has this many letters; gives the last.
    pub async fn wait_for(&self, recipient: &str, count: usize) -> Mail {
        wait(|| self.mails(), recipient, count).await
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        // Who does not trust the certificate goes away here.
        tokio::spawn(async move { serve(stream, &state).await });
    }
}

async fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    state.inside.lock().unwrap().sessions += 1;
    if state.security == Security::Tls {
        let stream = state.acceptor.accept(stream).await?;
        let mut stream = BufStream::new(stream);
        say(&mut stream, "220 here").await?;
        return talk(&mut stream, state, true).await.map(drop);
    }
    let mut stream = BufStream::new(stream);
    say(&mut stream, "220 here").await?;
    if talk(&mut stream, state, false).await? == Next::Starttls {
        let stream = state.acceptor.accept(stream.into_inner()).await?;
        talk(&mut BufStream::new(stream), state, true).await?;
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Next {
    Starttls,
    End,
}

async fn say<S: Stream>(stream: &mut BufStream<S>, line: &str) -> std::io::Result<()> {
    stream.write_all(line.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.flush().await
}

async fn talk<S: Stream>(
    stream: &mut BufStream<S>,
    state: &State,
    is_protected: bool,
) -> std::io::Result<Next> {
    let mut is_known = !state.wants_credentials;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(Next::End);
        }
        if !is_protected {
            state.inside.lock().unwrap().in_the_clear.push_str(&line);
        }
        let command = line.trim_end().to_ascii_uppercase();
        let mood = state.inside.lock().unwrap().mood;
        if command.starts_with("EHLO") {
            say(stream, "250-here").await?;
            if state.security == Security::Starttls && !is_protected {
                say(stream, "250-STARTTLS").await?;
            } else if state.wants_credentials {
                say(stream, "250-AUTH PLAIN").await?;
            }
            say(stream, "250-8BITMIME").await?;
            say(stream, "250 SMTPUTF8").await?;
        } else if command == "STARTTLS" && state.security == Security::Starttls {
            say(stream, "220 go on").await?;
            return Ok(Next::Starttls);
        } else if command.starts_with("AUTH PLAIN ") {
            let (name, password) = CREDENTIALS;
            let expected = STANDARD.encode(format!("\0{name}\0{password}"));
            is_known = line.trim_end().ends_with(&expected);
            let answer = if is_known { "235 welcome" } else { "535 no" };
            say(stream, answer).await?;
        } else if command == "QUIT" {
            say(stream, "221 bye").await?;
            return Ok(Next::End);
        } else if !is_known {
            say(stream, "530 who are you").await?;
        } else if command.starts_with("RCPT") && mood != Mood::Takes {
            let answer = match mood {
                Mood::Defers => "451 later",
                _ => "550 no such mailbox",
            };
            say(stream, answer).await?;
        } else if command == "DATA" {
            say(stream, "354 go on").await?;
            let message = data(stream).await?;
            state
                .inside
                .lock()
                .unwrap()
                .mails
                .push(Mail::read(&message));
            say(stream, "250 taken").await?;
        } else {
            say(stream, "250 fine").await?;
        }
    }
}

async fn data<S: Stream>(stream: &mut BufStream<S>) -> std::io::Result<String> {
    let mut message = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if line == ".\r\n" || line.is_empty() {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
