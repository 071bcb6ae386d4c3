//! The configurations: the same work and features for each contender, in its own language.
//!
//! proxyd and HAProxy read the same file. nginx says the same with `server_name` and `upstream`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::scenario::Shape;
use crate::shell::Failure;

/// Rules of the `Rules` shape.
pub(crate) const RULES: usize = 200;
const BACKENDS: usize = 64;
const SERVERS: usize = 16;

/// Where nginx keeps what `mode tcp` needs, when it was not built in.
const STREAM_MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

/// What a configuration must know.
#[derive(Debug)]
pub(crate) struct Scene {
    /// What is configured.
    pub(crate) shape: Shape,
    /// Threads; nginx calls them worker processes.
    pub(crate) threads: u32,
    /// The port to listen on.
    pub(crate) listen: u16,
    /// The port of the origin.
    pub(crate) origin: u16,
    /// The UDP port of the syslog server.
    pub(crate) log: u16,
    /// For files.
    pub(crate) folder: PathBuf,
}

/// The host that rule `number` of the `Rules` shape wants.
pub(crate) fn rule_host(number: usize) -> String {
    format!("h{number}.example")
}

/// The beginning of every `haproxy.cfg`.
pub(crate) fn haproxy_defaults(mode: &str, threads: u32, log: u16) -> String {
    let (format, forward) = match mode {
        "tcp" => ("tcplog", ""),
        _ => ("httplog", "    option forwardfor\n"),
    };
    format!(
        "global\n    maxconn 9000\n    nbthread {threads}\n    log 127.0.0.1:{log} local0\n\
         defaults\n    mode {mode}\n    log global\n    option {format}\n{forward}    \
         timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n    timeout tunnel 1h\n"
    )
}

/// The `haproxy.cfg` of a scene.
pub(crate) fn haproxy(scene: &Scene) -> String {
    let Scene { shape, threads, listen, origin, log, .. } = scene;
    let mode = if *shape == Shape::Tcp { "tcp" } else { "http" };
    let mut text = haproxy_defaults(mode, *threads, *log);
    let _ = writeln!(text, "frontend fe\n    bind 127.0.0.1:{listen}");
    match shape {
        Shape::Tcp => {
            let _ = writeln!(text, "    default_backend app");
        }
        Shape::Host => text.push_str(
            "    acl is_app hdr(host) -i app.example\n    use_backend app if is_app\n    default_backend refuse\n",
        ),
        Shape::Rules => {
            for rule in 0..RULES {
                let (host, backend) = (rule_host(rule), rule % BACKENDS);
                let _ = writeln!(text, "    use_backend b{backend} if {{ hdr(host) -i {host} }}");
            }
            text.push_str("    default_backend refuse\n");
        }
    }
    if *shape == Shape::Rules {
        for backend in 0..BACKENDS {
            let _ = writeln!(text, "backend b{backend}\n    balance roundrobin");
            for server in 0..SERVERS {
                let _ = writeln!(text, "    server s{server} 127.0.0.1:{origin}");
            }
        }
    } else {
        let _ = writeln!(text, "backend app\n    server s1 127.0.0.1:{origin}");
    }
    if *shape != Shape::Tcp {
        text.push_str("backend refuse\n    http-request deny\n");
    }
    text
}

/// The `nginx.conf` of a scene, or why this nginx cannot do it.
pub(crate) fn nginx(scene: &Scene) -> Result<String, Failure> {
    if scene.shape == Shape::Tcp {
        return nginx_stream(scene);
    }
    let mut text = nginx_begin(scene.threads, scene.threads > 1, &scene.folder);
    text.push_str("http {\n");
    text.push_str(&nginx_http(&scene.folder, scene.log));
    let listen = nginx_listen(scene);
    let _ = writeln!(text, "server {{ listen {listen} default_server; return 403; }}");
    if scene.shape == Shape::Rules {
        for backend in 0..BACKENDS {
            text.push_str(&nginx_upstream(&format!("b{backend}"), SERVERS, scene.origin));
        }
        for rule in 0..RULES {
            let upstream = format!("b{}", rule % BACKENDS);
            text.push_str(&nginx_server(&listen, &rule_host(rule), &upstream));
        }
    } else {
        text.push_str(&nginx_upstream("app", 1, scene.origin));
        text.push_str(&nginx_server(&listen, "app.example", "app"));
    }
    text.push_str("}\n");
    Ok(text)
}

/// The main part. Without a master the process that is started is the one that works.
pub(crate) fn nginx_begin(workers: u32, master: bool, folder: &Path) -> String {
    let master = if master { "on" } else { "off" };
    format!(
        "daemon off; master_process {master}; worker_processes {workers}; user root;\n\
         pid {}/pid; error_log stderr crit;\nevents {{ worker_connections 18000; }}\n",
        folder.display()
    )
}

/// The part of `http` that all servers share. The log line has what HAProxy's `httplog` has, as far as nginx knows it.
pub(crate) fn nginx_http(folder: &Path, log: u16) -> String {
    let mut text = String::new();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        let _ = writeln!(text, "{kind}_temp_path {}/{kind};", folder.display());
    }
    let _ = writeln!(
        text,
        "log_format bench '$remote_addr:$remote_port [$time_local] $server_name $proxy_host/$upstream_addr \
         $request_time/$upstream_connect_time/$upstream_header_time $status $bytes_sent \"$request\"';\n\
         access_log syslog:server=127.0.0.1:{log},facility=local0 bench;"
    );
    text.push_str(
        "keepalive_timeout 60s; keepalive_requests 1000000000;\n\
         client_body_buffer_size 128k; client_max_body_size 0; proxy_request_buffering off;\n\
         proxy_max_temp_file_size 0; proxy_buffer_size 16k; proxy_buffers 8 16k;\n\
         proxy_http_version 1.1; proxy_read_timeout 1h;\n\
         map $http_upgrade $connection_upgrade { default upgrade; '' ''; }\n\
         server_names_hash_max_size 65536; server_names_hash_bucket_size 128;\n",
    );
    text
}

fn nginx_upstream(name: &str, servers: usize, origin: u16) -> String {
    let server = format!("server 127.0.0.1:{origin}; ");
    format!(
        "upstream {name} {{ {}keepalive 4000; keepalive_requests 1000000000; }}\n",
        server.repeat(servers)
    )
}

fn nginx_server(listen: &str, host: &str, upstream: &str) -> String {
    format!(
        "server {{ listen {listen}; server_name {host}; location / {{ proxy_pass http://{upstream}; {HEADERS}}} }}\n"
    )
}

const HEADERS: &str = "proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; \
     proxy_set_header Connection $connection_upgrade; \
     proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; ";

fn nginx_listen(scene: &Scene) -> String {
    format!("127.0.0.1:{}", scene.listen)
}

fn nginx_stream(scene: &Scene) -> Result<String, Failure> {
    if !Path::new(STREAM_MODULE).is_file() {
        return Err("nginx has no stream module: apt-get install libnginx-mod-stream".into());
    }
    let begin = nginx_begin(scene.threads, scene.threads > 1, &scene.folder);
    Ok(format!(
        "load_module {STREAM_MODULE};\n{begin}stream {{\n\
         log_format bench '$remote_addr:$remote_port [$time_local] $upstream_addr $session_time $bytes_sent $status';\n\
         access_log syslog:server=127.0.0.1:{},facility=local0 bench;\n\
         server {{ listen {}; proxy_pass 127.0.0.1:{}; proxy_buffer_size 16k; }}\n}}\n",
        scene.log,
        nginx_listen(scene),
        scene.origin
    ))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::needs;

    fn scene(shape: Shape, folder: &Path) -> Scene {
        let folder = folder.to_path_buf();
        Scene { shape, threads: 2, listen: 1, origin: 2, log: 3, folder }
    }

    #[track_caller]
    fn accepts(program: &str, flags: &[&str], text: &str) {
        let Some(program) = needs::find(program) else {
            println!("skipped: `{program}` is missing");
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bench.cfg");
        std::fs::write(&file, text).unwrap();
        let output = Command::new(program).args(flags).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn haproxy_accepts_every_shape() {
        for shape in [Shape::Host, Shape::Rules, Shape::Tcp] {
            accepts("haproxy", &["-c", "-f"], &haproxy(&scene(shape, Path::new("/tmp"))));
        }
    }

    #[test]
    fn nginx_accepts_every_shape_that_it_can_do() {
        let folder = tempfile::tempdir().unwrap();
        for shape in [Shape::Host, Shape::Rules, Shape::Tcp] {
            match nginx(&scene(shape, folder.path())) {
                Ok(text) => accepts("nginx", &["-t", "-q", "-e", "stderr", "-c"], &text),
                Err(why) => println!("skipped: {why}"),
            }
        }
    }

    #[test]
    fn the_rules_lead_every_host_to_a_backend() {
        let text = haproxy(&scene(Shape::Rules, Path::new("/tmp")));
        assert_eq!(text.matches("use_backend ").count(), RULES);
        assert_eq!(text.matches("    server ").count(), BACKENDS * SERVERS);
        assert!(text.contains("use_backend b7 if { hdr(host) -i h199.example }"));
    }
}
