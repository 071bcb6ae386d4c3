//! Digest algorithms by the names that OpenSSL 3 has for them, which are those that HAProxy takes.

use blake2::{Blake2b512, Blake2s256};
use hmac::{KeyInit, Mac, SimpleHmac, digest::block_api::BlockSizeUser};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};
use sm3::Sm3;

type Plain = fn(&[u8]) -> Vec<u8>;
type Keyed = fn(key: &[u8], data: &[u8]) -> Option<Vec<u8>>;

/// One algorithm, and how it is computed with and without a key.
pub(super) struct Algorithm {
    names: &'static [&'static str],
    plain: Option<Plain>,
    keyed: Option<Keyed>,
}

impl Algorithm {
    /// The algorithm of a name, in any case.
    pub(super) fn of(name: &[u8]) -> Option<&'static Algorithm> {
        let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
        ALGORITHMS.iter().find(|algorithm| algorithm.names.iter().any(is))
    }

    /// The digest; none of an algorithm that OpenSSL knows and no longer computes.
    pub(super) fn digest(&self, data: &[u8]) -> Option<Vec<u8>> {
        self.plain.map(|digest| digest(data))
    }

    /// The digest with a key (HMAC, RFC 2104); none where the algorithm has no blocks.
    pub(super) fn mac(&self, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        self.keyed.and_then(|mac| mac(key, data))
    }
}

/// The first names of all algorithms that are computed.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALGORITHMS.iter().filter(|known| known.plain.is_some()).map(|known| known.names[0])
}

static ALGORITHMS: &[Algorithm] = &[
    of::<Md5>(&["md5", "ssl3-md5", "rsa-md5", "md5withrsaencryption"]),
    of::<Sha1>(&[
        "sha1",
        "sha-1",
        "ssl3-sha1",
        "rsa-sha1",
        "rsa-sha1-2",
        "sha1withrsaencryption",
        "sha1withrsa",
    ]),
    of::<Sha224>(&["sha224", "sha-224", "sha2-224", "rsa-sha224", "sha224withrsaencryption"]),
    of::<Sha256>(&["sha256", "sha-256", "sha2-256", "rsa-sha256", "sha256withrsaencryption"]),
    of::<Sha384>(&["sha384", "sha-384", "sha2-384", "rsa-sha384", "sha384withrsaencryption"]),
    of::<Sha512>(&["sha512", "sha-512", "sha2-512", "rsa-sha512", "sha512withrsaencryption"]),
    of::<Sha512_224>(&[
        "sha512-224",
        "sha-512/224",
        "sha2-512/224",
        "rsa-sha512/224",
        "sha512-224withrsaencryption",
    ]),
    of::<Sha512_256>(&[
        "sha512-256",
        "sha-512/256",
        "sha2-512/256",
        "rsa-sha512/256",
        "sha512-256withrsaencryption",
    ]),
    of::<Sha3_224>(&["sha3-224", "rsa-sha3-224", "id-rsassa-pkcs1-v1_5-with-sha3-224"]),
    of::<Sha3_256>(&["sha3-256", "rsa-sha3-256", "id-rsassa-pkcs1-v1_5-with-sha3-256"]),
    of::<Sha3_384>(&["sha3-384", "rsa-sha3-384", "id-rsassa-pkcs1-v1_5-with-sha3-384"]),
    of::<Sha3_512>(&["sha3-512", "rsa-sha3-512", "id-rsassa-pkcs1-v1_5-with-sha3-512"]),
    of::<Blake2b512>(&["blake2b512", "blake2b-512"]),
    of::<Blake2s256>(&["blake2s256", "blake2s-256"]),
    of::<Ripemd160>(&[
        "ripemd160",
        "rmd160",
        "ripemd",
        "ripemd-160",
        "rsa-ripemd160",
        "ripemd160withrsa",
    ]),
    of::<Sm3>(&["sm3", "rsa-sm3", "sm3withrsaencryption"]),
    Algorithm { names: &["md5-sha1"], plain: Some(md5_sha1), keyed: Some(keyed_md5_sha1) },
    Algorithm {
        names: &["shake128", "shake-128"],
        plain: Some(shake::<Shake128, 16>),
        keyed: None,
    },
    Algorithm {
        names: &["shake256", "shake-256"],
        plain: Some(shake::<Shake256, 32>),
        keyed: None,
    },
    // Known by name, and not computed: OpenSSL 3 keeps them apart, and HAProxy has no value then.
    Algorithm { names: &["md4", "rsa-md4", "md4withrsaencryption"], plain: None, keyed: None },
    Algorithm { names: &["whirlpool"], plain: None, keyed: None },
];

const fn of<D: Digest + BlockSizeUser + Clone>(names: &'static [&'static str]) -> Algorithm {
    Algorithm { names, plain: Some(plain::<D>), keyed: Some(keyed::<D>) }
}

fn plain<D: Digest>(data: &[u8]) -> Vec<u8> {
    D::digest(data).to_vec()
}

fn keyed<D: Digest + BlockSizeUser + Clone>(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mac = <SimpleHmac<D> as KeyInit>::new_from_slice(key).ok()?;
    Some(mac.chain_update(data).finalize().into_bytes().to_vec())
}

/// As many bytes as OpenSSL takes of an endless digest when it is not told.
fn shake<D: ExtendableOutput + Update + Default, const LENGTH: usize>(data: &[u8]) -> Vec<u8> {
    let mut state = D::default();
    state.update(data);
    let mut digest = vec![0; LENGTH];
    state.finalize_xof().read(&mut digest);
    digest
}

/// Both digests, one behind the other, as old versions of TLS sign them.
fn md5_sha1(data: &[u8]) -> Vec<u8> {
    [plain::<Md5>(data), plain::<Sha1>(data)].concat()
}

fn keyed_md5_sha1(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    const BLOCK: usize = 64;
    let mut block = if key.len() > BLOCK { md5_sha1(key) } else { key.to_vec() };
    block.resize(BLOCK, 0);
    let padded = |pad: u8, text: &[u8]| {
        let key = block.iter().map(|byte| byte ^ pad);
        md5_sha1(&key.chain(text.iter().copied()).collect::<Vec<u8>>())
    };
    Some(padded(0x5c, &padded(0x36, data)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_keyed_digests_are_those_of_openssl() {
        // `abc`, and with the key `key`, as HAProxy 2.6 with OpenSSL 3.0 printed them.
        for (name, plain, keyed) in TABLE {
            let known = Algorithm::of(name.as_bytes()).expect(name);
            let hex = |bytes: Option<Vec<u8>>| {
                bytes.unwrap_or_default().iter().map(|b| format!("{b:02X}")).collect::<String>()
            };
            assert_eq!(hex(known.digest(b"abc")), *plain, "{name}");
            assert_eq!(hex(known.mac(b"key", b"abc")), *keyed, "{name} with a key");
        }
    }

    #[test]
    fn names_that_openssl_does_not_have_are_none() {
        for name in ["sha512/256", "sha2256", "md-5", "keccak-256", "null", "blake2b", ""] {
            assert!(Algorithm::of(name.as_bytes()).is_none(), "{name}");
        }
    }

    const TABLE: &[(&str, &str, &str)] = &[
        ("md5", "900150983CD24FB0D6963F7D28E17F72", "D2FE98063F876B03193AFB49B4979591"),
        (
            "sha1",
            "A9993E364706816ABA3E25717850C26C9CD0D89D",
            "4FD0B215276EF12F2B3E4C8ECAC2811498B656FC",
        ),
        (
            "sha224",
            "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7",
            "F524670B7E34F31467DE0AA96593861CF65117D414FB2D86158D760E",
        ),
        (
            "sha256",
            "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
            "9C196E32DC0175F86F4B1CB89289D6619DE6BEE699E4C378E68309ED97A1A6AB",
        ),
        (
            "SHA-384",
            "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED8086072BA1E7CC2358BAECA134C825A7",
            "30DDB9C8F347CFFBFB44E519D814F074CF4047A55D6F563324F1C6A33920E5EDFB2A34BAC60BDC96CD33A95623D7D638",
        ),
        (
            "sha512",
            "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
            "3926A207C8C42B0C41792CBD3E1A1AAAF5F7A25704F62DFC939C4987DD7CE060009C5BB1C2447355B3216F10B537E9AFA7B64A4E5391B0D631172D07939E087A",
        ),
        (
            "sha512-224",
            "4634270F707B6A54DAAE7530460842E20E37ED265CEEE9A43E8924AA",
            "28BC0433EF684EA9877C2F2437AA0CCFC2E8EB3A9B4C731606877B4F",
        ),
        (
            "sha2-512/256",
            "53048E2681941EF99B2E29B76B4C7DABE4C2D0C634FC6D46E0E2F13107E7AF23",
            "F367B7CA80AB2CF85C23E58B73A8FD525A6FA2C66FF105804A2D4CF4DF06E129",
        ),
        (
            "sha3-224",
            "E642824C3F8CF24AD09234EE7D3C766FC9A3A5168D0C94AD73B46FDF",
            "09D9D74E7D761C8F27F07D8D35F95B9D160B6B4D8175329DB68EEA6D",
        ),
        (
            "sha3-256",
            "3A985DA74FE225B2045C172D6BD390BD855F086E3E9D525B46BFE24511431532",
            "09B6DBAB8D11795CA7C8D82F1CF91682013C7CB980ABBB25473BE4AE7F7B5683",
        ),
        (
            "sha3-384",
            "EC01498288516FC926459F58E2C6AD8DF9B473CB0FC08C2596DA7CF0E49BE4B298D88CEA927AC7F539F1EDF228376D25",
            "94F2AA7AE7C4B7B8FA4C612FDB422B3343811B13C8888257904F543995CDBCBA5E49F10F8ED6F7B9DDC1B30B3828815C",
        ),
        (
            "sha3-512",
            "B751850B1A57168A5693CD924B6B096E08F621827444F70D884F5D0240D2712E10E116E9192AF3C91A7EC57647E3934057340B4CF408D5A56592F8274EEC53F0",
            "085E4E83503F40B82FEF38438BC4905A55DBAA8C8878097A899DB0B57CE7DA57A368251C34474F60B3EBACB39B2EDACA4B290456411C76EC7AB61944CFE2288E",
        ),
        ("shake128", "5881092DD818BF5CF8A3DDB793FBCBA7", ""),
        ("shake256", "483366601360A8771C6863080CC4114D8DB44530F8F1E1EE4F94EA37E78B5739", ""),
        (
            "blake2b512",
            "BA80A53F981C4D0D6A2797B69F12F6E94C212F14685AC4B74B12BB6FDBFFA2D17D87C5392AAB792DC252D5DE4533CC9518D38AA8DBF1925AB92386EDD4009923",
            "05CC4815438D5CFE68FFF446B8DF57828CC96189DE4B4E928E3F06D815D64E5BC15124A02FFD39859B3E2476DA03BC0235CA86DF623AF2A5631779809E9FD04A",
        ),
        (
            "blake2s256",
            "508C5E8C327C14E2E1A72BA34EEB452F37458B209ED63A294D999B4C86675982",
            "0018BFDDC0C878B3E270C6E59B35AF01E164A42D89499C9447A90B58A4D60EB3",
        ),
        (
            "ripemd160",
            "8EB208F7E05D987A9B044A8E98C6B087F15A0BFC",
            "67FDCE738EBFC7372BCD38F03C023B5746724D18",
        ),
        (
            "sm3",
            "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0",
            "28E63256E7C5A087B1F073265DC53092163F7B82729735D06F28F10AF9D52393",
        ),
        (
            "md5-sha1",
            "900150983CD24FB0D6963F7D28E17F72A9993E364706816ABA3E25717850C26C9CD0D89D",
            "A76E5CC4BDAA99B87CC7DE69E0606E7D74FD2771909F120BB3B9A4649BB99BEA2B4CEC32",
        ),
        ("md4", "", ""),
        ("whirlpool", "", ""),
        ("RSA-MD5", "900150983CD24FB0D6963F7D28E17F72", "D2FE98063F876B03193AFB49B4979591"),
        (
            "id-rsassa-pkcs1-v1_5-with-sha3-256",
            "3A985DA74FE225B2045C172D6BD390BD855F086E3E9D525B46BFE24511431532",
            "09B6DBAB8D11795CA7C8D82F1CF91682013C7CB980ABBB25473BE4AE7F7B5683",
        ),
    ];
}
