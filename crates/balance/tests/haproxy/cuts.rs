//! Keys cut out of requests.

use balance::{Algorithm, HashFunction, HashMethod, HashType, PickInput, key};

use crate::backend::{Backend, pick, weighted};
use crate::get;
use crate::oracle::Oracle;

/// Makes a request from a text, and cuts the key out of it.
type Cutter = Box<dyn Fn(&str) -> (Vec<u8>, Option<Vec<u8>>)>;
/// The arguments of `balance`, and what they do.
type Cut<'a> = (&'a str, Cutter);

fn uri(options: key::Uri) -> Cutter {
    Box::new(move |target| (get(target, ""), Some(options.key(target.as_bytes()).to_vec())))
}

#[test]
fn keys_are_cut_out_of_requests_in_the_same_way() {
    let test = "keys_are_cut_out_of_requests_in_the_same_way";
    if !Oracle::is_here(test) {
        return;
    }
    let targets = [
        "/",
        "/a",
        "/a/b",
        "/a/b/c?d=e",
        "/a/b/c?d/e",
        "//a//b",
        "/?id=1",
        "/x?id=2&id=3",
        "/?id=",
        "/?xid=4&id=5",
        "/?id",
        "/?a&id=6",
        "/?id=7/8?9",
        "/?&&id=10",
        "/?ID=11",
        "/?id==12",
        "/a/b?id=13!x",
        "http://host",
        "http://host/",
        "http://host/a/b/c?id=14",
        "http://host/a?id=15",
        "http://host:8080/a/b?id=16",
        "/a%2fb?id=%31",
        "/abcdefghijklmnopqrstuvwxyz/0123456789?id=17",
    ];
    let hosts = [
        "haproxy.1wt.eu",
        "example.com",
        "www.example.com:8080",
        "a.b.c.d.e",
        "localhost",
        "10.0.0.1",
        "a.",
        ".a",
        "..",
        "x..y",
        "a.b.",
        "www.example.com.",
        ".",
        "...",
        ".x.y",
        "w.x..y",
        "a..b.c",
        "v.w.x..y",
        "..x.y",
        "a..b",
        "w.x...y",
    ];
    let post = |body: &str| {
        let found = key::url_param_in_body(body.as_bytes(), b"id").map(<[u8]>::to_vec);
        let request =
            format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        (request.into_bytes(), found)
    };
    let bodies = [
        "id=1",
        "a=b&id=22",
        "id=",
        "xid=1",
        "id=a b",
        "id=a\tb",
        "id=\"q\"",
        "a=\"&id=5",
        "id=a%20b",
        "id=a=b",
        "id=a/b",
        "id=a;b",
        "id=a&b",
        "{\"id\": 1}",
        "id=1\r\n",
        "id=1\n",
        "a=\u{1}&id=77",
        "id= b",
        "id=\r\n",
        "id=/x",
        "id=(",
        "id=&",
        "id=:",
        "id=[1]",
        "id=\t",
    ];
    let options = key::Uri::default();
    let cuts: Vec<(Cut<'_>, &[&str])> = vec![
        (("uri", uri(options)), &targets),
        (("uri whole", uri(key::Uri { whole: true, ..options })), &targets),
        (("uri len 4", uri(key::Uri { len: 4, ..options })), &targets),
        (("uri depth 1", uri(key::Uri { depth: 1, ..options })), &targets),
        (("uri depth 2 len 5", uri(key::Uri { depth: 2, len: 5, ..options })), &targets),
        (("uri depth 3 whole", uri(key::Uri { depth: 3, whole: true, ..options })), &targets),
        (("uri path-only", uri(key::Uri { path_only: true, ..options })), &targets),
        (
            ("uri path-only whole", uri(key::Uri { path_only: true, whole: true, ..options })),
            &targets,
        ),
        (
            (
                "url_param id",
                Box::new(|target| {
                    let found = key::url_param(target.as_bytes(), b"id").map(<[u8]>::to_vec);
                    (get(target, ""), found)
                }),
            ),
            &targets,
        ),
        (("url_param id check_post", Box::new(post)), &bodies),
        (
            (
                "hdr(k) use_domain_only",
                Box::new(|host| {
                    let found = key::domain_only(host.as_bytes()).to_vec();
                    (get("/", &format!("k: {host}\r\n")), Some(found))
                }),
            ),
            &hosts,
        ),
    ];
    let servers = weighted(&[256; 30]);
    let backends: Vec<Backend> = cuts
        .iter()
        .map(|((balance, _), _)| {
            let hash_type = HashType {
                method: HashMethod::MapBased,
                function: HashFunction::Crc32,
                avalanche: true,
            };
            Backend::new(balance, Algorithm::Hash, servers.clone()).hash_type(hash_type)
        })
        .collect();
    let sections: Vec<String> = backends.iter().map(Backend::text).collect();
    let oracle = Oracle::start(30, &sections);
    let mut different = Vec::new();
    for (section, ((balance, cut), texts)) in cuts.iter().enumerate() {
        let ours = backends[section].balancer();
        for text in *texts {
            let (request, key) = cut(text);
            let input = key.as_deref().map_or_else(PickInput::default, PickInput::key);
            let theirs = oracle.picks(section, &[request]).remove(0);
            let picked = pick(&ours, &servers, &input);
            if picked != theirs {
                let shown = key.as_deref().map(String::from_utf8_lossy);
                different
                    .push(format!("{balance}: {text:?} key {shown:?}: {picked}, not {theirs}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
