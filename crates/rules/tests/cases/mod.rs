//! Configurations and requests, for the comparison with HAProxy, the traces and the properties.

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-server: @\r\n\r\n";

/// One configuration with its requests; lines of the frontend and of what follows it. `@s1` is the
/// address of a server, `@` in the answer its name.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) front: &'static str,
    pub(crate) back: &'static str,
    pub(crate) answer: &'static str,
    pub(crate) requests: &'static [&'static str],
}

/// `GET /path` or `GET /path | Header: v | Header: v` as a message.
pub(crate) fn wire(short: &str) -> String {
    if short.contains("\r\n") {
        return short.to_owned();
    }
    let mut parts = short.split(" | ");
    let line = parts.next().unwrap_or_default();
    let mut out = format!("{line} HTTP/1.1\r\n");
    let headers: Vec<&str> = parts.collect();
    if !headers.iter().any(|header| header.to_lowercase().starts_with("host:")) {
        out.push_str("Host: h\r\n");
    }
    for header in headers {
        out.push_str(header);
        out.push_str("\r\n");
    }
    out + "\r\n"
}

pub(crate) fn config_text(case: &Case, port: u16, stubs: &[(&str, u16)]) -> String {
    let indent =
        |text: &str| text.lines().map(|line| format!("  {}\n", line.trim())).collect::<String>();
    let mut text = format!(
        "global\n  log stdout format raw local0\ndefaults\n  mode http\n  timeout client 5s\n  \
         timeout server 5s\n  timeout connect 1s\n  timeout tarpit 10ms\n  option dontlognull\n  log global\n  \
         log-format \"%b %s %tsc %CC %CS %hr%hs\"\nfrontend fe\n  bind 127.0.0.1:{port}\n{}",
        indent(case.front)
    );
    if !case.front.contains("default_backend") && !case.front.contains("no backend") {
        text.push_str("  default_backend be\n");
    }
    let mut back = case.back.to_owned();
    if !back.contains("backend be") {
        back = format!("backend be\n{back}");
    }
    if !back.contains("server s1") {
        back.push_str("\nserver s1 @s1 cookie a1\nserver s2 @s2 cookie b2");
    }
    for (name, port) in stubs {
        back = back.replace(&format!("@{name}"), &format!("127.0.0.1:{port}"));
    }
    back = back.replace("@dir", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
    for line in back.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let section = ["backend ", "listen ", "frontend ", "userlist "];
        let depth = if section.iter().any(|word| line.starts_with(word)) { "" } else { "  " };
        text.push_str(&format!("{depth}{line}\n"));
    }
    text
}

const fn case(
    name: &'static str,
    front: &'static str,
    back: &'static str,
    requests: &'static [&'static str],
) -> Case {
    Case { name, front, back, answer: ANSWER, requests }
}

const fn answered(
    name: &'static str,
    back: &'static str,
    answer: &'static str,
    requests: &'static [&'static str],
) -> Case {
    Case { name, front: "", back, answer, requests }
}

const COOKIES: &[&str] = &[
    "GET /",
    "GET / | Cookie: SRV=a1",
    "GET / | Cookie: SRV=b2; x=y",
    "GET / | Cookie: x=y; SRV=b2; z=w",
    "GET / | Cookie: x=y;SRV=b2",
    "GET / | Cookie: SRV=zz",
    "GET / | Cookie: SRV=",
    "GET / | Cookie: x=1; SRV",
    "GET / | Cookie: SRV=\"b2\"; q",
    "GET / | Cookie: a=b | Cookie: SRV=b2 | Cookie: c=d",
    "GET / | Cookie: XSRV=b2",
    "GET / | Cookie: SRV=b2;SRV=a1; k=v",
    "GET / | Cookie:  SRV = b2 ; y=z",
    "GET / | Cookie: a=b, SRV=b2",
    "GET / | Cookie: SRV=b2, a=b",
    "GET / | Cookie: $Version=1; SRV=b2",
    "GET / | Cookie: SRV=b2;",
    "GET / | Cookie: ;;SRV=b2; ; a=\"x;y\"; c",
    "GET / | Cookie: SRV=b2 x; z=1",
    "POST / | Content-Length: 0",
];

const SET: &str = "HTTP/1.1 200 OK\r\nset-cookie: A=1; S=3\r\nset-cookie: S=4 ; path=/x; S=5\r\n\
                   set-cookie: S=\r\nset-cookie: S2=q\r\ncontent-length: 0\r\n\r\n";
const SET_REQUESTS: &[&str] =
    &["GET /", "GET / | Cookie: a=b; S=b2~3", "GET / | Cookie: S=b2", "GET / | Cookie: S=a1; S=b2"];

pub(crate) const CASES: &[Case] = &[
    case(
        "plain",
        "",
        "",
        &[
            "GET /",
            "GET /a?b | X-A: 1 | x-a:  2 ",
            "POST /x | Content-Length: 0",
            "OPTIONS *",
            "GET http://h/x",
        ],
    ),
    case(
        "deny",
        "http-request deny if { path /a }\nhttp-request deny deny_status 429 if { path /b }\nhttp-request deny deny_status 404 hdr x-y %[path] if { path /c }\nhttp-request deny deny_status 418 content-type text/plain string abc if { path /d }",
        "",
        &["GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "HEAD /a"],
    ),
    case(
        "pages",
        "http-request deny deny_status 200 if { path /200 }\nhttp-request deny deny_status 400 if { path /400 }\nhttp-request deny deny_status 401 if { path /401 }\nhttp-request deny deny_status 405 if { path /405 }\nhttp-request deny deny_status 407 if { path /407 }\nhttp-request deny deny_status 408 if { path /408 }\nhttp-request deny deny_status 410 if { path /410 }\nhttp-request deny deny_status 413 if { path /413 }\nhttp-request deny deny_status 425 if { path /425 }\nhttp-request deny deny_status 500 if { path /500 }\nhttp-request deny deny_status 501 if { path /501 }\nhttp-request deny deny_status 502 if { path /502 }\nhttp-request deny deny_status 503 if { path /503 }\nhttp-request deny deny_status 504 if { path /504 }",
        "",
        &[
            "GET /200", "GET /400", "GET /401", "GET /405", "GET /407", "GET /408", "GET /410",
            "GET /413", "GET /425", "GET /500", "GET /501", "GET /502", "GET /503", "GET /504",
        ],
    ),
    case(
        "tarpit",
        "http-request tarpit if { path /a }\nhttp-request tarpit deny_status 429 if { path /b }",
        "",
        &["GET /a", "GET /b", "GET /c"],
    ),
    case(
        "return",
        "http-request return if { path /a }\nhttp-request return status 201 content-type text/plain string hello if { path /b }\nhttp-request return status 200 content-type text/html lf-string \"hello %[path]\" hdr x-a b%[method] hdr x-c d if { path /c }\nhttp-request return status 404 if { path /d }\nhttp-request return status 204 if { path /e }\nhttp-request return status 503 default-errorfiles if { path /f }",
        "",
        &["GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f", "GET /g"],
    ),
    case(
        "auth",
        "http-request auth if { path /a }\nhttp-request auth realm \"my realm\" if { path /b }\noption http-use-proxy-header",
        "",
        &["GET /a", "GET /b", "GET http://h/a", "GET /c"],
    ),
    case("auth in a backend", "", "http-request auth if { path /a }", &["GET /a", "GET /b"]),
    case(
        "redirect location",
        "http-request redirect location http://x/%[path] if { path /a }\nhttp-request redirect location /foo code 308 clear-cookie SID= if { path /b }\nhttp-request redirect location %[req.hdr(nope)] ignore-empty if { path /c }\nhttp-request redirect location %[req.hdr(nope)] if { path /d }\nhttp-request redirect location /abc?d=e append-slash drop-query code 307 if { path /e }",
        "",
        &["GET /a?q=1", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f"],
    ),
    case(
        "redirect prefix",
        "redirect prefix http://x code 301 set-cookie A=B if { path_beg /a }\nredirect prefix http://x drop-query append-slash code 303 if { path_beg /b }\nredirect prefix / if { path_beg /c }\nredirect prefix http://x set-cookie A if { path_beg /d }\nredirect prefix http://x append-slash if { path_beg /e }",
        "",
        &[
            "GET /a?q=1",
            "GET /b?x",
            "GET /b/",
            "GET /c?x",
            "GET /d",
            "GET /e?x",
            "GET /e",
            "OPTIONS *",
        ],
    ),
    case(
        "redirect scheme",
        "redirect scheme https if { path_beg /a }\nredirect scheme https code 301 drop-query if { path_beg /b }",
        "redirect scheme ftp if { path_beg /c }",
        &["GET /a?q=1", "GET /a | Host: x:8080", "GET /b?q", "GET http://h/a", "GET /c"],
    ),
    case(
        "headers",
        "http-request add-header a b\nhttp-request set-header c %[path]\nhttp-request replace-header d ^(.)(.*)$ \\2-\\1\nhttp-request replace-value q (.*)b x\\1y\nhttp-request del-header x- -m beg\nhttp-request del-header -y -m end\nhttp-request del-header sub -m sub\nhttp-request del-header ^r[0-9]$ -m reg\nhttp-request del-header gone",
        "",
        &[
            "GET /",
            "GET / | A: 1 | C: 2 | C: 3 | D: abc | D: x",
            "GET / | Q: ab, cb ,d | Q: d | q: ,b,,b",
            "GET / | X-1: a | a-y: b | asubb: c | R1: d | R12: e | Gone: f | gone: g",
        ],
    ),
    case(
        "host follows",
        "http-request set-header host foo if { path /a }\nhttp-request set-uri http://bar:81/x?y if { path /b }\nhttp-request set-uri /z if { path /c }",
        "",
        &["GET /a", "GET http://h/a", "GET /b", "GET /c?q", "GET http://h/c"],
    ),
    case(
        "path",
        "http-request set-path /z%[path] if { path_beg /a }\nhttp-request set-query a=%[query] if { path_beg /b }\nhttp-request set-pathq /n?m if { path_beg /c }\nhttp-request set-query %[req.hdr(nope)] if { path_beg /d }\nhttp-request set-method PUT if { path_beg /e }",
        "",
        &[
            "GET /a?x",
            "GET /a",
            "GET /b?x",
            "GET /b",
            "GET /b?",
            "GET /c?q",
            "GET /d?q",
            "GET /d",
            "GET /e",
            "GET http://h/a?x",
            "GET http://h/b?x",
            "GET http://h/c?x",
        ],
    ),
    case(
        "replace path",
        "http-request replace-path /a(.*) /z\\1\nhttp-request replace-pathq /b(.*)\\?(.*) /\\2?\\1\nhttp-request replace-uri ^/c(.*) /Q\\1",
        "",
        &["GET /a1?x", "GET /b1?x", "GET /b1", "GET /c1?x", "GET http://h/a1?x", "OPTIONS *"],
    ),
    case(
        "variables",
        "http-request set-var(txn.a) path,upper\nhttp-request set-var(req.b) str(x)\nhttp-request set-var-fmt(txn.c) \"%[path]-%[var(req.b)]\"\nhttp-request unset-var(req.b) if { path /u }\nhttp-request set-header x-a %[var(txn.a)]\nhttp-request set-header x-b %[var(req.b)]\nhttp-request set-header x-c %[var(txn.c)]",
        "http-response set-header y-a %[var(txn.a)]\nhttp-response set-header y-b %[var(req.b)]",
        &["GET /x", "GET /u"],
    ),
    case(
        "order",
        "http-request set-header x 1 if !{ req.hdr(x) -m found }\nhttp-request allow if { path /a }\nhttp-request set-header y 2\nredirect location /r if { path /a }",
        "http-request set-header z 3\nhttp-request deny if { req.hdr(x) 1 } { path /d }",
        &["GET /a", "GET /b", "GET /d", "GET /d | X: 2"],
    ),
    case(
        "conditions",
        "acl one path_beg /a\nacl one path_beg /b\nacl two hdr(x) -i yes\nhttp-request set-header r1 1 if one two\nhttp-request set-header r2 1 if one or two\nhttp-request set-header r3 1 unless one\nhttp-request set-header r4 1 if !one !two\nhttp-request set-header r5 1 if { method GET POST }\nhttp-request set-header r6 1 if { src 127.0.0.0/8 }\nhttp-request set-header r7 1 if METH_POST || HTTP_1.1\nhttp-request set-header r8 1 unless one || two",
        "",
        &[
            "GET /a",
            "GET /b | X: yes",
            "GET /c | X: YES",
            "GET /c",
            "POST /a | X: no, yes | Content-Length: 0",
        ],
    ),
    case(
        "switching",
        "acl ws hdr_beg(host) -i ws.\nuse_backend b2 if ws\nuse_backend b2 if { hdr(connection) -i upgrade } { hdr(upgrade) -i websocket }\nuse_backend %[path,field(2,/)] if { path_beg /b }\nuse_backend b3 if { path_beg /c }",
        "backend b2\nserver s1 @s1\nbackend b3\nserver s2 @s2\nbackend be\nserver s3 @s3",
        &[
            "GET /",
            "GET / | Host: ws.x",
            "GET / | Host: WS.x",
            "GET /b3",
            "GET /b2",
            "GET /bx",
            "GET /c",
        ],
    ),
    case("no backend", "# no backend\nuse_backend be if { path /a }", "", &["GET /a", "GET /b"]),
    case(
        "monitor",
        "monitor-uri /m\nhttp-request deny if { path /m }\nhttp-after-response add-header x-b %[status]",
        "",
        &["GET /x"],
    ),
    case(
        "after response",
        "http-after-response add-header x-b %[status]\nhttp-request deny if { path /d }\nhttp-request redirect location /q if { path /r }",
        "http-after-response set-header x-a 1\nhttp-response set-header x-c 2\nhttp-request deny if { path /e }",
        &["GET /", "GET /d", "GET /r", "GET /e"],
    ),
    case(
        "response rules",
        "http-response set-header x-f %[res.hdr(x-e)]",
        "http-response set-status 418\nhttp-response add-header x-e 1\nhttp-response del-header x-server\nhttp-response replace-header x-e (.*) <\\1>",
        &["GET /"],
    ),
    case(
        "response ends",
        "",
        "http-response deny if { res.hdr(x-server) s1 }\nhttp-response set-header never 1\nhttp-response return status 200 content-type a/b string abc if { res.hdr(x-server) s2 }",
        &["GET /", "GET /"],
    ),
    case(
        "response redirect",
        "",
        "http-response redirect location /x code 303 if { res.hdr(x-server) s1 }\nhttp-response deny deny_status 404 if TRUE",
        &["GET /", "GET /"],
    ),
    case(
        "set-status",
        "",
        "http-response set-status 503 reason \"a b\" if { res.hdr(x-server) s1 }\nhttp-response set-status 201 if { res.hdr(x-server) s2 }",
        &["GET /", "GET /"],
    ),
    case("insert", "", "cookie SRV insert", COOKIES),
    case("insert indirect", "", "cookie SRV insert indirect", COOKIES),
    case(
        "insert indirect with all words",
        "",
        "cookie SRV insert indirect nocache httponly secure domain .x.y domain z.y attr \"SameSite=None\" attr foo",
        COOKIES,
    ),
    case("insert postonly", "", "cookie SRV insert postonly", COOKIES),
    case(
        "persistence rules",
        "",
        "cookie SRV insert indirect\nignore-persist if { path /i }\nuse-server s2 if { path /u }\nuse-server %[path,field(3,/)] if { path_beg /n/ }",
        &[
            "GET /i | Cookie: x=y; SRV=b2",
            "GET /i | Cookie: SRV=b2",
            "GET /u | Cookie: SRV=a1",
            "GET /u",
            "GET /n/s2",
            "GET /n/s1",
            "GET /n/zz",
            "GET /n/zz",
        ],
    ),
    case(
        "a server is down",
        "",
        "cookie SRV insert\nserver s1 @s1 cookie a1\nserver s2 @s2 cookie b2 disabled\nserver s3 @s3 cookie c3\nforce-persist if { path /f }\nuse-server s2 if { path /u }",
        &[
            "GET / | Cookie: SRV=b2",
            "GET / | Cookie: SRV=b2",
            "GET /u",
            "GET / | Cookie: SRV=b2; SRV=c3",
        ],
    ),
    case(
        "a server without a cookie",
        "",
        "cookie SRV insert indirect\nserver s1 @s1\nserver s2 @s2 cookie b2",
        &["GET /", "GET /", "GET / | Cookie: SRV=zz", "GET / | Cookie: SRV=b2"],
    ),
    answered("set-cookie rewrite", "cookie S rewrite", SET, SET_REQUESTS),
    answered("set-cookie prefix", "cookie S prefix", SET, SET_REQUESTS),
    answered("set-cookie prefix indirect", "cookie S prefix indirect", SET, SET_REQUESTS),
    answered("set-cookie insert", "cookie S insert", SET, SET_REQUESTS),
    answered("set-cookie insert preserve", "cookie S insert preserve", SET, SET_REQUESTS),
    answered(
        "set-cookie insert indirect preserve",
        "cookie S insert indirect preserve",
        SET,
        SET_REQUESTS,
    ),
    answered("set-cookie passive", "cookie S", SET, SET_REQUESTS),
    answered(
        "nocache",
        "cookie S insert nocache",
        "HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 0\r\n\r\n",
        &["GET /", "POST / | Content-Length: 0", "GET / | Cookie: S=a1"],
    ),
    answered(
        "nocache private",
        "cookie S insert nocache",
        "HTTP/1.1 200 OK\r\netag: x\r\ncache-control: private\r\ncontent-length: 0\r\n\r\n",
        &["GET /", "HEAD /"],
    ),
    answered(
        "checkcache lets through",
        "option checkcache",
        "HTTP/1.1 200 OK\r\netag: x\r\ncache-control: no-cache=\"set-cookie\"\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n",
        &["GET /", "POST / | Content-Length: 0"],
    ),
    case(
        "captures",
        "capture request header Host len 5\ncapture request header X-A len 3\nhttp-request capture path len 4\ncapture response header X-Server len 10\ncapture cookie S len 6\ndeclare capture request len 9\nhttp-request capture req.hdr(x-b) id 3\nhttp-request set-header x-cap %[capture.req.hdr(0)]",
        "",
        &[
            "GET / | Host: abcdefgh",
            "GET /abcdef | X-A: 1 | X-A: 23456 | X-B: zz",
            "GET / | Cookie: a=b; S=12345; S=2",
            "GET / | Cookie: SX=1",
        ],
    ),
    case("forwardfor", "option forwardfor", "", &["GET /", "GET / | X-Forwarded-For: 1.2.3.4"]),
    case(
        "forwardfor if-none",
        "option forwardfor if-none",
        "option forwardfor if-none header X-C",
        &["GET /", "GET / | X-C: 1", "GET / | X-Forwarded-For: 1"],
    ),
    case(
        "forwardfor except",
        "option forwardfor except 127.0.0.0/8\noption originalto",
        "",
        &["GET /"],
    ),
    case(
        "forwardfor one if-none",
        "option forwardfor",
        "option forwardfor if-none",
        &["GET / | X-Forwarded-For: 1.2.3.4"],
    ),
    case(
        "unique id",
        "unique-id-format %[method]-%[path]\nunique-id-header X-ID\noption forwardfor\noption originalto header x-o",
        "",
        &["GET /a", "GET /b | X-ID: 1"],
    ),
    case("balance uri", "", "balance uri", &["GET /a", "GET /b?x", "GET /c", "GET /d", "GET /e"]),
    case(
        "balance url_param",
        "",
        "balance url_param id",
        &["GET /?id=1", "GET /?x=1&id=22", "GET /", "GET /", "GET /?id=3"],
    ),
    case(
        "balance hdr",
        "",
        "balance hdr(x-k)",
        &[
            "GET / | X-K: a",
            "GET / | X-K: b",
            "GET / | X-K: c, d",
            "GET /",
            "GET /",
            "GET / | X-K: e",
        ],
    ),
    case(
        "balance hash",
        "",
        "balance hash path,lower",
        &["GET /a", "GET /B", "GET /c", "GET /d", "GET /e"],
    ),
    case("balance source", "", "balance source", &["GET /a", "GET /B"]),
    case("leastconn", "", "balance leastconn", &["GET /", "GET /", "GET /"]),
    case(
        "reject",
        "http-request reject if { path /a }\nhttp-request silent-drop if { path /b }",
        "",
        &["GET /c"],
    ),
    case(
        "tcp content",
        "tcp-request content set-var(txn.s) src\ntcp-request content accept if { src 10.0.0.0/8 }\ntcp-request content set-var(txn.t) str(late)\nhttp-request set-header x-s %[var(txn.s)]\nhttp-request set-header x-t %[var(txn.t)]",
        "tcp-request content set-var(txn.u) str(be)\nhttp-request set-header x-u %[var(txn.u)]",
        &["GET /"],
    ),
    case(
        "set-src",
        "http-request set-src str(10.1.2.3)\nhttp-request set-header x-src %[src]\noption forwardfor",
        "",
        &["GET /"],
    ),
    case(
        "errorloc",
        "errorloc 403 http://x/403\nerrorloc303 404 /nf\nhttp-request deny if { path /a }\nhttp-request deny deny_status 404 if { path /b }",
        "errorloc 403 /be\nhttp-request deny if { path /c }\nhttp-request deny deny_status 404 if { path /d }",
        &["GET /a", "GET /b", "GET /c", "GET /d"],
    ),
    case(
        "http-error",
        "http-error status 403 content-type text/plain string no hdr x-a b\nhttp-error status 404\nhttp-request deny if { path /a }\nhttp-request deny deny_status 404 if { path /b }\nhttp-request auth if { path /c }",
        "",
        &["GET /a", "GET /b", "GET /c"],
    ),
    case(
        "send-name-header",
        "option forwardfor",
        "http-send-name-header X-Srv",
        &["GET /", "GET / | X-Srv: evil"],
    ),
    case(
        "backend without servers",
        "# no backend\nuse_backend empty if { path /a }\nuse_backend be if { path /b }",
        "backend empty\nbackend be\nserver s1 @s1 disabled",
        &["GET /a", "GET /b"],
    ),
    case(
        "static-rr and weights",
        "",
        "balance static-rr\nserver s1 @s1 weight 3\nserver s2 @s2 weight 1\nserver s3 @s3 weight 2",
        &["GET /", "GET /", "GET /", "GET /", "GET /", "GET /", "GET /"],
    ),
    case(
        "roundrobin and weights",
        "",
        "server s1 @s1 weight 3\nserver s2 @s2 weight 1\nserver s3 @s3 weight 2",
        &["GET /", "GET /", "GET /", "GET /", "GET /", "GET /", "GET /"],
    ),
    case(
        "consistent, no function named",
        "",
        "balance hdr(x-k)\nhash-type consistent\nserver s1 @s1\nserver s2 @s2\nserver s3 @s3",
        &[
            "GET / | X-K: a",
            "GET / | X-K: b",
            "GET / | X-K: c",
            "GET / | X-K: dd",
            "GET / | X-K: eee",
        ],
    ),
    case(
        "force-persist to a server that is down",
        "",
        "cookie SRV insert indirect\nforce-persist if { hdr(x-force) 1 }\nserver s1 @s1 cookie a\nserver s2 @s2 cookie b disabled",
        &["GET / | Cookie: SRV=b | X-Force: 1", "GET / | Cookie: SRV=a | X-Force: 1"],
    ),
    case(
        "an empty parameter is a key",
        "",
        "balance url_param id\nserver s1 @s1\nserver s2 @s2\nserver s3 @s3",
        &["GET /", "GET /", "GET /?id=", "GET /?id=&id=1", "GET /"],
    ),
    case(
        "unique id",
        "unique-id-format %{+X}o\\ \\ %[path]-%[req.hdr(x-n)]\nunique-id-header X-Id\nhttp-request set-header X-Again %[unique-id] if { path /a }\nhttp-request set-path /changed",
        "",
        &["GET /a", "GET /b | X-N: 1"],
    ),
    case(
        "http-error with expressions",
        "http-error status 404 content-type text/html lf-string <i>%[path]</i> hdr X-Error %[method]\nhttp-error status 401 content-type text/html string no hdr X-Error %[path]\nhttp-request deny deny_status 404 if { path /a }\nhttp-request auth if { path /b }",
        "http-error status 503 content-type text/html lf-string %[be_name]\nserver s1 @s1 disabled",
        &["GET /a", "GET /b", "GET /c"],
    ),
    case(
        "reasons",
        "http-request return status 299 if { path /a }\nhttp-request return status 599 if { path /b }\nhttp-request return status 302 if { path /c }\nhttp-request redirect location /x code 302 if { path /d }",
        "",
        &["GET /a", "GET /b", "GET /c", "GET /d"],
    ),
    case(
        "map-based, no function named",
        "",
        "balance hdr(x-k)\nhash-type map-based\nserver s1 @s1\nserver s2 @s2\nserver s3 @s3",
        &["GET / | X-K: a", "GET / | X-K: b", "GET / | X-K: dd", "GET / | X-K: eee"],
    ),
    case(
        "consistent, function named",
        "",
        "balance hdr(x-k)\nhash-type consistent djb2 avalanche\nserver s1 @s1\nserver s2 @s2\nserver s3 @s3",
        &[
            "GET / | X-K: a",
            "GET / | X-K: b",
            "GET / | X-K: c",
            "GET / | X-K: dd",
            "GET / | X-K: eee",
        ],
    ),
    case(
        "backups",
        "",
        "server s1 @s1 disabled\nserver s2 @s2 backup\nserver s3 @s3 backup",
        &["GET /", "GET /"],
    ),
    case(
        "hash without a modifier",
        "",
        "balance url_param id\nhash-type consistent sdbm\nserver s1 @s1\nserver s2 @s2\nserver s3 @s3",
        &["GET /?id=1", "GET /?id=2", "GET /?id=3", "GET /?id=4"],
    ),
    case(
        "set-timeout and log level",
        "http-request set-log-level info\nhttp-request set-nice 5",
        "http-request set-timeout server 3s\nhttp-request set-timeout tunnel 5s",
        &["GET /"],
    ),
    case(
        "early allow in tcp content",
        "tcp-request content accept\nhttp-request deny if { path /a }",
        "tcp-request content reject if { path /b }",
        &["GET /a", "GET /c"],
    ),
    case(
        "user lists",
        "acl ok http_auth(u)\nhttp-request auth realm r unless ok\nhttp-request set-header x-user %[http_auth_group(u)]",
        "server s1 @s1\nserver s2 @s2\nuserlist u\nuser a insecure-password b",
        &["GET /", "GET / | Authorization: Basic YTpi", "GET / | Authorization: Basic YTpj"],
    ),
    case(
        "errorfile",
        "http-request deny deny_status 503 if { path /a }",
        "errorfile 503 @dir/503.http\nhttp-request deny deny_status 503 if { path /b }\nhttp-request return status 200 errorfile @dir/503.http if { path /c }\nhttp-request return status 200 content-type text/plain file @dir/503.http if { path /d }\nserver s1 @s1 disabled",
        &["GET /a", "GET /b", "GET /c", "GET /d", "GET /e"],
    ),
];
