//! WebSocket in memory: bytes that came become commands, replies become bytes that are to go. One message is one command,
//! and one reply is one message.
//!
//! A message is a line, whatever is in it: its line feeds count as the other white space does. Pings are answered.
//!
//! *Browsers.* Any page that a browser shows can open a WebSocket to this host, and the browser says in `Origin` whose page
//! it is. A request that has an `Origin` is refused unless it is one that was allowed. Programs send none.

use std::{
    io::{self, Read, Write},
    mem,
    sync::Arc,
};

use thiserror::Error;
use tungstenite::{
    HandshakeError, Message,
    handshake::{
        MidHandshake,
        server::{Callback, ErrorResponse, Request, Response, ServerHandshake},
    },
    http::StatusCode,
    protocol::WebSocketConfig,
};

/// The room that a connection has from the start and keeps, in bytes. Larger messages make room for themselves.
const READ_BYTES: usize = 128;

/// The server's end of a WebSocket.
#[derive(Debug)]
pub(super) struct WebSocket(State);

/// The connection is over. What is left to be sent is sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(super) enum Over {
    /// The peer has said so.
    #[error("the peer closed the WebSocket")]
    Closed,
    /// A page that may not.
    #[error("a browser's page of an origin that is not allowed")]
    Origin,
    /// It speaks something else.
    #[error("no WebSocket, or not by its rules")]
    Protocol,
    /// A message above the limit.
    #[error("a message that is too long")]
    TooLong,
}

#[derive(Debug)]
enum State {
    Shaking(Box<MidHandshake<ServerHandshake<Pipe, Origins>>>),
    Open(Box<tungstenite::WebSocket<Pipe>>),
    Over,
}

/// Whose pages may connect.
#[derive(Clone, Debug)]
struct Origins(Arc<[String]>);

impl WebSocket {
    /// A WebSocket of which nothing has come yet.
    pub(super) fn new(message_bytes_max: usize, origins: &Arc<[String]>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        let origins = Origins(Arc::clone(origins));
        Self(State::Shaking(Box::new(ServerHandshake::start(Pipe::default(), origins, Some(config)))))
    }

    /// Whether the peer has still to say that it speaks WebSocket.
    pub(super) fn is_shaking(&self) -> bool {
        matches!(self.0, State::Shaking(_))
    }

    /// Takes in what came. Whole commands go to `commands`, each with a line feed, and what is to be sent to `output`.
    pub(super) fn receive(&mut self, bytes: &[u8], commands: &mut Vec<u8>, output: &mut Vec<u8>) -> Result<(), Over> {
        if let Some(pipe) = self.pipe() {
            pipe.came.extend_from_slice(bytes);
        }
        let done = self.shake(output).and_then(|()| self.read(commands));
        self.give(output);
        done
    }

    /// Sends one reply. Line feeds at its end are left out.
    pub(super) fn send(&mut self, reply: &[u8], output: &mut Vec<u8>) {
        let State::Open(socket) = &mut self.0 else { return };
        let text = String::from_utf8_lossy(reply.trim_ascii_end()).into_owned();
        // A pipe has room; a peer that has said goodbye wants no more.
        drop(socket.send(Message::text(text)));
        self.give(output);
    }

    fn shake(&mut self, output: &mut Vec<u8>) -> Result<(), Over> {
        let State::Shaking(_) = self.0 else { return Ok(()) };
        let State::Shaking(shaking) = mem::replace(&mut self.0, State::Over) else { return Ok(()) };
        if shaking.get_ref().get_ref().is_empty() {
            self.0 = State::Shaking(shaking);
            return Ok(());
        }
        match shaking.handshake() {
            Ok(socket) => {
                self.0 = State::Open(Box::new(socket));
                Ok(())
            }
            Err(HandshakeError::Interrupted(shaking)) => {
                self.0 = State::Shaking(Box::new(shaking));
                Ok(())
            }
            Err(HandshakeError::Failure(error)) => {
                let (status, over) = match error {
                    tungstenite::Error::Http(_) => ("403 Forbidden", Over::Origin),
                    _ => ("400 Bad Request", Over::Protocol),
                };
                let text = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                output.extend_from_slice(text.as_bytes());
                Err(over)
            }
        }
    }

    fn read(&mut self, commands: &mut Vec<u8>) -> Result<(), Over> {
        let State::Open(socket) = &mut self.0 else { return Ok(()) };
        loop {
            match socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    let message = message.into_data();
                    let line = message.trim_ascii_end().iter();
                    commands.extend(line.map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
                    commands.push(b'\n');
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => {
                    return Err(Over::Closed);
                }
                Err(tungstenite::Error::Capacity(_)) => return Err(Over::TooLong),
                Err(_) => return Err(Over::Protocol),
            }
        }
    }

    fn give(&mut self, output: &mut Vec<u8>) {
        if let Some(pipe) = self.pipe() {
            output.append(&mut pipe.goes);
        }
    }

    fn pipe(&mut self) -> Option<&mut Pipe> {
        match &mut self.0 {
            State::Shaking(shaking) => Some(shaking.get_mut().get_mut()),
            State::Open(socket) => Some(socket.get_mut()),
            State::Over => None,
        }
    }
}

/// What came, up to `read` of which was read, and what is to go.
#[derive(Debug, Default)]
struct Pipe {
    came: Vec<u8>,
    read: usize,
    goes: Vec<u8>,
}

impl Pipe {
    fn is_empty(&self) -> bool {
        self.read == self.came.len()
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.came[self.read..];
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(rest.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        if self.is_empty() {
            (self.came, self.read) = (Vec::new(), 0);
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.goes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Callback for Origins {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        let Some(origin) = request.headers().get("Origin") else { return Ok(response) };
        if self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    }
}
