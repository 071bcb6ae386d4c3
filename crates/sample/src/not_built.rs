//! Names of the language that are known and not built yet, with the part that each needs.
//!
//! A name that is built leaves this list; the test of the registry holds both to HAProxy 3.5's own.

/// The part that a fetch of HAProxy needs and that is not built; `None`: built, or no such name.
pub fn fetch_not_built(name: &str) -> Option<&'static str> {
    find(FETCHES, name).or_else(|| name.starts_with("lua.").then_some("Lua"))
}

/// The same of a converter.
pub fn converter_not_built(name: &str) -> Option<&'static str> {
    find(CONVERTERS, name).or_else(|| name.starts_with("lua.").then_some("Lua"))
}

/// Every such fetch and its part.
pub fn fetches_not_built() -> impl Iterator<Item = (&'static str, &'static str)> {
    each(FETCHES)
}

/// Every such converter and its part.
pub fn converters_not_built() -> impl Iterator<Item = (&'static str, &'static str)> {
    each(CONVERTERS)
}

fn each(
    table: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.iter().flat_map(|(part, names)| names.split_whitespace().map(move |name| (name, *part)))
}

fn find(table: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    each(table).find(|(known, _)| *known == name).map(|(_, part)| part)
}

/// Fetches by part.
static FETCHES: &[(&str, &str)] = &[
    ("FastCGI", "fcgi.docroot fcgi.index"),
    (
        "HAProxy's internals",
        "internal.htx.data internal.htx.free internal.htx.free_data internal.htx.has_eom \
         internal.htx.nbblks internal.htx.size internal.htx.used internal.htx_blk.data \
         internal.htx_blk.hdrname internal.htx_blk.hdrval internal.htx_blk.size \
         internal.htx_blk.start_line internal.htx_blk.type internal.strm.is_htx",
    ),
    (
        "HTTP/2",
        "bc_glitches bc_http_major bc_nb_streams bc_settings_streams_limit bs.aborted \
         bs.debug_str bs.id bs.rst_code fc_glitches fc_nb_streams fc_settings_streams_limit \
         fs.aborted fs.debug_str fs.id fs.rst_code",
    ),
    ("QUIC", "quic_enabled"),
    (
        "TLS",
        "ssl_bc_alg_keysize ssl_bc_alpn ssl_bc_cipher \
         ssl_bc_client_early_traffic_secret ssl_bc_client_handshake_traffic_secret \
         ssl_bc_client_random ssl_bc_client_traffic_secret_0 ssl_bc_curve \
         ssl_bc_early_exporter_secret ssl_bc_err ssl_bc_err_str ssl_bc_exporter_secret \
         ssl_bc_is_resumed ssl_bc_npn ssl_bc_protocol ssl_bc_server_handshake_traffic_secret \
         ssl_bc_server_random ssl_bc_server_traffic_secret_0 ssl_bc_session_id \
         ssl_bc_session_key ssl_bc_sni ssl_bc_unique_id ssl_bc_use_keysize ssl_c_ca_err \
         ssl_c_ca_err_depth ssl_c_chain_der ssl_c_der ssl_c_err ssl_c_i_dn ssl_c_key_alg \
         ssl_c_notafter ssl_c_notbefore ssl_c_policies ssl_c_r_dn ssl_c_s_dn ssl_c_san \
         ssl_c_serial ssl_c_sha1 ssl_c_sig_alg ssl_c_used ssl_c_verify ssl_c_version \
         ssl_f_der ssl_f_i_dn ssl_f_key_alg ssl_f_notafter ssl_f_notbefore ssl_f_s_dn \
         ssl_f_serial ssl_f_sha1 ssl_f_sig_alg ssl_f_version ssl_fc_alg_keysize ssl_fc_alpn \
         ssl_fc_cipher ssl_fc_cipherlist_bin ssl_fc_cipherlist_hex ssl_fc_cipherlist_str \
         ssl_fc_cipherlist_xxh ssl_fc_client_early_traffic_secret \
         ssl_fc_client_handshake_traffic_secret ssl_fc_client_random \
         ssl_fc_client_traffic_secret_0 ssl_fc_crtname ssl_fc_curve \
         ssl_fc_early_exporter_secret ssl_fc_early_rcvd ssl_fc_ecformats_bin \
         ssl_fc_eclist_bin ssl_fc_err ssl_fc_err_str ssl_fc_exporter_secret \
         ssl_fc_extlist_bin ssl_fc_has_crt ssl_fc_has_early ssl_fc_has_sni ssl_fc_is_resumed \
         ssl_fc_npn ssl_fc_protocol ssl_fc_protocol_hello_id \
         ssl_fc_server_handshake_traffic_secret ssl_fc_server_random \
         ssl_fc_server_traffic_secret_0 ssl_fc_session_id ssl_fc_session_key \
         ssl_fc_sigalgs_bin ssl_fc_sni ssl_fc_supported_versions_bin ssl_fc_unique_id \
         ssl_fc_use_keysize ssl_s_chain_der ssl_s_der ssl_s_i_dn ssl_s_key_alg ssl_s_notafter \
         ssl_s_notbefore ssl_s_s_dn ssl_s_serial ssl_s_sha1 ssl_s_sig_alg ssl_s_version",
    ),
    (
        "a fetch of its own",
        "bc_reused dump_all_vars req.bytes_out res.bytes_out server_status \
         spoe.engine-id tgroup",
    ),
    ("compression", "res.comp res.comp_algo"),
    ("distcc", "distcc_body distcc_param"),
    ("error codes of connections", "bc_err bc_err_name bc_err_str"),
    (
        "profiling of tasks",
        "cpu_calls cpu_ns_avg cpu_ns_tot cpu_usage_grp cpu_usage_proc cpu_usage_thr \
         lat_ns_avg lat_ns_tot",
    ),
    ("saved SYN packets", "fc_saved_syn"),
    (
        "stick tables",
        "sc0_bytes_in_rate sc0_bytes_out_rate sc0_clr_gpc0 sc0_clr_gpc1 sc0_conn_cnt \
         sc0_conn_cur sc0_conn_rate sc0_get_gpc0 sc0_get_gpc1 sc0_get_gpt0 sc0_glitch_cnt \
         sc0_glitch_rate sc0_gpc0_rate sc0_gpc1_rate sc0_http_err_cnt sc0_http_err_rate \
         sc0_http_fail_cnt sc0_http_fail_rate sc0_http_req_cnt sc0_http_req_rate sc0_inc_gpc0 \
         sc0_inc_gpc1 sc0_kbytes_in sc0_kbytes_out sc0_key sc0_sess_cnt sc0_sess_rate \
         sc0_tracked sc0_trackers sc1_bytes_in_rate sc1_bytes_out_rate sc1_clr_gpc \
         sc1_clr_gpc0 sc1_clr_gpc1 sc1_conn_cnt sc1_conn_cur sc1_conn_rate sc1_get_gpc0 \
         sc1_get_gpc1 sc1_get_gpt0 sc1_glitch_cnt sc1_glitch_rate sc1_gpc0_rate sc1_gpc1_rate \
         sc1_http_err_cnt sc1_http_err_rate sc1_http_fail_cnt sc1_http_fail_rate \
         sc1_http_req_cnt sc1_http_req_rate sc1_inc_gpc0 sc1_inc_gpc1 sc1_kbytes_in \
         sc1_kbytes_out sc1_key sc1_sess_cnt sc1_sess_rate sc1_tracked sc1_trackers \
         sc2_bytes_in_rate sc2_bytes_out_rate sc2_clr_gpc0 sc2_clr_gpc1 sc2_conn_cnt \
         sc2_conn_cur sc2_conn_rate sc2_get_gpc0 sc2_get_gpc1 sc2_get_gpt0 sc2_glitch_cnt \
         sc2_glitch_rate sc2_gpc0_rate sc2_gpc1_rate sc2_http_err_cnt sc2_http_err_rate \
         sc2_http_fail_cnt sc2_http_fail_rate sc2_http_req_cnt sc2_http_req_rate sc2_inc_gpc0 \
         sc2_inc_gpc1 sc2_kbytes_in sc2_kbytes_out sc2_key sc2_sess_cnt sc2_sess_rate \
         sc2_tracked sc2_trackers sc_bytes_in_rate sc_bytes_out_rate sc_clr_gpc sc_clr_gpc0 \
         sc_clr_gpc1 sc_conn_cnt sc_conn_cur sc_conn_rate sc_get_gpc sc_get_gpc0 sc_get_gpc1 \
         sc_get_gpt sc_get_gpt0 sc_glitch_cnt sc_glitch_rate sc_gpc0_rate sc_gpc1_rate \
         sc_gpc_rate sc_http_err_cnt sc_http_err_rate sc_http_fail_cnt sc_http_fail_rate \
         sc_http_req_cnt sc_http_req_rate sc_inc_gpc sc_inc_gpc0 sc_inc_gpc1 sc_kbytes_in \
         sc_kbytes_out sc_key sc_sess_cnt sc_sess_rate sc_tracked sc_trackers \
         src_bytes_in_rate src_bytes_out_rate src_clr_gpc src_clr_gpc0 src_clr_gpc1 \
         src_conn_cnt src_conn_cur src_conn_rate src_get_gpc src_get_gpc0 src_get_gpc1 \
         src_get_gpt src_get_gpt0 src_glitch_cnt src_glitch_rate src_gpc0_rate src_gpc1_rate \
         src_gpc_rate src_http_err_cnt src_http_err_rate src_http_fail_cnt src_http_fail_rate \
         src_http_req_cnt src_http_req_rate src_inc_gpc src_inc_gpc0 src_inc_gpc1 \
         src_kbytes_in src_kbytes_out src_sess_cnt src_sess_rate src_updt_conn_cnt table_avl \
         table_cnt",
    ),
    ("the cache", "res.cache_hit res.cache_name"),
    ("the record of what waits", "last_entity term_events waiting_entity"),
];

/// Converters by part.
static CONVERTERS: &[(&str, &str)] = &[
    ("JSON Web Tokens", "jwt_decrypt_cert jwt_decrypt_jwk jwt_decrypt_secret jwt_verify_cert"),
    ("TLS", "x509_v_err_str"),
    ("a converter of its own", "when"),
    (
        "saved SYN packets",
        "eth.data eth.dst eth.hdr eth.proto eth.src eth.vlan ip.data ip.df ip.dst ip.fp \
         ip.hdr ip.proto ip.src ip.tos ip.ttl ip.ver tcp.dst tcp.flags tcp.options.mss \
         tcp.options.sack tcp.options.tsopt tcp.options.tsval tcp.options.wscale \
         tcp.options.wsopt tcp.options_list tcp.seq tcp.src tcp.win",
    ),
    (
        "stick tables",
        "in_table table_bytes_in_rate table_bytes_out_rate table_clr_gpc table_clr_gpc0 \
         table_clr_gpc1 table_conn_cnt table_conn_cur table_conn_rate table_expire \
         table_glitch_cnt table_glitch_rate table_gpc table_gpc0 table_gpc0_rate table_gpc1 \
         table_gpc1_rate table_gpc_rate table_gpt table_gpt0 table_http_err_cnt \
         table_http_err_rate table_http_fail_cnt table_http_fail_rate table_http_req_cnt \
         table_http_req_rate table_idle table_inc_gpc table_inc_gpc0 table_inc_gpc1 \
         table_kbytes_in table_kbytes_out table_server_id table_sess_cnt table_sess_rate \
         table_trackers",
    ),
];
