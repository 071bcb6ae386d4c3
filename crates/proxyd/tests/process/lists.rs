//! Maps and pattern files change while the daemon runs: over the runtime socket and by rules.

use std::io::{Read, Write};

use super::daemon::{Daemon, Folder, ask, free_port, get};

fn start(folder: &Folder) -> (Daemon, u16, String) {
    let (port, socket) = (free_port(), folder.path("sock"));
    let map = folder.write("m.map", "/a one\n/b two words\n# none\n");
    let paths = folder.write("paths", "/deny\n");
    let ips = folder.write("ips", "10.0.0.0/8\n");
    let text = format!(
        "global\n    nbthread 2\n    stats socket {socket} level admin\n\
         defaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n\
         frontend fe\n    bind 127.0.0.1:{port}\n    acl bad path_beg -f {paths}\n    acl known src -f {ips}\n\
         http-request set-map({map}) %[query] set if {{ path /set }}\n    http-request del-map({map}) %[query] if {{ path /del }}\n\
         http-request add-acl({paths}) %[query] if {{ path /add }}\n    http-request del-acl({paths}) %[query] if {{ path /rem }}\n\
         http-request deny deny_status 403 if bad\n    http-request deny deny_status 401 if known\n\
         http-request return status 200 content-type text/plain lf-string %[path,map({map},none)]\n"
    );
    let file = folder.write("x.cfg", &text);
    (Daemon::start(&["-db", "-f", &file], port), port, socket)
}

/// Entries of a list without their references.
fn entries(socket: &str, command: &str) -> String {
    let told = ask(socket, command);
    let lines = told.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(_, entry)| format!("{entry};")).collect()
}

#[test]
fn a_map_is_changed_over_the_socket_and_the_next_request_sees_it() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let map = folder.path("m.map");
    assert_eq!(entries(&socket, &format!("show map {map}")), "/a one;/b two words;");
    for (command, answer) in [
        (format!("add map {map} /c three"), "\n"),
        (format!("add map {map} /c again"), "\n"),
        (format!("set map {map} /a 1"), "\n"),
        (format!("set map {map} /none 1"), "entry not found.\n\n"),
        (format!("del map {map} /b"), "\n"),
        (format!("del map {map} /b"), "Key not found.\n\n"),
        ("del map nosuch /b".into(), "Unknown map identifier. Please use #<id> or <file>.\n\n"),
        (
            format!("set map {map} /a"),
            "'set map' expects three parameters: map identifier, key and value.\n\n",
        ),
        (format!("add map {map} <<\n/d with blanks\n/e 5\n"), "\n"),
        (format!("add map {map} <<END\n/f 6\n\n/g 7\nEND"), "\n"),
    ] {
        assert_eq!(ask(&socket, &command), answer, "{command}");
    }
    let all = "/a 1;/c three;/c again;/d with blanks;/e 5;/f 6;/g 7;";
    assert_eq!(entries(&socket, &format!("show map {map}")), all);
    let got = ["/a", "/b", "/c", "/d"].map(|path| get(port, path).1);
    assert_eq!(got, ["1", "none", "three", "with blanks"]);
    let found =
        "type=str, case=sensitive, found=yes, idx=tree, key=\"/e\", value=\"5\", type=\"str\"\n\n";
    assert_eq!(ask(&socket, &format!("get map {map} /e")), found);
    assert_eq!(ask(&socket, &format!("clear map {map}")), "\n");
    assert_eq!(get(port, "/a").1, "none");
}

#[test]
fn a_version_of_a_map_takes_effect_as_a_whole() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let map = folder.path("m.map");
    assert_eq!(ask(&socket, &format!("prepare map {map}")), "New version created: 1\n\n");
    assert_eq!(ask(&socket, &format!("add map @1 {map} /n new")), "\n");
    let future = "Version number in the future, please use 'prepare map' before.\n\n";
    assert_eq!(ask(&socket, &format!("add map @9 {map} /n new")), future);
    assert_eq!(entries(&socket, &format!("show map @1 {map}")), "/n new;");
    assert_eq!([get(port, "/n").1, get(port, "/a").1], ["none", "one"]);
    assert_eq!(ask(&socket, &format!("commit map {map}")), "Missing version number.\n\n");
    assert_eq!(ask(&socket, &format!("commit map @1 {map}")), "\n");
    assert_eq!(ask(&socket, &format!("commit map @1 {map}")), "Version number out of range.\n\n");
    assert_eq!([get(port, "/n").1, get(port, "/a").1], ["new", "none"]);
    let listed = ask(&socket, "show map");
    assert!(
        listed.contains(&format!("({map}) pattern loaded from file '{map}' used by map at file '"))
    );
    assert!(listed.contains("curr_ver=1 next_ver=1 entry_cnt=1\n"), "{listed}");
}

#[test]
fn patterns_of_an_acl_are_changed_and_those_that_cannot_be_read_are_refused() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let (paths, ips) = (folder.path("paths"), folder.path("ips"));
    assert_eq!([get(port, "/deny").0, get(port, "/x").0], [403, 200]);
    assert_eq!(ask(&socket, &format!("add acl {paths} /x")), "\n");
    assert_eq!(ask(&socket, &format!("del acl {paths} /deny")), "\n");
    assert_eq!([get(port, "/deny").0, get(port, "/x").0], [200, 403]);
    let refused = ask(&socket, &format!("add acl {ips} notanip"));
    assert!(refused.contains("notanip"), "{refused}");
    assert_eq!(entries(&socket, &format!("show acl {ips}")), "10.0.0.0/8;");
    assert_eq!(ask(&socket, &format!("add acl {ips} 127.0.0.1")), "\n");
    assert_eq!(get(port, "/y").0, 401);
    let found = ask(&socket, &format!("get acl {ips} 10.1.2.3"));
    assert_eq!(found, "type=ip, case=sensitive, match=yes, idx=tree, pattern=\"10.0.0.0/8\"\n\n");
    let shared = "This ACL is shared with a map containing samples. You must use the command 'add map' to add values.\n\n";
    assert_eq!(ask(&socket, &format!("add acl {} /k", folder.path("m.map"))), shared);
    assert!(ask(&socket, "reload").contains("configuration loaded"));
    assert_eq!([get(port, "/deny").0, get(port, "/x").0], [403, 200], "the files count again");
}

#[test]
fn rules_change_maps_and_patterns_and_an_explanation_does_not() {
    let folder = Folder::new();
    let (_daemon, port, socket) = start(&folder);
    let explained = ask(&socket, "explain /set?/k");
    assert!(explained.contains("set-map"), "{explained}");
    assert_eq!(get(port, "/k").1, "none");
    assert_eq!(get(port, "/set?/k").0, 200);
    assert_eq!(get(port, "/k").1, "set");
    assert_eq!(get(port, "/del?/k").0, 200);
    assert_eq!(get(port, "/k").1, "none");
    assert_eq!(
        [get(port, "/add?/q").0, get(port, "/add?/q").0, get(port, "/q").0],
        [200, 200, 403]
    );
    let paths = folder.path("paths");
    assert_eq!(entries(&socket, &format!("show acl {paths}")), "/deny;/q;");
    assert_eq!([get(port, "/rem?/q").0, get(port, "/q").0], [200, 200]);
}

#[test]
fn a_payload_is_asked_for_line_by_line_where_somebody_types() {
    let folder = Folder::new();
    let (_daemon, _, socket) = start(&folder);
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).expect("the socket");
    let map = folder.path("m.map");
    let typed = format!("prompt\nadd map {map} <<\n/k v\n\nquit\n");
    stream.write_all(typed.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert_eq!(answer, "\n> + + \n> ");
}
