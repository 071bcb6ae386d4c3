//! What one message through a tunnel costs, over in-memory streams.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tunnel::{Control, Opening, Timeouts, relay};

fn round_trips(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay over duplex");
    for size in [128_usize, 16 * 1024] {
        group.throughput(Throughput::Bytes(2 * size as u64));
        group.bench_function(format!("{size} bytes there and back"), |bencher| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime without I/O needs nothing from the system");
            let (mut client, near) = duplex(64 * 1024);
            let (far, mut server) = duplex(64 * 1024);
            let timeouts = Timeouts {
                tunnel: Some(std::time::Duration::from_secs(3600)),
                ..Timeouts::default()
            };
            let opening = Opening { websocket: true, ..Opening::default() };
            runtime.spawn(relay(near, far, opening, timeouts, Control::new()));
            let mut frame = vec![0_u8; size];
            let length = u16::try_from(size - 4).unwrap_or(0).to_be_bytes();
            frame[..4].copy_from_slice(&[0x82, 126, length[0], length[1]]);
            let mut got = vec![0_u8; size];
            bencher.iter(|| {
                runtime.block_on(async {
                    client.write_all(&frame).await.expect("the relay reads");
                    server.read_exact(&mut got).await.expect("the relay writes");
                    server.write_all(&got).await.expect("the relay reads");
                    client.read_exact(&mut got).await.expect("the relay writes");
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, round_trips);
criterion_main!(benches);
