//! The bench's own parts against each other: the load drives the origin, alone and through the floors.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;

use testkit::drive::{Drive, Idle, Outcome, Phase, Plan, Work};
use testkit::{floor, origin};
use tokio::net::TcpListener;
use tokio::task::spawn_local;

#[derive(Clone, Copy)]
enum Through {
    Nothing,
    Http,
    Tunnel,
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = floor::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn place(through: Through) -> SocketAddr {
    let (behind, server) = listener().await;
    spawn_local(origin::serve(behind));
    let (before, address) = listener().await;
    match through {
        Through::Nothing => return server,
        Through::Http => drop(spawn_local(floor::http::serve(before, server))),
        Through::Tunnel => drop(spawn_local(floor::tunnel::serve(before, server))),
    }
    address
}

fn check(through: Through, connections: usize, work: Work) -> Outcome {
    let outcome = floor::on_this_thread(async {
        let address = place(through).await;
        let mut drive = Drive::open(Plan { address, connections, work }).await?;
        drive.run(Phase { seconds: 0.05, rate: None }).await;
        Ok(drive.run(Phase { seconds: 0.05, rate: None }).await)
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.failed, 0, "{outcome:?}");
    outcome
}

fn requests(target: &str, body: usize, fresh: bool) -> Work {
    Work::Requests { target: target.into(), hosts: vec!["a".into(), "b".into()], body, fresh }
}

#[test]
fn answers_of_every_size_arrive_whole() {
    for size in [0, 1, 100, 16_384, 300_000, 1_048_576] {
        for through in [Through::Nothing, Through::Http] {
            let outcome = check(through, 2, requests(&format!("/{size}"), 0, false));
            assert!(outcome.count > 0 && outcome.bytes >= outcome.count * size, "{size}");
        }
    }
}

#[test]
fn chunked_answers_and_request_bodies_arrive_whole() {
    assert!(check(Through::Nothing, 2, requests("/chunked/16384", 0, false)).count > 0);
    assert!(check(Through::Nothing, 2, requests("/100", 65_536, false)).count > 0);
}

#[test]
fn a_new_connection_carries_each_request() {
    for through in [Through::Nothing, Through::Http] {
        assert!(check(through, 2, requests("/100", 0, true)).count > 0);
    }
}

#[test]
fn messages_come_back_through_a_tunnel() {
    for payload in [1, 128, 16_384, 300_000] {
        for through in [Through::Nothing, Through::Tunnel] {
            assert!(check(through, 3, Work::Echo { payload }).count > 0, "{payload}");
        }
    }
    assert!(check(Through::Tunnel, 2, Work::Upgrades).count > 0);
}

#[test]
fn a_stream_does_not_end() {
    assert!(check(Through::Tunnel, 1, Work::Stream).bytes > 1_000_000);
}

#[test]
fn idle_connections_do_nothing() {
    for (through, idle) in [(Through::Http, Idle::Client), (Through::Tunnel, Idle::Tunnel)] {
        assert_eq!(check(through, 5, Work::Idle(idle)).count, 0);
    }
}

#[test]
fn a_rate_is_kept() {
    let outcome = floor::on_this_thread(async {
        let address = place(Through::Nothing).await;
        let work = requests("/100", 0, false);
        let mut drive = Drive::open(Plan { address, connections: 4, work }).await?;
        Ok(drive.run(Phase { seconds: 0.1, rate: Some(100) }).await)
    });
    // Ten are due; a slow machine may miss some, none may send more.
    let count = outcome.unwrap().count;
    assert!((1..=10).contains(&count), "{count}");
}
