//! TLS settings of `bind` and `server` lines, as far as they are checked (manual 5.1, 5.2).

use super::Setting;

/// What a line says of TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// `ssl` (true) or `no-ssl`.
    pub on: Setting<bool>,
    /// `check-ssl` (true) or `no-check-ssl`.
    pub check: Setting<bool>,
    /// A certificate is named, or made when it is needed.
    pub certificate: bool,
    /// `verify`: whether the other side must show a certificate that holds.
    pub verify: Setting<bool>,
    /// Authorities are named.
    pub authorities: bool,
    /// `ciphers`.
    pub ciphers: Setting<String>,
    /// `ciphersuites`.
    pub ciphersuites: Setting<String>,
    /// `curves`, `ecdhe`.
    pub curves: Setting<String>,
    /// `alpn`.
    pub alpn: Setting<String>,
    /// `proto`.
    pub proto: Setting<String>,
    /// `check-proto` of a server.
    pub check_proto: Setting<String>,
}
