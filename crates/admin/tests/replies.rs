//! Replies as bytes: the lines were recorded from HAProxy 2.6.12.

use admin::reply::{
    show_backend, show_cli_sockets, show_info, show_servers_conn, show_servers_state, show_stat,
    show_version, weight_of,
};
use admin::{
    Format, Info, Level, ObjectKind, ProxySelect, Reply, ServerConnRow, ServerStateRow, Session,
    StatFilter, StatRow,
};

const PLAIN: Format = Format::Plain { descriptions: false };
const TYPED: Format = Format::Typed { descriptions: false };

fn text(reply: &Reply) -> String {
    Session::new(Level::Admin).frame(reply)
}

fn a_server() -> StatRow {
    StatRow {
        status: Some("DOWN".to_owned()),
        act: Some(1),
        lastsess: Some(-1),
        last_chk: Some("A \"quoted\" \\ reason; with, odd".to_owned()),
        ..StatRow::new(ObjectKind::Server, ("be", 5), ("s1", 1))
    }
}

#[test]
fn a_stat_row_has_a_cell_for_each_name_in_the_header() {
    let reply = text(&show_stat(&[a_server()], PLAIN));
    let lines: Vec<&str> = reply.lines().collect();
    assert_eq!(lines[0].split(',').count(), 129);
    assert!(
        lines[0].starts_with("# pxname,svname,qcur,")
            && lines[0].ends_with(",h1_spliced_bytes_out,")
    );
    assert!(lines[0].contains(",agg_check_status,-,ssl_sess,"));
    assert!(lines[1].starts_with("be,s1,,,,,,,,,,,,,,,,DOWN,,1,,,,,,,1,5,1,,,,2,"));
    assert!(lines[1].contains(r#","A ""quoted"" \ reason; with, odd","#));
    assert_eq!(lines[2], "");
}

#[test]
fn typed_rows_carry_positions_tags_and_types() {
    let reply = text(&show_stat(&[a_server()], TYPED));
    assert!(reply.starts_with("S.5.1.0.pxname.1:KNS:str:be\nS.5.1.1.svname.1:KNS:str:s1\n"));
    assert!(reply.contains("\nS.5.1.55.lastsess.1:MAP:s32:-1\n"));
    assert!(reply.contains("\nS.5.1.19.act.1:SGP:u32:1\n"));
    let backend = StatRow {
        act: Some(2),
        rate: Some(0),
        ..StatRow::new(ObjectKind::Backend, ("be", 5), ("BACKEND", 0))
    };
    let reply = text(&show_stat(&[backend], TYPED));
    assert!(reply.contains("\nB.5.0.19.act.1:MGP:u32:2\n"), "a backend's sum is a metric");
    assert!(reply.contains("\nB.5.0.33.rate.1:MGP:u32:0\n"));
}

#[test]
fn json_rows_are_one_line_of_haproxys_shape() {
    let row = StatRow::new(ObjectKind::Frontend, ("fe", 2), ("FRONTEND", 0));
    let reply = text(&show_stat(&[row], Format::Json));
    let start = "[[{\"objType\":\"Frontend\",\"proxyId\":2,\"id\":0,\"field\":{\"pos\":0,\"name\":\"pxname\"},\
         \"processNum\":1,\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},\
         \"value\":{\"type\":\"str\",\"value\":\"fe\"}},{";
    assert!(reply.starts_with(start), "{reply}");
    assert!(reply.ends_with("}}]]\n\n"), "{reply}");
}

#[test]
fn info_shows_what_is_set_in_three_formats() {
    let info = Info { name: Some("HAProxy".into()), ..Info::default() }.with_uptime(90_061);
    assert_eq!(
        text(&show_info(&info, PLAIN)),
        "Name: HAProxy\nUptime: 1d 1h01m01s\nUptime_sec: 90061\n\n"
    );
    assert_eq!(
        text(&show_info(&info, TYPED)),
        "0.Name.1:POS:str:HAProxy\n7.Uptime.1:MDP:str:1d 1h01m01s\n8.Uptime_sec.1:MDP:u32:90061\n\n"
    );
    assert!(
        text(&show_info(&info, Format::Json))
            .starts_with("[{\"field\":{\"pos\":0,\"name\":\"Name\"}")
    );
    let described = Format::Plain { descriptions: true };
    assert!(text(&show_info(&info, described)).starts_with("Name: HAProxy:\"product name\"\n"));
    assert_eq!(admin::uptime(31), "0d 0h00m31s");
}

#[test]
fn server_states_are_those_of_a_state_file() {
    let row = ServerStateRow {
        be_id: 5,
        be_name: "be".into(),
        srv_id: 2,
        srv_name: "s2".into(),
        srv_addr: Some("127.0.0.1".into()),
        srv_uweight: 10,
        srv_iweight: 10,
        srv_time_since_last_change: 32,
        srv_check_status: 8,
        srv_check_result: 2,
        srv_check_state: 6,
        srv_port: 29002,
        ..ServerStateRow::default()
    };
    let reply = text(&show_servers_state(&[row]));
    let lines: Vec<&str> = reply.lines().collect();
    assert_eq!(lines[0], "1");
    assert_eq!(lines[2], "5 be 2 s2 127.0.0.1 0 0 10 10 32 8 2 0 6 0 0 0 - 29002 - 0 0 - - 0");
    assert_eq!(lines[1].split(' ').count() - 1, lines[2].split(' ').count());
}

#[test]
fn server_connections_name_their_threads() {
    let row = ServerConnRow {
        backend: ("be".into(), 2),
        server: ("s1".into(), 1),
        addr: Some("127.0.0.1".into()),
        port: 29001,
        purge_delay: 5000,
        used_max: 1,
        need_est: 1,
        idle_lim: -1,
        idle_per_thr: vec![0, 0],
        ..ServerConnRow::default()
    };
    let reply = text(&show_servers_conn(&[row], 2));
    assert!(reply.lines().next().is_some_and(|line| line.ends_with(" idle_cur idle_per_thr[2]")));
    assert!(
        reply.ends_with("\nbe/s1 2/1 127.0.0.1 29001 - 5000 0 1 1 0 0 -1 0 0 0\n\n"),
        "{reply}"
    );
}

#[test]
fn short_answers() {
    assert_eq!(text(&show_version("2.6.12")), "2.6.12\n\n");
    assert_eq!(text(&show_backend(["li", "be"])), "# name\nli\nbe\n\n");
    assert_eq!(text(&weight_of(5, 1)), "5 (initial 1)\n\n");
    assert_eq!(
        text(&show_cli_sockets([("unix@/tmp/a.sock", Level::Operator)])),
        "# socket lvl processes\nunix@/tmp/a.sock operator all\n\n"
    );
}

#[test]
fn a_filter_selects_by_proxy_kind_and_id() {
    use ObjectKind::{Backend, Frontend, Server};
    let filter = |proxy, kinds, sid| StatFilter { proxy, kinds, sid, ..StatFilter::default() };
    let be = ("be", 5);
    assert!(StatFilter::default().wants(be, Server, 1));
    assert!(!filter(ProxySelect::Name("fe".into()), -1, -1).wants(be, Server, 1));
    assert!(filter(ProxySelect::Id(5), 4, -1).wants(be, Server, 1));
    assert!(!filter(ProxySelect::Id(5), 4, -1).wants(be, Backend, 0));
    assert!(filter(ProxySelect::All, 3, -1).wants(be, Frontend, 0));
    assert!(!filter(ProxySelect::All, -1, 2).wants(be, Server, 1));
}
