//! What a server's PROXY header tells besides addresses: the stream's unique id, and TLVs of the configuration.

use http1::RequestHead;
use sample::Facts;

use crate::moment::{Moment, Request, World};
use crate::{NoTrace, Program, Stream, unique_id};

/// The TLVs that `set-proxy-v2-tlv-fmt` makes for a server of the stream's backend, in order. With `identified` the
/// stream has its unique id afterwards.
pub fn proxy_tlvs(
    program: &Program,
    stream: &mut Stream,
    server: u32,
    identified: bool,
    request: Option<&RequestHead>,
    facts: &dyn Facts,
) -> Vec<(u8, Vec<u8>)> {
    let Some(backend) = stream.backend else { return Vec::new() };
    let world = World::new(program, facts, stream, &NoTrace);
    let mut m = Moment::new(program, stream, &world);
    m.request = request.map_or(Request::None, Request::Sent);
    if identified {
        unique_id::make(&mut m);
    }
    let formats = program.backend(backend).part().server_tlvs.get(server as usize);
    let mut tlvs = Vec::new();
    for (kind, format) in formats.into_iter().flatten() {
        let mut value = Vec::new();
        format.write_as(sample::Escape::None, &m.context(), &mut value);
        m.settle();
        tlvs.push((*kind, value));
    }
    tlvs
}
