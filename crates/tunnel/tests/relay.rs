//! Whole tunnels over in-memory streams, on paused time.

#![expect(clippy::unwrap_used, reason = "a script of a test stops at its first failure")]

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tunnel::{Cause, Control, Ended, Kill, Opening, Side, Timeouts, close_frame, relay};

/// The outer ends of a tunnel, and its control.
struct Ends {
    client: DuplexStream,
    server: DuplexStream,
    control: Control,
}

/// Runs a tunnel beside a script that holds its outer ends; gives how it ended, and when.
async fn run<T>(
    opening: Opening,
    timeouts: Timeouts,
    script: impl AsyncFnOnce(Ends) -> T,
) -> (Ended, u128, T) {
    let (client, near) = duplex(1024);
    let (far, server) = duplex(1024);
    let control = Control::new();
    let ends = Ends { client, server, control: control.clone() };
    let start = Instant::now();
    let tunnel = async {
        let ended = relay(near, far, opening, timeouts, control).await;
        (ended, start.elapsed().as_millis())
    };
    let ((ended, millis), kept) = tokio::join!(tunnel, script(ends));
    (ended, millis, kept)
}

const NEVER: Timeouts =
    Timeouts { client: None, server: None, tunnel: None, client_fin: None, server_fin: None };

fn ms(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

/// Who sends the end of stream at the start of a timeout case.
#[derive(Clone, Copy)]
enum Fin {
    None,
    Client,
    Server,
}

#[track_caller]
fn check_silence(timeouts: Timeouts, fin: Fin, letters: &str, millis: u128) {
    let runtime = paused();
    let (ended, at, _) = runtime.block_on(run(Opening::default(), timeouts, async |mut ends| {
        match fin {
            Fin::None => {}
            Fin::Client => ends.client.shutdown().await.unwrap(),
            Fin::Server => ends.server.shutdown().await.unwrap(),
        }
        ends
    }));
    assert_eq!((&ended.cause.letters()[..], at), (letters.as_bytes(), millis));
}

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Every expectation here was seen in HAProxy 2.6.12's log for the same silence.
#[test]
fn silence_ends_a_tunnel_as_haproxy_logs_it() {
    let both = |client, server| Timeouts { client: ms(client), server: ms(server), ..NEVER };
    // A silent client is taken as ended; the server then has its own time.
    check_silence(both(300, 900), Fin::None, "cD", 900);
    check_silence(both(900, 300), Fin::None, "sD", 900);
    check_silence(both(400, 400), Fin::None, "cD", 400);
    check_silence(both(600, 400), Fin::Client, "sD", 400);
    check_silence(both(600, 400), Fin::Server, "cD", 600);
    check_silence(both(400, 600), Fin::Server, "cD", 400);
    let tunnel = |tunnel| Timeouts { tunnel: ms(tunnel), ..both(10_000, 10_000) };
    check_silence(tunnel(400), Fin::None, "cD", 400);
    check_silence(Timeouts { tunnel: ms(800), ..both(300, 10_000) }, Fin::None, "cD", 800);
    check_silence(tunnel(400), Fin::Client, "sD", 400);
    let client_fin = |t: Timeouts| Timeouts { client_fin: ms(300), ..t };
    let server_fin = |t: Timeouts| Timeouts { server_fin: ms(300), ..t };
    check_silence(client_fin(both(10_000, 10_000)), Fin::Server, "cD", 300);
    check_silence(server_fin(both(10_000, 10_000)), Fin::Client, "sD", 300);
    check_silence(client_fin(tunnel(800)), Fin::Server, "cD", 300);
    check_silence(
        Timeouts { server_fin: ms(600), ..client_fin(both(10_000, 10_000)) },
        Fin::Client,
        "sD",
        600,
    );
}

#[tokio::test(start_paused = true)]
async fn a_byte_in_either_direction_keeps_both_sides_alive() {
    let timeouts = Timeouts { client: ms(400), server: ms(400), ..NEVER };
    let (ended, at, _) = run(Opening::default(), timeouts, async |mut ends| {
        for _ in 0..10 {
            sleep(Duration::from_millis(300)).await;
            ends.server.write_all(b"x").await.unwrap();
        }
        ends
    })
    .await;
    assert_eq!((ended.cause, at, ended.bytes_down), (Cause::TimedOut(Side::Client), 3400, 10));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_bytes_ends_the_tunnel_at_its_timeout() {
    let timeouts = Timeouts { client: ms(400), server: ms(10_000), ..NEVER };
    let (ended, at, _) = run(Opening::default(), timeouts, async |mut ends| {
        let _ = ends.server.write_all(&[0; 100_000]).await;
        ends
    })
    .await;
    assert_eq!((ended.cause, at), (Cause::TimedOut(Side::Client), 400));
}

#[tokio::test(start_paused = true)]
async fn a_half_close_travels_after_its_bytes_and_the_other_direction_goes_on() {
    for client_first in [true, false] {
        let (ended, _, ()) = run(Opening::default(), NEVER, async |ends| {
            let (mut first, mut second) =
                if client_first { (ends.client, ends.server) } else { (ends.server, ends.client) };
            first.write_all(b"last words").await.unwrap();
            first.shutdown().await.unwrap();
            let mut got = Vec::new();
            second.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, b"last words");
            sleep(Duration::from_secs(3600)).await;
            second.write_all(b"answer").await.unwrap();
            drop(second);
            got.clear();
            first.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, b"answer");
        })
        .await;
        assert_eq!(ended.cause, Cause::Closed);
        let first = if client_first { Side::Client } else { Side::Server };
        assert_eq!(ended.first_end, Some(first));
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_read_ahead_are_delivered_first() {
    let opening =
        Opening { to_server: b"early ".into(), to_client: b"hello ".into(), websocket: false };
    let (ended, _, got) = run(opening, NEVER, async |mut ends| {
        ends.client.write_all(b"late").await.unwrap();
        ends.server.write_all(b"you").await.unwrap();
        ends.client.shutdown().await.unwrap();
        ends.server.shutdown().await.unwrap();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        ends.server.read_to_end(&mut up).await.unwrap();
        ends.client.read_to_end(&mut down).await.unwrap();
        (up, down)
    })
    .await;
    assert_eq!(got, (b"early late".to_vec(), b"hello you".to_vec()));
    assert_eq!((ended.bytes_up, ended.bytes_down), (10, 9));
}

#[tokio::test(start_paused = true)]
async fn a_broken_side_is_named() {
    let (ended, _, _) = run(Opening::default(), NEVER, async |mut ends| {
        drop(ends.server);
        ends.client.write_all(b"x").await.unwrap();
        ends.client
    })
    .await;
    assert_eq!(ended.cause, Cause::Aborted(Side::Server));
}

#[tokio::test(start_paused = true)]
async fn the_control_ends_an_idle_tunnel_at_once() {
    for why in [Kill::Operator, Kill::ServerDown, Kill::ServerUp] {
        let (ended, at, _) = run(Opening::default(), NEVER, async |ends| {
            sleep(Duration::from_secs(7)).await;
            ends.control.end(why);
            ends
        })
        .await;
        assert_eq!((ended.cause, at), (Cause::Killed(why), 7000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_waits_for_a_frame_can_still_be_ended_at_once() {
    let opening = Opening { websocket: true, to_client: vec![0x82], ..Opening::default() };
    let (ended, at, _) = run(opening, NEVER, async |mut ends| {
        sleep(Duration::from_secs(1)).await;
        ends.control.drain();
        let mut close = [0; 8];
        ends.server.read_exact(&mut close).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        ends.control.end(Kill::Operator);
        ends
    })
    .await;
    assert_eq!((ended.cause, at), (Cause::Killed(Kill::Operator), 2000));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_pauses_does_not_starve_the_server() {
    let client = tokio::io::join(tokio::io::repeat(7), tokio::io::sink());
    let (near, mut server) = duplex(1 << 20);
    let control = Control::new();
    let tunnel = relay(client, near, Opening::default(), NEVER, control.clone());
    let script = async {
        server.write_all(b"hello").await.unwrap();
        let mut swallowed = vec![0; 1 << 20];
        for _ in 0..100 {
            let _ = server.read(&mut swallowed).await.unwrap();
        }
        control.end(Kill::Operator);
    };
    let (ended, ()) = tokio::join!(tunnel, script);
    assert_eq!(ended.bytes_down, 5);
}

fn frame(masked: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    let mask = if masked { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..126 => frame.push(mask | short as u8),
        middle @ 126..65_536 => {
            frame.push(mask | 126);
            frame.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            frame.push(mask | 127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend_from_slice(&[0, 0, 0, 0]);
    }
    frame.extend_from_slice(payload);
    frame
}

/// Drains while `started` of a frame is on its way to the client and checks what each side gets.
async fn check_drain(started: usize) {
    let opening = Opening { websocket: true, ..Opening::default() };
    let sent = frame(false, &[7; 300]);
    let timeouts = Timeouts { tunnel: ms(3_600_000), ..NEVER };
    let (ended, at, (up, down)) = run(opening, timeouts, async |mut ends| {
        ends.server.write_all(&sent[..started]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        ends.control.drain();
        sleep(Duration::from_secs(1)).await;
        ends.server.write_all(&sent[started..]).await.unwrap();
        ends.server.write_all(b"more that nobody shall see").await.unwrap();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        ends.server.read_to_end(&mut up).await.unwrap();
        ends.client.read_to_end(&mut down).await.unwrap();
        (up, down)
    })
    .await;
    let (to_client, to_client_len) = close_frame(1012, false);
    let (to_server, to_server_len) = close_frame(1001, true);
    let whole = if started == 0 { &[][..] } else { &sent[..] };
    assert_eq!(down, [whole, &to_client[..to_client_len]].concat());
    assert_eq!(up, to_server[..to_server_len]);
    assert_eq!((ended.cause, at), (Cause::Drained, 2000));
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_the_end_of_the_frame_and_sends_close_frames() {
    for started in [0, 1, 2, 3, 4, 100, 303, 304] {
        check_drain(started).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_drained_side_that_talks_on_is_cut_off() {
    let opening = Opening { websocket: true, ..Opening::default() };
    let (ended, at, ()) = run(opening, NEVER, async |mut ends| {
        ends.control.drain();
        while ends.server.write_all(&frame(false, b"on and on")).await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert_eq!((ended.cause, at), (Cause::Drained, 5000));
}

#[test]
fn an_idle_tunnel_is_small() {
    fn size<F>(_: impl FnOnce(TcpStream, TcpStream, Opening, Timeouts, Control) -> F) -> usize {
        size_of::<F>()
    }
    let bytes = size(relay::<TcpStream, TcpStream>);
    // With the task around it no more than 512 bytes, which is how an allocator rounds. More than this when nothing
    // changed here: look whether a crate of the workspace took tokio's `rt-multi-thread` (deny.toml).
    assert!(bytes <= 360, "{bytes} bytes");
}

#[tokio::test(start_paused = true)]
async fn an_idle_tunnel_is_polled_only_for_bytes_and_its_deadline() {
    let (mut client, near) = duplex(64);
    let (far, mut server) = duplex(64);
    let timeouts = Timeouts { tunnel: ms(60_000), ..NEVER };
    let polls = Rc::new(Cell::new(0));
    let counted = {
        let polls = Rc::clone(&polls);
        async move {
            let mut tunnel = pin!(relay(near, far, Opening::default(), timeouts, Control::new()));
            poll_fn(|cx| {
                polls.set(polls.get() + 1);
                tunnel.as_mut().poll(cx)
            })
            .await
        }
    };
    let script = async {
        let mut byte = [0];
        for _ in 0..10 {
            sleep(Duration::from_secs(5)).await;
            client.write_all(b"x").await.unwrap();
            server.read_exact(&mut byte).await.unwrap();
        }
        assert!(polls.get() <= 21, "{} polls", polls.get());
        let before = polls.get();
        sleep(Duration::from_secs(59)).await;
        // One early firing of the timer that was set at the start.
        assert_eq!(polls.get() - before, 1);
        (client, server)
    };
    let local = tokio::task::LocalSet::new();
    let tunnel = local.spawn_local(counted);
    let ends = local.run_until(script).await;
    let ended = local.run_until(tunnel).await.unwrap();
    drop(ends);
    assert_eq!(ended.cause, Cause::TimedOut(Side::Client));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_byte_is_lost_doubled_or_moved(
        up in proptest::collection::vec(any::<u8>(), 0..3000),
        down in proptest::collection::vec(any::<u8>(), 0..3000),
        ahead in (0_usize..200, 0_usize..200),
        pieces in (1_usize..700, 1_usize..700),
        room in (1_usize..300, 1_usize..300),
        client_waits in any::<bool>(),
        websocket in any::<bool>(),
    ) {
        let ahead = (ahead.0.min(up.len()), ahead.1.min(down.len()));
        let opening = Opening {
            to_server: up[..ahead.0].to_vec(),
            to_client: down[..ahead.1].to_vec(),
            websocket,
        };
        let (got_up, got_down, ended) = paused().block_on(async {
            let (client, near) = duplex(room.0);
            let (far, server) = duplex(room.1);
            let tunnel = relay(near, far, opening, NEVER, Control::new());
            let wait = if client_waits { (1, 0) } else { (0, 1) };
            let (ended, got_down, got_up) = tokio::join!(
                tunnel,
                talk(client, &up[ahead.0..], pieces.0, wait.0),
                talk(server, &down[ahead.1..], pieces.1, wait.1),
            );
            (got_up, got_down, ended)
        });
        prop_assert_eq!(&got_up, &up);
        prop_assert_eq!(&got_down, &down);
        prop_assert_eq!(ended.cause, Cause::Closed);
        prop_assert_eq!((ended.bytes_up, ended.bytes_down), (up.len() as u64, down.len() as u64));
    }
}

/// Writes in pieces, ends its stream, and reads all the while.
async fn talk(stream: DuplexStream, data: &[u8], piece: usize, wait: u64) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let writes = async move {
        sleep(Duration::from_millis(wait)).await;
        for bytes in data.chunks(piece) {
            writer.write_all(bytes).await.unwrap();
        }
        writer.shutdown().await.unwrap();
    };
    let mut got = Vec::new();
    let (read, ()) = tokio::join!(reader.read_to_end(&mut got), writes);
    read.unwrap();
    got
}
