//! `explain` over the runtime socket: the text of `lbctl explain`, with the servers as they are now.

use super::daemon::{Daemon, Folder, ask, free_port};

#[test]
fn where_a_request_would_go_is_told_with_the_servers_of_this_moment() {
    let folder = Folder::new();
    let (port, socket) = (free_port(), folder.path("sock"));
    let text = format!(
        "global\n    stats socket {socket} level admin\n\
         defaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    use_backend api if {{ path_beg /api }}\n    default_backend web\n\
         backend web\n    server w1 127.0.0.1:9\n\
         backend api\n    server a1 127.0.0.1:9\n    server a2 127.0.0.1:10\n"
    );
    let file = folder.write("x.cfg", &text);
    let _daemon = Daemon::start(&["-db", "-f", &file], port);
    let to_api = ask(&socket, "explain POST http://www.example/api/x -H x-team:core");
    assert!(to_api.contains("use_backend api if { path_beg /api }"), "{to_api}");
    assert!(to_api.contains("\n=> api/a1 at 127.0.0.1:9 by "), "{to_api}");
    assert!(to_api.contains("  x-team: core\n"), "{to_api}");
    assert!(ask(&socket, "explain /").contains("\n=> web/w1 at 127.0.0.1:9"));
    assert_eq!(ask(&socket, "disable server api/a1"), "\n");
    assert!(ask(&socket, "explain http://www.example/api").contains("\n=> api/a2 at "));
    assert!(ask(&socket, "explain").starts_with("usage: explain "));
    assert!(ask(&socket, "explain / --listener none").contains("no listener is named `none`"));
    let activity = ask(&socket, "show activity");
    assert!(activity.contains("\nstreams: 0 [ ") && activity.contains("\ntunnels: 0 [ "));
}
