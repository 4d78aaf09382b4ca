//! The least that a server can do: a level-triggered epoll loop that writes back what it reads.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
};

use rustix::event::epoll;

/// Serves for ever.
///
/// # Errors
///
/// When the system has no more handles.
pub fn serve(listener: &TcpListener) -> io::Result<()> {
    let all = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&all, listener, epoll::EventData::new_u64(u64::MAX), epoll::EventFlags::IN)?;
    let mut connections: Vec<Option<TcpStream>> = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let mut events = Vec::with_capacity(256);
    loop {
        epoll::wait(&all, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            let Ok(place) = usize::try_from(event.data.u64()) else { continue };
            if place >= connections.len() {
                let (socket, _) = listener.accept()?;
                socket.set_nodelay(true)?;
                let data = epoll::EventData::new_u64(connections.len() as u64);
                epoll::add(&all, &socket, data, epoll::EventFlags::IN)?;
                connections.push(Some(socket));
                continue;
            }
            let Some(socket) = &mut connections[place] else { continue };
            let answered = socket.read(&mut buffer).and_then(|count| {
                socket.write_all(&buffer[..count])?;
                Ok(count)
            });
            if !answered.is_ok_and(|count| count > 0) {
                connections[place] = None;
            }
        }
    }
}
