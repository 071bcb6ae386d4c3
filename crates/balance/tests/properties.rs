//! What holds for every backend: shares follow weights, a hash moves few keys, a trace changes
//! nothing, `leastconn` takes no busier server.

use balance::{
    Algorithm, Balancer, EffectiveWeight, HashFunction, HashMethod, HashType, Limits, NoServer,
    NoTrace, PickInput, Recorder, ServerSpec, Spec, State, Step,
};
use proptest::prelude::*;

fn servers() -> impl Strategy<Value = Vec<ServerSpec>> {
    let one = (0_u32..=256, 0_u8..6, 0_u8..6);
    prop::collection::vec(one, 1..12).prop_map(|list| {
        let server = |(id, (weight, backup, state)): (u32, (u32, u8, u8))| {
            let mut server = ServerSpec::new(format!("s{id}"), id).weight(weight);
            server.backup = backup == 0;
            server.state = if state == 0 { State::Down } else { State::Up };
            server
        };
        (1..).zip(list).map(server).collect()
    })
}

fn specs() -> impl Strategy<Value = Spec> {
    let algorithm = prop_oneof![
        Just(Algorithm::RoundRobin),
        Just(Algorithm::StaticRr),
        Just(Algorithm::LeastConn),
        Just(Algorithm::First),
        (1_u32..4).prop_map(|draws| Algorithm::Random { draws }),
        Just(Algorithm::Hash),
    ];
    let method = prop_oneof![Just(HashMethod::MapBased), Just(HashMethod::Consistent)];
    let factor = prop_oneof![Just(0_u32), 101_u32..300];
    (algorithm, method, factor, any::<bool>()).prop_map(
        |(algorithm, method, balance_factor, all_backups)| {
            let hash_type =
                HashType { method, function: HashFunction::Crc32, avalanche: all_backups };
            Spec { algorithm, hash_type, balance_factor, all_backups, ..Spec::default() }
        },
    )
}

/// Something that happens to a balancer.
#[derive(Debug, Clone)]
enum Event {
    State(usize, State),
    Weight(usize, u32),
    Limit(usize, u32),
    Take(usize),
    Release(usize),
    Enqueue(usize),
    Dequeue(usize),
    Pick(Option<u32>, [u32; 3], Option<usize>),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // One place is beyond most lists: that must be harmless.
    let server = 0_usize..12;
    let states = prop_oneof![Just(State::Up), Just(State::Down), Just(State::Drain)];
    let event = prop_oneof![
        1 => (server.clone(), states).prop_map(|(server, state)| Event::State(server, state)),
        1 => (server.clone(), 0_u32..5000).prop_map(|(server, weight)| Event::Weight(server, weight)),
        1 => (server.clone(), 0_u32..4).prop_map(|(server, limit)| Event::Limit(server, limit)),
        1 => server.clone().prop_map(Event::Take),
        1 => server.clone().prop_map(Event::Release),
        1 => server.clone().prop_map(Event::Enqueue),
        1 => server.clone().prop_map(Event::Dequeue),
        4 => (any::<Option<u32>>(), any::<[u32; 3]>(), prop::option::of(server))
            .prop_map(|(key, draws, exclude)| Event::Pick(key, draws, exclude)),
    ];
    prop::collection::vec(event, 0..120)
}

fn happen(balancer: &Balancer, event: &Event) {
    match *event {
        Event::State(server, state) => balancer.set_state(server, state),
        Event::Weight(server, weight) => {
            balancer.set_weight(server, EffectiveWeight::sixteenths(weight));
        }
        Event::Limit(server, maxconn) => {
            balancer.set_limits(server, Limits { maxconn, maxqueue: 0 });
        }
        Event::Take(server) => balancer.take(server),
        Event::Release(server) => balancer.release(server),
        Event::Enqueue(server) => balancer.enqueue(server),
        Event::Dequeue(server) => balancer.dequeue(server),
        Event::Pick(..) => {}
    }
}

proptest! {
    #[test]
    fn a_trace_changes_no_pick(spec in specs(), list in servers(), events in events()) {
        let (fast, explained) = (Balancer::new(spec.clone(), list.clone()), Balancer::new(spec, list));
        for event in &events {
            happen(&fast, event);
            happen(&explained, event);
            let Event::Pick(key, draws, exclude) = event else { continue };
            let bytes = key.map(u32::to_be_bytes);
            let mut input = bytes.as_ref().map_or_else(PickInput::default, |key| PickInput::key(key));
            (input.draws, input.exclude) = (draws, *exclude);
            let mut trace = Recorder::default();
            let picked = fast.pick(&input, &mut NoTrace);
            prop_assert_eq!(picked, explained.pick(&input, &mut trace));
            match picked {
                Ok(pick) => {
                    prop_assert_eq!(fast.state(pick.server), Some(State::Up));
                    let chosen = Step::Chosen { server: pick.server };
                    prop_assert_eq!(trace.steps.last(), Some(&chosen));
                }
                Err(NoServer::NoneUsable) => prop_assert_eq!(fast.usable(), (0, 0)),
                Err(NoServer::AllFull) => prop_assert_ne!(fast.usable(), (0, 0)),
            }
        }
    }

    #[test]
    fn a_balancer_that_lived_picks_by_hash_like_a_new_one(
        list in servers(), events in events(), keys in prop::collection::vec(any::<u32>(), 20),
    ) {
        for method in [HashMethod::MapBased, HashMethod::Consistent] {
            let hash_type = HashType { method, function: HashFunction::Crc32, avalanche: true };
            let spec = Spec { algorithm: Algorithm::Hash, hash_type, ..Spec::default() };
            let lived = Balancer::new(spec.clone(), list.clone());
            for event in events.iter().filter(|event| matches!(event, Event::State(..))) {
                happen(&lived, event);
            }
            let mut now = list.clone();
            for (at, server) in now.iter_mut().enumerate() {
                server.state = lived.state(at).unwrap();
            }
            let new = Balancer::new(spec, now);
            for key in &keys {
                let key = key.to_be_bytes();
                let input = PickInput::key(&key);
                prop_assert_eq!(lived.pick(&input, &mut NoTrace), new.pick(&input, &mut NoTrace));
            }
        }
    }

    #[test]
    fn shares_follow_weights(weights in prop::collection::vec(1_u32..=20, 1..8)) {
        let list = (1..).zip(&weights).map(|(id, w)| ServerSpec::new(format!("s{id}"), id).weight(*w));
        let total: u32 = weights.iter().sum();
        for algorithm in [Algorithm::RoundRobin, Algorithm::StaticRr] {
            let spec = Spec { algorithm, ..Spec::default() };
            let balancer = Balancer::new(spec, list.clone().collect());
            let mut picks = vec![0_u32; weights.len()];
            for _ in 0..total * 16 {
                picks[balancer.pick(&PickInput::default(), &mut NoTrace).unwrap().server] += 1;
            }
            for (picks, weight) in picks.iter().zip(&weights) {
                prop_assert!(picks.abs_diff(weight * 16) <= 1, "{:?} {:?}", algorithm, picks);
            }
        }
    }

    #[test]
    fn draws_that_are_spread_evenly_follow_weights(weights in prop::collection::vec(0_u32..=20, 1..8)) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let list = (1..).zip(&weights).map(|(id, w)| ServerSpec::new(format!("s{id}"), id).weight(*w));
        let algorithm = Algorithm::Random { draws: 1 };
        let balancer = Balancer::new(Spec { algorithm, ..Spec::default() }, list.collect());
        let total: u32 = weights.iter().sum();
        let mut picks = vec![0_u32; weights.len()];
        for number in 0..total * 16 {
            let draw = [(u64::from(number) * (1 << 32) / u64::from(total * 16)) as u32];
            let input = PickInput { draws: &draw, ..PickInput::default() };
            picks[balancer.pick(&input, &mut NoTrace).unwrap().server] += 1;
        }
        for (picks, weight) in picks.iter().zip(&weights) {
            prop_assert!(picks.abs_diff(weight * 16) <= 1, "{:?} {:?}", weights, picks);
        }
    }

    #[test]
    fn a_server_that_leaves_the_ring_moves_only_its_own_keys(
        weights in prop::collection::vec(1_u32..=20, 2..8), gone in 0_usize..8,
    ) {
        let gone = gone % weights.len();
        let list = (1..).zip(&weights).map(|(id, w)| ServerSpec::new(format!("s{id}"), id).weight(*w));
        let hash_type = HashType::with_default_function(HashMethod::Consistent);
        let spec = Spec { algorithm: Algorithm::Hash, hash_type, ..Spec::default() };
        let balancer = Balancer::new(spec, list.collect());
        let pick = |key: u32| {
            balancer.pick(&PickInput::key(&key.to_be_bytes()), &mut NoTrace).unwrap().server
        };
        let before: Vec<usize> = (0..200).map(pick).collect();
        balancer.set_state(gone, State::Down);
        for (key, before) in (0..).zip(&before) {
            let after = pick(key);
            prop_assert!(*before == gone || after == *before);
            prop_assert_ne!(after, gone);
        }
        balancer.set_state(gone, State::Up);
        prop_assert_eq!((0..200).map(pick).collect::<Vec<_>>(), before);
    }

    #[test]
    fn leastconn_takes_no_busier_server(list in servers(), events in events()) {
        let spec = Spec { algorithm: Algorithm::LeastConn, ..Spec::default() };
        let balancer = Balancer::new(spec, list.clone());
        for event in &events {
            happen(&balancer, event);
            let Ok(pick) = balancer.pick(&PickInput::default(), &mut NoTrace) else { continue };
            let load = |server: usize| balancer.load(server).unwrap();
            let inflight = |server: usize| u64::from(load(server).served() + load(server).queued());
            // The rank of a server that is busy counts the stream that would come.
            let rank = |server: usize| match inflight(server) {
                0 => 0,
                busy => (busy + 1) * 4096 / u64::from(balancer.weight(server).unwrap().get()),
            };
            let limits: Vec<u32> = (0..list.len()).map(|server| limit(&events, event, server)).collect();
            for (other, server) in list.iter().enumerate() {
                let takes = balancer.state(other) == Some(State::Up)
                    && balancer.weight(other).unwrap().get() > 0
                    && server.backup == list[pick.server].backup
                    && (limits[other] == 0 || inflight(other) < u64::from(limits[other]));
                prop_assert!(!takes || list[pick.server].backup || rank(pick.server) <= rank(other));
            }
        }
    }

    #[test]
    fn no_load_is_lost_over_a_reload(
        spec in specs(), list in servers(), before in events(), after in events(),
    ) {
        let old = Balancer::new(spec.clone(), list.clone());
        before.iter().for_each(|event| happen(&old, event));
        let new = std::sync::Arc::new(Balancer::inherit(spec.clone(), list.clone(), &old));
        old.hand_over(&new);
        // What ends on the old one is heard by the new one: it picks like one that saw it all.
        let loads = |event: &&Event| matches!(event, Event::Take(_) | Event::Release(_));
        after.iter().filter(loads).for_each(|event| happen(&old, event));
        for server in 0..list.len() {
            prop_assert_eq!(old.load(server).unwrap().served(), new.load(server).unwrap().served());
            prop_assert_eq!(old.state(server), new.state(server));
            prop_assert_eq!(old.weight(server), new.weight(server));
        }
        if matches!(spec.algorithm, Algorithm::First | Algorithm::RoundRobin) {
            let input = PickInput::default();
            prop_assert_eq!(old.pick(&input, &mut NoTrace), new.pick(&input, &mut NoTrace));
        }
    }
}

/// The last limit that was set for a server up to this event.
fn limit(events: &[Event], until: &Event, server: usize) -> u32 {
    let end = events.iter().position(|event| std::ptr::eq(event, until)).expect("its own");
    let limits = events[..=end].iter().rev().filter_map(|event| match event {
        Event::Limit(at, limit) if *at == server => Some(*limit),
        _ => None,
    });
    limits.into_iter().next().unwrap_or(0)
}

#[test]
fn threads_share_a_balancer_and_no_stream_is_miscounted() {
    let algorithms =
        [Algorithm::RoundRobin, Algorithm::StaticRr, Algorithm::LeastConn, Algorithm::First];
    for algorithm in algorithms {
        let list = (1..=10).map(|id| ServerSpec::new(format!("s{id}"), id).weight(id));
        let balancer = Balancer::new(Spec { algorithm, ..Spec::default() }, list.collect());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let balancer = &balancer;
                scope.spawn(move || {
                    for turn in 0..2000 {
                        if turn % 100 == 0 {
                            let state = if turn % 200 == 0 { State::Down } else { State::Up };
                            balancer.set_state(thread, state);
                        }
                        let pick = balancer.pick(&PickInput::default(), &mut NoTrace).unwrap();
                        balancer.take(pick.server);
                        balancer.release(pick.server);
                    }
                });
            }
        });
        let served: u32 = (0..10).map(|server| balancer.load(server).unwrap().served()).sum();
        assert_eq!(served, 0, "{algorithm:?}");
    }
}

#[test]
fn sticky_holds_on_to_a_server_until_it_goes_and_takes_the_one_that_came_next() {
    let spec = Spec { algorithm: Algorithm::Sticky, ..Spec::default() };
    let mut servers: Vec<_> = (1..=4).map(|id| ServerSpec::new(format!("s{id}"), id)).collect();
    servers[3].backup = true;
    let balancer = Balancer::new(spec, servers);
    let picked = |down: &[usize], up: &[usize]| {
        down.iter().for_each(|at| balancer.set_state(*at, State::Down));
        up.iter().for_each(|at| balancer.set_state(*at, State::Up));
        balancer.pick(&PickInput::default(), &mut NoTrace).map(|pick| pick.server)
    };
    assert_eq!(picked(&[], &[]), Ok(0));
    assert_eq!(picked(&[0], &[]), Ok(1));
    assert_eq!(picked(&[1], &[0]), Ok(2), "the first is back, behind the third");
    assert_eq!(picked(&[0, 2], &[]), Ok(3), "the backup, when no other is left");
    assert_eq!(picked(&[], &[2, 1]), Ok(2));
    assert_eq!(picked(&[1, 2, 3], &[]), Err(NoServer::NoneUsable));
}
