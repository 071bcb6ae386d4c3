//! Every fetch of HAProxy 3.5: where it has a value, what it gives, what it takes.
//!
//! The rows are those of [`crate::Place`], in its order.

/// One group: a row of places, the type of the values, and the names with their arguments; what stands in brackets may be left out.
pub(super) static FETCHES: &[(&str, &str, &str)] = &[
    ("...........YYYYYYY.Y..", "addr", "res.hdr_ip([string,integer]) shdr_ip([string,integer])"),
    (
        "...........YYYYYYY.Y..",
        "bin",
        "res.body res.hdrs res.hdrs_bin res.payload(integer,integer) \
         res.payload_lv(integer,integer[,string])",
    ),
    (
        "...........YYYYYYY.Y..",
        "int",
        "rep_ssl_hello_type res.body_len res.body_size res.cook_cnt([string]) \
         res.cook_val([string]) res.fhdr_cnt([string]) res.hdr_cnt([string]) \
         res.hdr_val([string,integer]) res.len res.ssl_hello_type res.timer.hdr \
         scook_cnt([string]) scook_val([string]) shdr_cnt([string]) shdr_val([string,integer])",
    ),
    (
        "...........YYYYYYY.Y..",
        "str",
        "res.cook([string]) res.cook_names([string]) res.fhdr([string,integer]) \
         res.hdr([string,integer]) res.hdr_names([string]) scook([string]) shdr([string,integer])",
    ),
    ("...........YYYYYYYYY..", "addr", "bc_dst bc_src"),
    (
        "...........YYYYYYYYY..",
        "bin",
        "ssl_bc_client_random ssl_bc_server_random ssl_bc_session_id ssl_bc_session_key \
         ssl_bc_unique_id",
    ),
    (
        "...........YYYYYYYYY..",
        "bool",
        "bc_reused res.comp ssl_bc ssl_bc_is_resumed txn.redispatched",
    ),
    (
        "...........YYYYYYYYY..",
        "int",
        "bc.timer.connect bc_be_queue bc_dst_port bc_err bc_glitches bc_http_major bc_nb_streams \
         bc_settings_streams_limit bc_src_port bc_srv_queue bs.aborted bs.id bs.rst_code \
         req.timer.queue server_status ssl_bc_alg_keysize ssl_bc_err ssl_bc_use_keysize status \
         txn.conn_retries txn.status",
    ),
    (
        "...........YYYYYYYYY..",
        "str",
        "bc_err_name bc_err_str bs.debug_str([integer]) capture.res.hdr(integer) res.comp_algo \
         res.ver resp_ver ssl_bc_alpn ssl_bc_cipher ssl_bc_curve ssl_bc_err_str ssl_bc_npn \
         ssl_bc_protocol ssl_bc_sni",
    ),
    ("..........YYYYYYYYYY..", "bool", "res.cache_hit"),
    ("..........YYYYYYYYYY..", "int", "srv_id"),
    ("..........YYYYYYYYYY..", "str", "res.cache_name srv_name"),
    (".........YYYYYYYYYY...", "int", "bytes_out res.bytes_in res.bytes_out res.timer.data"),
    (
        "......YYYYYYYYYYYYYY..",
        "int",
        "be_connect_timeout be_id be_max_retries be_queue_timeout be_server_timeout \
         be_tarpit_timeout be_tunnel_timeout cur_connect_timeout cur_max_retries \
         cur_queue_timeout cur_server_timeout cur_tunnel_timeout",
    ),
    ("......YYYYYYYYYYYYYY..", "str", "be_name"),
    ("..YYYYYYYYY...........", "addr", "hdr_ip([string,integer]) req.hdr_ip([string,integer])"),
    (
        "..YYYYYYYYY...........",
        "bin",
        "base32+src req.body req.body_param([string,string]) req.hdrs req.hdrs_bin \
         req.payload(integer,integer) req.payload_lv(integer,integer[,string]) url32+src",
    ),
    ("..YYYYYYYYY...........", "bool", "http_auth(user-list) req.ssl_ec_ext"),
    (
        "..YYYYYYYYY...........",
        "int",
        "base32 cook_cnt([string]) cook_val([string]) hdr_cnt([string]) hdr_val([string,integer]) \
         rdp_cookie_cnt([string]) req.body_len req.body_size req.cook_cnt([string]) \
         req.cook_val([string]) req.fhdr_cnt([string]) req.hdr_cnt([string]) \
         req.hdr_val([string,integer]) req.len req.rdp_cookie_cnt([string]) req.ssl_hello_type \
         req.ssl_st_ext req.ssl_ver req.timer.hdr req.timer.idle req.timer.tq req_len \
         req_ssl_hello_type req_ssl_ver url32 url_port urlp_val([string,string,string])",
    ),
    ("..YYYYYYYYY...........", "ipv4", "url_ip"),
    (
        "..YYYYYYYYY...........",
        "str",
        "base baseq cook([string]) fcgi.docroot fcgi.index http_auth_bearer([string]) \
         http_auth_group(user-list) http_auth_pass http_auth_type http_auth_user path pathq \
         query([string]) rdp_cookie([string]) req.cook([string]) req.cook_names([string]) \
         req.fhdr([string,integer]) req.hdr([string,integer]) req.hdr_names([string]) \
         req.rdp_cookie([string]) req.ssl_alpn req.ssl_sni req_ssl_sni url \
         url_param([string,string,string]) urlp([string,string,string])",
    ),
    (
        "..YYYYYYYYYYYYYYYY.Y..",
        "bin",
        "distcc_body(string[,integer]) internal.htx_blk.data(string) payload(integer,integer) \
         payload_lv(integer,integer[,string])",
    ),
    ("..YYYYYYYYYYYYYYYY.Y..", "bool", "internal.htx.has_eom"),
    (
        "..YYYYYYYYYYYYYYYY.Y..",
        "int",
        "distcc_param(string[,integer]) internal.htx.data internal.htx.free \
         internal.htx.free_data internal.htx.nbblks internal.htx.size internal.htx.used \
         internal.htx_blk.size(string)",
    ),
    (
        "..YYYYYYYYYYYYYYYY.Y..",
        "str",
        "cookie([string]) hdr([string,integer]) internal.htx_blk.hdrname(string) \
         internal.htx_blk.hdrval(string) internal.htx_blk.start_line(string) \
         internal.htx_blk.type(string)",
    ),
    ("..YYYYYYYYYYYYYYYYY...", "bool", "http_first_req req.proto_http req_proto_http"),
    (
        "..YYYYYYYYYYYYYYYYY...",
        "int",
        "bytes_in req.bytes_in req.bytes_out request_date([string]) txn.timer.total \
         txn.timer.user",
    ),
    ("..YYYYYYYYYYYYYYYYY...", "meth", "method"),
    (
        "..YYYYYYYYYYYYYYYYY...",
        "str",
        "capture.req.hdr(integer) capture.req.method capture.req.uri capture.req.ver \
         capture.res.ver req.ver req_ver",
    ),
    (
        ".YYYYYYYYYYYYYYYYYY...",
        "bin",
        "ssl_c_chain_der ssl_c_der ssl_c_serial ssl_c_sha1 ssl_f_der ssl_f_serial ssl_f_sha1 \
         ssl_fc_cipherlist_hex([integer]) ssl_fc_client_random ssl_fc_server_random \
         ssl_fc_session_id ssl_fc_session_key ssl_fc_sigalgs_bin([integer]) \
         ssl_fc_supported_versions_bin([integer]) ssl_fc_unique_id ssl_s_chain_der ssl_s_der \
         ssl_s_serial ssl_s_sha1",
    ),
    (
        ".YYYYYYYYYYYYYYYYYY...",
        "bool",
        "ssl_c_used ssl_fc ssl_fc_early_rcvd ssl_fc_has_crt ssl_fc_has_early ssl_fc_has_sni \
         ssl_fc_is_resumed",
    ),
    (
        ".YYYYYYYYYYYYYYYYYY...",
        "int",
        "fc_settings_streams_limit fs.aborted fs.rst_code ssl_c_ca_err ssl_c_ca_err_depth \
         ssl_c_err ssl_c_verify ssl_c_version ssl_f_version ssl_fc_alg_keysize \
         ssl_fc_cipherlist_xxh ssl_fc_err ssl_fc_protocol_hello_id ssl_fc_use_keysize \
         ssl_s_version",
    ),
    (
        ".YYYYYYYYYYYYYYYYYY...",
        "str",
        "fc_pp_tlv(string) fs.debug_str([integer]) fs.id ssl_bc_client_early_traffic_secret \
         ssl_bc_client_handshake_traffic_secret ssl_bc_client_traffic_secret_0 \
         ssl_bc_early_exporter_secret ssl_bc_exporter_secret \
         ssl_bc_server_handshake_traffic_secret ssl_bc_server_traffic_secret_0 \
         ssl_c_i_dn([string,integer,string]) ssl_c_key_alg ssl_c_notafter ssl_c_notbefore \
         ssl_c_policies([string]) ssl_c_r_dn([string,integer,string]) \
         ssl_c_s_dn([string,integer,string]) ssl_c_san ssl_c_sig_alg \
         ssl_f_i_dn([string,integer,string]) ssl_f_key_alg ssl_f_notafter ssl_f_notbefore \
         ssl_f_s_dn([string,integer,string]) ssl_f_sig_alg ssl_fc_alpn ssl_fc_cipher \
         ssl_fc_cipherlist_bin([integer]) ssl_fc_cipherlist_str([integer]) \
         ssl_fc_client_early_traffic_secret ssl_fc_client_handshake_traffic_secret \
         ssl_fc_client_traffic_secret_0 ssl_fc_crtname ssl_fc_curve ssl_fc_early_exporter_secret \
         ssl_fc_ecformats_bin ssl_fc_eclist_bin([integer]) ssl_fc_err_str ssl_fc_exporter_secret \
         ssl_fc_extlist_bin([integer]) ssl_fc_npn ssl_fc_protocol \
         ssl_fc_server_handshake_traffic_secret ssl_fc_server_traffic_secret_0 ssl_fc_sni \
         ssl_s_i_dn([string,integer,string]) ssl_s_key_alg ssl_s_notafter ssl_s_notbefore \
         ssl_s_s_dn([string,integer,string]) ssl_s_sig_alg",
    ),
    (
        "YYYYYYYYYYYYYYYYYYY...",
        "int",
        "cur_client_timeout dst_conn fc.timer.total fe_client_timeout fe_id fe_tarpit_timeout \
         so_id",
    ),
    ("YYYYYYYYYYYYYYYYYYY...", "str", "fe_defbe fe_name so_name"),
    ("YYYYYYYYYYYYYYYYYYYY..", "addr", "dst fc_dst fc_src src"),
    (
        "YYYYYYYYYYYYYYYYYYYY..",
        "bin",
        "fc_saved_syn req.ssl_cipherlist req.ssl_keyshare_groups req.ssl_sigalgs \
         req.ssl_supported_groups",
    ),
    (
        "YYYYYYYYYYYYYYYYYYYY..",
        "bool",
        "dst_is_local fc_dst_is_local fc_rcvd_proxy fc_src_is_local src_is_local",
    ),
    (
        "YYYYYYYYYYYYYYYYYYYY..",
        "int",
        "accept_date([string]) bc_rtt([string]) bc_rttvar([string]) cur_tarpit_timeout dst_port \
         fc.timer.handshake fc_dst_port fc_err fc_fackets([string]) fc_glitches fc_http_major \
         fc_lost([string]) fc_nb_streams fc_reordering([string]) fc_retrans([string]) \
         fc_rtt([string]) fc_rttvar([string]) fc_sacked([string]) fc_src_port \
         fc_unacked([string]) sc0_kbytes_in([table]) sc0_kbytes_out([table]) \
         sc1_kbytes_in([table]) sc1_kbytes_out([table]) sc2_kbytes_in([table]) \
         sc2_kbytes_out([table]) sc_kbytes_in(integer[,table]) sc_kbytes_out(integer[,table]) \
         src_bytes_in_rate(table) src_bytes_out_rate(table) src_clr_gpc(integer,table) \
         src_clr_gpc0(table) src_clr_gpc1(table) src_conn_cnt(table) src_conn_cur(table) \
         src_conn_rate(table) src_get_gpc(integer,table) src_get_gpc0(table) src_get_gpc1(table) \
         src_get_gpt(integer,table) src_get_gpt0(table) src_glitch_cnt(table) \
         src_glitch_rate(table) src_gpc0_rate(table) src_gpc1_rate(table) \
         src_gpc_rate(integer,table) src_http_err_cnt(table) src_http_err_rate(table) \
         src_http_fail_cnt(table) src_http_fail_rate(table) src_http_req_cnt(table) \
         src_http_req_rate(table) src_inc_gpc(integer,table) src_inc_gpc0(table) \
         src_inc_gpc1(table) src_kbytes_in(table) src_kbytes_out(table) src_port \
         src_sess_cnt(table) src_sess_rate(table) src_updt_conn_cnt(table)",
    ),
    ("YYYYYYYYYYYYYYYYYYYY..", "str", "fc_err_name fc_err_str fc_pp_authority fc_pp_unique_id"),
    ("YYYYYYYYYYYYYYYYYYYY.Y", "any", "sc0_key sc1_key sc2_key sc_key(integer)"),
    (
        "YYYYYYYYYYYYYYYYYYYY.Y",
        "bool",
        "internal.strm.is_htx sc0_tracked([table]) sc1_tracked([table]) sc2_tracked([table]) \
         sc_tracked(integer[,table]) srv_is_up(server) stopping wait_end",
    ),
    (
        "YYYYYYYYYYYYYYYYYYYY.Y",
        "int",
        "avg_queue(backend) be_conn(backend) be_conn_free(backend) be_sess_rate(backend) \
         connslots(backend) cpu_calls cpu_ns_avg cpu_ns_tot cpu_usage_grp cpu_usage_proc \
         cpu_usage_thr fe_conn(frontend) fe_req_rate(frontend) fe_sess_rate(frontend) \
         last_rule_line lat_ns_avg lat_ns_tot nbsrv(backend) prio_class prio_offset \
         queue(backend) sc0_bytes_in_rate([table]) sc0_bytes_out_rate([table]) \
         sc0_clr_gpc0([table]) sc0_clr_gpc1([table]) sc0_conn_cnt([table]) sc0_conn_cur([table]) \
         sc0_conn_rate([table]) sc0_get_gpc0([table]) sc0_get_gpc1([table]) sc0_get_gpt0([table]) \
         sc0_glitch_cnt([table]) sc0_glitch_rate([table]) sc0_gpc0_rate([table]) \
         sc0_gpc1_rate([table]) sc0_http_err_cnt([table]) sc0_http_err_rate([table]) \
         sc0_http_fail_cnt([table]) sc0_http_fail_rate([table]) sc0_http_req_cnt([table]) \
         sc0_http_req_rate([table]) sc0_inc_gpc0([table]) sc0_inc_gpc1([table]) \
         sc0_sess_cnt([table]) sc0_sess_rate([table]) sc0_trackers([table]) \
         sc1_bytes_in_rate([table]) sc1_bytes_out_rate([table]) sc1_clr_gpc(integer[,table]) \
         sc1_clr_gpc0([table]) sc1_clr_gpc1([table]) sc1_conn_cnt([table]) sc1_conn_cur([table]) \
         sc1_conn_rate([table]) sc1_get_gpc0([table]) sc1_get_gpc1([table]) sc1_get_gpt0([table]) \
         sc1_glitch_cnt([table]) sc1_glitch_rate([table]) sc1_gpc0_rate([table]) \
         sc1_gpc1_rate([table]) sc1_http_err_cnt([table]) sc1_http_err_rate([table]) \
         sc1_http_fail_cnt([table]) sc1_http_fail_rate([table]) sc1_http_req_cnt([table]) \
         sc1_http_req_rate([table]) sc1_inc_gpc0([table]) sc1_inc_gpc1([table]) \
         sc1_sess_cnt([table]) sc1_sess_rate([table]) sc1_trackers([table]) \
         sc2_bytes_in_rate([table]) sc2_bytes_out_rate([table]) sc2_clr_gpc0([table]) \
         sc2_clr_gpc1([table]) sc2_conn_cnt([table]) sc2_conn_cur([table]) sc2_conn_rate([table]) \
         sc2_get_gpc0([table]) sc2_get_gpc1([table]) sc2_get_gpt0([table]) \
         sc2_glitch_cnt([table]) sc2_glitch_rate([table]) sc2_gpc0_rate([table]) \
         sc2_gpc1_rate([table]) sc2_http_err_cnt([table]) sc2_http_err_rate([table]) \
         sc2_http_fail_cnt([table]) sc2_http_fail_rate([table]) sc2_http_req_cnt([table]) \
         sc2_http_req_rate([table]) sc2_inc_gpc0([table]) sc2_inc_gpc1([table]) \
         sc2_sess_cnt([table]) sc2_sess_rate([table]) sc2_trackers([table]) \
         sc_bytes_in_rate(integer[,table]) sc_bytes_out_rate(integer[,table]) \
         sc_clr_gpc(integer,integer[,table]) sc_clr_gpc0(integer[,table]) \
         sc_clr_gpc1(integer[,table]) sc_conn_cnt(integer[,table]) sc_conn_cur(integer[,table]) \
         sc_conn_rate(integer[,table]) sc_get_gpc(integer,integer[,table]) \
         sc_get_gpc0(integer[,table]) sc_get_gpc1(integer[,table]) \
         sc_get_gpt(integer,integer[,table]) sc_get_gpt0(integer[,table]) \
         sc_glitch_cnt(integer[,table]) sc_glitch_rate(integer[,table]) \
         sc_gpc0_rate(integer[,table]) sc_gpc1_rate(integer[,table]) \
         sc_gpc_rate(integer,integer[,table]) sc_http_err_cnt(integer[,table]) \
         sc_http_err_rate(integer[,table]) sc_http_fail_cnt(integer[,table]) \
         sc_http_fail_rate(integer[,table]) sc_http_req_cnt(integer[,table]) \
         sc_http_req_rate(integer[,table]) sc_inc_gpc(integer,integer[,table]) \
         sc_inc_gpc0(integer[,table]) sc_inc_gpc1(integer[,table]) sc_sess_cnt(integer[,table]) \
         sc_sess_rate(integer[,table]) sc_trackers(integer[,table]) srv_conn(server) \
         srv_conn_free(server) srv_iweight(server) srv_queue(server) srv_sess_rate(server) \
         srv_uweight(server) srv_weight(server) table_avl(table) table_cnt(table) txn.id32",
    ),
    (
        "YYYYYYYYYYYYYYYYYYYY.Y",
        "str",
        "last_entity last_rule_file spoe.engine-id term_events txn.sess_term_state waiting_entity",
    ),
    ("YYYYYYYYYYYYYYYYYYYYYY", "any", "var(string[,string])"),
    ("YYYYYYYYYYYYYYYYYYYYYY", "bin", "bin(string)"),
    (
        "YYYYYYYYYYYYYYYYYYYYYY",
        "bool",
        "acl(string[,string,string,string,string,string,string,string,string,string,string,string]) \
         always_false always_true bool(string) quic_enabled",
    ),
    (
        "YYYYYYYYYYYYYYYYYYYYYY",
        "int",
        "act_conn date([integer,string]) date_us int(integer) nbproc pid proc rand([integer]) \
         tgroup thread uptime",
    ),
    ("YYYYYYYYYYYYYYYYYYYYYY", "ipv4", "ipv4(IPv4-address)"),
    ("YYYYYYYYYYYYYYYYYYYYYY", "ipv6", "ipv6(IPv6-address)"),
    ("YYYYYYYYYYYYYYYYYYYYYY", "meth", "meth(string)"),
    (
        "YYYYYYYYYYYYYYYYYYYYYY",
        "str",
        "dump_all_vars([string,string,string]) env(string) hostname str(string) unique-id \
         uuid([integer])",
    ),
];

/// Those of them that HAProxy 2.6 does not know.
pub(super) static NEWER: &str = "\
    accept_date acl act_conn bc.timer.connect bc_be_queue bc_err_name bc_glitches \
    bc_nb_streams bc_reused bc_rtt bc_rttvar bc_settings_streams_limit bc_srv_queue \
    be_connect_timeout be_max_retries be_queue_timeout be_tarpit_timeout bs.aborted \
    bs.debug_str bs.id bs.rst_code bytes_in bytes_out cpu_usage_grp cpu_usage_proc \
    cpu_usage_thr cur_client_timeout cur_connect_timeout cur_max_retries cur_queue_timeout \
    cur_tarpit_timeout dump_all_vars fc.timer.handshake fc.timer.total fc_err_name fc_glitches \
    fc_nb_streams fc_pp_tlv fc_saved_syn fc_settings_streams_limit fe_tarpit_timeout \
    fs.aborted fs.debug_str fs.id fs.rst_code last_entity pid quic_enabled req.bytes_in \
    req.bytes_out req.cook_names req.ssl_cipherlist req.ssl_keyshare_groups req.ssl_sigalgs \
    req.ssl_supported_groups req.timer.hdr req.timer.idle req.timer.queue req.timer.tq \
    request_date res.bytes_in res.bytes_out res.cook_names res.timer.data res.timer.hdr \
    sc0_glitch_cnt sc0_glitch_rate sc0_key sc1_glitch_cnt sc1_glitch_rate sc1_key \
    sc2_glitch_cnt sc2_glitch_rate sc2_key sc_glitch_cnt sc_glitch_rate sc_key server_status \
    spoe.engine-id src_glitch_cnt src_glitch_rate ssl_bc_client_early_traffic_secret \
    ssl_bc_client_handshake_traffic_secret ssl_bc_client_traffic_secret_0 ssl_bc_curve \
    ssl_bc_early_exporter_secret ssl_bc_exporter_secret ssl_bc_server_handshake_traffic_secret \
    ssl_bc_server_traffic_secret_0 ssl_bc_sni ssl_c_policies ssl_c_r_dn ssl_c_san \
    ssl_fc_crtname ssl_fc_curve ssl_fc_early_rcvd ssl_fc_sigalgs_bin \
    ssl_fc_supported_versions_bin term_events tgroup txn.conn_retries txn.id32 \
    txn.redispatched txn.sess_term_state txn.status txn.timer.total txn.timer.user uptime \
    waiting_entity";
